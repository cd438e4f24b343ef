/**
 * SCENARIOS 11: maintenance beside a running server.
 *
 * compact, expire and rekey while serve or daemon has sessions and other processes push:
 * through the owner's socket, and correct.
 */
import assert from "node:assert/strict";
import { copyFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { compactNow, expire } from "./care.ts";
import {
  digestWithoutRepeats,
  describe,
  digest,
  errorOf,
  linkTo,
  makeFleet,
  numbered,
  pushAll,
  run,
  runOk,
  runProcess,
  serveHub,
  summaryOf,
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

test("rekey at a hub in the middle of sessions, and at a clinic while it syncs", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const hub = await serveHub(t, fleet.hub);
  const [a, b] = [fleet.clinic("clinic_a"), fleet.clinic("clinic_b")];
  await pushAll(a, numbered(1500));
  await syncOk(a, hub.address);
  await pushAll(a, numbered(1500));
  await pushAll(b, numbered(300));
  const link = await linkTo(t, hub, { delayMs: 40 });
  const formerKey = join(fleet.dir, "former.key");
  await copyFile(join(fleet.hub, "keys", "data.key"), formerKey);
  const syncs = [a, b].map((dir) => runProcess(["sync", dir, "--hub", link.address, "--json"]));
  for (const dir of [fleet.hub, a, fleet.hub]) {
    const ran = await runOk(["rekey", dir, "--json"]);
    assert.ok(summaryOf<{ segments: number }>(ran).segments >= 1, ran.stdout);
    await pushAll(a, numbered(5));
  }
  for (const ran of await Promise.all(syncs)) assert.equal(ran.status, 0, ran.stderr);
  await syncOk(a, hub.address);
  const expected = [...(await digest(a)), ...(await digest(b))].sort();
  assert.equal(expected.length, 3315);
  assert.deepEqual([...(await digestWithoutRepeats(fleet.hub))].sort(), expected);
  for (const dir of [fleet.hub, a]) await runOk(["audit", dir, "--verify"]);
  await hub.stop();
  for (const args of [["status"], ["push", "--payload", "{}"]]) {
    const [name = "", ...rest] = args;
    const ran = await run([name, fleet.hub, ...rest, "--key-file", formerKey, "--json"]);
    assert.equal(errorOf(ran)?.code, "Z301", describe(ran));
  }
  const again = await serveHub(t, fleet.hub);
  assert.deepEqual([...(await digest(fleet.hub))].sort(), expected);
  // What the hub knows of its clinics is under the new key as well: nothing is sent twice.
  const summary = await syncOk(a, again.address);
  assert.equal(summary.eventsSent, 0);
  await again.stop();
  const names = await readdir(join(fleet.hub, "log"));
  assert.deepEqual(
    names.filter((name) => name.startsWith("former-key")),
    [],
  );
});
