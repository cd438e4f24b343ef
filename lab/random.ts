/**
 * Seeded random numbers for everything in the lab: the same seed gives the same
 * run. Not for secrets. The generator is sfc32 (Chris Doty-Humphrey, PractRand),
 * 32-bit arithmetic only.
 */

export interface Random {
  readonly seed: number;
  /** 0 to 2^32-1. */
  u32(): number;
  /** At least 0, less than 1. */
  fraction(): number;
  /** `from` to `to`, both inclusive. */
  integer(from: number, to: number): number;
  pick<T>(choices: readonly T[]): T;
  /** A version 4 UUID. */
  uuid(): string;
  /** An independent generator that later draws from this one do not disturb. */
  fork(): Random;
}

export function createRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed >>> 0;
  let counter = Math.floor(seed / 0x1_0000_0000) >>> 0 || 1;
  function u32(): number {
    const sum = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = (b ^ (b >>> 9)) >>> 0;
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum;
  }
  for (let i = 0; i < 12; i++) u32();

  const fraction = () => u32() / 0x1_0000_0000;
  const integer = (from: number, to: number) => from + Math.floor(fraction() * (to - from + 1));
  return {
    seed,
    u32,
    fraction,
    integer,
    pick<T>(choices: readonly T[]): T {
      const choice = choices[integer(0, choices.length - 1)];
      if (choice === undefined) throw new Error("nothing to pick from");
      return choice;
    },
    uuid(): string {
      let hex = "";
      for (let i = 0; i < 4; i++) hex += u32().toString(16).padStart(8, "0");
      const variant = "89ab".charAt(integer(0, 3));
      return (
        `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-` +
        `${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
      );
    },
    fork: () => createRandom(u32()),
  };
}

/** The seed of a run: from the environment, so that a failure can be repeated, else from the time. */
export function seedFromEnvironment(name = "ZAMSYNC_SEED"): number {
  const text = process.env[name];
  if (text !== undefined && /^\d{1,10}$/.test(text)) return Number(text);
  return Date.now() % 1_000_000_007;
}
