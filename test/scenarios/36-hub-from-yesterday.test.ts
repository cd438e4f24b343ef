/**
 * The hub's disk dies, and yesterday's backup takes its place, with five clinics.
 *
 *   day 1   all five sync; the hub is copied; orders go out to two of them
 *   day 2   all five push and sync; the clinics compact (their grace keeps what is young)
 *   then    the copy is served
 *
 * The clinics offer again what the copy lacks, so the hub ends with every event of both days; the
 * hub's own lost orders come back from nobody (a clinic does not return them), but what it writes
 * next never takes a seq that was used; and both sides say what happened.
 */
import assert from "node:assert/strict";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  auditOf,
  copyDir,
  describe,
  digestWithoutRepeats,
  makeFleet,
  numbered,
  pushAll,
  pushOne,
  runOk,
  serveHub,
  sha256,
  statusOf,
  sync,
  syncOk,
} from "./harness.ts";

const names = ["clinic_a", "clinic_b", "clinic_c", "clinic_d", "clinic_e"];
const eventsEach = 20;

test("a hub that comes back from yesterday has everything again after one sync of each", async (t) => {
  const fleet = await makeFleet(t, names);
  let hub = await serveHub(t, fleet.hub);
  const everything: string[] = [];
  const day = async (label: string) => {
    for (const name of names) {
      const events = numbered(eventsEach, `${label} ${name}`);
      everything.push(...events.map((event) => sha256(JSON.stringify(event))));
      await pushAll(fleet.clinic(name), events);
      await syncOk(fleet.clinic(name), hub.address);
    }
  };
  await day("day 1");
  await hub.stop();
  const backup = join(fleet.dir, "backup");
  await copyDir(fleet.hub, backup);

  hub = await serveHub(t, fleet.hub);
  const lost = await pushOne(fleet.hub, { order: "lost with the disk" }, ["--to", "clinic_a"]);
  await syncOk(fleet.clinic("clinic_a"), hub.address);
  await day("day 2");
  for (const name of names) await runOk(["compact", fleet.clinic(name)]);
  await hub.kill();
  await rm(fleet.hub, { recursive: true });
  await rename(backup, fleet.hub);

  hub = await serveHub(t, fleet.hub);
  assert.equal((await auditOf(fleet.hub)).length, names.length * eventsEach, "it is yesterday's");
  for (const name of names) {
    const { ran, summary } = await sync(fleet.clinic(name), hub.address);
    assert.equal(summary?.eventsConfirmed, eventsEach, `${name} offers day 2 again, and no more`);
    // A copy that was not brought back by `restore` takes nothing in the hub's own name.
    const isOrderRefused = name === "clinic_a" && /Z510/.test(ran.stdout);
    assert.equal(ran.status, isOrderRefused ? 8 : 0, describe(ran));
  }
  const atHub = await auditOf(fleet.hub);
  const hashes = new Set(atHub.map((row) => row.sha256));
  assert.ok(
    everything.every((hash) => hashes.has(hash)),
    "every event of both days is at the hub",
  );
  await digestWithoutRepeats(fleet.hub);

  const next = await pushOne(fleet.hub, { order: "after the backup" }, ["--to", "clinic_a"]);
  assert.ok(next.epoch !== lost.epoch || next.seq > lost.seq, "no seq is used twice");
  await sync(fleet.clinic("clinic_a"), hub.address);
  const orders = (await auditOf(fleet.clinic("clinic_a"))).filter(({ node }) => node === "hub");
  assert.equal(orders.length, 2, "the clinic keeps the lost order, and gets the new one");
  await digestWithoutRepeats(fleet.clinic("clinic_a"));
  const status = await statusOf(fleet.hub);
  assert.equal(status.exit, 8);
  assert.ok(status.alarms.length > 0, "the hub's operator is told");
  for (const name of names) assert.equal((await statusOf(fleet.clinic(name))).pending, 0);
  await hub.stop();
});
