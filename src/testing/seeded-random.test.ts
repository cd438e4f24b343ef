import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "./seeded-random.ts";

test("a seed repeats, and another seed differs", () => {
  const draw = (seed: number) => {
    const random = createSeededRandom(seed);
    return Array.from({ length: 8 }, () => random.next32());
  };
  assert.deepEqual(draw(1), draw(1));
  assert.notDeepEqual(draw(1), draw(2));
});

test("draws are 32-bit, fill every bucket about evenly and keep their bounds", () => {
  const random = createSeededRandom(3);
  const buckets = new Array<number>(16).fill(0);
  for (let i = 0; i < 16_000; i++) {
    const value = random.next32();
    assert.ok(Number.isInteger(value) && value >= 0 && value < 2 ** 32);
    const bucket = random.below(16);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) assert.ok(count > 800 && count < 1200, String(count));
  for (let i = 0; i < 1000; i++) {
    const value = random.between(-2, 2);
    assert.ok(value >= -2 && value <= 2);
  }
  assert.equal(random.chance(0), false);
  assert.equal(random.chance(1), true);
  assert.throws(() => random.pick([]), RangeError);
});

test("a fork does not move with its parent", () => {
  const first = createSeededRandom(9);
  const second = createSeededRandom(9);
  const a = first.fork();
  const b = second.fork();
  first.next32();
  assert.equal(a.next32(), b.next32());
});
