import assert from "node:assert/strict";
import { test } from "node:test";
import { RateShaper, recordOverheadBytes } from "./rate-shaper.ts";

test("over ten seconds the rate is kept, overhead included, and time is not wasted", () => {
  for (const rateBytesPerS of [100, 3_000, 30_000, 1_000_000]) {
    const shaper = new RateShaper(rateBytesPerS, 0);
    let spent = 0;
    for (let nowMs = 0; nowMs < 10_000; ) {
      const count = shaper.take(100_000, nowMs);
      if (count > 0) spent += count + recordOverheadBytes;
      else nowMs += shaper.waitMs(100_000, nowMs);
    }
    const allowed = rateBytesPerS * 10;
    assert.ok(spent <= allowed * 1.03 + 300, `${rateBytesPerS}: ${spent}`);
    assert.ok(spent >= allowed * 0.7, `${rateBytesPerS}: ${spent}`);
  }
});

test("a clock that jumps back neither gives nor takes", () => {
  const shaper = new RateShaper(1_000, 50_000);
  while (shaper.take(1_000, 50_000) > 0);
  assert.equal(shaper.take(1_000, 0), 0);
  assert.ok(shaper.waitMs(1_000, 0) <= 300);
});

test("after a pause no more than a quarter of a second is made up for", () => {
  const shaper = new RateShaper(8_000, 0);
  const burst = shaper.take(100_000, 3_600_000);
  assert.equal(burst + recordOverheadBytes, 2_000);
});
