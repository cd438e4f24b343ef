/**
 * SCENARIOS 30: compacted nodes do not download again: 0 events, under 1 KiB each
 * way. A new node after compaction is told what is absent.
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

test("after compact nothing comes back, and a sync stays small", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const hub = await serveHub(t, fleet.hub);
  await pushAll(dir, numbered(500));
  await pushAll(dir, numbered(20));
  await syncOk(dir, hub.address);
  await syncOk(dir, hub.address);
  assert.equal((await compactNow(dir)).dropped, 520);
  // The first one tells the hub of the floor.
  await syncOk(dir, hub.address);
  const summary = await syncOk(dir, hub.address);
  assert.equal(summary.eventsReceived, 0);
  assert.equal(summary.eventsSent, 0);
  assert.ok(summary.bytesSent < 1024, `${summary.bytesSent} bytes sent`);
  assert.ok(summary.bytesReceived < 1024, `${summary.bytesReceived} bytes received`);
  assert.equal((await statusOf(dir)).walRecords, 0);
  assert.equal((await digest(fleet.hub)).length, 520);
  await hub.stop();
});

test("a node that comes later is told what is absent", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const [a, b] = [fleet.clinic("clinic_a"), fleet.clinic("clinic_b")];
  const hub = await serveHub(t, fleet.hub, { args: ["--policy", "all"] });
  await pushAll(a, numbered(20));
  await syncOk(a, hub.address);
  assert.equal((await expire(fleet.hub, "--before", "2999-01-01")).dropped, 20);
  await pushOne(a, { n: "later" });
  await syncOk(a, hub.address);
  const summary = await syncOk(b, hub.address);
  assert.equal(summary.eventsReceived, 1);
  const line = (await statusOf(b)).vector.find(({ node }) => node === "clinic_a");
  assert.equal(line?.seq, 21);
  assert.equal(line.floor, 20);
  assert.equal(line.floorByOrigin, false, "the hub's retention, not the origin's");
  assert.deepEqual(line.holes, []);
  assert.equal((await syncOk(b, hub.address)).eventsReceived, 0);
  await hub.stop();
});
