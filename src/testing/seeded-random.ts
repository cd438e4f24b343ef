/**
 * Random numbers that a seed repeats: xoshiro128** (Blackman and Vigna, 2018),
 * seeded by splitmix32. 32-bit integers only, so that every runtime draws the
 * same. For tests and simulations, never for keys.
 */
export interface SeededRandom {
  readonly seed: number;
  /** 0 to 2^32-1. */
  next32(): number;
  /** 0 to `limit`-1; `limit` from 1 to 2^32. */
  below(limit: number): number;
  /** `from` to `to`, both included. */
  between(from: number, to: number): number;
  /** True in `share` of all cases, 0 to 1. */
  chance(share: number): boolean;
  pick<T>(list: readonly T[]): T;
  bytes(count: number): Uint8Array;
  /** A generator of its own, so that one consumer's draws do not move another's. */
  fork(): SeededRandom;
}

export function createSeededRandom(seed: number): SeededRandom {
  let mix = seed >>> 0;
  const nextMix = () => {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let a = nextMix();
  let b = nextMix();
  let c = nextMix();
  let d = nextMix();

  const next32 = () => {
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11);
    return scrambled;
  };
  const below = (limit: number) => Math.floor((next32() / 0x1_0000_0000) * limit);

  return {
    seed: seed >>> 0,
    next32,
    below,
    between: (from, to) => from + below(to - from + 1),
    chance: (share) => next32() / 0x1_0000_0000 < share,
    pick(list) {
      const item = list[below(list.length)];
      if (item === undefined) throw new RangeError("nothing to pick from");
      return item;
    },
    bytes(count) {
      const out = new Uint8Array(count);
      for (let i = 0; i < count; i++) out[i] = next32() >>> 24;
      return out;
    },
    fork: () => createSeededRandom(next32()),
  };
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
