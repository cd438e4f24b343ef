/**
 * SCENARIOS 12: an interrupted rewrite.
 *
 * compact and rekey killed with kill -9 at any time, and run again: the digest is the one
 * before or the one after. Every write, rename and sync, full disks and power cuts are
 * enumerated in test/crash; this is the real process.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { compactNow } from "./care.ts";
import {
  describe,
  digest,
  errorOf,
  makeFleet,
  numbered,
  pushAll,
  run,
  runOk,
  serveHub,
  summaryOf,
  syncOk,
} from "./harness.ts";

const command = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

/**
 * From half of what the command takes to start, longer and longer, until it gets to its end
 * before it is killed, however quick or slow the machine.
 */
async function* delaysMs(): AsyncGenerator<number> {
  const startedMs = performance.now();
  assert.equal(await isKilled(["version"], 60_000), false);
  const startMs = performance.now() - startedMs;
  for (let delayMs = startMs / 2; delayMs < 60_000; delayMs *= 1.15) yield Math.round(delayMs);
}

/** Runs a command, and kills it after a while; false when it had ended before. */
async function isKilled(args: readonly string[], delayMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [command, ...args]);
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once("exit", (_status, signal) => resolve(signal));
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), delayMs);
  const signal = await ended;
  clearTimeout(timer);
  return signal === "SIGKILL";
}

test("compact killed again and again", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const hub = await serveHub(t, fleet.hub);
  await pushAll(dir, numbered(6000));
  await syncOk(dir, hub.address);
  await pushAll(dir, numbered(50));
  await hub.stop();
  const before = await digest(dir);
  const after = before.filter((row) => Number(row.split(" ")[3] ?? 0) > 6000);
  let killed = 0;
  for await (const delayMs of delaysMs()) {
    if (!(await isKilled(["compact", dir, "--grace", "0s"], delayMs))) break;
    killed++;
    const found = await digest(dir);
    assert.ok(
      found.length === before.length || found.length === 50,
      `${found.length} events after a kill at ${delayMs} ms`,
    );
    if (after.length === 50 && found.length === 50) assert.deepEqual(found, after);
  }
  assert.ok(killed > 3, `${killed} were killed`);
  // A stale and a foreign temporary file are never believed.
  await writeFile(join(dir, "log", "manifest.new"), "not a manifest");
  const listed = (await readdir(join(dir, "log"))).filter((name) => name.endsWith(".seg"));
  const leftover = `${(listed[0] ?? "").slice(0, 8)}-99.seg`;
  await writeFile(join(dir, "log", leftover), "not a segment");
  await writeFile(join(dir, "log", "00000001-77.seg"), "not one either");
  assert.equal((await digest(dir)).length, 50);
  await compactNow(dir);
  assert.equal((await digest(dir)).length, 50);
  assert.equal((await runOk(["audit", dir, "--verify"])).status, 0);
  const names = await readdir(join(dir, "log"));
  assert.ok(!names.includes(leftover), "a leftover is removed");
});

test("rekey killed again and again: one of the keys opens it, and the next run goes on", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  await pushAll(dir, numbered(6000));
  const before = await digest(dir);
  const formerKey = join(fleet.dir, "former.key");
  await copyFile(join(dir, "keys", "data.key"), formerKey);
  let killed = 0;
  let unfinished = 0;
  for await (const delayMs of delaysMs()) {
    if (!(await isKilled(["rekey", dir], delayMs))) break;
    killed++;
    if ((await readdir(join(dir, "log"))).includes("former-key")) {
      unfinished++;
      const status = await run(["status", dir]);
      assert.equal(status.status, 8, describe(status));
      assert.match(status.stdout, /Rekey: +interrupted/);
      const former = await run(["status", dir, "--key-file", formerKey, "--json"]);
      assert.equal(errorOf(former)?.code, "Z301", describe(former));
    }
    assert.deepEqual(await digest(dir), before, `after a kill at ${delayMs} ms`);
  }
  assert.ok(killed > 3, `${killed} were killed`);
  t.diagnostic(`${killed} killed, ${unfinished} of them in the middle of the rewrite`);
  const last = summaryOf<{ resumed: boolean }>(await runOk(["rekey", dir, "--json"]));
  if (last.resumed) await runOk(["rekey", dir]);
  assert.deepEqual(await digest(dir), before);
  assert.equal((await runOk(["audit", dir, "--verify"])).status, 0);
  assert.deepEqual(await readdir(join(dir, "keys")), ["data.key"]);
  const names = await readdir(join(dir, "log"));
  assert.ok(
    !names.some((name) => name.includes("former-key") || name.endsWith(".new")),
    names.join(),
  );
});
