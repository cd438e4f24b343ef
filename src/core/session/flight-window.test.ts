/** How much may be unanswered: over whole links first, then step by step. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FlightWindow, flightBytesMax, flightBytesMin } from "./flight-window.ts";
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

test("what the last session saw is believed for thirty seconds from the first answer on", () => {
  const window = new FlightWindow({ rateBytesPerS: 30_000, roundTripMs: 1_000 });
  const before = window.bytes;
  const answerAt = (nowMs: number): number => {
    window.heldBack(nowMs - 1_150);
    window.answered(1_000, nowMs - 1_150, nowMs);
    return window.bytes;
  };
  const firstMs = 1_760_000_000_000;
  assert.ok(answerAt(firstMs) >= before, `${before}, then ${window.bytes}`);
  const believed = answerAt(firstMs + 30_000);
  assert.ok(believed >= before, `${before}, then ${believed}`);
  assert.ok(answerAt(firstMs + 32_000) < believed, "then it is looked at again");
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

const KiB = 1024;

/** One round trip of a link that is kept full: what was sent at its start is answered at its end. */
function round(window: FlightWindow, sentMs: number, roundTripMs: number, bytes = 1): void {
  window.heldBack(sentMs);
  window.answered(bytes, sentMs, sentMs + roundTripMs);
}

describe("before the first answer, a window", () => {
  test("is what connecting told of the link's rate, when its bytes took long", () => {
    const handshake = { bytes: 6000, tcpMs: 600 };
    const slow = new FlightWindow();
    slow.connected({ ...handshake, ms: 2 * 600 + 2000 });
    assert.deepEqual([slow.bytes, slow.isGreetingAlone], [Math.max(4096, 3 * 850), true]);
    assert.deepEqual(slow.estimate, undefined);
    assert.equal(slow.rateBytesPerS, 3000);
    const edge = new FlightWindow();
    edge.connected({ ...handshake, ms: 2 * 600 + 500 });
    assert.deepEqual([edge.bytes, edge.isGreetingAlone], [12 * 850, true]);
    // Less time than a bad link's jitter says nothing, and much never makes it larger.
    const fast = new FlightWindow();
    fast.connected({ ...handshake, ms: 2 * 600 + 499 });
    assert.deepEqual([fast.bytes, fast.isGreetingAlone], [32 * KiB, false]);
    const large = new FlightWindow();
    large.connected({ bytes: 60_000, tcpMs: 600, ms: 2 * 600 + 500 });
    assert.equal(large.bytes, 32 * KiB);
  });

  test("is small where something between answers for the peer, and the whole took long", () => {
    const far = (ms: number, tcpMs: number, window = new FlightWindow()): unknown => {
      window.connected({ bytes: 6000, tcpMs, ms });
      return [window.bytes, window.isGreetingAlone];
    };
    assert.deepEqual(far(3201, 10), [8 * KiB, true]);
    assert.deepEqual(far(3200, 10), [32 * KiB, false]);
    // An eighth of the time is a round trip: what is left is the bytes' own time.
    assert.deepEqual(far(4000, 500), [flightBytesMin, true]);
    assert.deepEqual(far(4000, 499), [8 * KiB, true]);
    const known = new FlightWindow({ rateBytesPerS: 100_000, roundTripMs: 1000 });
    assert.deepEqual(far(3201, 10, known), [32 * KiB, false]);
  });

  test("is what the last session saw, between its least and what a new one gets", () => {
    const begun = (rateBytesPerS: number, roundTripMs: number): number =>
      new FlightWindow({ rateBytesPerS, roundTripMs }).bytes;
    assert.equal(begun(10_000, 750), 10_000);
    assert.equal(begun(100, 750), flightBytesMin);
    assert.equal(begun(1_000_000, 750), 32 * KiB);
  });
});

