/**
 * SCENARIOS 7: expire keeps what nobody confirmed.
 *
 * 10 events synced and 2 not; `expire --before 2999-01-01`, and with the clock ten
 * years ahead: the 2 survive, reach the hub, and the output says that they were kept
 * and why. What a hub confirmed a moment ago stays too, until the grace period is over.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compactNow, expire } from "./care.ts";
import {
  digest,
  makeFleet,
  numbered,
  pushAll,
  run,
  runOk,
  serveHub,
  statusOf,
  syncOk,
} from "./harness.ts";

test("what no hub has confirmed survives, whatever the date", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const hub = await serveHub(t, fleet.hub);
  await pushAll(dir, numbered(10));
  await syncOk(dir, hub.address);
  await pushAll(dir, numbered(2));
  const all = await digest(dir);

  const text = (await runOk(["expire", dir, "--before", "2999-01-01"])).stdout;
  assert.match(text, /Kept: +2 events: no hub has confirmed them/);
  assert.match(text, /Kept: +10 events: .*grace period/);
  assert.deepEqual(await digest(dir), all);

  const dry = await expire(dir, "--older-than", "0s", "--dry-run");
  assert.equal(dry.dropped, 0);
  const now = Date.now.bind(Date);
  const clock = t.mock.method(Date, "now", () => now() + 10 * 365 * 86_400_000);
  const ahead = await expire(dir, "--before", "2999-01-01");
  assert.ok(clock.mock.callCount() > 0, "the clock was asked");
  clock.mock.restore();
  assert.equal(ahead.kept.unconfirmed, 2);
  assert.equal(ahead.kept.inGrace, 10, "a clock that jumps ends no grace period");
  assert.deepEqual(await digest(dir), all);

  const compacted = await compactNow(dir);
  assert.equal(compacted.dropped, 10);
  assert.equal(compacted.kept.unconfirmed, 2);
  assert.equal((await statusOf(dir)).pending, 2);
  await syncOk(dir, hub.address);
  assert.deepEqual(await digest(fleet.hub), all);
  await hub.stop();
});

test("a hub expires others' events by when it received them, and never its own", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const hub = await serveHub(t, fleet.hub);
  await pushAll(dir, numbered(10));
  await pushAll(fleet.hub, numbered(3));
  await syncOk(dir, hub.address);
  const none = await expire(fleet.hub, "--before", "2020-01-01");
  assert.equal(none.dropped, 0);
  assert.equal(none.kept.tooYoung, 10);
  const some = await expire(fleet.hub, "--before", "2999-01-01", "--min-keep", "4");
  assert.equal(some.dropped, 6);
  assert.equal(some.kept.toKeep, 4);
  assert.equal(some.kept.unconfirmed, 3);
  assert.equal((await digest(fleet.hub)).length, 7);
  const summary = await syncOk(dir, hub.address);
  assert.equal(summary.eventsSent, 0, "what the hub expired is not sent again");
  await hub.stop();
});

test("one of --before and --older-than is needed", async (t) => {
  const fleet = await makeFleet(t);
  assert.equal((await run(["expire", fleet.clinic("clinic_a")])).status, 2);
  const both = ["--before", "2999-01-01", "--older-than", "1d"];
  assert.equal((await run(["expire", fleet.clinic("clinic_a"), ...both])).status, 2);
});
