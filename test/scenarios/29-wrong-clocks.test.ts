/**
 * SCENARIOS 29: wrong clocks.
 *
 * A wakes up in 1970, and in 2099, pushes and syncs, as real processes that are told so: the
 * data arrives, the hub's clock does not move, A is told. A clock that steps back an hour keeps
 * A's order. Retention at the hub goes by when it received, whatever the events say.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  auditOf,
  digest,
  digestWithoutRepeats,
  makeFleet,
  numbered,
  pushAll,
  pushOne,
  runProcess,
  scratchDir,
  serveHub,
  statusOf,
  summaryOf,
  sync,
} from "./harness.ts";
import type { Fleet, Serving, StatusJson, SyncJson } from "./harness.ts";
import { expire } from "./care.ts";
import { makeClock, skipWithoutCompiler } from "./preload.ts";
import type { Clock } from "./preload.ts";

interface ClockedStatus extends StatusJson {
  readonly clock: { readonly ok: boolean; readonly reason: string };
}

const secondsTo = (date: string) => (Date.parse(date) - Date.now()) / 1000;
const yearOf = (ts: string) => new Date(ts).getUTCFullYear();

async function statusAt(dir: string, clock: Clock): Promise<ClockedStatus & { exit: number }> {
  const ran = await runProcess(["status", dir, "--json"], { env: clock.env });
  return { ...summaryOf<ClockedStatus>(ran), exit: ran.status };
}

/** Pushes and syncs in that year; returns what the sync said. */
async function liveAt(
  at: { readonly fleet: Fleet; readonly hub: Serving; readonly clock: Clock },
  date: string,
): Promise<SyncJson> {
  const { fleet, hub, clock } = at;
  const dir = fleet.clinic("clinic_a");
  clock.set(secondsTo(date));
  await pushAll(dir, numbered(3, `written in ${date}`), { env: clock.env });
  const written = (await auditOf(dir)).at(-1);
  assert.equal(yearOf(written?.ts ?? ""), yearOf(date), "the event was written in that year");
  const { ran, summary } = await sync(dir, hub.address, { env: clock.env });
  assert.ok(ran.status === 0 || ran.status === 8, ran.stderr);
  assert.ok(summary?.complete === true);
  return summary;
}

/** The hub's own clock: what an event gets that is pushed there now. */
async function assertHubIsInThePresent(hubDir: string): Promise<void> {
  await pushOne(hubDir, { event: "what time is it" });
  const own = (await auditOf(hubDir)).filter(({ node }) => node === "hub").at(-1);
  assert.ok(
    Math.abs(Date.parse(own?.ts ?? "") - Date.now()) < 600_000,
    `the hub stamps ${own?.ts}`,
  );
}

test("a clinic in 1970 and in 2099 loses nothing, moves nobody's clock, and is told", {
  skip: skipWithoutCompiler,
}, async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const clock = makeClock(await scratchDir(t));
  const hub = await serveHub(t, fleet.hub);
  const at = { fleet, hub, clock };

  const early = await liveAt(at, "1970-01-02T00:00:00Z");
  assert.equal(early.eventsConfirmed, 3);
  assert.ok((early.reports ?? []).length > 0, "the sync says that the clock is wrong");
  const inThePast = await statusAt(dir, clock);
  assert.equal(inThePast.exit, 8);
  assert.equal(inThePast.clock.ok, false);
  assert.match(inThePast.clock.reason, /1970/);
  await assertHubIsInThePresent(fleet.hub);

  const late = await liveAt(at, "2099-06-01T00:00:00Z");
  assert.equal(late.eventsConfirmed, 3);
  assert.ok((late.reports ?? []).length > 0, "the sync says that the clock is wrong");
  await assertHubIsInThePresent(fleet.hub);
  // The hub's log names it as well.
  await hub.until(() => hub.reports().some(({ peer }) => peer === "clinic_a"));

  clock.set(0);
  await pushAll(dir, numbered(2, "the clock is right"), { env: clock.env });
  const newest = (await auditOf(dir)).slice(-2);
  for (const { ts } of newest)
    assert.ok(Math.abs(Date.parse(ts) - Date.now()) < 600_000, `not dragged along: ${ts}`);
  const { summary } = await sync(dir, hub.address, { env: clock.env });
  assert.equal(summary?.eventsConfirmed, 2);
  assert.ok(clock.wasAsked());
  const all = (await digest(dir)).filter((row) => row.startsWith("clinic_a"));
  assert.equal(all.length, 8);
  const atHub = (await digestWithoutRepeats(fleet.hub)).filter((row) => row.startsWith("clinic_a"));
  assert.deepEqual(atHub, all);
  await hub.stop();
});

test("a clock that steps back an hour, and another, keeps the order of what was written", {
  skip: skipWithoutCompiler,
}, async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const clock = makeClock(await scratchDir(t));
  for (const hours of [0, -1, -2, 0]) {
    clock.set(hours * 3600);
    await pushAll(dir, numbered(2, `${hours} h`), { env: clock.env });
  }
  const rows = await auditOf(dir);
  assert.deepEqual(
    rows.map(({ seq }) => seq),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  const clocks = rows.map(({ hlc }) => hlc);
  assert.deepEqual(clocks, [...new Set(clocks)].sort(), "clocks rise");
  const ordered = await runProcess(["pull", dir, "--order", "hlc", "--json"]);
  const seqs = [...ordered.stdout.matchAll(/"seq":(\d+)/g)].map(([, seq]) => Number(seq));
  assert.deepEqual(seqs, [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.ok(clock.wasAsked());
});

test("a hub keeps and drops by when it received", { skip: skipWithoutCompiler }, async (t) => {
  const fleet = await makeFleet(t);
  const clock = makeClock(await scratchDir(t));
  const hub = await serveHub(t, fleet.hub);
  const at = { fleet, hub, clock };
  await liveAt(at, "1970-01-02T00:00:00Z");
  await liveAt(at, "2099-06-01T00:00:00Z");
  const none = await expire(fleet.hub, "--before", "2000-01-01");
  assert.equal(none.dropped, 0, "what says 1970 came today");
  assert.equal((await expire(fleet.hub, "--older-than", "1h")).dropped, 0);
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  const all = await expire(fleet.hub, "--before", tomorrow);
  assert.equal(all.dropped, 6, "what says 2099 came today");
  assert.equal(
    (await statusOf(fleet.hub)).vector.some(({ node }) => node === "clinic_a"),
    true,
  );
  await hub.stop();
});
