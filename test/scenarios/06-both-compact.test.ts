/**
 * SCENARIOS 6 and 8: both sides compact, in either order, restart and sync: every
 * event is still somewhere, the hub drops nothing, and sequences never restart.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compactNow } from "./care.ts";
import {
  digest,
  digestWithoutRepeats,
  makeFleet,
  numbered,
  pushAll,
  pushOne,
  runOk,
  serveHub,
  statusOf,
  syncOk,
} from "./harness.ts";

for (const order of ["clinic first", "hub first"]) {
  test(`both compact, ${order}`, async (t) => {
    const fleet = await makeFleet(t);
    const dir = fleet.clinic("clinic_a");
    let hub = await serveHub(t, fleet.hub);
    await pushAll(dir, numbered(100));
    await pushOne(dir, { n: "urgent" }, ["--urgent"]);
    await syncOk(dir, hub.address);
    await runOk(["push", fleet.hub, "--to", "clinic_a", "--payload", "{}"]);
    await syncOk(dir, hub.address);
    const all = await digest(dir);
    const atHub = await digest(fleet.hub);
    if (order === "clinic first") await compactNow(dir);
    const merged = await compactNow(fleet.hub);
    assert.equal(merged.dropped, 0);
    if (order === "hub first") await compactNow(dir);
    await hub.stop();
    assert.equal((await statusOf(dir)).walRecords, 0);
    hub = await serveHub(t, fleet.hub);
    const summary = await syncOk(dir, hub.address);
    assert.equal(summary.eventsReceived, 0);
    assert.equal(summary.eventsSent, 0);
    assert.deepEqual(await digest(fleet.hub), atHub);
    assert.deepEqual(await digest(fleet.hub), all);

    const after = [];
    for (let i = 0; i < 3; i++) after.push((await pushOne(dir, { after: i })).seq);
    assert.deepEqual(after, [101, 102, 103]);
    assert.equal((await pushOne(dir, {}, ["--urgent"])).seq, 2);
    assert.equal((await syncOk(dir, hub.address)).eventsConfirmed, 4);
    const found = await digestWithoutRepeats(fleet.hub);
    assert.equal(found.length, all.length + 4);
    assert.equal((await runOk(["audit", dir, "--verify"])).status, 0);
    await hub.stop();
  });
}

test("a repeated idempotency key is known after its event was dropped", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const hub = await serveHub(t, fleet.hub);
  const first = await pushOne(dir, { n: 1 }, ["--id", "visit-1"]);
  await pushAll(dir, numbered(5));
  await syncOk(dir, hub.address);
  assert.equal((await compactNow(dir)).dropped, 6);
  assert.equal((await pushOne(dir, { n: 1 }, ["--id", "visit-1"])).seq, first.seq);
  assert.equal((await statusOf(dir)).pending, 0);
  await hub.stop();
});
