/**
 * SCENARIOS 11: maintenance beside a running server.
 *
 * compact and expire while serve has sessions and other processes push: through the
 * owner's socket, and correct.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compactNow, expire } from "./care.ts";
import {
  digestWithoutRepeats,
  digest,
  linkTo,
  makeFleet,
  numbered,
  pushAll,
  runOk,
  runProcess,
  serveHub,
  syncOk,
} from "./harness.ts";

test("compact and expire at a hub in the middle of sessions", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const hub = await serveHub(t, fleet.hub);
  const link = await linkTo(t, hub, { delayMs: 40 });
  const [a, b] = [fleet.clinic("clinic_a"), fleet.clinic("clinic_b")];
  await pushAll(a, numbered(2000));
  await pushAll(b, numbered(300));
  await syncOk(a, hub.address);
  const all = [...(await digest(a)), ...(await digest(b))].sort();
  await pushAll(a, numbered(2000));
  const later = [...(await digest(a)), ...(await digest(b))].sort();
  const syncs = Promise.all([
    runProcess(["sync", a, "--hub", link.address, "--json"]),
    runProcess(["sync", b, "--hub", link.address, "--json"]),
  ]);
  for (let i = 0; i < 5; i++) {
    const summary = await compactNow(fleet.hub);
    assert.equal(summary.dropped, 0);
  }
  const expired = await expire(fleet.hub, "--before", "2020-01-01");
  assert.equal(expired.dropped, 0);
  for (const ran of await syncs) assert.equal(ran.status, 0, ran.stderr);
  assert.ok(all.length < later.length);
  assert.deepEqual([...(await digestWithoutRepeats(fleet.hub))].sort(), later);
  assert.equal((await runOk(["audit", fleet.hub, "--verify"])).status, 0);
  await hub.stop();
  assert.deepEqual([...(await digest(fleet.hub))].sort(), later);
});

test("compact at a clinic while its own sync and pushes run", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const hub = await serveHub(t, fleet.hub);
  await pushAll(dir, numbered(1500));
  await syncOk(dir, hub.address);
  await pushAll(dir, numbered(1500));
  const link = await linkTo(t, hub, { delayMs: 60 });
  const syncing = runProcess(["sync", dir, "--hub", link.address, "--json"]);
  let dropped = 0;
  for (let i = 0; i < 4; i++) {
    dropped += (await compactNow(dir)).dropped;
    await pushAll(dir, numbered(5));
  }
  const ran = await syncing;
  assert.equal(ran.status, 0, ran.stderr);
  assert.ok(dropped >= 1500, `${dropped} were dropped`);
  await syncOk(dir, hub.address);
  const found = await digestWithoutRepeats(fleet.hub);
  assert.equal(found.length, 3020);
  await hub.stop();
});
