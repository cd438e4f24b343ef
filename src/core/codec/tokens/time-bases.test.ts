import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { basesCount, bitLength, TimeBases } from "./time-bases.ts";

const startMs = 1_760_000_000_000;

/** What is left of a time when the chosen base is taken away, event by event. */
function differences(
  events: readonly { readonly clockMs: number; readonly times: readonly number[] }[],
): readonly (readonly number[])[] {
  const bases = new TimeBases();
  return events.map(({ clockMs, times }) => {
    bases.beginEvent(clockMs);
    return times.map((ms, slot) => {
      const difference = ms - bases.baseMs(bases.choose(slot));
      bases.learn(slot, ms, 1);
      return difference;
    });
  });
}

const rounds = Array.from({ length: 30 }, (_, i) => i);

describe("the base of a time", () => {
  test("is at first the event's clock", () => {
    const bases = new TimeBases();
    bases.beginEvent(startMs);
    assert.equal(bases.choose(3), 0);
    assert.equal(bases.baseMs(0), startMs);
  });

  test("comes to be the clock at the distance that the slot keeps", () => {
    const events = rounds.map((i) => ({
      clockMs: startMs + i * i * 77_777,
      times: [startMs + i * i * 77_777 - 3_600_123],
    }));
    assert.deepEqual(
      differences(events).slice(10),
      rounds.slice(10).map(() => [0]),
    );
  });

  test("comes to be the slot's last time when that stays", () => {
    const events = rounds.map((i) => ({ clockMs: startMs + i * i * 77_777, times: [startMs - 5] }));
    assert.deepEqual(
      differences(events).slice(10),
      rounds.slice(10).map(() => [0]),
    );
  });

  test("comes to be the time before in the event, or the distance that is kept from it", () => {
    // Far from the clock and from the last event's times, each time anew.
    const events = rounds.map((i) => {
      const ms = startMs + ((i * 7919) % 101) * 1e9;
      return { clockMs: startMs + i, times: [ms, ms, ms + 1_800_000] };
    });
    const last = differences(events).slice(12);
    assert.deepEqual(
      last.map(([, same]) => same),
      last.map(() => 0),
    );
    assert.deepEqual(
      last.map(([, , later]) => later),
      last.map(() => 0),
    );
  });

  test("is told for each slot by itself", () => {
    const events = rounds.map((i) => ({
      clockMs: startMs + i * i * 77_777,
      times: [startMs + i * i * 77_777 - 1000, startMs - 5],
    }));
    assert.deepEqual(
      differences(events).slice(10),
      rounds.slice(10).map(() => [0, 0]),
    );
  });

  test("is one of five, and costs a sign only where a difference may go either way", () => {
    const bases = new TimeBases();
    const chosen = new Set<number>();
    for (const i of rounds) {
      bases.beginEvent(startMs + i);
      // As near to the clock as to the last time: the clock needs no sign.
      const base = bases.choose(0);
      chosen.add(base);
      bases.learn(0, startMs + i, 1);
    }
    assert.deepEqual([...chosen], [0]);
    assert.equal(basesCount, 5);
  });
});

test("days are compared as days", () => {
  const dayMs = 86_400_000;
  const bases = new TimeBases();
  for (const i of rounds) {
    bases.beginEvent(startMs + i * 1000);
    bases.choose(0);
    bases.learn(0, Math.floor((startMs + i * 1000) / dayMs) * dayMs, dayMs);
  }
  bases.beginEvent(startMs);
  assert.equal(bases.choose(0), 0);
});

test("the length of a number in bits ignores what is behind the point", () => {
  for (const [value, bits] of [
    [0, 0],
    [0.9, 0],
    [1, 1],
    [1.9, 1],
    [2, 2],
    [255.5, 8],
    [256, 9],
    [2 ** 31, 32],
    [2 ** 41 - 1, 41],
    [Number.MAX_SAFE_INTEGER, 53],
  ] as const)
    assert.equal(bitLength(value), bits, `${value}`);
});
