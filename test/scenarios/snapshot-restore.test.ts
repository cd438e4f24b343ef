/**
 * Snapshots and restored nodes (SCENARIOS 9 and 11, RULES 22 and 27).
 *
 *   A: 1 2 3 4 | snapshot | 5 … 9 synced    the card dies
 *              | restored | 1' 2' pushed in a fresh epoch, then a sync
 *
 * A snapshot is of one moment, also while others write; what it holds is whole or
 * refused; an interrupted restore is no node; a restored clinic and a restored hub
 * end with everything that either side held.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { makeFaults, skipWithoutCompiler } from "./faults.ts";
import {
  auditOf,
  copyDir,
  describe,
  digest,
  digestWithoutRepeats,
  errorOf,
  makeFleet,
  numbered,
  pushAll,
  pushOne,
  run,
  runOk,
  runProcess,
  scratchDir,
  serveHub,
  statusOf,
  summaryOf,
  syncOk,
} from "./harness.ts";

interface SnapshotJson {
  readonly path: string;
  readonly sizeBytes: number;
  readonly events: number;
  readonly problems: number;
}

interface RestoreJson {
  readonly nodeId: string;
  readonly epoch: string;
  readonly events: number;
  readonly isHub: boolean;
}

const keyOf = (dir: string): string => join(dir, "keys", "data.key");

async function snapshot(dir: string, out: string): Promise<SnapshotJson> {
  return summaryOf<SnapshotJson>(await runOk(["snapshot", dir, "--out", out, "--json"]));
}

/** Restores into a directory that has the key, as a person would: key first, then the snapshot. */
async function restore(file: string, dir: string, key: string): Promise<RestoreJson> {
  await mkdir(join(dir, "keys"), { recursive: true, mode: 0o700 });
  await writeFile(keyOf(dir), await readFile(key), { mode: 0o600 });
  return summaryOf<RestoreJson>(await runOk(["restore", file, "--data-dir", dir, "--json"]));
}

test("a snapshot beside a busy hub holds all that was acknowledged before it began", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(500));
  await syncOk(clinic, hub.address);
  await pushAll(fleet.hub, numbered(20, "of the hub"));

  const key = keyOf(fleet.hub);
  let isOver = false;
  const pushing = (async () => {
    for (let round = 0; !isOver; round++) await pushAll(fleet.hub, numbered(50, `round ${round}`));
  })();
  await pushAll(clinic, numbered(2000, "more"));
  const syncing = syncOk(clinic, hub.address);
  for (let round = 1; round <= 3; round++) {
    const before = await digest(fleet.hub);
    const file = join(fleet.dir, `hub-${round}.zsnap`);
    const made = await snapshot(fleet.hub, file);
    assert.equal(made.problems, 0);
    const copy = join(fleet.dir, `copy-${round}`);
    const restored = await restore(file, copy, key);
    assert.equal(restored.events, made.events);
    assert.equal(restored.isHub, true);
    const held = new Set(await digestWithoutRepeats(copy));
    assert.deepEqual(
      before.filter((row) => !held.has(row)),
      [],
      "everything acknowledged before is in it",
    );
    const after = new Set(await digest(fleet.hub));
    assert.deepEqual(
      [...held].filter((row) => !after.has(row)),
      [],
      "and nothing else",
    );
    await runOk(["audit", copy, "--verify"]);
  }
  isOver = true;
  await Promise.all([pushing, syncing]);
  await hub.stop();
});

test("a snapshot needs no running process, and changes nothing; an existing file is kept", async (t) => {
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(10));
  const before = await digest(clinic);
  const out = join(fleet.dir, "a.zsnap");
  assert.equal((await snapshot(clinic, out)).events, 10);
  const bytes = await readFile(out);
  const again = await run(["snapshot", clinic, "--out", out, "--json"]);
  assert.equal(again.status, 3, describe(again));
  assert.equal(errorOf(again)?.code, "Z223");
  assert.deepEqual(await readFile(out), bytes);
  assert.deepEqual(await digest(clinic), before);
  assert.equal((await stat(out)).mode & 0o777, 0o600);
  for (const secret of [
    await readFile(keyOf(clinic)),
    await readFile(join(clinic, "tls/node.key")),
  ])
    assert.ok(!bytes.includes(secret.subarray(40, 80)), "neither key is in it in clear");
  assert.ok(!bytes.includes("visit"), "nor a payload");
  const nowhere = await run(["snapshot", clinic, "--out", join(fleet.dir, "no", "x"), "--json"]);
  assert.equal(errorOf(nowhere)?.code, "Z211");
});

