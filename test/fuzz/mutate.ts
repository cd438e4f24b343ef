/** New inputs from old ones: cut, bent, stretched, spliced, and given huge counts. */
import type { SeededRandom } from "../../src/testing/seeded-random.ts";

/** Varints of 2^32, 2^53-1 and of no end, and a 32-bit 2^32-1: what a hostile count looks like. */
const hugeCounts: readonly Uint8Array[] = [
  Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x10),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
  new Uint8Array(10).fill(0x80),
  new Uint8Array(4).fill(0xff),
];
const specialBytes = [0, 1, 0x7f, 0x80, 0xfe, 0xff] as const;
const bendsMax = 4;
const noiseShare = 0.1;

export interface Pool {
  /** Valid inputs, and interesting ones that were found. */
  readonly inputs: readonly Uint8Array[];
  readonly inputBytesMax: number;
}

export function drawInput(random: SeededRandom, pool: Pool): Uint8Array {
  const { inputs, inputBytesMax } = pool;
  if (inputs.length === 0 || random.chance(noiseShare))
    return random.bytes(random.below(random.pick([4, 32, inputBytesMax]) + 1));
  let input = random.pick(inputs);
  for (let count = random.between(1, bendsMax); count > 0; count--)
    input = random.pick(bends)(input, random, random.pick(inputs));
  return input.slice(0, inputBytesMax);
}

type Bend = (bytes: Uint8Array, random: SeededRandom, other: Uint8Array) => Uint8Array;

const bends: readonly Bend[] = [
  // One bit.
  (bytes, random) => changed(bytes, random, (byte) => byte ^ (1 << random.below(8))),
  // One byte.
  (bytes, random) => changed(bytes, random, () => random.below(256)),
  (bytes, random) => changed(bytes, random, () => random.pick(specialBytes)),
  // One more, one less: off by one in a length.
  (bytes, random) => changed(bytes, random, (byte) => byte + random.pick([1, -1])),
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return join(bytes.subarray(0, at), random.bytes(random.between(1, 8)), bytes.subarray(at));
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return join(bytes.subarray(0, at), bytes.subarray(at + random.between(1, 8)));
  },
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return join(bytes.subarray(0, at), random.pick(hugeCounts), bytes.subarray(at + 1));
  },
  // The head of one, and the tail of another.
  (bytes, random, other) =>
    join(
      bytes.subarray(0, random.below(bytes.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ),
  // A piece of another in the middle.
  (bytes, random, other) => {
    const at = random.below(bytes.length + 1);
    const from = random.below(other.length + 1);
    const piece = other.subarray(from, from + random.below(32));
    return join(bytes.subarray(0, at), piece, bytes.subarray(at));
  },
  (bytes) => join(bytes, bytes),
];

function changed(
  bytes: Uint8Array,
  random: SeededRandom,
  change: (byte: number) => number,
): Uint8Array {
  const out = bytes.slice();
  const at = random.below(Math.max(1, out.length));
  if (at < out.length) out[at] = change(out[at] ?? 0);
  return out;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
