import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LineSplitter, parseObject } from "./json-lines.ts";

function feedAll(splitter: LineSplitter, chunks: readonly Buffer[]): string[] | "too long" {
  const lines: string[] = [];
  for (const chunk of chunks) {
    const found = splitter.feed(chunk);
    if (found === "too long") return found;
    lines.push(...found);
  }
  return lines;
}

test("lines come out whole, however the bytes are cut", () => {
  const line = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", ""));
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 1, max: 20 }), (lines, size) => {
      const whole = Buffer.from(lines.map((text) => `${text}\n`).join(""));
      const chunks: Buffer[] = [];
      for (let at = 0; at < whole.length; at += size) chunks.push(whole.subarray(at, at + size));
      const expected = lines.map((text) => Buffer.from(text).toString());
      assert.deepEqual(feedAll(new LineSplitter(), chunks), expected);
    }),
  );
});

test("a line at the limit passes, one byte more does not, with or without its end", () => {
  const feed = (text: string) => new LineSplitter(10).feed(Buffer.from(text));
  assert.deepEqual(feed("0123456789\n"), ["0123456789"]);
  assert.deepEqual(feed("0123456789"), []);
  assert.equal(feed("0123456789a\n"), "too long");
  assert.equal(feed("0123456789a"), "too long");
  const slow = new LineSplitter(10);
  let result: unknown;
  for (let i = 0; i < 11; i++) result = slow.feed(Buffer.from("x"));
  assert.equal(result, "too long");
});

test("only an object is a message", () => {
  assert.deepEqual(parseObject('{"id":1}'), { id: 1 });
  for (const text of ["", "1", "null", "[]", '"x"', "{", "{} {}", `${"[".repeat(1e6)}`]) {
    assert.equal(parseObject(text), undefined);
  }
});