test("a damaged, cut or foreign snapshot is refused, and leaves no directory", async (t) => {
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(30));
  const whole = join(fleet.dir, "a.zsnap");
  const { sizeBytes } = await snapshot(clinic, whole);
  const bytes = await readFile(whole);
  const target = join(fleet.dir, "restored");
  const file = join(fleet.dir, "bad.zsnap");
  const restoring = (key: string) =>
    run(["restore", file, "--data-dir", target, "--key-file", key, "--json"]);
  let refused = 0;
  for (let at = 0; at < sizeBytes; at += Math.ceil(sizeBytes / 60)) {
    const bad = Buffer.from(bytes);
    bad[at] = (bad[at] ?? 0) ^ 0x20;
    await writeFile(file, bad);
    const ran = await restoring(keyOf(clinic));
    assert.ok(["Z224", "Z203"].includes(errorOf(ran)?.code ?? ""), `byte ${at}: ${describe(ran)}`);
    assert.ok(!existsSync(target), `byte ${at}`);
    refused++;
  }
  assert.ok(refused >= 50);
  for (const length of [0, 11, 100, sizeBytes - 1]) {
    await writeFile(file, bytes);
    await truncate(file, length);
    assert.equal(errorOf(await restoring(keyOf(clinic)))?.code, "Z224", `${length} bytes`);
  }
  await writeFile(file, Buffer.concat([bytes, Buffer.from("x")]));
  assert.equal(errorOf(await restoring(keyOf(clinic)))?.code, "Z224", "a byte too many");
  await writeFile(file, bytes);
  assert.equal(errorOf(await restoring(keyOf(fleet.hub)))?.code, "Z301");
  assert.equal(errorOf(await restoring(join(fleet.dir, "no.key")))?.code, "Z302");
  assert.ok(!existsSync(target));
});

test("nothing that is there is overwritten", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(5));
  const file = join(fleet.dir, "a.zsnap");
  await snapshot(clinic, file);
  const occupied = async (dir: string): Promise<void> => {
    const ran = await run([
      "restore",
      file,
      "--data-dir",
      dir,
      "--key-file",
      keyOf(clinic),
      "--json",
    ]);
    assert.equal(ran.status, 3, describe(ran));
    assert.equal(errorOf(ran)?.code, "Z225");
  };
  const before = await digest(clinic);
  await occupied(clinic);
  assert.deepEqual(await digest(clinic), before);
  const other = fleet.clinic("clinic_b");
  await rm(join(other, "log"), { recursive: true });
  await occupied(other);
  const files = join(fleet.dir, "papers");
  await mkdir(files);
  await writeFile(join(files, "letter.txt"), "mine");
  await occupied(files);
  assert.deepEqual(await readdir(files), ["letter.txt"]);
});

test("a lost log comes back under its identity, and the node rejoins in a fresh epoch", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(4));
  await syncOk(clinic, hub.address);
  await pushAll(clinic, numbered(2, "only in the snapshot and at the clinic"));
  const file = join(fleet.dir, "a.zsnap");
  await snapshot(clinic, file);
  await pushAll(clinic, numbered(3, "after the snapshot, synced"));
  await syncOk(clinic, hub.address);
  const atHub = await digest(fleet.hub);
  const lost = await pushOne(clinic, { event: "after the last sync, lost with the card" });

  await rm(join(clinic, "log"), { recursive: true });
  await mkdir(join(clinic, "log"));
  assert.equal(
    (await run(["push", clinic, "--payload", "1"])).status,
    3,
    "a missing log is no empty one",
  );
  const restored = summaryOf<RestoreJson>(
    await runOk(["restore", file, "--data-dir", clinic, "--json"]),
  );
  assert.equal(restored.events, 6);
  assert.notEqual(restored.epoch, lost.epoch);
  const fresh = await pushOne(clinic, { event: "first after the restore" });
  assert.equal(fresh.epoch, restored.epoch);
  assert.equal(fresh.seq, 1);

  await syncOk(clinic, hub.address);
  const union = await digestWithoutRepeats(fleet.hub);
  assert.deepEqual(await digestWithoutRepeats(clinic), union, "both hold the same");
  assert.equal(union.length, 10, "all but what nobody has");
  assert.ok(atHub.every((row) => union.includes(row)));
  await pushOne(clinic, { event: "life goes on" });
  assert.equal((await syncOk(clinic, hub.address)).eventsConfirmed, 1);
  assert.equal((await statusOf(clinic)).pending, 0);
  await hub.stop();
});

