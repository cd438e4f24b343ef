/** In the place of src/core/codec/tokens/hash.ts: the same numbers; a loop over bytes is the host's. */
import { host } from "./host-functions.ts";

/** Folds `b` into `a`; both 32-bit, result 32-bit signed. */
export function fold(a: number, b: number): number {
  const h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  return h ^ (h >>> 15);
}

export function hashBytes(seed: number, bytes: Uint8Array, start: number, end: number): number {
  return host.hashBytes(seed, bytes, start, end);
}
