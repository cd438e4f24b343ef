/**
 * SCENARIOS 12: an interrupted rewrite.
 *
 * compact killed with kill -9 at any time, and run again: the digest is the one before
 * or the one after. Every write, rename and sync, full disks and power cuts are
 * enumerated in src/core/log/reclaim.test.ts; this is the real process.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { compactNow } from "./care.ts";
import { digest, makeFleet, numbered, pushAll, runOk, serveHub, syncOk } from "./harness.ts";

const command = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

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
  for (let delayMs = 150; delayMs < 900; delayMs += 50) {
    const child = spawn(process.execPath, [command, "compact", dir, "--grace", "0s"]);
    const ended = new Promise<NodeJS.Signals | null>((resolve) => {
      child.once("exit", (_status, signal) => resolve(signal));
    });
    await sleep(delayMs);
    child.kill("SIGKILL");
    if ((await ended) === "SIGKILL") killed++;
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
