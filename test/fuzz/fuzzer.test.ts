/** The fuzzer can fail: decoders with planted faults are found out, and the input is made short. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteReader, ByteWriter } from "../../src/core/bytes.ts";
import { createSeededRandom } from "../../src/testing/seeded-random.ts";
import { CoverageMeter } from "./coverage.ts";
import { fuzz, FuzzFailure } from "./fuzzer.ts";
import { type DecoderUnderTest, decoderTarget } from "./fuzz-target.ts";

interface Pair {
  readonly count: number;
  readonly text: string;
}

function encodePair(pair: Pair): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(pair.count);
  writer.text(pair.text);
  return writer.take();
}

function decodePair(bytes: Uint8Array): Pair | undefined {
  const reader = new ByteReader(bytes);
  const pair = { count: reader.u32(), text: reader.text(100) };
  return reader.finished ? pair : undefined;
}

const sound: DecoderUnderTest<Pair> = {
  name: "pair",
  decode: decodePair,
  encode: encodePair,
  samples: [encodePair({ count: 7, text: "seven" })],
};

function run(decoder: DecoderUnderTest<Pair>) {
  const isOver = (executions: number): boolean => executions >= 3000;
  return fuzz(decoderTarget(decoder), { random: createSeededRandom(1), corpus: [], isOver });
}

async function faultFound(decoder: DecoderUnderTest<Pair>): Promise<FuzzFailure> {
  try {
    await run(decoder);
  } catch (error) {
    if (error instanceof FuzzFailure) return error;
    throw error;
  }
  return assert.fail("nothing was found");
}

describe("the fuzzer", () => {
  test("accepts a sound decoder, and reaches both its outcomes", async () => {
    const { executions, outcomes } = await run(sound);
    const accepted = outcomes.get("accepted") ?? 0;
    assert.ok(accepted > executions / 100 && accepted < executions * 0.9, `${accepted}`);
  });

  test("finds a throw, and the shortest input that throws", async () => {
    const decode = (bytes: Uint8Array): Pair | undefined => {
      const pair = decodePair(bytes);
      if (pair !== undefined && pair.count > 0xff) throw new RangeError("planted");
      return pair;
    };
    const failure = await faultFound({ ...sound, decode });
    assert.match(failure.message, /planted/);
    assert.ok(failure.input.length <= 10, "not longer than the sample");
  });

  test("finds memory taken for a count before it was checked", async () => {
    const decode = (bytes: Uint8Array): Pair | undefined => {
      const count = new ByteReader(bytes).u32();
      new Uint8Array(Math.min(count, 1_000_000));
      return decodePair(bytes);
    };
    assert.match((await faultFound({ ...sound, decode })).message, /bytes for/);
  });

  test("finds a value that does not survive its round trip", async () => {
    const encode = (pair: Pair): Uint8Array => encodePair({ ...pair, count: pair.count & 0xff });
    assert.match((await faultFound({ ...sound, encode })).message, /round trip/);
  });

  test("finds a value that has two encodings", async () => {
    let calls = 0;
    const decode = (bytes: Uint8Array): Pair | undefined => decodePair(bytes.subarray(1));
    const encode = (pair: Pair): Uint8Array => Uint8Array.of(++calls & 1, ...encodePair(pair));
    const samples = [encode({ count: 1, text: "" })];
    assert.match(
      (await faultFound({ name: "two", decode, encode, samples })).message,
      /one encoding/,
    );
  });

  test("finds a decoder that writes into its input", async () => {
    const decode = (bytes: Uint8Array): Pair | undefined => {
      if (bytes.length > 3) bytes[3] = 1;
      return decodePair(bytes);
    };
    assert.match((await faultFound({ ...sound, decode })).message, /leaves its input alone/);
  });

  test("finds a sample that is none", () => {
    assert.throws(() => decoderTarget({ ...sound, samples: [Uint8Array.of(1)] }), /refused/);
  });

  test("keeps the inputs that reach what none had reached, guided by coverage", async () => {
    const coverage = new CoverageMeter();
    try {
      const kept: Uint8Array[] = [];
      await fuzz(decoderTarget(sound), {
        random: createSeededRandom(2),
        corpus: [],
        coverage,
        isOver: (executions) => executions >= 2000,
        onInteresting: (bytes) => kept.push(bytes),
      });
      assert.ok(coverage.blockCount > 10, `${coverage.blockCount} blocks`);
      assert.ok(kept.length > 1 && kept.length < 200, `${kept.length} kept`);
    } finally {
      coverage.close();
    }
  });
});
