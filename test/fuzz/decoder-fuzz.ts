/**
 * Feeds a decoder bytes that its author did not think of: noise, and valid
 * encodings that were cut, bent, stretched, spliced and given huge counts.
 *
 * Claims checked for every input: the decoder returns (a value or a refusal)
 * and never throws; what it allocates stays within a bound that depends on the
 * input's size alone; what it accepts, encoded again, is accepted again and is
 * the same value.
 */
import assert from "node:assert/strict";
import fc from "fast-check";

export interface DecoderUnderTest<T> {
  readonly name: string;
  /** The value, or undefined for a refusal. */
  readonly decode: (bytes: Uint8Array) => T | undefined;
  readonly encode?: (value: T) => Uint8Array;
  /** Valid encodings to start from. */
  readonly samples: readonly Uint8Array[];
  /** Largest input; default 512. */
  readonly inputBytesMax?: number;
  /** Bytes of typed arrays that may be allocated for an input of this size. */
  readonly allocationBytesMax?: (inputBytes: number) => number;
}

/** Short in the test suite; `FUZZ_RUNS=1000000` for a night. */
const runs = Number(process.env.FUZZ_RUNS ?? 2000);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 0x7fff_ffff);

/** Every value of a typed array, and the space that a decoder of records may need, with room to spare. */
const allocationDefault = (inputBytes: number): number => 4096 + 16 * inputBytes;

export interface FuzzReport {
  readonly seed: number;
  readonly inputs: number;
  readonly accepted: number;
}

export function fuzzDecoder<T>(target: DecoderUnderTest<T>): FuzzReport {
  let inputs = 0;
  let accepted = 0;
  for (const sample of target.samples) {
    assert.notEqual(target.decode(sample), undefined, `${target.name}: a sample is refused`);
  }
  fc.assert(
    fc.property(anyInput(target), (bytes) => {
      inputs++;
      const before = bytes.slice();
      const { value, allocatedBytes } = countAllocation(() => target.decode(bytes));
      assert.deepEqual(bytes, before, "a decoder leaves its input alone");
      const bound = (target.allocationBytesMax ?? allocationDefault)(bytes.length);
      assert.ok(allocatedBytes <= bound, `${allocatedBytes} bytes for ${bytes.length} of input`);
      if (value === undefined) return;
      accepted++;
      if (target.encode === undefined) return;
      const again = target.decode(target.encode(value));
      assert.deepEqual(again, value, "an accepted value survives a round trip");
    }),
    { numRuns: runs, seed },
  );
  return { seed, inputs, accepted };
}

function anyInput<T>(target: DecoderUnderTest<T>): fc.Arbitrary<Uint8Array> {
  const maxLength = target.inputBytesMax ?? 512;
  const noise = fc.uint8Array({ maxLength });
  if (target.samples.length === 0) return noise;
  const sample = fc.constantFrom(...target.samples);
  const bent = fc
    .tuple(sample, fc.array(anyBend, { minLength: 1, maxLength: 4 }), sample)
    .map(([start, bends, other]) =>
      bends.reduce((bytes, bend) => apply(bend, bytes, other), start),
    );
  return fc.oneof({ weight: 1, arbitrary: noise }, { weight: 4, arbitrary: bent });
}

interface Bend {
  readonly kind: "flip" | "set" | "cut" | "insert" | "remove" | "huge" | "splice" | "repeat";
  /** Where, as a fraction of the length. */
  readonly at: number;
  readonly value: number;
}

const anyBend: fc.Arbitrary<Bend> = fc.record({
  kind: fc.constantFrom("flip", "set", "cut", "insert", "remove", "huge", "splice", "repeat"),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  value: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
});

/** Varints of 2^32, 2^53-1 and of no end, and a 32-bit 2^32-1: what a hostile count looks like. */
const hugeCounts = [
  [0x80, 0x80, 0x80, 0x80, 0x10],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
  [0xff, 0xff, 0xff, 0xff],
] as const;

function apply(bend: Bend, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = Math.floor(bend.at * bytes.length);
  const join = (...parts: readonly ArrayLike<number>[]): Uint8Array =>
    Uint8Array.from(parts.flatMap((part) => Array.from(part)));
  const head = bytes.subarray(0, at);
  const tail = bytes.subarray(at);
  switch (bend.kind) {
    case "flip":
      return join(
        head,
        tail.subarray(0, 1).map((byte) => byte ^ (1 << (bend.value & 7))),
        tail.subarray(1),
      );
    case "set":
      return join(head, tail.length > 0 ? [bend.value] : [], tail.subarray(1));
    case "cut":
      return head;
    case "insert":
      return join(head, [bend.value], tail);
    case "remove":
      return join(head, tail.subarray(1 + (bend.value & 7)));
    case "huge":
      return join(head, hugeCounts[bend.value & 3] ?? [], tail.subarray(1));
    case "splice":
      return join(head, other.subarray(Math.floor(bend.at * other.length)));
    case "repeat":
      return join(head, tail, tail);
  }
}

/** What the function allocates in typed arrays by length, seen by standing in for their constructors. */
export function countAllocation<T>(run: () => T): {
  readonly value: T;
  readonly allocatedBytes: number;
} {
  let allocatedBytes = 0;
  const scope = globalThis as unknown as Record<string, unknown>;
  const names = ["Uint8Array", "Uint16Array", "Uint32Array", "Int32Array", "Float64Array"] as const;
  const originals = names.map((name) => scope[name]);
  const count = (original: unknown): unknown =>
    new Proxy(original as new (...args: unknown[]) => ArrayBufferView, {
      construct(target, args) {
        const made = Reflect.construct(target, args) as ArrayBufferView;
        if (!(args[0] instanceof ArrayBuffer)) allocatedBytes += made.byteLength;
        return made;
      },
    });
  try {
    names.forEach((name, at) => {
      scope[name] = count(originals[at]);
    });
    return { value: run(), allocatedBytes };
  } finally {
    names.forEach((name, at) => {
      scope[name] = originals[at];
    });
  }
}
