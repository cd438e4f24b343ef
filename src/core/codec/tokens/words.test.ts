import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { textToUtf8, utf8ToText } from "../../bytes.ts";
import { codecMix, codecMixSmall, sizesOf } from "../codecs.ts";
import { hasManyWords, ordersCount, wordBytesMax, wordEnd, Words } from "./words.ts";

function wordsOf(text: string): readonly string[] {
  const bytes = textToUtf8(text);
  const words: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = wordEnd(bytes, at);
    assert.ok(end > at && end - at <= wordBytesMax, text);
    words.push(utf8ToText(bytes.subarray(at, end)) ?? "");
    at = end;
  }
  return words;
}

/** Learns a text, and says for each word by which orders it was expected. */
function read(words: Words, text: string, start = 0): readonly (readonly boolean[])[] {
  words.begin(7, start);
  return wordsOf(text).map((one) => {
    const word = words.add(textToUtf8(one));
    const expected = Array.from(
      { length: ordersCount },
      (_, order) => words.candidate(order) === word,
    );
    words.learn(word);
    return expected;
  });
}

describe("a word", () => {
  test("is a run of letters and digits with what follows it", () => {
    assert.deepEqual(wordsOf("fever, since 3 days; return."), [
      "fever, ",
      "since ",
      "3 ",
      "days; ",
      "return.",
    ]);
    assert.deepEqual(wordsOf("two hours' walk a half-day"), [
      "two ",
      "hours' ",
      "walk ",
      "a ",
      "half-day",
    ]);
    assert.deepEqual(wordsOf("  <p>x"), ["  <", "p>", "x"]);
    assert.deepEqual(wordsOf("\u0f56\u0f7c\u0f51 yul"), ["\u0f56\u0f7c\u0f51 ", "yul"]);
    assert.deepEqual(wordsOf(""), []);
  });

  test("is at most 32 bytes long, whatever it is made of", () => {
    assert.deepEqual(
      wordsOf("a".repeat(70)).map(({ length }) => length),
      [32, 32, 6],
    );
    assert.deepEqual(
      wordsOf(`a${" ".repeat(40)}`).map(({ length }) => length),
      [32, 9],
    );
  });

  test("in threes makes a text worth telling by words", () => {
    assert.deepEqual(
      ["", "one", "one two", "one two three", "1/2/3"].map((text) =>
        hasManyWords(textToUtf8(text)),
      ),
      [false, false, false, true, true],
    );
  });
});

describe("words", () => {
  test("expect what followed the same three, two and one before", () => {
    const words = new Words(sizesOf(codecMix));
    for (let i = 0; i < 3; i++) read(words, "fever and cough, since 3 days");
    const again = read(words, "fever and cough, since 3 days");
    for (const expected of again) assert.deepEqual(expected, [true, true, true, true]);
    const other = read(words, "fast cough, since 3 weeks");
    // `since ` after `cough, ` alone, `3 ` after the two before it.
    assert.deepEqual(other[2], [false, false, false, true]);
    assert.deepEqual(other[3]?.slice(2), [true, true]);
    assert.deepEqual(other[4], [false, false, false, false]);
  });

  test("are expected by what began the text as well", () => {
    const words = new Words(sizesOf(codecMix));
    for (let i = 0; i < 4; i++) {
      read(words, "see red", 1);
      read(words, "see blue", 2);
    }
    assert.equal(read(words, "see red", 1)[1]?.[0], true);
    assert.equal(read(words, "see blue", 2)[1]?.[0], true);
  });

  test("trust what came often, and take some misses to give it up", () => {
    const words = new Words(sizesOf(codecMix));
    for (let i = 0; i < 9; i++) read(words, "a b");
    words.begin(7, 0);
    words.learn(words.find(textToUtf8("a ")));
    assert.equal(words.trustOf(2), 8);
    read(words, "a c");
    assert.equal(read(words, "a b")[1]?.[2], true);
    for (let i = 0; i < 6; i++) read(words, "a c");
    assert.equal(read(words, "a c")[1]?.[2], true);
  });

  test("of long ago go when there is no room, and are then not taken for others", () => {
    const sizes = sizesOf(codecMixSmall);
    const words = new Words(sizes);
    const first = words.add(textToUtf8("first "));
    assert.ok(words.isWord(first));
    for (let i = 0; i < sizes.words - 1; i++) words.add(textToUtf8(`w${i} `));
    assert.equal(words.find(textToUtf8("first ")), first);
    words.add(textToUtf8("one more"));
    assert.equal(words.find(textToUtf8("first ")), -1);
    assert.equal(utf8ToText(words.textOf(words.at(1))), "w0 ");
    assert.equal(words.at(0), -1);
  });
});
