/** What the answers to data frames tell of a link: its round trip, its rate, and what waits in front of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LinkMeter } from "./link-meter.ts";

/** Answers that come one behind another, `bytes` each, sent `roundTripMs` before. */
function answer(
  meter: LinkMeter,
  times: readonly number[],
  { bytes = 1500, roundTripMs = 1000 } = {},
): void {
  for (const atMs of times) meter.answered(bytes, atMs - roundTripMs, atMs);
}

/** So many times, every `stepMs`. */
const every = (stepMs: number, count: number, fromMs = 2000): readonly number[] =>
  Array.from({ length: count }, (_, i) => fromMs + i * stepMs);

describe("a link of which nothing is known", () => {
  test("has neither a rate nor a round trip", () => {
    const meter = new LinkMeter();
    assert.deepEqual(
      [meter.bytesPerMs, meter.leastBytesPerS, meter.estimate],
      [undefined, 0, undefined],
    );
    assert.equal(meter.fastestMs, Number.POSITIVE_INFINITY);
    assert.equal(meter.trainBytesPerMs(1), undefined);
    meter.greeted(800, 300, 5000);
    assert.deepEqual([meter.fastestMs, meter.fastestAtMs, meter.estimate], [800, 5000, undefined]);
  });

  test("shows its rate also by answers that are far apart", () => {
    const meter = new LinkMeter();
    answer(meter, every(10_000, 8));
    assert.equal(meter.bytesPerMs, 1500 / 10_000);
  });

  test("is what the last session saw, until its round trip is measured", () => {
    const meter = new LinkMeter({ rateBytesPerS: 3000, roundTripMs: 1200 });
    assert.deepEqual([meter.bytesPerMs, meter.fastestMs], [3, 1200]);
    assert.deepEqual(meter.estimate, { rateBytesPerS: 3000, roundTripMs: 1200 });
    // 300 bytes are 100 ms of its time; that it is slower today counts.
    meter.greeted(1600, 300, 5000);
    assert.equal(meter.fastestMs, 1500);
    meter.greeted(1700, 300, 6000);
    assert.equal(meter.fastestMs, 1500);
    meter.greeted(1, 300, 7000);
    assert.equal(meter.fastestMs, 1, "never nothing at all");
  });

  test("is no faster than what went before the session", () => {
    const meter = new LinkMeter();
    meter.atMost(5);
    assert.equal(meter.bytesPerMs, 5);
    meter.atMost(8);
    assert.equal(meter.bytesPerMs, 5);
    meter.atMost(2);
    assert.equal(meter.bytesPerMs, 2);
  });
});

describe("the rate", () => {
  test("is that of answers which follow on one another, over a round trip or more", () => {
    const meter = new LinkMeter();
    answer(meter, every(250, 4));
    assert.equal(meter.bytesPerMs, undefined, "less than a round trip of answers tells nothing");
    answer(meter, [3000]);
    assert.equal(meter.bytesPerMs, 6);
    assert.deepEqual(meter.estimate, { rateBytesPerS: 6000, roundTripMs: 1000 });
  });

  test("is taken over 300 ms at least where round trips are shorter", () => {
    const meter = new LinkMeter();
    answer(meter, every(50, 6), { roundTripMs: 10 });
    assert.equal(meter.bytesPerMs, undefined);
    answer(meter, [2300], { roundTripMs: 10 });
    assert.equal(meter.bytesPerMs, 30);
  });

  test("is taken over two and a half seconds where round trips are longer", () => {
    const meter = new LinkMeter();
    answer(meter, every(500, 5), { roundTripMs: 9000 });
    assert.equal(meter.bytesPerMs, undefined);
    answer(meter, [4500], { roundTripMs: 9000 });
    assert.equal(meter.bytesPerMs, 3);
  });

  test("counts answers of the same moment together", () => {
    const meter = new LinkMeter();
    answer(meter, [2000, 2500, 2500, 2500, 3000, 3000]);
    assert.equal(meter.bytesPerMs, 7.5);
  });

  test("leaves out the time in which nothing was under way", () => {
    const meter = new LinkMeter();
    answer(meter, every(250, 5));
    meter.emptied();
    answer(meter, every(250, 5, 60_000));
    assert.equal(meter.bytesPerMs, 6);
  });

  test("is the highest of four round trips, so that delayed answers do not lower it", () => {
    const meter = new LinkMeter();
    answer(meter, every(250, 9));
    assert.equal(meter.bytesPerMs, 6);
    answer(meter, every(1000, 4, 5000));
    assert.equal(meter.bytesPerMs, 6);
    answer(meter, every(1000, 6, 9000));
    assert.equal(meter.bytesPerMs, 1.5, "a link that has turned slow is noticed all the same");
  });

  test("is no longer known to be anything from before the clock was set, but still the last", () => {
    const meter = new LinkMeter();
    answer(meter, every(250, 5));
    meter.clockStepped(-1_000_000);
    answer(meter, every(500, 2, -997_000));
    assert.equal(meter.bytesPerMs, 6);
    answer(meter, [-996_000]);
    assert.equal(meter.bytesPerMs, 3);
  });

  test("of what was sent at once is seen after so many answers as are asked for", () => {
    const meter = new LinkMeter();
    answer(meter, [2000, 2100]);
    assert.equal(meter.trainBytesPerMs(3), undefined);
    answer(meter, [2300]);
    assert.equal(meter.trainBytesPerMs(3), 10);
  });
});

