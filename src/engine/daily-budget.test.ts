import assert from "node:assert/strict";
import { test } from "node:test";
import { DailyBudget } from "./daily-budget.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** A device with a card, a clock that may be set, and time that passes. */
function device(bytesPerDay = 1_000_000) {
  const files = new Map<string, Uint8Array>();
  let dateMs = 20_000 * dayMs + 8 * hourMs;
  let upMs = 0;
  const folder = {
    list: () => [...files.keys()],
    read: (name: string) => files.get(name),
    write: async (name: string, content: Uint8Array) => void files.set(name, content),
  };
  return {
    files,
    /** The process starts, perhaps again. */
    start: () => new DailyBudget({ folder, bytesPerDay, localMs: () => dateMs, upMs: () => upMs }),
    pass: (ms: number) => {
      dateMs += ms;
      upMs += ms;
    },
    setClock: (ms: number) => {
      dateMs = ms;
    },
  };
}

test("is kept through a restart, and filled again the next day", async () => {
  const { start, pass } = device();
  const first = start();
  await first.begin();
  first.spend(400_000);
  await first.end();
  assert.equal(first.leftBytes(), 600_000);
  const second = start();
  assert.equal(second.leftBytes(), 600_000);
  assert.equal(second.untilRefillMs(), 16 * hourMs);
  pass(16 * hourMs);
  assert.equal(second.leftBytes(), 1_000_000);
});

test("a power cut costs what was reserved, which is a step and not the day", async () => {
  const { start } = device();
  const budget = start();
  await budget.begin();
  const reserved = 1_000_000 - start().leftBytes();
  assert.ok(reserved > 0 && reserved <= 125_000, `${reserved} reserved`);
  for (let round = 0; round < 300; round++) {
    budget.spend(1000);
    await new Promise((resolve) => setImmediate(resolve));
    const left = start().leftBytes();
    const spent = (round + 1) * 1000;
    assert.ok(left <= 1_000_000 - spent, `after ${spent} a restart believes in ${left}`);
    assert.ok(left >= 1_000_000 - spent - 125_000, `after ${spent} a restart has lost ${left}`);
  }
});

test("a clock that goes back, or to and fro, fills it once a day at most", async () => {
  const { start, pass, setClock } = device();
  const budget = start();
  await budget.begin();
  budget.spend(1_000_000);
  await budget.end();
  setClock(10_000 * dayMs);
  assert.equal(start().leftBytes(), 0);
  setClock(20_001 * dayMs);
  const next = start();
  assert.equal(next.leftBytes(), 1_000_000);
  await next.begin();
  next.spend(1_000_000);
  await next.end();
  setClock(20_000 * dayMs);
  assert.equal(start().leftBytes(), 0);
  setClock(20_001 * dayMs);
  assert.equal(start().leftBytes(), 0);
  // A clock that once said 2099 holds the next refill back for a day of uptime, not for decades.
  setClock(47_000 * dayMs);
  const far = start();
  far.leftBytes();
  await far.begin();
  far.spend(1_000_000);
  await far.end();
  setClock(20_002 * dayMs);
  const right = start();
  assert.equal(right.leftBytes(), 0);
  assert.equal(right.untilRefillMs(), dayMs);
  pass(dayMs);
  assert.equal(right.leftBytes(), 1_000_000);
});
