import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bytesToHex, emptyBytes, textToUtf8 } from "../../bytes.ts";
import { ByteDecoder, ByteEncoder } from "./byte-coder.ts";

function decoderOf(encoder: ByteEncoder): ByteDecoder {
  encoder.finish();
  return decoderOfSections({
    tokens: encoder.tokens.take(),
    flags: encoder.flags.take(),
    patternless: encoder.patternless.take(),
  });
}

interface Sections {
  readonly tokens: Uint8Array;
  readonly flags: Uint8Array;
  readonly patternless: Uint8Array;
}

function decoderOfSections({ tokens, flags, patternless }: Sections): ByteDecoder {
  const decoder = new ByteDecoder();
  decoder.begin(tokens, flags, patternless);
  return decoder;
}

/** A decoder of these tokens, and of sections without end behind them. */
function decoderOfTokens(...tokens: readonly number[]): ByteDecoder {
  return decoderOfSections({
    tokens: Uint8Array.from(tokens),
    flags: emptyBytes,
    patternless: new Uint8Array(8),
  });
}

describe("tokens as bytes", () => {
  test("give back every number, and a small one is a byte", () => {
    const numbers = [0, 1, 127, 128, 129, 191, 192, 255, 256, 65_535, 65_536];
    for (let bits = 8; bits <= 53; bits++)
      numbers.push(2 ** (bits - 1), 2 ** (bits - 1) + 1, 1.5 * 2 ** (bits - 1) - 1, 2 ** bits - 1);
    const encoder = new ByteEncoder();
    for (const number of numbers) assert.equal(encoder.number(number), number);
    assert.equal(encoder.tokens.length, numbers.length);
    const decoder = decoderOf(encoder);
    for (const number of numbers) assert.equal(decoder.number(), number);
    assert.ok(decoder.finished && !decoder.failed);
  });

  test("lay a large number out as its length, its second bit, and the rest without pattern", () => {
    for (const [value, token, patternless] of [
      [127, "7f", ""],
      [128, "80", "00"],
      [0b1011_0101, "80", "d4"],
      [0b1111_1111, "81", "fc"],
      [0b1_1010_1010, "83", "54"],
      [2 ** 53 - 1, "db", "ffffffffffffe0"],
    ] as const) {
      const encoder = new ByteEncoder();
      encoder.number(value);
      encoder.finish();
      assert.deepEqual(
        [bytesToHex(encoder.tokens.view()), bytesToHex(encoder.patternless.view())],
        [token, patternless],
        `${value}`,
      );
    }
  });

  test("pack decisions eight to a byte, a new byte for each event", () => {
    const encoder = new ByteEncoder();
    encoder.beginEvent();
    for (const bit of [1, 0, 1, 1, 0, 0, 0, 1, 1]) assert.equal(encoder.flag(bit), bit);
    encoder.beginEvent();
    encoder.flag(1);
    encoder.beginEvent();
    encoder.beginEvent();
    encoder.flag(0);
    encoder.finish();
    assert.equal(bytesToHex(encoder.flags.view()), "8d010100");
    const decoder = decoderOf(encoder);
    const flags = (count: number): readonly number[] => {
      decoder.beginEvent();
      return Array.from({ length: count }, () => decoder.flag());
    };
    assert.deepEqual(flags(9), [1, 0, 1, 1, 0, 0, 0, 1, 1]);
    assert.deepEqual([flags(1), flags(0), flags(1)], [[1], [], [0]]);
    assert.ok(decoder.finished);
  });

  test("pack bits without pattern from the highest on, over all events", () => {
    const encoder = new ByteEncoder();
    encoder.bits(0b101, 3);
    encoder.beginEvent();
    encoder.bits(0xffffffff, 32);
    encoder.bits(0, 2);
    encoder.finish();
    assert.equal(bytesToHex(encoder.patternless.view()), "bfffffffe0");
    const decoder = decoderOf(encoder);
    assert.deepEqual(
      [decoder.bits(0, 3), decoder.bits(0, 32), decoder.bits(0, 2)],
      [5, 2 ** 32 - 1, 0],
    );
    assert.ok(decoder.finished);
  });

  test("end bits on a full byte without another", () => {
    const encoder = new ByteEncoder();
    encoder.bits(0xab, 8);
    encoder.finish();
    encoder.finish();
    assert.equal(bytesToHex(encoder.patternless.view()), "ab");
  });

  test("show the compressor numbers and texts, then decisions", () => {
    const encoder = new ByteEncoder();
    encoder.text(textToUtf8("hi"));
    encoder.flag(1);
    encoder.bits(7, 3);
    encoder.finish();
    assert.equal(bytesToHex(encoder.visible()), "02686901");
    assert.deepEqual([encoder.isDecoder, encoder.failed], [false, false]);
  });
});

