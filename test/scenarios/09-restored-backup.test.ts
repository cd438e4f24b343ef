/**
 * SCENARIOS 9: a restored backup.
 *
 *   A: 1 2 3 4 | 5 … 9 synced      the card dies; the copy from seq 4 comes back
 *              | 5' 6' 7' pushed   then syncs
 *
 * Then no (node, epoch, lane, seq) has two payloads anywhere, all old and all new
 * events are on both nodes, and the operator is told. Two live devices from one
 * image: both branches are kept, and status names it.
 */
import assert from "node:assert/strict";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  auditOf,
  copyDir,
  digestWithoutRepeats,
  makeFleet,
  numbered,
  pushAll,
  serveHub,
  sha256,
  statusOf,
  syncOk,
} from "./harness.ts";

function hashes(events: readonly object[]): readonly string[] {
  return events.map((event) => sha256(JSON.stringify(event)));
}

async function payloadsAt(dir: string): Promise<readonly string[]> {
  await digestWithoutRepeats(dir);
  return (await auditOf(dir)).map((row) => row.sha256).sort();
}

test("new events on top of an old image are kept, and so is what the image had lost", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  const clinic = fleet.clinic("clinic_a");
  const old = numbered(9, "before");
  const fresh = numbered(3, "after the restore");
  await pushAll(clinic, old.slice(0, 4));
  await syncOk(clinic, hub.address);
  const image = join(fleet.dir, "image");
  await copyDir(clinic, image);
  await pushAll(clinic, old.slice(4));
  await syncOk(clinic, hub.address);

  await rm(clinic, { recursive: true });
  await rename(image, clinic);
  await pushAll(clinic, fresh);
  await syncOk(clinic, hub.address);

  const all = [...hashes(old), ...hashes(fresh)].sort();
  assert.deepEqual(
    await payloadsAt(fleet.hub),
    all,
    "the hub holds all old and all new events once",
  );
  assert.deepEqual(await payloadsAt(clinic), all, "so does the clinic");
  const status = await statusOf(clinic);
  assert.equal(status.exit, 8, "a person is told");
  assert.ok(status.alarms.length > 0);
  assert.match(status.alarms[0]?.code ?? "", /^Z\d{3}$/);

  await pushAll(clinic, [{ event: "life goes on" }]);
  await syncOk(clinic, hub.address);
  assert.equal((await payloadsAt(fleet.hub)).length, all.length + 1);
});

test("a restored image that wrote nothing still leaves the old epoch alone", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(4));
  await syncOk(clinic, hub.address);
  const image = join(fleet.dir, "image");
  await copyDir(clinic, image);
  await pushAll(clinic, numbered(3, "lost with the card"));
  await syncOk(clinic, hub.address);
  await rm(clinic, { recursive: true });
  await rename(image, clinic);

  await syncOk(clinic, hub.address);
  assert.equal((await payloadsAt(clinic)).length, 7, "what the hub has came back");
  await pushAll(clinic, numbered(2, "new"));
  await syncOk(clinic, hub.address);
  assert.deepEqual(await payloadsAt(fleet.hub), await payloadsAt(clinic));
  const epochs = new Set((await auditOf(fleet.hub)).map(({ epoch }) => epoch));
  assert.equal(epochs.size, 2, "the new events are in an epoch of their own");
});

test("two live devices from one image keep both branches", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  const first = fleet.clinic("clinic_a");
  const second = join(fleet.dir, "twin");
  const shared = numbered(4);
  const ofFirst = numbered(2, "on the first device");
  const ofSecond = numbered(3, "on the second device");
  await pushAll(first, shared);
  await syncOk(first, hub.address);
  await copyDir(first, second);
  await pushAll(first, ofFirst);
  await pushAll(second, ofSecond);
  await syncOk(first, hub.address);
  await syncOk(second, hub.address);
  await syncOk(first, hub.address);

  const all = [...shared, ...ofFirst, ...ofSecond].map((event) => sha256(JSON.stringify(event)));
  assert.deepEqual(await payloadsAt(fleet.hub), all.sort(), "the hub holds both branches");
  assert.deepEqual(await payloadsAt(second), all, "the diverged device learns the other's branch");
  const status = await statusOf(second);
  assert.equal(status.exit, 8);
  assert.ok(status.alarms.length > 0, "status names the fork");
});
