import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { hlcMsMax } from "../event.ts";
import { compareHlc, type Hlc, hlcCounterMax } from "./hlc.ts";
import {
  driftReferenceMs,
  HybridClock,
  isClockAstray,
  maxClockDriftDefaultMs,
  unboundedDriftMs,
} from "./hybrid-clock.ts";

const now = Date.UTC(2026, 4, 1);
const hour = 3_600_000;

describe("HybridClock.tick", () => {
  test("follows the wall clock while it moves on", () => {
    const clock = new HybridClock();
    assert.deepEqual(clock.tick(now), { ms: now, counter: 0 });
    assert.deepEqual(clock.tick(now + 5), { ms: now + 5, counter: 0 });
    assert.deepEqual(clock.last, { ms: now + 5, counter: 0 });
  });

  test("counts while the wall clock stutters", () => {
    const clock = new HybridClock();
    clock.tick(now);
    assert.deepEqual(clock.tick(now), { ms: now, counter: 1 });
    assert.deepEqual(clock.tick(now + 0.9), { ms: now, counter: 2 });
  });

  test("keeps counting when the wall clock steps back hours, or to 1970", () => {
    const clock = new HybridClock();
    clock.tick(now);
    assert.deepEqual(clock.tick(now - 5 * hour), { ms: now, counter: 1 });
    assert.deepEqual(clock.tick(12), { ms: now, counter: 2 });
    assert.deepEqual(clock.tick(now + 1), { ms: now + 1, counter: 0 });
  });

  test("starts in 1970 when nothing better is known", () => {
    assert.deepEqual(new HybridClock().tick(7), { ms: 7, counter: 0 });
    assert.deepEqual(new HybridClock().tick(0), { ms: 0, counter: 1 });
  });

  test("moves the millisecond on when the counter is full", () => {
    const clock = new HybridClock({ ms: now, counter: hlcCounterMax - 1 });
    assert.deepEqual(clock.tick(now), { ms: now, counter: hlcCounterMax });
    assert.deepEqual(clock.tick(now), { ms: now + 1, counter: 0 });
    assert.deepEqual(clock.tick(now), { ms: now + 1, counter: 1 });
  });

  test("goes on from the last HLC of the log, however late the wall clock is", () => {
    const clock = new HybridClock({ ms: now, counter: 41 });
    assert.deepEqual(clock.tick(now - hour), { ms: now, counter: 42 });
  });

  test("stays in 2099 after one boot there, until a fresh epoch restarts it", () => {
    const far = Date.UTC(2099, 0, 1);
    const clock = new HybridClock();
    clock.tick(far);
    assert.deepEqual(clock.tick(now), { ms: far, counter: 1 });
    assert.equal(isClockAstray(clock.last, now), true);
    clock.restart(now);
    assert.deepEqual(clock.tick(now), { ms: now, counter: 1 });
    assert.equal(isClockAstray(clock.last, now), false);
  });

  test("does not believe a wall clock beyond 2200, before 1970, or without a number", () => {
    for (const wallMs of [hlcMsMax, 2 ** 48, 2 ** 53, Infinity, -Infinity, -1, Number.NaN]) {
      const clock = new HybridClock({ ms: now, counter: 0 });
      assert.deepEqual(clock.tick(wallMs), { ms: now, counter: 1 }, String(wallMs));
      clock.restart(wallMs);
      assert.deepEqual(clock.last, { ms: 0, counter: 0 });
    }
  });
});

describe("HybridClock.receive", () => {
  test("takes a remote HLC forward, and issues beyond it", () => {
    const clock = new HybridClock({ ms: now, counter: 3 });
    assert.deepEqual(clock.receive({ ms: now + 10, counter: 9 }, now, 1000), { kind: "merged" });
    assert.deepEqual(clock.tick(now), { ms: now + 10, counter: 10 });
    clock.receive({ ms: now + 10, counter: 20 }, now, 1000);
    assert.deepEqual(clock.last, { ms: now + 10, counter: 20 });
  });

  test("is not moved by an older one", () => {
    const clock = new HybridClock({ ms: now, counter: 3 });
    clock.receive({ ms: now, counter: 2 }, now, 1000);
    clock.receive({ ms: now - 1, counter: 900 }, now, 1000);
    assert.deepEqual(clock.last, { ms: now, counter: 3 });
  });

  test("is untouched by one that is ahead by more than the bound, and says by how much", () => {
    const clock = new HybridClock({ ms: now, counter: 3 });
    const bound = maxClockDriftDefaultMs;
    assert.deepEqual(clock.receive({ ms: now + bound + 1, counter: 0 }, now, bound), {
      kind: "driftExceeded",
      aheadMs: bound + 1,
    });
    assert.deepEqual(clock.last, { ms: now, counter: 3 });
    assert.equal(clock.receive({ ms: now + bound, counter: 0 }, now, bound).kind, "merged");
  });

  test("on a clinic in 1970 takes its hub's time without bound", () => {
    const clock = new HybridClock({ ms: 5, counter: 0 });
    const hub = { ms: now, counter: 0 };
    assert.equal(clock.receive(hub, 5, maxClockDriftDefaultMs).kind, "driftExceeded");
    assert.equal(clock.receive(hub, 5, unboundedDriftMs).kind, "merged");
    assert.deepEqual(clock.tick(6), { ms: now, counter: 1 });
  });

  test("never takes what leaves no room before 2200, not even from a hub", () => {
    const clock = new HybridClock({ ms: now, counter: 0 });
    const last = { ms: hlcMsMax - 1, counter: hlcCounterMax };
    assert.equal(clock.receive(last, now, unboundedDriftMs).kind, "driftExceeded");
    assert.deepEqual(clock.last, { ms: now, counter: 0 });
    const dayBefore = { ms: hlcMsMax - 86_400_000, counter: 0 };
    assert.equal(clock.receive(dayBefore, now, unboundedDriftMs).kind, "driftExceeded");
    const justBefore = { ms: dayBefore.ms - 1, counter: 0 };
    assert.equal(clock.receive(justBefore, now, unboundedDriftMs).kind, "merged");
  });
});

