/**
 * Small integer hashes for tables of bounded size. They are part of the codecs'
 * wire format: which entries share a place decides what is predicted.
 */

/** Folds `b` into `a`; both 32-bit, result 32-bit signed. */
export function fold(a: number, b: number): number {
  const h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  return h ^ (h >>> 15);
}

export function hashBytes(seed: number, bytes: Uint8Array, start: number, end: number): number {
  let h = seed;
  for (let at = start; at < end; at++) h = Math.imul(h ^ (bytes[at] as number), 0x01000193);
  return h ^ (h >>> 15);
}