test("a clinic restored into a new directory rejoins, with what only the snapshot had", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(5));
  await syncOk(clinic, hub.address);
  await pushAll(clinic, numbered(3, "unsynced"));
  const file = join(fleet.dir, "a.zsnap");
  await snapshot(clinic, file);
  const all = await digest(clinic);
  const device = join(fleet.dir, "new-device");
  await restore(file, device, keyOf(clinic));
  await rm(clinic, { recursive: true });
  const done = await syncOk(device, hub.address);
  assert.equal(done.eventsConfirmed, 3);
  assert.deepEqual(await digest(fleet.hub), all);
  await hub.stop();
});

test("a hub restored from an older snapshot is given again what its clinics hold", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const first = await serveHub(t, fleet.hub);
  const [a, b] = [fleet.clinic("clinic_a"), fleet.clinic("clinic_b")];
  const key = join(fleet.dir, "hub.key");
  await writeFile(key, await readFile(keyOf(fleet.hub)));
  await pushAll(a, numbered(6, "a"));
  await syncOk(a, first.address);
  const file = join(fleet.dir, "hub.zsnap");
  await snapshot(fleet.hub, file);
  await pushAll(a, numbered(7, "a, later"));
  await syncOk(a, first.address);
  await pushAll(b, numbered(5, "b"));
  await syncOk(b, first.address);
  await pushOne(fleet.hub, { result: "to a, after the snapshot" }, ["--to", "clinic_a"]);
  await syncOk(a, first.address);
  await syncOk(a, first.address);
  await syncOk(b, first.address);
  const before = await digest(fleet.hub);
  await first.stop();

  await rename(fleet.hub, join(fleet.dir, "lost-hub"));
  await restore(file, fleet.hub, key);
  assert.equal((await digest(fleet.hub)).length, 6);
  await pushOne(fleet.hub, { event: "written after the restore" });
  const again = await serveHub(t, fleet.hub);
  const offered = await syncOk(a, again.address);
  assert.equal(offered.remaining, 0);
  await syncOk(b, again.address);
  await syncOk(a, again.address);
  const after = await digestWithoutRepeats(fleet.hub);
  // What the lost hub had addressed to A comes back from A: the hub knows that it was restored.
  assert.deepEqual(
    before.filter((row) => !after.includes(row)),
    [],
  );
  assert.equal(after.length, before.length + 1, "all that there was, and one that is new");
  assert.equal((await statusOf(a)).pending, 0);
  await pushOne(fleet.hub, { result: "to a, in the fresh epoch" }, ["--to", "clinic_a"]);
  await syncOk(a, again.address);
  const epochs = new Set(
    (await auditOf(a)).filter(({ node }) => node === "hub").map((row) => row.epoch),
  );
  assert.equal(epochs.size, 2, "the restored hub writes in an epoch of its own");
  await again.stop();
});

test("a restored hub that has caught up in number of changes is not mistaken for what it was", async (t) => {
  const fleet = await makeFleet(t);
  const key = join(fleet.dir, "hub.key");
  await writeFile(key, await readFile(keyOf(fleet.hub)));
  const clinic = fleet.clinic("clinic_a");
  const first = await serveHub(t, fleet.hub);
  await pushAll(clinic, numbered(3));
  await syncOk(clinic, first.address);
  const file = join(fleet.dir, "hub.zsnap");
  await snapshot(fleet.hub, file);
  await pushAll(clinic, numbered(4, "later"));
  await syncOk(clinic, first.address);
  await syncOk(clinic, first.address);
  await first.stop();
  await rename(fleet.hub, join(fleet.dir, "lost-hub"));
  await restore(file, fleet.hub, key);
  for (let count = 0; count < 12; count++) await pushOne(fleet.hub, { event: "other", count });
  const again = await serveHub(t, fleet.hub);
  await syncOk(clinic, again.address);
  const held = (await auditOf(fleet.hub)).filter(({ node }) => node === "clinic_a");
  assert.equal(held.length, 7);
  await again.stop();
});

test("kill -9 during a snapshot leaves a whole file or none", async (t) => {
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  const large = "x".repeat(1000);
  await pushAll(
    clinic,
    numbered(20_000).map((event) => ({ ...event, large })),
  );
  const all = await digest(clinic);
  let killed = 0;
  for (let round = 0; round < 5; round++) {
    const out = join(fleet.dir, `round-${round}.zsnap`);
    const ran = await runProcess(["snapshot", clinic, "--out", out, "--json"], {
      onStart: (child) => {
        void sleep(150 + round * 160).then(() => child.kill("SIGKILL"));
      },
    });
    if (ran.signal === "SIGKILL") killed++;
    if (existsSync(out)) {
      const copy = join(fleet.dir, `copy-${round}`);
      await restore(out, copy, keyOf(clinic));
      assert.deepEqual(await digest(copy), all);
      await rm(copy, { recursive: true });
    } else {
      assert.equal((await snapshot(clinic, out)).events, all.length, "and it works when repeated");
      assert.ok(!existsSync(`${out}.partial`));
    }
    await rm(out);
  }
  assert.ok(killed > 0, "some were killed");
  assert.deepEqual(await digest(clinic), all);
});

