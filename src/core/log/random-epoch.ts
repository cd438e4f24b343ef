/** Epochs are random 32-bit numbers, so that no two logs of one name meet in one; 0 stands for none. */
import type { LogCore } from "./core.ts";

export function randomEpoch(core: LogCore): number {
  const bytes = core.crypto.randomBytes(4);
  const epoch = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  return epoch === core.ownEpoch || epoch === 0 ? (epoch + 1) >>> 0 : epoch;
}
