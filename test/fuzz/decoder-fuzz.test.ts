/** The fuzzer can fail: decoders with planted faults are found out. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteReader, ByteWriter } from "../../src/core/bytes.ts";
import { type DecoderUnderTest, fuzzDecoder } from "./decoder-fuzz.ts";

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

/** What the fuzzer says, with its cause. */
function faultFound(target: DecoderUnderTest<Pair>): string {
  try {
    fuzzDecoder(target);
  } catch (error) {
    return error instanceof Error ? `${error.message} ${String(error.cause)}` : String(error);
  }
  return "nothing";
}

describe("the decoder fuzzer", () => {
  test("accepts a sound decoder, and reaches both its outcomes", () => {
    const report = fuzzDecoder(sound);
    assert.ok(report.accepted > report.inputs / 100, `${report.accepted} of ${report.inputs}`);
    assert.ok(report.accepted < report.inputs * 0.9);
  });

  test("finds a throw", () => {
    const decode = (bytes: Uint8Array): Pair | undefined => {
      const pair = decodePair(bytes);
      if (pair !== undefined && pair.count > 0xff) throw new RangeError("planted");
      return pair;
    };
    assert.match(faultFound({ ...sound, decode }), /planted/);
  });

  test("finds memory taken for a count before it was checked", () => {
    const decode = (bytes: Uint8Array): Pair | undefined => {
      const count = new ByteReader(bytes).u32();
      new Uint8Array(Math.min(count, 1_000_000));
      return decodePair(bytes);
    };
    assert.match(faultFound({ ...sound, decode }), /bytes for/);
  });

  test("finds a value that does not survive its round trip", () => {
    const encode = (pair: Pair): Uint8Array => encodePair({ ...pair, count: pair.count & 0xff });
    assert.match(faultFound({ ...sound, encode }), /round trip/);
  });

  test("finds a decoder that writes into its input", () => {
    const decode = (bytes: Uint8Array): Pair | undefined => {
      if (bytes.length > 3) bytes[3] = 1;
      return decodePair(bytes);
    };
    assert.match(faultFound({ ...sound, decode }), /leaves its input alone/);
  });

  test("finds a sample that is none", () => {
    assert.throws(() => fuzzDecoder({ ...sound, samples: [Uint8Array.of(1)] }), /refused/);
  });
});