test("an interrupted snapshot leaves no file, and a hub that stops does not wait for it", async (t) => {
  const fleet = await makeFleet(t);
  await pushAll(
    fleet.hub,
    numbered(20_000).map((event) => ({ ...event, large: "w".repeat(1000) })),
  );
  const out = join(fleet.dir, "hub.zsnap");
  const hub = await serveHub(t, fleet.hub);
  const names = () => readdir(fleet.dir);
  const isBegun = async () => (await names()).includes("hub.zsnap.partial");
  const ran = await runProcess(["snapshot", fleet.hub, "--out", out, "--json"], {
    onStart: (child) => {
      void (async () => {
        while (!(await isBegun())) await sleep(2);
        child.kill("SIGTERM");
      })();
    },
  });
  assert.equal(errorOf(ran)?.code, "Z228", describe(ran));
  assert.deepEqual(
    (await names()).filter((name) => name.startsWith("hub.zsnap")),
    [],
  );
  const asked = runProcess(["snapshot", fleet.hub, "--out", out, "--json"]);
  while (!(await isBegun())) await sleep(2);
  assert.equal(await hub.stop(), 0);
  // The command goes on by itself, once the hub has let go.
  assert.equal(summaryOf<SnapshotJson>(await asked).events, 20_000);
});

test("kill -9 during a restore leaves no node, and the same command finishes it", async (t) => {
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(
    clinic,
    numbered(10_000).map((event) => ({ ...event, large: "y".repeat(1000) })),
  );
  const all = await digest(clinic);
  const file = join(fleet.dir, "a.zsnap");
  await snapshot(clinic, file);
  let killed = 0;
  for (let round = 0; round < 5; round++) {
    const dir = join(fleet.dir, `restored-${round}`);
    const args = ["restore", file, "--data-dir", dir, "--key-file", keyOf(clinic), "--json"];
    const ran = await runProcess(args, {
      onStart: (child) => {
        void sleep(150 + round * 140).then(() => child.kill("SIGKILL"));
      },
    });
    const status = () => run(["status", dir, "--key-file", keyOf(clinic), "--json"]);
    if (ran.signal === "SIGKILL") {
      killed++;
      const early = await status();
      if (existsSync(join(dir, "node.json"))) assert.ok([0, 8].includes(early.status));
      else assert.ok([3, 4].includes(early.status), describe(early));
      const again = await run(args);
      assert.ok([0, 3].includes(again.status), describe(again));
      if (again.status === 3) assert.equal(errorOf(again)?.code, "Z225", "it was done already");
    }
    const rows = await runOk(["audit", dir, "--key-file", keyOf(clinic), "--json"]);
    assert.equal(rows.stdout.split("\n").filter((line) => line !== "").length, all.length);
    assert.deepEqual(
      (await readdir(dir)).filter((name) => name.startsWith("restore.")),
      [],
    );
    await rm(dir, { recursive: true });
  }
  assert.ok(killed > 0, "some were killed");
});

test("every step of placing can be the last, and the next run goes on from there", async (t) => {
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(5));
  const file = join(fleet.dir, "a.zsnap");
  await snapshot(clinic, file);
  const done = join(fleet.dir, "done");
  await restore(file, done, keyOf(clinic));
  const all = await digest(done);
  // What an interrupted run leaves: some of it placed, the rest in restore.ready.
  const order = ["tls", "peers", "log", "node.json"];
  for (let placed = 0; placed <= order.length; placed++) {
    const dir = join(fleet.dir, `step-${placed}`);
    await restore(file, dir, keyOf(clinic));
    const ready = join(dir, "restore.ready");
    await mkdir(ready);
    for (const name of order.slice(placed)) await rename(join(dir, name), join(ready, name));
    const receipt = { ...(await receiptFor(file, clinic, fleet.dir)) };
    await writeFile(join(ready, "receipt.json"), JSON.stringify(receipt));
    if (placed < order.length) {
      const early = await run(["push", dir, "--payload", "1"]);
      assert.ok([3, 4].includes(early.status), `after ${placed} steps: ${describe(early)}`);
    }
    const other = join(fleet.dir, `other-${placed}.zsnap`);
    await snapshot(clinic, other);
    const foreign = await run(["restore", other, "--data-dir", dir, "--json"]);
    assert.equal(errorOf(foreign)?.code, "Z226", describe(foreign));
    await runOk(["restore", file, "--data-dir", dir]);
    assert.deepEqual(await digest(dir), all, `after ${placed} steps`);
    assert.ok(!existsSync(ready));
  }
});

