import assert from "node:assert/strict";
import { test } from "node:test";
import { FlightWindow, flightBytesMax, flightBytesMin } from "./flight-window.ts";

/** Runs batches over a link with one queue in front of it; returns the window and the queueing it settles at. */
function settle(link: {
  readonly rateBytesPerS: number;
  readonly roundTripMs: number;
  readonly batchBytes: number;
}): { readonly windowBytes: number; readonly queueMs: number; readonly busyShare: number } {
  const window = new FlightWindow();
  const flying: { readonly sentMs: number; readonly answeredMs: number }[] = [];
  let nowMs = 0;
  let freeMs = 0;
  let busyMs = 0;
  let queueMs = 0;
  for (let step = 0; step < 2_000; step++) {
    while (flying.length * link.batchBytes + link.batchBytes <= window.bytes) {
      const startMs = Math.max(nowMs, freeMs);
      const airMs = (link.batchBytes * 1000) / link.rateBytesPerS;
      freeMs = startMs + airMs;
      busyMs += airMs;
      flying.push({ sentMs: nowMs, answeredMs: freeMs + link.roundTripMs });
    }
    const next = flying.shift();
    if (next === undefined) break;
    nowMs = next.answeredMs;
    const tookMs = next.answeredMs - next.sentMs;
    queueMs = tookMs - link.roundTripMs;
    window.answered(link.batchBytes, tookMs);
  }
  return { windowBytes: window.bytes, queueMs, busyShare: busyMs / nowMs };
}

test("a 2G link stays busy, and what is urgent waits no longer than a round trip or two", () => {
  const found = settle({ rateBytesPerS: 30_000, roundTripMs: 1_200, batchBytes: 4_500 });
  assert.ok(found.busyShare > 0.95, JSON.stringify(found));
  assert.ok(found.queueMs < 2_500, `queue ${found.queueMs} ms`);
  assert.ok(found.windowBytes < 110_000, `window ${found.windowBytes}`);
});

test("a satellite link is filled", () => {
  const found = settle({ rateBytesPerS: 100_000, roundTripMs: 1_300, batchBytes: 4_500 });
  assert.ok(found.busyShare > 0.95, JSON.stringify(found));
});

test("a fast link gets the largest window, and a nearly dead one the least", () => {
  const fast = settle({ rateBytesPerS: 100_000_000, roundTripMs: 5, batchBytes: 4_500 });
  assert.equal(fast.windowBytes, flightBytesMax);
  const slow = settle({ rateBytesPerS: 1_000, roundTripMs: 2_500, batchBytes: 4_500 });
  assert.equal(slow.windowBytes, flightBytesMin);
  assert.ok(slow.busyShare > 0.95, `busy ${slow.busyShare}`);
});