describe("a decoder of tokens", () => {
  test("gives a text back up to its bound, and none beyond it", () => {
    assert.deepEqual(decoderOfTokens(2, 0x68, 0x69).text(emptyBytes, 0, 2), textToUtf8("hi"));
    const decoder = decoderOfTokens(2, 0x68, 0x69);
    assert.deepEqual(decoder.text(emptyBytes, 0, 1), emptyBytes);
    assert.ok(decoder.failed && !decoder.finished);
  });

  test("fails behind the end of any section, and then returns nothing but zeros", () => {
    const section = { tokens: emptyBytes, flags: emptyBytes, patternless: emptyBytes };
    const one = Uint8Array.of(255);
    const noTokens = decoderOfSections({ ...section, flags: one, patternless: one });
    assert.deepEqual([noTokens.number(), noTokens.failed], [0, true]);
    assert.equal(noTokens.text(emptyBytes, 0, 9), emptyBytes);
    const noFlags = decoderOfSections({ ...section, tokens: one, patternless: one });
    assert.deepEqual([noFlags.flag(), noFlags.failed], [0, true]);
    const noBits = decoderOfSections({ ...section, tokens: one, flags: one });
    assert.deepEqual([noBits.bits(0, 3), noBits.failed], [0, true]);
    const cutNumber = decoderOfSections({ ...section, tokens: Uint8Array.of(0x81), flags: one });
    assert.deepEqual([cutNumber.number(), cutNumber.failed], [0, true]);
  });

  test("is finished only when every section is read to its end", () => {
    const sections = {
      tokens: Uint8Array.of(1),
      flags: Uint8Array.of(1),
      patternless: Uint8Array.of(1),
    };
    const read = {
      tokens: (d: ByteDecoder) => d.number(),
      flags: (d: ByteDecoder) => d.flag(),
      patternless: (d: ByteDecoder) => d.bits(0, 8),
    };
    for (const missing of ["tokens", "flags", "patternless"] as const) {
      const decoder = decoderOfSections(sections);
      assert.equal(decoder.failed, false);
      for (const name of ["tokens", "flags", "patternless"] as const)
        if (name !== missing) read[name](decoder);
      assert.equal(decoder.finished, false, missing);
      read[missing](decoder);
      assert.equal(decoder.finished, true);
    }
    assert.equal(decoderOfTokens().isDecoder, true);
  });

  test("takes numbers of 53 bits, and no longer ones", () => {
    const longest = decoderOfTokens(128 + 45 * 2 + 1);
    assert.equal(longest.number(), 1.5 * 2 ** 52);
    assert.equal(longest.failed, false);
    const longer = decoderOfTokens(128 + 46 * 2);
    assert.deepEqual([longer.number(), longer.failed], [0, true]);
  });

  test("that was told so has failed", () => {
    const decoder = decoderOfTokens(1);
    decoder.fail();
    assert.deepEqual([decoder.failed, decoder.number()], [true, 0]);
  });
});
