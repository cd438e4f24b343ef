import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "./random.ts";

test("gives the same run for the same seed, another for another", () => {
  const draw = (seed: number) => Array.from({ length: 8 }, createRandom(seed).u32);
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

test("draws integers from the whole range, ends included", () => {
  const random = createRandom(1);
  const seen = new Set(Array.from({ length: 500 }, () => random.integer(3, 6)));
  assert.deepEqual([...seen].sort(), [3, 4, 5, 6]);
});

test("makes version 4 UUIDs", () => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const random = createRandom(2);
  for (let i = 0; i < 100; i++) assert.match(random.uuid(), form);
});
