/**
 * SCENARIOS 4: success means durable at the hub.
 *
 * When the hub is killed after reading and before its fsync, when its disk is full,
 * or when the link closes after one byte; then A's sync does not say done, status
 * shows exactly what is pending, and the hub never holds less than A believes.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFaults, skipWithoutCompiler } from "./faults.ts";
import {
  describe,
  digest,
  linkTo,
  makeFleet,
  numbered,
  pushAll,
  scratchDir,
  serveHub,
  statusOf,
  sync,
  syncOk,
  waitUntil,
} from "./harness.ts";
import type { Fleet } from "./harness.ts";

/** What A believes confirmed is at the hub, and the rest is pending. */
async function assertHonest(fleet: Fleet, total: number): Promise<number> {
  const atHub = (await digest(fleet.hub)).length;
  const { pending } = await statusOf(fleet.clinic("clinic_a"));
  assert.ok(total - pending <= atHub, `believes ${total - pending}, the hub holds ${atHub}`);
  return pending;
}

test("a hub killed between reading and fsync confirms nothing", {
  skip: skipWithoutCompiler,
}, async (t) => {
  const fleet = await makeFleet(t);
  const faults = makeFaults(await scratchDir(t));
  const hub = await serveHub(t, fleet.hub, { env: faults.env });
  await pushAll(fleet.clinic("clinic_a"), numbered(50));
  faults.holdSyncs();
  const syncing = sync(fleet.clinic("clinic_a"), hub.address, { args: ["--timeout", "5s"] });
  await waitUntil(() => faults.isHeld(), 15_000);
  await hub.kill();
  faults.releaseSyncs();
  const { ran, summary } = await syncing;
  assert.notEqual(ran.status, 0, describe(ran));
  assert.notEqual(summary?.complete, true);
  const pending = await assertHonest(fleet, 50);
  assert.equal(pending, 50, "no sync had returned, so nothing may be confirmed");

  const again = await serveHub(t, fleet.hub);
  await syncOk(fleet.clinic("clinic_a"), again.address);
  assert.equal((await digest(fleet.hub)).length, 50);
});

test("a hub whose disk is full confirms what it stored, and no more", {
  skip: skipWithoutCompiler,
}, async (t) => {
  const fleet = await makeFleet(t);
  const faults = makeFaults(await scratchDir(t));
  const hub = await serveHub(t, fleet.hub, { env: faults.env });
  await pushAll(fleet.clinic("clinic_a"), numbered(400, "a visit with enough text to fill a disk"));
  faults.limitSpace(20_000);
  const { ran, summary } = await sync(fleet.clinic("clinic_a"), hub.address, {
    args: ["--timeout", "5s"],
  });
  assert.ok(faults.takeFired() > 0, "the disk was full");
  assert.notEqual(ran.status, 0, describe(ran));
  assert.notEqual(summary?.complete, true);
  const pending = await assertHonest(fleet, 400);
  assert.ok(pending > 0 && pending <= 400);

  faults.limitSpace(undefined);
  await syncOk(fleet.clinic("clinic_a"), hub.address);
  assert.equal((await statusOf(fleet.clinic("clinic_a"))).pending, 0);
  assert.equal((await digest(fleet.hub)).length, 400);
});

test("a hub that closes after one byte, or in its handshake, confirms nothing", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  await pushAll(fleet.clinic("clinic_a"), numbered(30));
  for (const afterBytes of [1, 1200, 1700]) {
    const link = await linkTo(t, hub, { cutPlan: { afterBytes, direction: "down", mode: "fin" } });
    const { ran, summary } = await sync(fleet.clinic("clinic_a"), link.address, {
      args: ["--timeout", "2s"],
    });
    assert.ok(link.counters().cuts > 0, "the link closed");
    assert.notEqual(ran.status, 0, `after ${afterBytes} bytes: ${describe(ran)}`);
    assert.notEqual(summary?.complete, true);
    await assertHonest(fleet, 30);
  }
  await syncOk(fleet.clinic("clinic_a"), hub.address);
  assert.deepEqual(await digest(fleet.hub), await digest(fleet.clinic("clinic_a")));
});
