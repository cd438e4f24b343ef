/**
 * SCENARIOS 14: the disk fills inside a record, at every byte: an error, the digest
 * unchanged, reading works; after space is back the same push with its idempotency
 * key gives exactly one event, without a restart.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { makeFaults, skipWithoutCompiler } from "./faults.ts";
import {
  describe,
  digestWithoutRepeats,
  jsonLines,
  makeFleet,
  pushOne,
  run,
  scratchDir,
  segmentsOf,
  statusOf,
} from "./harness.ts";
import { mapSegment } from "./segment-map.ts";

interface Look {
  readonly count: number;
  readonly digest: string;
}

interface Round {
  readonly bytes: number;
  /** Z code, or "" when the push was acknowledged. */
  readonly refused: string;
  readonly fired: number;
  readonly again: string;
  readonly before: Look;
  readonly full: Look;
  readonly after: Look;
}

test("a disk that fills at any byte of a record", { skip: skipWithoutCompiler }, async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  await pushOne(dir, { visit: "as long as the others", n: 100 });
  const [segment] = await segmentsOf(dir);
  assert.ok(segment !== undefined);
  const record = mapSegment(await readFile(segment)).findLast(({ kind }) => kind === 1);
  assert.ok(record !== undefined);
  const recordBytes = record.to - record.from + 40;

  const faults = makeFaults(await scratchDir(t));
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "full-disk.ts"), dir, String(recordBytes)],
    { env: { ...process.env, ...faults.env }, stdio: ["ignore", "pipe", "inherit"] },
  );
  t.after(() => child.kill("SIGKILL"));
  const text = Buffer.concat(await child.stdout.toArray()).toString();
  const rounds = jsonLines<Round>(text);
  assert.equal(rounds.length, recordBytes + 1, "it came to its end");

  let refusals = 0;
  for (const { bytes, refused, fired, again, before, full, after } of rounds) {
    if (refused === "") assert.equal(fired, 0, `acknowledged at ${bytes} though the disk was full`);
    else {
      refusals++;
      assert.ok(fired > 0, `refused at ${bytes} without a reason`);
      assert.match(refused, /^Z2/, `at ${bytes}`);
      assert.deepEqual(full, before, `the digest changed at ${bytes}`);
    }
    assert.equal(again, "stored", `at ${bytes}`);
    assert.equal(after.count, before.count + 1, `exactly one event at ${bytes}`);
  }
  assert.ok(refusals >= record.to - record.from, `${refusals} refusals`);
  assert.equal((await digestWithoutRepeats(dir)).length, recordBytes + 2);
});

test("the command says that the disk is full, and works again when it is not", {
  skip: skipWithoutCompiler,
}, async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const faults = makeFaults(await scratchDir(t));
  await pushOne(dir, { n: 1 });
  faults.limitSpace(10);
  const args = ["push", dir, "--payload", '{"n":2}', "--id", "second", "--json"];
  const refused = await run(args, { env: faults.env });
  assert.ok(faults.takeFired() > 0, "the disk was full");
  assert.equal(refused.status, 3, describe(refused));
  faults.limitSpace(undefined);
  for (let times = 0; times < 2; times++) {
    const ran = await run(args, { env: faults.env });
    assert.equal(ran.status, 0, describe(ran));
  }
  assert.equal((await statusOf(dir)).walRecords, 2);
});
