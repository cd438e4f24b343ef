import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createSeededRandom } from "../../../testing/seeded-random.ts";
import { bytesToHex, emptyBytes } from "../../bytes.ts";
import { BitDecoder, BitEncoder, NullBits } from "./arithmetic-coder.ts";

interface Drawn {
  readonly bit: number;
  readonly p: number;
}

/** Bits that come up about as often as their probabilities say. */
function draw(seed: number, count: number, extreme: boolean): readonly Drawn[] {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, () => {
    const p = extreme ? random.pick([1, 16, 65_520, 65_535]) : random.between(1, 65_535);
    return { bit: random.below(65_536) < p ? 1 : 0, p };
  });
}

function encode(drawn: readonly Drawn[]): Uint8Array {
  const encoder = new BitEncoder();
  for (const { bit, p } of drawn) assert.equal(encoder.code(bit, p), bit);
  encoder.finish();
  return encoder.view();
}

function decoderOf(bytes: Uint8Array): BitDecoder {
  const decoder = new BitDecoder();
  decoder.begin(bytes);
  return decoder;
}

describe("bits of known probability", () => {
  test("come back, whatever they are and however many", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const drawn = draw(seed, seed * 7, seed % 2 === 0);
      const bytes = encode(drawn);
      const decoder = decoderOf(bytes);
      for (const { bit, p } of drawn) assert.equal(decoder.code(0, p), bit, `seed ${seed}`);
      assert.ok(decoder.finished, `seed ${seed}`);
    }
  });

  test("come back when they are the unlikely ones", () => {
    const drawn = Array.from({ length: 200 }, (_, i) => ({
      bit: i % 2,
      p: i % 2 === 0 ? 65_535 : 1,
    }));
    const bytes = encode(drawn);
    assert.ok(bytes.length >= 390, `${bytes.length}`);
    const decoder = decoderOf(bytes);
    for (const { bit, p } of drawn) assert.equal(decoder.code(0, p), bit);
  });

  test("cost what their probabilities say", () => {
    const drawn = draw(5, 4000, false);
    let bits = 0;
    for (const { bit, p } of drawn) bits -= Math.log2((bit === 1 ? p : 65_536 - p) / 65_536);
    const { length } = encode(drawn);
    assert.ok(length >= bits / 8 - 1 && length <= (bits / 8) * 1.001 + 4, `${length}, ${bits / 8}`);
  });

  test("make the same bytes as ever", () => {
    assert.equal(bytesToHex(encode(draw(1, 100, false))).slice(0, 16), "ece6c2a19bcae8eb");
  });
});

describe("the end of a stream of bits", () => {
  test("takes no byte when none is needed, and as few as can else", () => {
    assert.deepEqual(encode([]), emptyBytes);
    // Ones keep to the lower end of the interval, which zeros behind the end name.
    assert.deepEqual(encode([{ bit: 1, p: 32_768 }]), emptyBytes);
    assert.equal(bytesToHex(encode([{ bit: 0, p: 32_768 }])), "80");
    assert.equal(encode([{ bit: 0, p: 65_535 }]).length, 2);
  });

  test("is where every byte was needed, and more bytes are too many", () => {
    const drawn = draw(9, 60, false);
    const bytes = encode(drawn);
    const decoder = decoderOf(Uint8Array.from([...bytes, 0, 0, 0, 0, 0]));
    for (const { p } of drawn) decoder.code(0, p);
    assert.equal(decoder.finished, false);
  });

  test("is never more than four bytes further than what has left", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const encoder = new BitEncoder();
      for (const { bit, p } of draw(seed, 50, seed % 2 === 0)) encoder.code(bit, p);
      const { length } = encoder;
      encoder.finish();
      const all = encoder.length;
      assert.ok(all - length <= 4 && all >= length, `${seed}: ${length}, ${all}`);
    }
  });
});

test("a coder begins anew, whatever it was at", () => {
  const drawn = draw(3, 80, false);
  const encoder = new BitEncoder();
  const decoder = decoderOf(encode(draw(4, 30, false)));
  for (let round = 0; round < 2; round++) {
    encoder.begin();
    for (const { bit, p } of drawn) encoder.code(bit, p);
    encoder.finish();
    assert.deepEqual(encoder.view(), encode(drawn));
    decoder.begin(encoder.view());
    for (const { bit, p } of drawn) assert.equal(decoder.code(0, p), bit);
  }
});

test("coders say on which side they are, and one that writes nothing gives its bits back", () => {
  const nothing = new NullBits();
  assert.deepEqual(
    [new BitEncoder().isDecoder, new BitDecoder().isDecoder, nothing.isDecoder],
    [false, true, false],
  );
  assert.deepEqual([nothing.code(0), nothing.code(1)], [0, 1]);
});