describe("driftReferenceMs", () => {
  test("is the largest of wall clock, build time and trusted time", () => {
    assert.equal(driftReferenceMs({ wallMs: now, buildMs: 5, trustedMs: 6 }), now);
    assert.equal(driftReferenceMs({ wallMs: 5, buildMs: now, trustedMs: 6 }), now);
    assert.equal(driftReferenceMs({ wallMs: 5, buildMs: 6, trustedMs: now }), now);
  });

  test("ignores a wall clock that cannot be right", () => {
    assert.equal(driftReferenceMs({ wallMs: 2 ** 50, buildMs: now, trustedMs: 0 }), now);
    const dayBefore = hlcMsMax - 86_400_000;
    assert.equal(driftReferenceMs({ wallMs: dayBefore, buildMs: now, trustedMs: 0 }), now);
    assert.equal(
      driftReferenceMs({ wallMs: dayBefore - 1, buildMs: now, trustedMs: 0 }),
      dayBefore - 1,
    );
    assert.equal(driftReferenceMs({ wallMs: Number.NaN, buildMs: now, trustedMs: 0 }), now);
  });

  test("allows a clock to be ahead of its hub by the bound, and no more", () => {
    assert.equal(isClockAstray({ ms: now + hour, counter: 0 }, now, hour), false);
    assert.equal(isClockAstray({ ms: now + hour + 1, counter: 0 }, now, hour), true);
  });

  test("accuses nobody before a hub was heard", () => {
    assert.equal(isClockAstray({ ms: Date.UTC(2099, 0, 1), counter: 0 }, 0), false);
  });
});

describe("HybridClock under any history", () => {
  type Step =
    | { readonly kind: "tick"; readonly wallMs: number }
    | { readonly kind: "receive"; readonly remote: Hlc; readonly referenceMs: number }
    | { readonly kind: "reopen" };
  const wall = fc.oneof(
    fc.integer({ min: now - 3, max: now + 3 }),
    fc.constantFrom(0, 1, now - 9 * hour, Date.UTC(2099, 0, 1), hlcMsMax - 1, hlcMsMax, 2 ** 53),
    fc.double(),
  );
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constant("tick" as const), wallMs: wall }),
    fc.record({
      kind: fc.constant("receive" as const),
      remote: fc.record({
        ms: fc.oneof(
          fc.integer({ min: now - 3, max: now + 3 }),
          fc.integer({ min: 0, max: 2 ** 48 - 1 }),
        ),
        counter: fc.oneof(fc.constant(hlcCounterMax), fc.integer({ min: 0, max: hlcCounterMax })),
      }),
      referenceMs: fc.constantFrom(0, now),
    }),
    fc.record({ kind: fc.constant("reopen" as const) }),
  );

  test("issues strictly more than all that it issued or accepted", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        let clock = new HybridClock();
        let greatest: Hlc = { ms: 0, counter: 0 };
        for (const each of steps) {
          if (each.kind === "tick") {
            const issued = clock.tick(each.wallMs);
            assert.ok(compareHlc(issued, greatest) > 0);
            assert.ok(Number.isInteger(issued.ms) && issued.ms < hlcMsMax);
            greatest = issued;
          } else if (each.kind === "receive") {
            const before = clock.last;
            const result = clock.receive(each.remote, each.referenceMs, hour);
            if (result.kind === "driftExceeded") assert.deepEqual(clock.last, before);
            else if (compareHlc(each.remote, greatest) > 0) greatest = each.remote;
          } else clock = new HybridClock(clock.last);
          assert.equal(compareHlc(clock.last, greatest), 0);
        }
      }),
    );
  });
});
