import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { textToUtf8, utf8ToText } from "../../bytes.ts";
import {
  kindDate,
  kindNumber,
  kindSeconds,
  kindText,
  kindTime,
  kindUuid,
  kindWord,
  slotsMax,
  Splitter,
} from "./split.ts";

/** The values with their kinds, or undefined when the payload is plain text. */
function split(payload: string | Uint8Array): readonly (readonly [number, string])[] | undefined {
  const bytes = typeof payload === "string" ? textToUtf8(payload) : payload;
  const splitter = new Splitter();
  if (!splitter.split(bytes)) return undefined;
  const values: [number, string][] = [];
  for (let i = 0; i < splitter.count; i++) {
    const text = utf8ToText(bytes.subarray(splitter.starts[i], splitter.ends[i]));
    values.push([splitter.kinds[i] ?? 0, text ?? "?"]);
  }
  return values;
}

/** The kind and text of the only value of an array. */
function only(value: string): readonly [number, string] {
  const values = split(`[${value}]`) ?? [];
  assert.equal(values.length, 1, value);
  return values[0] ?? [0, ""];
}

const uuid = "5c3274ae-d74a-418f-903c-6d5740a6b3a9";

describe("splitting a payload", () => {
  test("keeps keys, braces and spacing in the skeleton, and takes out the values in order", () => {
    assert.deepEqual(split('{"a":"x","b" : [ 1 ,true],\n"c":{"d"\t:null,"e"\r\n:""}}'), [
      [kindText, "x"],
      [kindNumber, "1"],
      [kindWord, "true"],
      [kindWord, "null"],
      [kindText, ""],
    ]);
    assert.deepEqual(split("{}"), []);
  });

  test("takes only what begins as an object or a list", () => {
    for (const text of ["", '"a"', "1", ' {"a":1}', "a{}", "|1"])
      assert.equal(split(text), undefined, text);
    assert.deepEqual(split("[1]"), [[kindNumber, "1"]]);
  });

  test("leaves to plain text what has control characters below tab, in or between quotes, or an open end", () => {
    for (const text of [
      '["a\u0008"]',
      '["a",\u0008]',
      "[\u0000]",
      '["\\\u0001"]',
      '["open',
      '["',
      '["open\\',
      '["open\\"',
    ])
      assert.equal(split(text), undefined, JSON.stringify(text));
    assert.deepEqual(split('["a\tb\\\t"\t]'), [[kindText, "a\tb\\\t"]]);
  });

  test("has room for 256 values", () => {
    const list = (count: number): string => `[${Array.from({ length: count }, () => "1").join()}]`;
    assert.equal(split(list(slotsMax))?.length, slotsMax);
    assert.equal(split(list(slotsMax + 1)), undefined);
    assert.equal(split(`[${'"",'.repeat(slotsMax)}"x"]`), undefined);
  });

  test("forgets the payload before", () => {
    const splitter = new Splitter();
    assert.ok(splitter.split(textToUtf8("[1,2,3]")));
    assert.ok(splitter.split(textToUtf8("[1]")));
    assert.equal(splitter.count, 1);
  });
});

describe("a quoted value", () => {
  test("ends at its quote, escapes included", () => {
    assert.deepEqual(only('"a \\"b\\" \\\\"'), [kindText, 'a \\"b\\" \\\\']);
  });

  test("is a key only before a colon", () => {
    assert.deepEqual(split('{"a" \n\r\t: "b"}'), [[kindText, "b"]]);
    assert.deepEqual(split('{"a" x: "b"}'), [
      [kindText, "a"],
      [kindWord, "x"],
      [kindText, "b"],
    ]);
    assert.deepEqual(split('["a"'), [[kindText, "a"]]);
    assert.deepEqual(split('["a" \t'), [[kindText, "a"]]);
  });

  test("is a UUID when it ends in one in lower case, after at most 32 letters and marks", () => {
    const long = "x".repeat(32);
    for (const prefix of ["", "Patient/", "urn:uuid:", "+", long])
      assert.deepEqual(only(`"${prefix}${uuid}"`), [kindUuid, uuid], prefix);
    for (const prefix of [`${long}x`, "9/", "a b", "*", "\\n", "\\\\"])
      assert.equal(only(`"${prefix}${uuid}"`)[0], kindText, prefix);
    for (const text of [
      uuid.slice(1),
      uuid.toUpperCase(),
      uuid.replace("a9", "ag"),
      uuid.replace("a9", "a`"),
      uuid.replace("a9", "a:"),
      `${uuid} `,
      uuid.replaceAll("-", "0"),
      uuid.replace("-d", "d-"),
      uuid.replace("-4", "4-"),
      uuid.replace("-9", "9-"),
      uuid.replace("-6", "6-"),
    ])
      assert.equal(only(`"${text}"`)[0], kindText, text);
    const edges = "0123456f-aaaa-ffff-0000-999999999999";
    assert.deepEqual(only(`"${edges}"`), [kindUuid, edges]);
  });

  test("is a time when it begins with one, whatever follows", () => {
    const time = "2026-01-05T02:36:36.615";
    for (const zone of ["", "Z", "+06:00"]) {
      assert.deepEqual(only(`"${time}${zone}"`), [kindTime, time]);
      assert.deepEqual(only(`"${time.slice(0, 19)}${zone}"`), [kindSeconds, time.slice(0, 19)]);
    }
    assert.deepEqual(only(`"${time.slice(0, 22)}"`), [kindSeconds, time.slice(0, 19)]);
    assert.deepEqual(only(`"${time.slice(0, 18)}"`), [kindText, time.slice(0, 18)]);
  });

  test("is a date when it is nothing else", () => {
    assert.deepEqual(only('"2026-01-05"'), [kindDate, "2026-01-05"]);
    for (const text of ["2026-01-05 ", "2026-01-0", "2026-13-05"])
      assert.equal(only(`"${text}"`)[0], kindText, text);
  });
});

describe("a bare value", () => {
  test("is a number when sign, digits and point give it back", () => {
    for (const text of ["0", "-0", "7", "-12.50", "0.5", "123456789012345", "0.12345678901234"])
      assert.deepEqual(only(text), [kindNumber, text]);
  });

  test("is else a word", () => {
    for (const text of [
      "true",
      "Null",
      "AZaz",
      "-",
      "007",
      "-01",
      "00.5",
      "1.",
      ".5",
      "+1",
      "1e5",
      "1.5e5",
      "1-2",
      "1.2.3",
      "1.a",
      "1a",
      "--1",
      "0x10",
      "1234567890123456",
      "0.123456789012345",
    ])
      assert.deepEqual(only(text), [kindWord, text]);
  });

  test("ends where another character stands", () => {
    assert.deepEqual(split("[a/b@c[d`e{f,0:9*1]"), [
      ..."abcdef".split("").map((text) => [kindWord, text] as const),
      [kindNumber, "0"],
      [kindNumber, "9"],
      [kindNumber, "1"],
    ]);
  });
});
