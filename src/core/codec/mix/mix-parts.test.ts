/** The parts of mixing, each by what it promises the next. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createSeededRandom } from "../../../testing/seeded-random.ts";
import { emptyBytes, textToUtf8 } from "../../bytes.ts";
import { BitDecoder, BitEncoder, NullBits } from "./arithmetic-coder.ts";
import { Counters, countOf, probabilityOf } from "./counters.ts";
import { logOddsLimit, squashTable, stretchTable } from "./logistic.ts";
import { MixCoder } from "./mix-coder.ts";
import { Mixer } from "./mixer.ts";
import { MixModel } from "./model.ts";

describe("the logistic function", () => {
  test("is within one in a thousand of the real one, and never falls", () => {
    for (let i = 0; i < 4096; i++) {
      const exact = 65_536 / (1 + Math.exp(-(i - 2048) / 256));
      assert.ok(Math.abs((squashTable[i] ?? 0) - exact) < 400, `${i}`);
      if (i > 0) assert.ok((squashTable[i] ?? 0) >= (squashTable[i - 1] ?? 0), `${i}`);
    }
    assert.deepEqual([squashTable[0], squashTable[2048], squashTable[4095]], [22, 32_768, 65_514]);
    assert.equal(squashTable[2048 + 64], 36_781);
  });

  test("has its inverse, to the nearest step", () => {
    for (let p = 0; p < 4096; p++) {
      const odds = stretchTable[p] ?? 0;
      const at = squashTable[odds + 2048] ?? 0;
      if (odds < logOddsLimit) assert.ok(at >= p * 16 + 8, `${p}`);
      if (odds > -2048) assert.ok((squashTable[odds + 2047] ?? 0) < p * 16 + 8, `${p}`);
    }
    assert.deepEqual([stretchTable[0], stretchTable[2047], stretchTable[4095]], [-2048, 0, 2047]);
  });
});

function probabilityAt({ cells }: Counters, place: number): number {
  return probabilityOf(cells[place] ?? 0);
}

function countAt({ cells }: Counters, place: number): number {
  return countOf(cells[place] ?? 0);
}

describe("a counter", () => {
  test("begins in doubt, learns at once, then ever more slowly", () => {
    const counters = new Counters(64);
    const place = counters.find(0x12345678);
    assert.deepEqual([probabilityAt(counters, place), countAt(counters, place)], [32_768, 0]);
    let last = 32_768;
    let step = Number.POSITIVE_INFINITY;
    for (let n = 1; n <= 8; n++) {
      counters.update(place, 1);
      const p = probabilityAt(counters, place);
      assert.ok(p > last && p - last < step, `${n}`);
      step = p - last;
      last = p;
      assert.equal(countAt(counters, place), n);
    }
    assert.ok(last > 61_000, `${last}`);
    for (let n = 0; n < 200; n++) counters.update(place, 0);
    assert.ok(probabilityAt(counters, place) < 4000);
    assert.equal(countAt(counters, place), 60);
  });

  test("corrects three quarters of its first error, and one part in 61.3 in the end", () => {
    const counters = new Counters(64);
    const place = counters.find(1);
    counters.update(place, 0);
    assert.equal(probabilityAt(counters, place), 32_768 - Math.ceil((32_768 * 25_206) / 32_768));
    for (let n = 0; n < 100; n++) counters.update(place, 1);
    const before = probabilityAt(counters, place);
    counters.update(place, 0);
    const step = before - probabilityAt(counters, place);
    assert.ok(Math.abs(step - before / 61.3) < 3, `${step} of ${before}`);
  });

  test("is found again by its context, and told from another at the same place", () => {
    const counters = new Counters(64);
    const hash = (tag: number, place: number): number => (tag << 22) | place;
    const first = counters.find(hash(5, 10));
    counters.update(first, 1);
    counters.update(first, 1);
    const second = counters.find(hash(6, 10));
    assert.equal(second, first ^ 1);
    counters.update(second, 0);
    assert.equal(counters.find(hash(5, 10)), first);
    assert.equal(counters.find(hash(6, 10)), second);
    assert.deepEqual([countAt(counters, first), countAt(counters, second)], [2, 1]);
    // A third takes the place of the one that knows less.
    assert.equal(counters.find(hash(7, 10)), second);
    assert.deepEqual([countAt(counters, second), probabilityAt(counters, second)], [0, 32_768]);
    assert.equal(counters.find(hash(5, 10)), first);
  });
});

describe("a mixer", () => {
  test("adds what its inputs say, and stays within its bounds", () => {
    const mixer = new Mixer(2, 4);
    mixer.inputs.set([1000, -400]);
    // Both sets together begin near a quarter for each input.
    assert.equal(mixer.mix(0, 3), Math.trunc((600 * 16_000) / 65_536));
    mixer.inputs.set([2047, 2047]);
    mixer.mix(0, 3);
    for (let i = 0; i < 50; i++) mixer.update(1, 0);
    assert.equal(mixer.mix(0, 3), logOddsLimit);
    mixer.inputs.set([-2047, -2047]);
    assert.equal(mixer.mix(0, 3), -logOddsLimit);
  });

  test("comes to trust the input that is right, in the sets that were in use", () => {
    const random = createSeededRandom(21);
    const mixer = new Mixer(2, 4);
    for (let i = 0; i < 2000; i++) {
      const bit = random.below(2);
      mixer.inputs.set([bit === 1 ? 500 : -500, random.between(-500, 500)]);
      mixer.update(bit, mixer.mix(1, 3));
    }
    const said = (first: number, second: number, sets: readonly [number, number]): number => {
      mixer.inputs.set([first, second]);
      return mixer.mix(...sets);
    };
    assert.ok(said(500, 0, [1, 3]) > 1000);
    assert.ok(said(-500, 0, [1, 3]) < -1000);
    assert.ok(Math.abs(said(0, 500, [1, 3])) < 300);
    assert.equal(said(500, 0, [0, 2]), Math.trunc((500 * 16_000) / 65_536));
  });

  test("keeps its weights within eight", () => {
    const mixer = new Mixer(1, 2);
    mixer.mix(0, 1);
    for (const sign of [1, -1]) {
      for (let i = 0; i < 6000; i++) {
        mixer.inputs[0] = 300;
        mixer.update(sign === 1 ? 1 : 0, -sign * 2000);
      }
      mixer.inputs[0] = 64;
      assert.equal(mixer.mix(0, 1), sign * 64 * 16);
    }
  });
});

describe("a model", () => {
  test("is never certain, and learns what a context says", () => {
    const model = new MixModel(1 << 10);
    const p = (context: number): number => model.predict(3, 1, context, 7, 7, 7);
    const first = p(1);
    assert.ok(Math.abs(first - 32_768) < 1500, `${first}`);
    for (let i = 0; i < 600; i++) {
      p(i % 2);
      model.update(i % 2);
    }
    const [unlikely, likely] = [p(0), p(1)];
    assert.ok(unlikely < 2000 && unlikely >= 16, `${unlikely}`);
    assert.ok(likely > 63_500 && likely <= 65_520, `${likely}`);
    for (let i = 0; i < 20_000; i++) {
      model.predict(3, 1, 9, 9, 9, 9);
      model.update(1);
    }
    const sure = model.predict(3, 1, 9, 9, 9, 9);
    assert.ok(sure > 65_300 && sure <= 65_520, `${sure}`);
  });
});

describe("tokens as bits", () => {
  interface Both {
    readonly encoder: MixCoder;
    readonly bits: BitEncoder;
  }

  function create(): Both {
    const bits = new BitEncoder();
    return { encoder: new MixCoder(new MixModel(1 << 12), bits), bits };
  }

  function decoderOf({ bits }: Both): { readonly decoder: MixCoder; readonly source: BitDecoder } {
    const source = new BitDecoder();
    bits.finish();
    source.begin(bits.view());
    return { decoder: new MixCoder(new MixModel(1 << 12), source), source };
  }

  test("give back numbers of every length, decisions, texts and bits", () => {
    const numbers = [0, 1, 2, 3];
    for (let length = 3; length <= 53; length++)
      numbers.push(2 ** (length - 1), 2 ** length - 1, Math.floor(1.37 * 2 ** (length - 1)));
    const text = textToUtf8("Paracetamol 500 mg, 1 tab TDS");
    const both = create();
    const { encoder } = both;
    assert.equal(encoder.isDecoder, false);
    encoder.focus(3, 1, 2, 3, 4);
    for (const number of numbers) assert.equal(encoder.number(number), number);
    assert.equal(encoder.text(text, 5, 100), text);
    encoder.flag(1);
    encoder.bits(0xdeadbeef, 32);
    encoder.flag(0);
    const { decoder, source } = decoderOf(both);
    assert.equal(decoder.isDecoder, true);
    decoder.focus(3, 1, 2, 3, 4);
    for (const number of numbers) assert.equal(decoder.number(0), number);
    assert.deepEqual(decoder.text(emptyBytes, 5, 100), text);
    assert.deepEqual([decoder.flag(0), decoder.bits(0, 32), decoder.flag(0)], [1, 0xdeadbeef, 0]);
    assert.deepEqual([source.finished, decoder.failed], [true, false]);
  });

  test("get cheaper when they come again in their context", () => {
    const cost = (context: (i: number) => number): number => {
      const both = create();
      for (let i = 0; i < 300; i++) {
        both.encoder.focus(3, context(i), 0, 0, 0);
        both.encoder.number((i * 7919) % 5 === 0 ? 40 : 3);
      }
      both.bits.finish();
      return both.bits.length;
    };
    const random = createSeededRandom(8);
    const known = cost((i) => ((i * 7919) % 5 === 0 ? 1 : 2));
    const unknown = cost(() => random.below(1e6));
    assert.ok(known * 2 < unknown, `${known}, ${unknown}`);
  });

  test("in one context of different kinds are learned apart", () => {
    const both = create();
    for (let i = 0; i < 400; i++) {
      both.encoder.focus(i % 2, 7, 7, 7, 7);
      both.encoder.flag(i % 2);
    }
    both.bits.finish();
    assert.ok(both.bits.length < 20);
  });

  test("fail on a number that no number is as long as, and on a text beyond its bound", () => {
    const both = create();
    both.encoder.text(textToUtf8("abc"), 1, 3);
    const { decoder } = decoderOf(both);
    assert.deepEqual([decoder.text(emptyBytes, 1, 2), decoder.failed], [emptyBytes, true]);
    // Six ones are a length of 63 bits.
    const ones = new MixCoder(new MixModel(1 << 12), { isDecoder: true, code: () => 1 });
    assert.deepEqual([ones.number(0), ones.failed], [0, true]);
    const told = new MixCoder(new MixModel(1 << 12), new NullBits());
    told.fail();
    assert.equal(told.failed, true);
    told.begin();
    assert.equal(told.failed, false);
  });
});
