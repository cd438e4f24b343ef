/**
 * `zamsync torture` in its short form, through the command: each fault once, a report,
 * and nothing left behind; an interruption; and a broken promise, with its evidence.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { describe, errorOf, run, sourceEntry, summaryOf } from "../lab/command.ts";
import { seedFromEnvironment } from "../lab/random.ts";
import { faultKinds, type TortureReport } from "../src/torture/report.ts";
import { runTorture } from "../src/torture/torture.ts";

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "zt-"));
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}

test("every fault once loses and doubles nothing, and leaves nothing behind", async (t) => {
  const seed = seedFromEnvironment();
  t.diagnostic(`ZAMSYNC_SEED=${seed}`);
  const dir = await folder(t);
  const rounds = String(faultKinds.length);
  const args = ["torture", dir, "--rounds", rounds, "--seed", String(seed), "--json"];
  const ran = await run(args, { timeoutMs: 240_000 });
  const report = summaryOf<TortureReport>(ran);
  assert.equal(ran.status, 0, describe(ran));
  assert.deepEqual([report.endedBy, report.exit, report.problems], ["rounds", 0, []]);
  for (const kind of faultKinds) assert.equal(report.faults[kind].rounds, 1, kind);
  const { killHub, killBoth, flipClinic, flipHub, fullClinic } = report.faults;
  for (const { hits } of [killHub, killBoth, flipClinic, flipHub, fullClinic])
    assert.ok(hits > 0, JSON.stringify(report.faults));
  assert.ok(report.events.acked > 100);
  assert.equal(report.fsync.count, 8 * faultKinds.length);
  assert.ok(report.fsync.p99Ms >= report.fsync.p50Ms);
  assert.deepEqual(await readdir(dir), []);
});

test("a folder that nothing can be made in is a fault of storage, not a defect", async (t) => {
  const file = join(await folder(t), "file");
  await writeFile(file, "");
  const ran = await run(["torture", file, "--json"]);
  assert.equal(ran.status, 3, describe(ran));
  assert.equal(errorOf(ran)?.code, "Z211");
});

test("an interruption ends it with the report so far, and nothing is left behind", async (t) => {
  const dir = await folder(t);
  const args = ["torture", dir, "--verbose"];
  const ran = await run(args, {
    timeoutMs: 240_000,
    onStart: (child) =>
      child.stderr?.on("data", (text: string) => {
        if (/: 1 round,/.test(text)) child.kill("SIGINT");
      }),
  });
  assert.equal(ran.status, 8, describe(ran));
  assert.match(ran.stdout, /rounds? in .*, interrupted/);
  assert.match(ran.stdout, /everything acknowledged is there/);
  assert.deepEqual(await readdir(dir), []);
});

test("killed with -9 it takes its hub along", { skip: process.platform !== "linux" }, async (t) => {
  const dir = await folder(t);
  const hubs = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const pid of await readdir("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (line.includes(dir) && line.includes("\0serve\0")) found.push(pid);
    }
    return found;
  };
  let before: readonly string[] = [];
  const killWithHub = async (child: ChildProcess): Promise<void> => {
    // The next round may begin by taking the hub away, and bring it back.
    while (before.length === 0 && child.exitCode === null) before = await hubs();
    child.kill("SIGKILL");
  };
  const ran = await run(["torture", dir, "--verbose"], {
    timeoutMs: 240_000,
    onStart: (child) =>
      child.stderr?.on("data", (text: string) => {
        if (/: 1 round,/.test(text)) void killWithHub(child);
      }),
  });
  assert.equal(ran.signal, "SIGKILL");
  assert.equal(before.length, 1);
  for (let tries = 0; tries < 600 && (await hubs()).length > 0; tries++) await sleep(50);
  assert.deepEqual(await hubs(), []);
});

test("a node that forgets what it acknowledged is found out, and kept as evidence", async (t) => {
  const dir = await folder(t);
  const report = await runTorture({
    dir,
    entry: sourceEntry,
    durationMs: 120_000,
    seed: 1,
    kinds: ["killClinic"],
    signal: new AbortController().signal,
    onWorld: async (world) => {
      await rm(join(world.clinic, "log"), { recursive: true });
    },
  });
  assert.equal(report.endedBy, "problem");
  assert.equal(report.exit, 3);
  assert.equal(report.problems[0]?.code, "Z201");
  assert.equal(dirname(report.evidence ?? ""), dir);
  assert.ok((await readdir(report.evidence ?? "")).length > 0);
});
