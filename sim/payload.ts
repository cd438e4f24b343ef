/** Events that can be told apart: each payload starts with a number that is used once in a run. */
import type { SeededRandom } from "../src/testing/seeded-random.ts";

const magic = 0x5a53;
const headBytes = 6;
const words =
  "fever malaria negative positive follow up two weeks BCG dose clinic visit weight kg".split(" ");

export function makePayload(uid: number, sizeBytes: number, random: SeededRandom): Uint8Array {
  const out = new Uint8Array(Math.max(sizeBytes, headBytes));
  const view = new DataView(out.buffer);
  view.setUint16(0, magic);
  view.setUint32(2, uid);
  if (random.chance(0.3)) {
    for (let at = headBytes; at < out.length; at++) out[at] = random.below(256);
    return out;
  }
  for (let at = headBytes; at < out.length; ) {
    for (const letter of `${random.pick(words)} `) {
      if (at < out.length) out[at] = letter.charCodeAt(0);
      at++;
    }
  }
  return out;
}

/** The number, or undefined for a payload that this simulator did not make. */
export function uidOf(payload: Uint8Array): number | undefined {
  if (payload.length < headBytes) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  return view.getUint16(0) === magic ? view.getUint32(2) : undefined;
}