/** The receipt that a restore of this snapshot writes, from one that was killed after staging. */
async function receiptFor(file: string, clinic: string, scratch: string): Promise<object> {
  const { SnapshotReader } = await import("../../src/storage/snapshot-file.ts");
  const { snapshotName } = await import("../../src/engine/restore.ts");
  const reader = new SnapshotReader(file);
  const snapshot = snapshotName(reader);
  reader.close();
  assert.ok(clinic.startsWith(scratch));
  return {
    nodeId: "clinic_a",
    epoch: "0",
    createdAt: "",
    events: 5,
    problems: 0,
    reports: [],
    snapshot,
  };
}

test("a full disk refuses the snapshot or the restore, and leaves nothing behind", async (t) => {
  if (process.getuid?.() !== 0) {
    t.skip("mounting a small file system takes root");
    return;
  }
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(
    clinic,
    numbered(3000).map((event) => ({ ...event, large: "z".repeat(1000) })),
  );
  const all = await digest(clinic);
  const small = await scratchDir(t);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small], { stdio: "ignore" });
  } catch {
    t.skip("a tmpfs cannot be mounted here");
    return;
  }
  try {
    const full = await run(["snapshot", clinic, "--out", join(small, "a.zsnap"), "--json"]);
    assert.equal(full.status, 3, describe(full));
    assert.equal(errorOf(full)?.code, "Z204");
    assert.deepEqual(await readdir(small), []);
    const file = join(fleet.dir, "a.zsnap");
    await snapshot(clinic, file);
    const dir = join(small, "restored");
    const args = ["restore", file, "--data-dir", dir, "--key-file", keyOf(clinic), "--json"];
    const ran = await run(args);
    assert.equal(errorOf(ran)?.code, "Z204", describe(ran));
    assert.deepEqual(await readdir(small), []);
    assert.deepEqual(await digest(clinic), all);
  } finally {
    execFileSync("umount", [small]);
  }
});

test("a disk that fails a sync, or fills at any byte, makes no snapshot and no node", {
  skip: skipWithoutCompiler,
}, async (t) => {
  const fleet = await makeFleet(t);
  const faults = makeFaults(await scratchDir(t));
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(40));
  const all = await digest(clinic);
  // The faults are those of files below a folder of this name.
  const folder = join(fleet.dir, "log");
  await mkdir(folder);
  const out = join(folder, "a.zsnap");
  const taking = () =>
    runProcess(["snapshot", clinic, "--out", out, "--json"], { env: faults.env });
  faults.failNextSync();
  const failed = await taking();
  assert.equal(faults.takeFired(), 1);
  assert.equal(errorOf(failed)?.code, "Z206", describe(failed));
  for (const bytes of [0, 1, 500, 4000]) {
    faults.limitSpace(bytes);
    const full = await taking();
    assert.ok(faults.takeFired() > 0);
    assert.equal(errorOf(full)?.code, "Z204", describe(full));
    assert.deepEqual(await readdir(folder), []);
  }
  faults.limitSpace(undefined);
  assert.equal((await taking()).status, 0);

  const dir = join(fleet.dir, "restored");
  const args = ["restore", out, "--data-dir", dir, "--key-file", keyOf(clinic), "--json"];
  const restoring = () => runProcess(args, { env: faults.env });
  faults.failNextSync();
  const unsynced = await restoring();
  assert.equal(faults.takeFired(), 1);
  assert.equal(unsynced.status, 3, describe(unsynced));
  assert.ok(!existsSync(dir));
  faults.limitSpace(0);
  const noRoom = await restoring();
  assert.ok(faults.takeFired() > 0);
  assert.equal(noRoom.status, 3, describe(noRoom));
  assert.ok(!existsSync(dir));
  faults.limitSpace(undefined);
  assert.equal((await restoring()).status, 0);
  const rows = await runOk(["audit", dir, "--key-file", keyOf(clinic), "--json"]);
  assert.equal(rows.stdout.trim().split("\n").length, all.length);
});

test("copies of a directory stay what they are: only restore begins an epoch by itself", async (t) => {
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  const { epoch } = await pushOne(clinic, { n: 1 });
  const copy = join(fleet.dir, "copy");
  await copyDir(clinic, copy);
  assert.equal((await pushOne(copy, { n: 2 })).epoch, epoch);
});