describe("once the peer was heard, a window", () => {
  test("is larger, unless the link looked slow", () => {
    const plain = new FlightWindow();
    plain.greeted(600, 300, 5000);
    assert.equal(plain.bytes, 44 * KiB);
    assert.equal(plain.estimate, undefined);
    assert.deepEqual(plain.guess, {
      rateBytesPerS: Math.round((44 * KiB * 1000) / 600),
      roundTripMs: 600,
    });
    const far = new FlightWindow();
    assert.equal(far.guess, undefined);
    far.connected({ bytes: 6000, tcpMs: 10, ms: 4000 });
    far.greeted(2000, 300, 5000);
    assert.deepEqual([far.bytes, far.isGreetingAlone], [8 * KiB, true]);
    const known = new FlightWindow({ rateBytesPerS: 10_000, roundTripMs: 2000 });
    known.greeted(1030, 300, 5000);
    // It is nearer than it was, and so holds less.
    assert.equal(known.bytes, 10 * (1000 + 250));
    assert.deepEqual(known.estimate, { rateBytesPerS: 10_000, roundTripMs: 1000 });
  });

  test("of a link that looked slow follows what arrives of the first flight", () => {
    const window = new FlightWindow();
    window.connected({ bytes: 6000, tcpMs: 10, ms: 4000 });
    window.greeted(1000, 300, 5000);
    for (const atMs of [6000, 6100]) window.answered(2000, 5000, atMs);
    assert.deepEqual([window.bytes, window.isGreetingAlone], [8 * KiB, true]);
    window.answered(2000, 5000, 6200);
    assert.deepEqual([window.bytes, window.isGreetingAlone], [20 * 1250, false]);
    // Never below what it had, nor beyond what a link that is not slow gets.
    for (const [stepMs, expected] of [
      [1000, 8 * KiB],
      [10, 44 * KiB],
    ] as const) {
      const other = new FlightWindow();
      other.connected({ bytes: 6000, tcpMs: 10, ms: 4000 });
      other.greeted(1000, 300, 5000);
      for (let i = 0; i < 3; i++) other.answered(2000, 5000, 6000 + i * stepMs);
      assert.equal(other.bytes, expected, `an answer each ${stepMs} ms`);
    }
  });
});

describe("a window that holds its link back", () => {
  const rateBytesPerS = 20_000;
  const roundTripMs = 1000;
  const begun = (): FlightWindow => {
    const window = new FlightWindow({ rateBytesPerS, roundTripMs });
    assert.equal(window.bytes, 20 * 1250);
    return window;
  };
  /** Answers with nothing under way between them leave the rate as it is. */
  const apart = (window: FlightWindow): void => window.emptied();

  test("grows while nothing waits: to what the rate allows and a quarter more", () => {
    const window = begun();
    round(window, 5000, 1000);
    assert.equal(window.bytes, 20 * 1250 * 1.25);
    apart(window);
    round(window, 6000, 1000);
    assert.equal(window.bytes, 20 * 1250 * 1.25);
  });

  test("stays as it is while a little waits, and shrinks to that when it is much", () => {
    const window = begun();
    round(window, 5000, 1080.05);
    apart(window);
    assert.equal(window.bytes, 25_000, "80 ms are meant to wait");
    round(window, 7000, 1250);
    apart(window);
    assert.equal(window.bytes, 25_000);
    round(window, 9000, 1500.05);
    assert.ok(Math.abs(window.bytes - (25_000 * 1165) / 1500) < 1, `${window.bytes}`);
  });

  test("is judged by the least that waited in a round trip, once each", () => {
    const window = begun();
    round(window, 5000, 1000);
    apart(window);
    const full = window.bytes;
    // What left before the round began has its part in it, and does not end it.
    for (const [sentMs, tookMs] of [
      [5500, 2300],
      [5600, 1100],
      [6000, 2900],
    ] as const) {
      window.heldBack(sentMs);
      window.answered(1, sentMs, sentMs + tookMs);
      apart(window);
      assert.equal(window.bytes, full, `sent at ${sentMs}`);
    }
    round(window, 8900, 2000);
    assert.ok(window.bytes < full);
  });

  test("is left alone by answers to what left before it was full", () => {
    const window = begun();
    window.heldBack(5000);
    window.answered(1, 5001, 8000);
    apart(window);
    assert.equal(window.bytes, 25_000);
    round(window, 9000, 3000);
    assert.ok(window.bytes < 25_000);
  });

  test("is halved for a round trip when the fastest one was half a minute ago, to look again", () => {
    const window = begun();
    round(window, 5000, 1000);
    apart(window);
    const full = window.bytes;
    round(window, 34_900, 1100);
    apart(window);
    assert.equal(window.bytes, full);
    round(window, 36_000, 1100);
    apart(window);
    assert.equal(window.bytes, full / 2);
    // What is measured then is the round trip: the link is as far as that now.
    round(window, 38_000, 1100);
    assert.equal(window.estimate?.roundTripMs, 1100);
  });

  test("that cannot shrink believes that it is the peer that has become slow", () => {
    const window = new FlightWindow({ rateBytesPerS: 1000, roundTripMs: 1000 });
    assert.equal(window.bytes, flightBytesMin);
    round(window, 5000, 3001);
    assert.equal(window.bytes, flightBytesMin);
    assert.equal(window.estimate?.roundTripMs, 3000);
  });

  test("goes on as it was when the clock is set", () => {
    const window = begun();
    round(window, 5000, 1000);
    apart(window);
    const full = window.bytes;
    window.heldBack(6000);
    window.clockStepped(100_000_000);
    window.answered(1, 100_006_000, 100_007_100);
    apart(window);
    assert.equal(window.bytes, full, "not halved: no time has passed");
    round(window, 100_008_000, 4000);
    assert.ok(window.bytes < full);
  });
});
