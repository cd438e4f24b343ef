/**
 * SCENARIOS 13: fsync fails once with EIO, then works. The push is not
 * acknowledged, and nothing is acknowledged later on the strength of that
 * descriptor: the log is read-only until it is opened again.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFaults, skipWithoutCompiler } from "./faults.ts";
import {
  describe,
  digest,
  errorOf,
  makeFleet,
  numbered,
  pushAll,
  pushOne,
  run,
  scratchDir,
  serveHub,
  statusOf,
} from "./harness.ts";

test("a push whose fsync failed is an error, and so is every one after it", {
  skip: skipWithoutCompiler,
}, async (t) => {
  const fleet = await makeFleet(t);
  const faults = makeFaults(await scratchDir(t));
  await pushAll(fleet.hub, numbered(10));
  const before = await digest(fleet.hub);
  const owner = await serveHub(t, fleet.hub, { env: faults.env });
  await pushOne(fleet.hub, { event: "while all is well" });

  faults.failNextSync();
  const failed = await run(["push", fleet.hub, "--payload", '{"event":"not durable"}', "--json"]);
  assert.equal(faults.takeFired(), 1, "the fault fired");
  assert.equal(failed.status, 3, describe(failed));
  assert.match(errorOf(failed)?.code ?? "", /^Z2/);
  const next = await run(["push", fleet.hub, "--payload", '{"event":"too late"}', "--json"]);
  assert.equal(next.status, 3, describe(next));
  assert.equal(faults.takeFired(), 0, "the next fsync would have worked");
  const reading = await digest(fleet.hub);
  assert.equal(reading.length, 11, "reading goes on, and shows what is durable");
  const status = await run(["status", fleet.hub, "--json"]);
  assert.notEqual(status.status, 0, "status says that a person is needed");

  await owner.stop();
  const reopened = await digest(fleet.hub);
  assert.ok(before.every((row) => reopened.includes(row)));
  assert.ok(reopened.length === 11 || reopened.length === 12, "the failed one may be there or not");
  const pushed = await pushOne(fleet.hub, { event: "after reopening" });
  assert.ok(pushed.seq >= 12);
  assert.equal((await statusOf(fleet.hub)).walRecords, reopened.length + 1);
});

test("one command whose fsync fails does not exit 0", { skip: skipWithoutCompiler }, async (t) => {
  const fleet = await makeFleet(t);
  const faults = makeFaults(await scratchDir(t));
  const clinic = fleet.clinic("clinic_a");
  await pushAll(clinic, numbered(3));
  faults.failNextSync();
  const ran = await run(["push", clinic, "--payload", "{}", "--json"], { env: faults.env });
  assert.equal(faults.takeFired(), 1, "the fault fired");
  assert.equal(ran.status, 3, describe(ran));
  assert.ok((await digest(clinic)).length >= 3);
  assert.ok((await pushOne(clinic, { event: "next" })).seq >= 4);
});
