/** In the place of src/core/log/small-crc.ts: here a call into the host costs less than a byte's turn of the loop. */
import { host } from "./host-functions.ts";

/** Of `bytes[from..to)`, continued from `seed`; an unsigned number. */
export function smallCrc(bytes: Uint8Array, from: number, to: number, seed: number): number {
  return host.crc32(bytes, seed, from, to);
}

const number = new Uint8Array(4);
const view = new DataView(number.buffer);

/** The same over a 32-bit number, most significant byte first. */
export function smallCrcOfU32(value: number, seed: number): number {
  view.setUint32(0, value);
  return host.crc32(number, seed, 0, 4);
}