describe("the least that a link carries", () => {
  test("is the fastest of the last eight answers to frames that are not small", () => {
    const meter = new LinkMeter();
    meter.answered(1023, 1000, 1001);
    assert.equal(meter.leastBytesPerS, 0);
    meter.answered(1024, 1000, 1128);
    assert.equal(meter.leastBytesPerS, 8000);
    for (let i = 1; i < 8; i++) meter.answered(2000, 2000 * i, 2000 * i + 1000);
    assert.equal(meter.leastBytesPerS, 8000);
    meter.answered(2000, 50_000, 51_000);
    assert.equal(meter.leastBytesPerS, 2000);
  });
});

describe("what waits in front of a link", () => {
  test("is what an answer took beyond the fastest, and beyond the time of its own bytes", () => {
    const meter = new LinkMeter({ rateBytesPerS: 3000, roundTripMs: 1000 });
    assert.equal(meter.answered(300, 5000, 6000), 0);
    assert.equal(meter.answered(300, 5000, 6500), 400);
    assert.equal(new LinkMeter().answered(300, 5000, 6000), 0);
  });

  test("is nothing for the fastest answer yet, which is then what others are compared with", () => {
    const meter = new LinkMeter();
    assert.equal(meter.answered(100, 5000, 6000), 0);
    assert.deepEqual([meter.fastestMs, meter.fastestAtMs], [1000, 6000]);
    assert.equal(meter.answered(100, 6000, 6800), 0);
    assert.deepEqual([meter.fastestMs, meter.fastestAtMs], [800, 6800]);
    // As fast as ever is the fastest once more.
    meter.answered(100, 7000, 7800);
    assert.equal(meter.fastestAtMs, 7800);
    const slow = new LinkMeter({ rateBytesPerS: 1_000_000, roundTripMs: 800 });
    assert.equal(Math.round(slow.answered(100, 8000, 9000)), 200);
    meter.answered(100, 8000, 9000);
    assert.deepEqual([meter.fastestMs, meter.fastestAtMs], [800, 7800]);
    // A clock that stands still is no link without a round trip.
    meter.answered(100, 9000, 9000);
    assert.equal(meter.fastestMs, 1);
  });

  test("is told anew from what is sent after looking again", () => {
    const meter = new LinkMeter();
    meter.answered(100, 5000, 5500);
    meter.lookAgain(9000);
    meter.answered(100, 8999, 9100);
    assert.equal(meter.fastestMs, Number.POSITIVE_INFINITY);
    meter.answered(100, 9000, 9900);
    assert.deepEqual([meter.fastestMs, meter.fastestAtMs], [900, 9900]);
    meter.slowed(600, 12_000);
    assert.deepEqual([meter.fastestMs, meter.fastestAtMs], [1500, 12_000]);
  });

  test("moves with a clock that is set", () => {
    const meter = new LinkMeter();
    meter.answered(100, 5000, 5500);
    meter.lookAgain(9000);
    meter.clockStepped(1_000_000);
    assert.equal(meter.fastestAtMs, 1_009_000);
    meter.answered(100, 1_008_999, 1_009_100);
    assert.equal(meter.fastestMs, Number.POSITIVE_INFINITY);
    meter.answered(100, 1_009_000, 1_009_200);
    assert.equal(meter.fastestMs, 200);
  });
});

describe("what is kept for the next session", () => {
  const known = { rateBytesPerS: 3000, roundTripMs: 1200 };

  test("is the round trip of TCP's handshake where answers waited for batches and disks", () => {
    const meter = new LinkMeter(known);
    meter.connected(1190);
    meter.greeted(2300, 2500, 3000);
    answer(meter, every(900, 6), { roundTripMs: 2200 });
    assert.equal(meter.estimate?.roundTripMs, 1190);
  });

  test("is what was known when this session had few answers, and what it saw when it had enough", () => {
    const meter = new LinkMeter(known);
    meter.greeted(1900, 300, 3000);
    answer(meter, every(900, 3), { roundTripMs: 1900 });
    assert.equal(meter.estimate?.roundTripMs, 1200);
    answer(meter, every(900, 1, 4700), { roundTripMs: 1900 });
    assert.ok((meter.estimate?.roundTripMs ?? 0) > 1700);
  });
});
