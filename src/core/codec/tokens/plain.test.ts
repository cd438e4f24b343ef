import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../../../testing/seeded-random.ts";
import { textToUtf8 } from "../../bytes.ts";
import { looksRandom } from "./plain.ts";

test("bytes that chance made look random from 48 bytes on, and shorter ones never", () => {
  const random = createSeededRandom(3);
  for (const count of [48, 60, 500, 16_384])
    assert.ok(looksRandom(random.bytes(count)), `${count}`);
  const distinct = Uint8Array.from({ length: 48 }, (_, i) => i * 5);
  assert.equal(looksRandom(distinct), true);
  assert.equal(looksRandom(distinct.subarray(1)), false);
  assert.equal(looksRandom(new Uint8Array(0)), false);
});

test("text, repetition and hexadecimal digits do not look random", () => {
  const random = createSeededRandom(4);
  const hex = Array.from({ length: 400 }, () => random.below(16).toString(16)).join("");
  const text = "fever, follow up in two weeks; return if worse, no new complaint since Monday";
  for (const bytes of [textToUtf8(text), textToUtf8(hex), new Uint8Array(500)])
    assert.equal(looksRandom(bytes), false);
});

test("counts may be a quarter less even than chance makes them, and no more", () => {
  // n bytes of k equally frequent values: n*n/k against 1.25 * (n + n*n/256).
  const even = (count: number, values: number): Uint8Array =>
    Uint8Array.from({ length: count }, (_, i) => i % values);
  assert.equal(looksRandom(even(8192, 220)), true);
  assert.equal(looksRandom(even(8192, 180)), false);
});
