import assert from "node:assert/strict";
import type { EventLoopUtilization } from "node:perf_hooks";
import { test } from "node:test";
import { LoadMeter } from "./load-meter.ts";

/** An event loop that was active for `active` of `total` milliseconds so far. */
function fakeLoop(): {
  nowMs: () => number;
  utilization: (since?: EventLoopUtilization) => EventLoopUtilization;
  pass: (activeMs: number, idleMs: number) => void;
} {
  let active = 0;
  let idle = 0;
  return {
    nowMs: () => active + idle,
    utilization: (since) => {
      const spent = { active: active - (since?.active ?? 0), idle: idle - (since?.idle ?? 0) };
      return { ...spent, utilization: spent.active / Math.max(1, spent.active + spent.idle) };
    },
    pass: (activeMs, idleMs) => {
      active += activeMs;
      idle += idleMs;
    },
  };
}

test("a loop that hardly ever waits is busy, and no longer once it waits again", () => {
  const loop = fakeLoop();
  const meter = new LoadMeter(loop);
  loop.pass(100, 900);
  assert.equal(meter.isBusy(), false);
  loop.pass(290, 10);
  assert.equal(meter.isBusy(), true);
  loop.pass(0, 300);
  assert.equal(meter.isBusy(), false);
});

test("a moment after a call the answer is still that of the span before", () => {
  const loop = fakeLoop();
  const meter = new LoadMeter(loop);
  loop.pass(300, 0);
  assert.equal(meter.isBusy(), true);
  loop.pass(0, 20);
  assert.equal(meter.isBusy(), true);
});
