/** RULES 38: things age by uptime, never by a jump of the wall clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AgingClock, type AgingClockInput } from "./aging-clock.ts";

const day = 86_400_000;
const year = 365 * day;
const noon = Date.UTC(2026, 5, 1, 12);

/** One machine: its wall clock, its uptime, its disk. */
function machine() {
  const files = new Map<string, Uint8Array>();
  const now = { wallMs: noon, upMs: 60_000, boot: "first" };
  const open = (known: Partial<AgingClockInput> = {}) =>
    new AgingClock({
      folder: {
        list: () => [...files.keys()],
        read: (name) => files.get(name),
        write: async (name, content) => void files.set(name, content),
      },
      boot: { id: now.boot, upMs: () => now.upMs },
      wallMs: () => now.wallMs,
      knownMs: 0,
      receivedMs: noon - day,
      ...known,
    });
  const pass = (ms: number) => {
    now.wallMs += ms;
    now.upMs += ms;
  };
  return { files, now, open, pass };
}

test("it goes on with the uptime, whatever the wall clock says, and never beyond it", () => {
  const { now, open, pass } = machine();
  const clock = open();
  const start = clock.nowMs(year);
  assert.equal(start, noon - day + 60_000);
  pass(5 * day);
  assert.equal(clock.nowMs(year), start + 5 * day);
  now.wallMs += 3650 * day;
  assert.equal(clock.nowMs(year), start + 5 * day, "ten years ahead");
  now.wallMs = 0;
  assert.equal(clock.nowMs(year), 0, "at 1970 nothing is old");
});

test("a restart under a clock that jumped adds the uptime, not the jump, on this boot and on the next", async () => {
  const { now, open, pass } = machine();
  const clock = open();
  pass(2 * day);
  const before = clock.nowMs(year);
  await clock.save();
  now.wallMs += 3650 * day;
  pass(1000);
  assert.equal(open().nowMs(year), before + 1000);
  assert.equal(
    open({ receivedMs: now.wallMs }).nowMs(year),
    before + 1000,
    "stamps of the jump are not believed",
  );
  now.boot = "second";
  now.upMs = 90_000;
  assert.equal(open().nowMs(year), before + 90_000, "time that it was off counts for nothing");
  assert.equal(open({ knownMs: before + day }).nowMs(year), before + day, "a hub's word counts");
});

test("a wall clock that has run evenly for as long as is asked is believed, and no sooner", async () => {
  const { now, open, pass } = machine();
  const clock = open();
  now.wallMs += 100 * day;
  clock.nowMs(day);
  pass(0.9 * day);
  const before = clock.nowMs(day);
  assert.ok(before < now.wallMs - 99 * day);
  await clock.save();
  const again = open();
  pass(0.2 * day);
  assert.equal(again.nowMs(day), now.wallMs, "over a restart, too");
  assert.ok(again.nowMs(2 * day) < now.wallMs);
  assert.equal(again.nowMs(0), now.wallMs, "what may go at once goes");
  now.wallMs += 2 * 3_600_000;
  assert.ok(again.nowMs(day) < now.wallMs - 99 * day, "after a jump it begins anew");
});

test("a file that cannot be understood counts as none", () => {
  const { files, open } = machine();
  files.set("aging.clock", new Uint8Array([9, 9, 9]));
  assert.equal(open().nowMs(year), noon - day + 60_000);
});
