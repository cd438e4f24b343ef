/**
 * SCENARIOS 10: N writers.
 *
 * 8 processes with 50 pushes each and more on one directory: what was acknowledged are
 * distinct (stream, seq), all of it is in the log after kill -9 and at the hub, and
 * what was not acknowledged is an error.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { startDaemon, untilHeld } from "./daemons.ts";
import {
  auditOf,
  digest,
  digestWithoutRepeats,
  jsonLines,
  makeFleet,
  numbered,
  pushAll,
  pushOne,
  serveHub,
  sha256,
  syncOk,
  waitUntil,
} from "./harness.ts";

const writers = 8;
const pushesEach = 50;
/** When so many were tried the owner is killed; there are more than anybody pushes until that is done. */
const killedAfter = (writers * pushesEach) / 3;
const pushesBesideKill = 250;
/** A time limit makes a command a process of its own. */
const ownProcess = { timeoutMs: 120_000 };

interface WriterLine {
  readonly acked?: string;
  readonly n?: number;
  readonly failed?: number;
  readonly reason?: string;
}

/** Runs a writer to its end; `onLines` hears how many pushes it has tried. */
async function runWriter(
  t: TestContext,
  input: { readonly dir: string; readonly name: string; readonly onLines: (count: number) => void },
): Promise<readonly WriterLine[]> {
  const script = join(import.meta.dirname, "writer.ts");
  const child = spawn(process.execPath, [script, input.dir, input.name, String(pushesBesideKill)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    input.onLines(text.split("\n").length - 1);
  });
  await new Promise((resolve) => child.on("close", resolve));
  return jsonLines<WriterLine>(text);
}

test("8 writers at once lose nothing, also when the writing process is killed", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const hub = await serveHub(t, fleet.hub);
  await pushOne(dir, { event: "before them all" });
  const owner = startDaemon(t, [dir, "--hub", hub.address, "--interval", "1h"]);
  await untilHeld(fleet.hub, 1);
  const linesOf = new Map<string, number>();
  const isInTheMiddle = () => {
    const counts = [...linesOf.values()];
    const sum = counts.reduce((total, count) => total + count, 0);
    return counts.length === writers && sum > killedAfter;
  };
  const running = Array.from({ length: writers }, (_, index) =>
    runWriter(t, {
      dir,
      name: `w${index}`,
      onLines: (count) => linesOf.set(`w${index}`, count),
    }).then((all) => ({
      name: `w${index}`,
      all,
    })),
  );
  await waitUntil(isInTheMiddle, 60_000);
  await owner.kill();
  const results = await Promise.all(running);

  const acked = results.flatMap(({ name, all }) =>
    all.flatMap(({ acked, n }) => (acked === undefined ? [] : [{ acked, name, n }])),
  );
  const failed = results.flatMap(({ all }) => all.filter((line) => line.failed !== undefined));
  assert.ok(acked.length > 0 && failed.length > 0, "it was killed in the middle");
  assert.equal(
    acked.length + failed.length,
    writers * pushesBesideKill,
    "each push was one or the other",
  );
  assert.equal(new Set(acked.map((line) => line.acked)).size, acked.length, "all distinct");
  for (const line of failed) assert.match(line.reason ?? "", /Z\d{3}|ZamError/);

  await digestWithoutRepeats(dir);
  const rows = await auditOf(dir);
  const held = new Map(rows.map((row) => [`${row.epoch} ${row.lane}#${row.seq}`, row.sha256]));
  for (const { acked: place, name, n } of acked)
    assert.equal(
      held.get(place),
      sha256(JSON.stringify({ writer: name, n })),
      `${place} of ${name}`,
    );
  // An unacknowledged event may be there: it was on disk, and the answer died with the process.
  const mostRows = 1 + acked.length + writers;
  assert.ok(rows.length <= mostRows, `${rows.length} rows, ${acked.length} acked`);
  await syncOk(dir, hub.address);
  assert.deepEqual(await digestWithoutRepeats(fleet.hub), await digest(dir), "and at the hub");
  await hub.stop();
});

test("8 commands at once without an owner wait for one another", async (t) => {
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  const results = await Promise.all(
    Array.from({ length: writers }, (_, index) =>
      pushAll(clinic, numbered(pushesEach, `w${index}`), ownProcess),
    ),
  );
  for (const { count, firstSeq, lastSeq } of results) {
    assert.equal(count, pushesEach);
    assert.ok(lastSeq - firstSeq + 1 >= pushesEach);
  }
  const rows = await digestWithoutRepeats(clinic);
  assert.equal(rows.length, writers * pushesEach);
  const hub = await serveHub(t, fleet.hub);
  await syncOk(clinic, hub.address);
  assert.deepEqual(await digestWithoutRepeats(fleet.hub), rows);
  await hub.stop();
});
