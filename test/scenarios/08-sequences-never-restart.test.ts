/**
 * SCENARIOS 8: sequences never restart.
 *
 * After everything was compacted at the clinic and expired at the hub, and after
 * restarts of both, three new events get seqs above every acknowledged one, reach the
 * hub, and an idempotency key that was used before is still known.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compactNow, expire } from "./care.ts";
import {
  digest,
  makeFleet,
  numbered,
  pushAll,
  pushOne,
  serveHub,
  statusOf,
  syncOk,
} from "./harness.ts";

test("seqs go on above every acknowledged one after both logs were emptied", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const first = await serveHub(t, fleet.hub);
  await pushAll(dir, numbered(20));
  const keyed = await pushOne(dir, { visit: 1 }, ["--id", "visit-1"]);
  const urgent = await pushOne(dir, { urgent: true }, ["--urgent"]);
  await syncOk(dir, first.address);
  await first.stop();

  assert.equal((await compactNow(dir)).dropped, 22);
  assert.equal((await expire(fleet.hub, "--older-than", "0s")).dropped, 22);
  for (const node of [dir, fleet.hub]) assert.equal((await statusOf(node)).walRecords, 0);

  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await pushOne(dir, { visit: 1 }, ["--id", "visit-1"]), {
      ...keyed,
      repeat: true,
    });
    const hub = await serveHub(t, fleet.hub);
    const idle = await syncOk(dir, hub.address);
    assert.equal(idle.eventsSent, 0);
    await hub.stop();
  }
  const pushed = await pushAll(dir, numbered(2));
  assert.equal(pushed.firstSeq, keyed.seq + 1);
  const next = await pushOne(dir, { urgent: true }, ["--urgent"]);
  assert.equal(next.seq, urgent.seq + 1);
  assert.equal(next.epoch, urgent.epoch);

  const hub = await serveHub(t, fleet.hub);
  const summary = await syncOk(dir, hub.address);
  assert.equal(summary.eventsConfirmed, 3);
  await hub.stop();
  assert.deepEqual(await digest(fleet.hub), await digest(dir));
  assert.equal((await digest(dir)).length, 3);
});
