import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { slicesOf, textAt } from "./json-slices.ts";

describe("slices of JSON text", () => {
  it("are the values' own text, whatever stands around and inside them", () => {
    const text = ' { "a" : 1.0 ,"b":"}\\"]\\\\", "c" :[{"x":"\\\\"}, [ ] ] ,"a":\t-2e5\n} ';
    assert.deepEqual(
      [...slicesOf(text)],
      [
        { key: "a", text: "1.0" },
        { key: "b", text: '"}\\"]\\\\"' },
        { key: "c", text: '[{"x":"\\\\"}, [ ] ]' },
        { key: "a", text: "-2e5" },
      ],
    );
    assert.equal(textAt(text, ["a"]), "-2e5");
    assert.equal(textAt(text, ["c", "0", "x"]), '"\\\\"');
    for (const tokens of [["d"], ["a", "0"], ["c", "00"], ["c", "2"], ["c", "0", "0"]])
      assert.equal(textAt(text, tokens), undefined);
    assert.deepEqual([...slicesOf("[]"), ...slicesOf("{ }")], []);
    assert.deepEqual(
      [...slicesOf('[1, "2" ,null,{}]')].map((slice) => slice.text),
      ["1", '"2"', "null", "{}"],
    );
  });

  it("put together again are the same value, for any JSON and any indentation", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, "\t"), (value, space) => {
        const text = JSON.stringify(value, null, space);
        if (typeof value !== "object" || value === null) return;
        const slices = [...slicesOf(text)];
        for (const slice of slices) assert.equal(slice.text, slice.text.trim());
        const again = Array.isArray(value)
          ? slices.map((slice) => JSON.parse(slice.text) as unknown)
          : Object.fromEntries(slices.map(({ key, text: part }) => [key, JSON.parse(part)]));
        assert.deepEqual(JSON.parse(JSON.stringify(again)), JSON.parse(text));
      }),
    );
  });
});
