/**
 * SCENARIOS 33: status tells the truth.
 *
 * An unreadable log, a full disk (a real one), three days without a sync, 12 pending events, and
 * pending ones that nobody fetched for a week: each is said, in text and as JSON, and where data
 * is at risk the exit status is not 0. A hub's health over HTTP says the same, with another status
 * than 200. (Quarantine comes with the hub's schemas.)
 */
import assert from "node:assert/strict";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  copyDir,
  describe,
  digest,
  errorOf,
  makeFleet,
  numbered,
  patchFile,
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
import { bearer, makeToken, serveHttp, verdictOf } from "./http.ts";
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

interface Health {
  readonly status: string;
  readonly codes: readonly string[];
}

async function healthOf(url: string, path = "ready"): Promise<Health & { readonly http: number }> {
  const answer = await fetch(`${url}/health/${path}`);
  return { ...((await answer.json()) as Health), http: answer.status };
}

test("a hub's health is not ok with damage in its log, and is again once that is healed", async (t) => {
  const fleet = await makeFleet(t);
  const a = fleet.clinic("clinic_a");
  const first = await serveHttp(t, fleet.hub);
  assert.deepEqual(await healthOf(first.url), { status: "ok", codes: [], http: 200 });
  await pushAll(a, numbered(100));
  await syncOk(a, first.hub.address);
  await first.hub.stop();

  const [segment = ""] = await segmentsOf(fleet.hub);
  await patchFile(segment, (bytes) => bytes.fill(0, 1000, 1100));
  const { hub, url } = await serveHttp(t, fleet.hub);
  assert.ok((await statusOf(fleet.hub)).damaged > 0, "the damage was met");
  await sleep(1100);
  const hurt = await healthOf(url);
  assert.deepEqual([hurt.status, hurt.http], ["failing", 503]);
  assert.ok(hurt.codes.includes("Z209"));
  assert.equal((await healthOf(url, "live")).http, 200, "a restart would not help");

  await syncOk(a, hub.address);
  assert.equal((await statusOf(fleet.hub)).damaged, 0);
  await sleep(1100);
  const healed = await healthOf(url);
  assert.notEqual(healed.status, "failing");
  assert.equal(healed.http, 200);
});

test("a hub's health is not ok while its disk is full, and pushes say why", {
  skip: skipWithoutMount,
}, async (t) => {
  const fleet = await makeFleet(t);
  const disk = mountSmallDisk(t, 64 * mib);
  const dir = join(disk.dir, "hub");
  await copyDir(fleet.hub, dir);
  const { token } = await makeToken(dir, ["--scope", "push,read"]);
  const { url } = await serveHttp(t, dir);
  assert.equal((await healthOf(url)).http, 200);
  await writeFile(join(disk.dir, "ballast"), Buffer.alloc(62 * mib)).catch(() => undefined);
  disk.resize(62 * mib);
  await writeFile(join(disk.dir, "more"), Buffer.alloc(4 * mib)).catch(() => undefined);
  await sleep(1100);
  const full = await healthOf(url);
  assert.deepEqual([full.status, full.http], ["failing", 503]);
  assert.ok(full.codes.includes("Z220"));
  const push = (): Promise<Response> =>
    fetch(`${url}/v1/events`, {
      method: "POST",
      body: JSON.stringify({ text: "x".repeat(100_000) }),
      headers: { ...bearer(token), "content-type": "application/json" },
    });
  assert.match(await verdictOf(await push()), /^5\d\d Z2/);
  const read = await fetch(`${url}/v1/events`, { headers: bearer(token) });
  assert.equal(read.status, 200, "reading goes on");

  await rm(join(disk.dir, "ballast"));
  await rm(join(disk.dir, "more"), { force: true });
  assert.equal((await push()).status, 201, "without a restart");
  await sleep(1100);
  assert.equal((await healthOf(url)).http, 200);
});

test("a hub that cannot open its log answers no health with ok", async (t) => {
  const fleet = await makeFleet(t);
  await pushAll(fleet.hub, numbered(5));
  await writeFile(
    join(fleet.hub, "keys", "data.key"),
    await readFile(join(fleet.clinic("clinic_a"), "keys", "data.key")),
  );
  const ran = await runProcess([
    "serve",
    fleet.hub,
    "--bind",
    "127.0.0.1:0",
    "--http",
    "127.0.0.1:0",
    "--json",
  ]);
  assert.equal(ran.status, 4, describe(ran));
  assert.doesNotMatch(ran.stdout, /listening/);
});
