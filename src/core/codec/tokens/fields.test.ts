import assert from "node:assert/strict";
import { test } from "node:test";
import { textToUtf8 } from "../../bytes.ts";
import { fieldCount, Fields } from "./fields.ts";

function of(fields: Fields, key: string): number {
  const text = textToUtf8(`x${key}x`);
  return fields.of(text, 1, text.length - 1);
}

test("each key has a field of its own as long as there are numbers left", () => {
  const fields = new Fields();
  const keys = Array.from({ length: 768 }, (_, i) => `key ${i}`);
  const numbers = keys.map((key) => of(fields, key));
  assert.equal(new Set(numbers).size, keys.length);
  assert.ok(numbers.every((number) => number >= 0 && number < fieldCount));
  assert.deepEqual(
    keys.map((key) => of(fields, key)),
    numbers,
  );
  // Later ones share, and always the same.
  for (let i = 0; i < 1000; i++) {
    const late = of(fields, `late ${i}`);
    assert.ok(late >= 0 && late < fieldCount);
    assert.equal(of(fields, `late ${i}`), late);
  }
});
