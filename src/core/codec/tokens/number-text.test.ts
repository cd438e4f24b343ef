import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteWriter, textToUtf8, utf8ToText } from "../../bytes.ts";
import { type Decimal, readDecimal, scaledTo, trimmed, writeDecimal } from "./number-text.ts";

function read(text: string): Decimal {
  return readDecimal(textToUtf8(text), 0, text.length);
}

function written(value: Decimal): string {
  const out = new ByteWriter();
  writeDecimal(out, value);
  return utf8ToText(out.view()) ?? "";
}

test("a decimal is its sign, its digits and how many stand behind the point, and back", () => {
  for (const [text, isNegative, digits, decimals] of [
    ["0", false, 0, 0],
    ["-0", true, 0, 0],
    ["37", false, 37, 0],
    ["37.0", false, 370, 1],
    ["-37.25", true, 3725, 2],
    ["0.05", false, 5, 2],
    ["0.00", false, 0, 2],
    ["999999999999999", false, 999_999_999_999_999, 0],
    ["0.12345678901234", false, 12_345_678_901_234, 14],
  ] as const) {
    assert.deepEqual(read(text), { isNegative, digits, decimals }, text);
    assert.equal(written({ isNegative, digits, decimals }), text);
  }
});

test("only the span is read", () => {
  assert.deepEqual(readDecimal(textToUtf8("9-1.59"), 1, 5), {
    isNegative: true,
    digits: 15,
    decimals: 1,
  });
});

test("trimming takes away zeros behind the point, and no others", () => {
  for (const [digits, decimals, text] of [
    [370, 1, "37"],
    [370, 2, "3.7"],
    [375, 1, "37.5"],
    [0, 3, "0"],
    [100, 0, "100"],
    [1000, 2, "10"],
  ] as const)
    assert.equal(written(trimmed(digits, decimals)), text);
});

test("a number scaled to decimals is the one whose trimmed form is its text", () => {
  for (const text of ["0", "37", "37.5", "100", "0.05"]) {
    const digits = scaledTo(read(text), 2);
    assert.equal(written(trimmed(digits, 2)), text);
  }
  assert.equal(scaledTo(read("37"), 2), 3700);
  assert.equal(scaledTo(read("37"), 0), 37);
});

test("a number that trimming would not give back is not scaled", () => {
  for (const text of ["-1", "1.0", "0.00", "1.505"])
    assert.equal(scaledTo(read(text), 2), -1, text);
});

test("a scaled number has at most 15 digits", () => {
  assert.equal(scaledTo(read("9999999999999"), 2), 999_999_999_999_900);
  assert.equal(scaledTo(read("10000000000000"), 2), -1);
});
