import assert from "node:assert/strict";
import { test } from "node:test";
import { isNestedDeeper } from "./nesting.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const nested = (depth: number): string => `${'[{"a":'.repeat(depth / 2)}1${"}]".repeat(depth / 2)}`;

test("levels are counted exactly, siblings and what stands in strings are none", () => {
  for (const depth of [2, 10, 256]) {
    assert.doesNotThrow(() => JSON.parse(nested(depth)));
    assert.equal(isNestedDeeper(bytes(nested(depth)), depth), false);
    assert.equal(isNestedDeeper(bytes(nested(depth)), depth - 1), true);
  }
  const siblings = JSON.stringify(Array.from({ length: 1000 }, () => [{}]));
  assert.equal(isNestedDeeper(bytes(siblings), 3), false);
  const texts = JSON.stringify({ 'quoted " [[[[': '\\"[[[[{{{{\\', é: "[[[[" });
  assert.equal(isNestedDeeper(bytes(texts), 1), false);
  for (const scalar of ["1", '"["', "null", '""'])
    assert.equal(isNestedDeeper(bytes(scalar), 0), false);
});
