/** The flow model on a clock that only the test moves: rate, latency and cuts to the byte and millisecond. */
import assert from "node:assert/strict";
import { Readable, Writable } from "node:stream";
import { test } from "node:test";
import { createFakeClock } from "../src/testing/fake-clock.ts";
import type { FakeClock } from "../src/testing/fake-clock.ts";
import { createSeededRandom } from "../src/testing/seeded-random.ts";
import { CutSchedule } from "./link-cuts.ts";
import type { CutPlan } from "./link-cuts.ts";
import { Flow, Line } from "./link-flow.ts";
import type { LineOptions } from "./link-flow.ts";
import { profileNames, profileOf } from "./profiles.ts";

interface Arrival {
  readonly atMs: number;
  readonly size: number;
}

interface Pipe {
  readonly flow: Flow;
  readonly arrivals: Arrival[];
  send(sizeBytes: number): void;
  isReading(): boolean;
}

/** A connection that is open already, in one direction, without sockets. */
function openPipe(clock: FakeClock, line: Line, options: { cutPlan?: CutPlan } = {}): Pipe {
  const arrivals: Arrival[] = [];
  const from = new Readable({ read() {} });
  const to = new Writable({
    highWaterMark: 1 << 24,
    write(chunk: Buffer, _encoding, done) {
      arrivals.push({ atMs: clock.monotonicMs(), size: chunk.length });
      done();
    },
  });
  const subject = {
    isAlive: true,
    downBytes: 0,
    get upBytes() {
      return flow.deliveredBytes;
    },
  };
  const cuts = new CutSchedule<typeof subject>(clock, () => flow.kill());
  cuts.set(options.cutPlan);
  const flow: Flow = new Flow(
    "up",
    line,
    { from, to },
    {
      clock,
      openAtMs: 0,
      queueBytes: 64 * 1024,
      isPaused: false,
      isOpen: true,
      allowance: (direction) => cuts.allowance(subject, direction),
      delivered: (direction, sizeBytes) => cuts.delivered(subject, direction, sizeBytes),
      resetByEnd: () => flow.kill(),
    },
  );
  return {
    flow,
    arrivals,
    send: (sizeBytes) => from.emit("data", Buffer.alloc(sizeBytes)),
    isReading: () => from.readableFlowing === true,
  };
}

function lineOf(options: LineOptions, seed = 1): Line {
  return new Line(options, createSeededRandom(seed));
}

/** Sends as a socket would: whatever the flow reads, up to a total. */
function pour(clock: FakeClock, pipes: readonly Pipe[], totalBytes: number): void {
  const left = pipes.map(() => totalBytes);
  while (pipes.some((pipe) => pipe.flow.deliveredBytes < totalBytes)) {
    for (const [index, pipe] of pipes.entries()) {
      if ((left[index] ?? 0) > 0 && pipe.isReading()) {
        const size = Math.min(16_384, left[index] ?? 0);
        left[index] = (left[index] ?? 0) - size;
        pipe.send(size);
      }
    }
    clock.advance(1);
  }
}

for (const name of profileNames) {
  const profile = profileOf(name);
  test(`${name}: the rate is kept within 3 %, also when two connections share it`, () => {
    const total = 2 * profile.rateBytesPerS;
    for (const count of [1, 2]) {
      const clock = createFakeClock();
      const line = lineOf(profile);
      const pipes = Array.from({ length: count }, () => openPipe(clock, line));
      pour(clock, pipes, total);
      const carryMs = clock.monotonicMs() - profile.delayMs;
      const idealMs = (1000 * count * total) / profile.rateBytesPerS;
      const slackMs = 0.03 * idealMs + profile.jitterMs;
      assert.ok(Math.abs(carryMs - idealMs) <= slackMs, `${carryMs} ms for ${idealMs}`);
    }
  });

  test(`${name}: each piece arrives after its delay, within the jitter, and jitter is used`, () => {
    const clock = createFakeClock();
    const pipe = openPipe(clock, lineOf(profile, 7));
    const { delayMs, jitterMs, rateBytesPerS } = profile;
    const delays: number[] = [];
    for (let n = 0; n < 300; n++) {
      const sentMs = clock.monotonicMs();
      pipe.send(50);
      clock.advance(delayMs + jitterMs + 100);
      const { atMs } = pipe.arrivals.at(-1) ?? { atMs: Number.NaN };
      delays.push(atMs - sentMs - (1000 * 50) / rateBytesPerS);
    }
    assert.equal(pipe.arrivals.length, 300);
    const [least, most] = [Math.min(...delays), Math.max(...delays)];
    assert.ok(least >= delayMs - jitterMs - 1 && most <= delayMs + jitterMs + 1);
    assert.ok(most - least >= 1.9 * jitterMs - 1, `only ${least} to ${most} ms`);
    const mean = delays.reduce((sum, ms) => sum + ms, 0) / delays.length;
    assert.ok(Math.abs(mean - delayMs) <= 0.1 * jitterMs + 1, `${mean} ms on average`);
  });
}

test("a burst keeps its order and arrives no later than delay, jitter and rate allow", () => {
  const clock = createFakeClock();
  const line = { delayMs: 100, jitterMs: 90, rateBytesPerS: 14_000 };
  const pipe = openPipe(clock, lineOf(line, 3));
  for (let n = 0; n < 20; n++) pipe.send(140);
  clock.advance(1000);
  assert.deepEqual(
    pipe.arrivals.map(({ atMs }) => atMs),
    pipe.arrivals.map(({ atMs }) => atMs).sort((a, b) => a - b),
  );
  for (const [index, { atMs }] of pipe.arrivals.entries()) {
    const leftMs = 10 * (index + 1);
    assert.ok(atMs >= leftMs + 10 - 1 && atMs <= leftMs + 190 + 1, `${index}: ${atMs} ms`);
  }
});

test("a cut delivers its bytes exactly, and tells lost bytes from those that never left", () => {
  const clock = createFakeClock();
  const pipe = openPipe(clock, lineOf({ delayMs: 500, rateBytesPerS: 14_000 }), {
    cutPlan: { afterBytes: 10_000, direction: "up", mode: "silence" },
  });
  pipe.send(56_000);
  clock.advance(60_000);
  assert.equal(pipe.flow.deliveredBytes, 10_000);
  // 500 ms of 14,000 bytes a second are in the air; of a packet of 1,400 the first 200 had arrived.
  assert.equal(pipe.flow.lostBytes, 1200 + 7000);
});

test("a schedule happens as often as it says, and a time is counted from the first connection", () => {
  const clock = createFakeClock();
  const happened: number[] = [];
  const subject = { upBytes: 0, downBytes: 0, isAlive: true };
  const cuts = new CutSchedule<typeof subject>(clock, () => happened.push(clock.monotonicMs()));
  cuts.set({ afterMs: 300, scope: "link", mode: "rst" });
  clock.advance(1000);
  cuts.begin(subject);
  clock.advance(100);
  cuts.begin({ ...subject });
  clock.advance(5000);
  assert.deepEqual(happened, [1300]);

  happened.length = 0;
  cuts.set({ afterBytes: 100, scope: "link", mode: "rst", times: 2 });
  for (let n = 0; n < 10; n++) {
    const size = Math.min(40, cuts.allowance(subject, "up"));
    cuts.delivered(subject, n % 2 === 0 ? "up" : "down", size);
  }
  assert.equal(happened.length, 2);
  assert.equal(cuts.allowance(subject, "up"), Number.POSITIVE_INFINITY);
});
