import assert from "node:assert/strict";
import { test } from "node:test";
import { FlightWindow, flightBytesMax } from "./flight-window.ts";
import type { LinkEstimate } from "./link-meter.ts";

interface Link {
  readonly rateBytesPerS: number;
  readonly roundTripMs: number;
  readonly batchBytes: number;
  /** Of each answer. */
  readonly jitterMs?: (step: number) => number;
  readonly estimate?: LinkEstimate;
  readonly seconds?: number;
}

interface Found {
  readonly windowBytes: number;
  /** Waiting before the slow hop, in milliseconds of its time: the mean and the most in the second half. */
  readonly queueMs: number;
  readonly queueMsMost: number;
  readonly busyShare: number;
}

/** Sends batches without end over a link with one queue in front of it. */
function run(link: Link, window = new FlightWindow(link.estimate)): Found {
  const { rateBytesPerS, roundTripMs, batchBytes, jitterMs = () => 0, seconds = 120 } = link;
  const flying: { readonly sentMs: number; readonly answeredMs: number }[] = [];
  const queues: number[] = [];
  let nowMs = 0;
  let freeMs = 0;
  let busyMs = 0;
  for (let step = 0; nowMs < seconds * 1000 && step < 100_000; step++) {
    while (flying.length * batchBytes < window.bytes) {
      const airMs = (batchBytes * 1000) / rateBytesPerS;
      if (nowMs > seconds * 500) queues.push(Math.max(0, freeMs - nowMs));
      freeMs = Math.max(nowMs, freeMs) + airMs;
      busyMs += airMs;
      const arrivedMs = Math.max(
        freeMs + roundTripMs + jitterMs(step),
        flying.at(-1)?.answeredMs ?? 0,
      );
      flying.push({ sentMs: nowMs, answeredMs: arrivedMs });
    }
    window.heldBack(nowMs);
    const next = flying.shift();
    if (next === undefined) break;
    nowMs = Math.max(nowMs, next.answeredMs);
    window.answered(batchBytes, next.sentMs, nowMs);
  }
  return {
    windowBytes: window.bytes,
    queueMs: queues.reduce((sum, ms) => sum + ms, 0) / queues.length,
    queueMsMost: Math.max(...queues),
    busyShare: Math.min(1, busyMs / nowMs),
  };
}

const jitterMs = (step: number): number => ((step * 7919) % 200) - 100;

test("2G and satellite links stay busy, with little waiting before the slow hop", () => {
  const links: readonly Link[] = [
    { rateBytesPerS: 30_000, roundTripMs: 1_200, batchBytes: 3_000 },
    { rateBytesPerS: 30_000, roundTripMs: 1_200, batchBytes: 1_300, jitterMs },
    { rateBytesPerS: 2_875, roundTripMs: 1_200, batchBytes: 2_100 },
    { rateBytesPerS: 2_875, roundTripMs: 1_200, batchBytes: 1_200, jitterMs },
    { rateBytesPerS: 12_500, roundTripMs: 2_400, batchBytes: 3_000, jitterMs },
    { rateBytesPerS: 100_000, roundTripMs: 1_300, batchBytes: 6_000 },
  ];
  for (const link of links) {
    const found = run(link);
    const what = `${JSON.stringify({ ...link, ...found })}`;
    assert.ok(found.busyShare > 0.9, what);
    assert.ok(found.queueMs < 2_000 && found.queueMsMost < 6_000, what);
  }
});

test("a fast link gets the largest window", () => {
  const fast = { rateBytesPerS: 100_000_000, roundTripMs: 5, batchBytes: 4_500, seconds: 2 };
  assert.equal(run(fast).windowBytes, flightBytesMax);
});

test("a link that turns slow is noticed, and one that turns fast again is, too", () => {
  const window = new FlightWindow();
  run({ rateBytesPerS: 30_000, roundTripMs: 1_200, batchBytes: 3_000 }, window);
  const before = window.bytes;
  window.clockStepped(-120_000);
  run({ rateBytesPerS: 3_000, roundTripMs: 1_200, batchBytes: 1_500 }, window);
  const slow = window.bytes;
  window.clockStepped(-120_000);
  run({ rateBytesPerS: 30_000, roundTripMs: 1_200, batchBytes: 3_000 }, window);
  assert.ok(slow < before / 4, `${before}, then ${slow}`);
  assert.ok(window.bytes > before / 2, `${before}, then ${window.bytes}`);
});

test("begins with what is known of the link, and never with more than without it", () => {
  const slow = new FlightWindow({ rateBytesPerS: 2_875, roundTripMs: 1_200 });
  assert.ok(slow.bytes < 6 * 1024, `${slow.bytes}`);
  const fast = new FlightWindow({ rateBytesPerS: 10_000_000, roundTripMs: 50 });
  assert.equal(fast.bytes, new FlightWindow().bytes);
  const found = run({
    rateBytesPerS: 30_000,
    roundTripMs: 1_200,
    batchBytes: 3_000,
    estimate: { rateBytesPerS: 1_000, roundTripMs: 1_200 },
  });
  assert.ok(found.busyShare > 0.9, JSON.stringify(found));
});

test("answers of a session that is not held back leave the window as it is", () => {
  const window = new FlightWindow();
  const before = window.bytes;
  for (let at = 0; at < 100_000; at += 1000) {
    window.answered(200, at, at + 300 + (at % 7000) / 10);
    window.emptied();
  }
  assert.equal(window.bytes, before);
});
