/**
 * SCENARIOS 33: status tells the truth.
 *
 * An unreadable log, a full disk (a real one), three days without a sync, 12 pending events, and
 * pending ones that nobody fetched for a week: each is said, in text and as JSON, and where data
 * is at risk the exit status is not 0. (Quarantine comes with the hub's schemas.)
 */
import assert from "node:assert/strict";
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  copyDir,
  describe,
  digest,
  errorOf,
  makeFleet,
  numbered,
  pushAll,
  run,
  runOk,
  runProcess,
  scratchDir,
  segmentsOf,
  serveHub,
  statusOf,
  syncOk,
} from "./harness.ts";
import { makeClock, skipWithoutCompiler } from "./preload.ts";
import { mountSmallDisk, skipWithoutMount } from "./small-disk.ts";

const mib = 1024 * 1024;
const daySeconds = 86_400;

test("pending events, and how long ago the last sync was", {
  skip: skipWithoutCompiler,
}, async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const clock = makeClock(await scratchDir(t));
  assert.match((await runOk(["status", dir])).stdout, /^Last sync: +never$/m);
  const hub = await serveHub(t, fleet.hub);
  await pushAll(dir, numbered(5));
  await syncOk(dir, hub.address);
  await hub.stop();
  const synced = await runOk(["status", dir]);
  assert.match(synced.stdout, /^Pending: +0 events unsynced$/m);

  await pushAll(dir, numbered(12));
  const pending = await runOk(["status", dir]);
  assert.match(pending.stdout, /^Pending: +12 events unsynced$/m);
  assert.equal((await statusOf(dir)).pending, 12);

  clock.set(3 * daySeconds + 60);
  const later = await runProcess(["status", dir], { env: clock.env });
  assert.equal(later.status, 0, "three days of bad weather are no emergency");
  assert.match(later.stdout, /^Last sync: +3 days ago/m, describe(later));
  assert.match(later.stdout, /^Pending: +12 events unsynced$/m);
  clock.set(8 * daySeconds);
  const overdue = await runProcess(["status", dir], { env: clock.env });
  assert.equal(overdue.status, 8, describe(overdue));
  assert.match(overdue.stdout, /Overdue: .*8 days ago/);
  assert.ok(clock.wasAsked());
});

test("an unreadable log, however it came about", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  await pushAll(dir, numbered(20));
  const whole = await digest(dir);
  const log = join(dir, "log");
  const ways: Readonly<Record<string, (copy: string) => Promise<void>>> = {
    "the folder is gone": (copy) => rm(join(copy, "log"), { recursive: true }),
    "the folder is empty, as an unmounted card": async (copy) => {
      for (const name of await readdir(join(copy, "log"))) await rm(join(copy, "log", name));
    },
    "its segments are gone": async (copy) => {
      for (const path of await segmentsOf(copy)) await rm(path);
    },
    "its segments hold something else": async (copy) => {
      for (const path of await segmentsOf(copy)) await writeFile(path, Buffer.alloc(8192, 7));
    },
    "a file lies in its place": async (copy) => {
      await rename(join(copy, "log"), join(copy, "kept"));
      await writeFile(join(copy, "log"), "not a folder");
    },
  };
  for (const [name, ruin] of Object.entries(ways)) {
    const copy = join(await scratchDir(t), "clinic_a");
    await copyDir(dir, copy);
    await ruin(copy);
    const ran = await run(["status", copy, "--json"]);
    assert.notEqual(ran.status, 0, `${name}: ${describe(ran)}`);
    const { damaged, alarms } =
      ran.status === 8 ? await statusOf(copy) : { damaged: 0, alarms: [] };
    if (ran.status === 8) assert.ok(damaged + alarms.length > 0, name);
    else assert.match(errorOf(ran)?.code ?? "", /^Z2/, `${name}: ${describe(ran)}`);
  }
  assert.deepEqual(await digest(dir), whole);
  assert.ok((await readdir(log)).length > 0);
});

test("a disk that is nearly full, one that is, and one that has space again", {
  skip: skipWithoutMount,
}, async (t) => {
  const fleet = await makeFleet(t);
  const disk = mountSmallDisk(t, 64 * mib);
  const dir = join(disk.dir, "clinic_a");
  await copyDir(fleet.clinic("clinic_a"), dir);
  await pushAll(dir, numbered(5));
  await runOk(["status", dir]);

  disk.resize(4 * mib);
  const low = await run(["status", dir, "--json"]);
  assert.equal(low.status, 8, describe(low));
  assert.match(low.stdout, /"Z220"/);
  assert.match((await run(["status", dir])).stdout, /Z220 only \d+ bytes are free/);

  await writeFile(join(disk.dir, "ballast"), Buffer.alloc(8 * mib)).catch(() => undefined);
  const refused = await run(["push", dir, "--payload", `{"n":"${"x".repeat(9000)}"}`, "--json"]);
  assert.equal(refused.status, 3, describe(refused));
  assert.match(errorOf(refused)?.code ?? "", /^Z2/);
  const full = await statusOf(dir);
  assert.equal(full.exit, 8);
  assert.equal(full.walRecords, 5, "reading goes on");
  assert.ok(full.alarms.some(({ code }) => code === "Z220"));

  await rm(join(disk.dir, "ballast"));
  disk.resize(64 * mib);
  await pushAll(dir, numbered(1, "space again"));
  const again = await statusOf(dir);
  assert.equal(again.exit, 0);
  assert.equal(again.walRecords, 6);
});
