import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createSeededRandom } from "../../../testing/seeded-random.ts";
import { bytesToHex, textToUtf8, utf8ToText } from "../../bytes.ts";
import { fieldCount } from "./fields.ts";
import { Dictionary, entryBytesMax } from "./dictionary.ts";

function textOf(dictionary: Dictionary, entry: number): string | undefined {
  return utf8ToText(dictionary.textOf(entry));
}

function fill(dictionary: Dictionary, field: number, ...texts: readonly string[]): number[] {
  return texts.map((text) => dictionary.add(field, textToUtf8(text)));
}

describe("a dictionary", () => {
  test("finds a text in the field that held it, by itself and by its index", () => {
    const dictionary = new Dictionary(8, 100, fieldCount);
    const [a = -1, b = -1, c = -1] = fill(dictionary, 5, "fever", "cough", "");
    const [other = -1] = fill(dictionary, 6, "cough");
    assert.equal(dictionary.find(5, textToUtf8("cough")), b);
    assert.equal(dictionary.find(6, textToUtf8("cough")), other);
    assert.equal(dictionary.find(5, textToUtf8("")), c);
    assert.equal(dictionary.find(6, textToUtf8("fever")), -1);
    assert.equal(dictionary.find(5, textToUtf8("feve")), -1);
    assert.deepEqual(
      [0, 1, 2, 3].map((index) => dictionary.at(5, index)),
      [a, b, c, -1],
    );
    assert.deepEqual(
      [0, 1].map((index) => dictionary.at(6, index)),
      [other, -1],
    );
    assert.deepEqual(
      [a, b, c, other].map((entry) => dictionary.indexOf(entry)),
      [0, 1, 2, 0],
    );
    assert.deepEqual([textOf(dictionary, b), textOf(dictionary, c)], ["cough", ""]);
    assert.deepEqual(
      [dictionary.countOf(5), dictionary.countOf(6), dictionary.countOf(7)],
      [3, 1, 0],
    );
  });

  test("knows of which field an entry is, and that a place without one is of none", () => {
    const dictionary = new Dictionary(4, 100, fieldCount);
    const [a = -1] = fill(dictionary, 0, "fever");
    assert.deepEqual([dictionary.isOf(a, 0), dictionary.isOf(a, 1)], [true, false]);
    for (const entry of [a + 1, a + 2, a + 3]) assert.equal(dictionary.isOf(entry, 0), false);
  });

  test("lets the oldest text go when there is no entry left, and counts on", () => {
    const dictionary = new Dictionary(3, 100, fieldCount);
    const [first = -1] = fill(dictionary, 1, "a", "b", "c");
    assert.equal(dictionary.find(1, textToUtf8("a")), first);
    const [next = -1] = fill(dictionary, 1, "d");
    assert.equal(next, first);
    assert.equal(dictionary.find(1, textToUtf8("a")), -1);
    assert.equal(dictionary.at(1, 0), -1);
    assert.equal(dictionary.at(1, 3), next);
    assert.deepEqual([dictionary.indexOf(next), dictionary.countOf(1)], [3, 4]);
    for (const text of ["b", "c", "d"]) assert.ok(dictionary.find(1, textToUtf8(text)) >= 0, text);
  });

  test("lets as many of the oldest go as a new text needs bytes, and no more", () => {
    const dictionary = new Dictionary(16, 12, fieldCount);
    fill(dictionary, 1, "aaaa", "bbbb", "cccc");
    fill(dictionary, 1, "dddd");
    const has = (...texts: readonly string[]): readonly boolean[] =>
      texts.map((text) => dictionary.find(1, textToUtf8(text)) >= 0);
    assert.deepEqual(has("aaaa", "bbbb", "cccc", "dddd"), [false, true, true, true]);
    fill(dictionary, 1, "eeeee");
    assert.deepEqual(has("bbbb", "cccc", "dddd", "eeeee"), [false, false, true, true]);
    // Three bytes are left at the end of the ring: it starts again.
    fill(dictionary, 1, "ffff");
    assert.deepEqual(has("dddd", "eeeee", "ffff"), [false, true, true]);
  });

  test("holds what a list of the newest texts holds, whatever comes", () => {
    for (let seed = 1; seed <= 2; seed++) {
      const random = createSeededRandom(seed);
      const entries = random.pick([4, 16]);
      const dictionary = new Dictionary(entries, random.pick([300, 600]), fieldCount);
      const added: { field: number; index: number; text: Uint8Array; entry: number }[] = [];
      const counts = new Map<number, number>();
      let oldest = 0;
      for (let round = 0; round < 150; round++) {
        const field = random.below(3);
        const text = random.chance(0.2)
          ? random.bytes(random.below(entryBytesMax + 1))
          : textToUtf8(`t${random.below(90)}`);
        if (dictionary.find(field, text) >= 0) continue;
        const index = counts.get(field) ?? 0;
        counts.set(field, index + 1);
        added.push({ field, index, text, entry: dictionary.add(field, text) });
        // What went is the oldest, up to some point.
        while (oldest < added.length - 1 && !holds(dictionary, added[oldest])) oldest++;
        assert.ok(added.length - oldest <= entries, `seed ${seed}`);
        for (const [at, item] of added.entries())
          assert.equal(holds(dictionary, item), at >= oldest, `seed ${seed}, round ${round}`);
        for (const item of added.slice(oldest)) {
          assert.equal(bytesToHex(dictionary.textOf(item.entry)), bytesToHex(item.text));
          assert.equal(dictionary.find(item.field, item.text), item.entry, `seed ${seed}`);
          assert.ok(dictionary.isOf(item.entry, item.field));
        }
      }
      assert.ok(oldest > 20, `seed ${seed}: texts went`);
    }
  });
});

function holds(
  dictionary: Dictionary,
  item: { readonly field: number; readonly index: number } | undefined,
): boolean {
  return item !== undefined && dictionary.at(item.field, item.index) >= 0;
}
