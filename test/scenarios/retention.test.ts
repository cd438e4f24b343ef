/**
 * SCENARIOS 7 and 29, for `serve --retain`: retention goes by when the hub received an
 * event, and by uptime, not by what a clock says after a jump; peers learn of the floor,
 * and send nothing again.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  digest,
  jsonLines,
  makeFleet,
  numbered,
  pushAll,
  pushOne,
  runOk,
  serveHub,
  statusOf,
  syncOk,
} from "./harness.ts";

const hasFakeTime = spawnSync("faketime", ["--version"]).status === 0;

test("what was received long enough ago goes, heads stay, and clinics send nothing again", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const [a, b] = [fleet.clinic("clinic_a"), fleet.clinic("clinic_b")];
  await pushAll(a, numbered(40));
  const first = await serveHub(t, fleet.hub);
  await syncOk(a, first.address);
  await first.stop();
  assert.equal((await digest(fleet.hub)).length, 40);
  const sent = await pushOne(fleet.hub, { lab: "ok" }, ["--to", "clinic_b"]);

  const hub = await serveHub(t, fleet.hub, { args: ["--retain", "3s"] });
  await eventually(
    "only the addressed event is left",
    async () => (await statusOf(fleet.hub)).walRecords <= 1,
  );
  const left = await digest(fleet.hub);
  assert.equal(left.length, 1, "what clinic_b has not confirmed stays");
  assert.ok(left[0]?.includes(`to/clinic_b#${sent.seq} `), `${left[0]}`);
  const line = (await statusOf(fleet.hub)).vector.find(({ node }) => node === "clinic_a");
  assert.equal(line?.seq, 40);
  assert.equal(line?.floor, 40);

  const idle = await syncOk(a, hub.address);
  assert.equal(idle.eventsSent, 0, "nothing is sent again");
  await pushAll(a, numbered(2));
  assert.equal((await syncOk(a, hub.address)).eventsConfirmed, 2);
  await syncOk(b, hub.address);
  assert.equal((await digest(b)).length, 1);
  await eventually("nothing is left", async () => (await statusOf(fleet.hub)).walRecords === 0);
  const summary = await syncOk(b, hub.address);
  assert.equal(summary.eventsReceived, 0);
  await hub.stop();
  assert.equal((await digest(a)).length, 42);
  assert.equal((await digest(b)).length, 1);
  await runOk(["audit", fleet.hub, "--verify"]);
});

test("a running hub reads all of its log, and status says so", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  await pushAll(dir, numbered(300));
  const hub = await serveHub(t, fleet.hub);
  await syncOk(dir, hub.address);
  await eventually("a pass is over", async () => (await scrubOf(fleet.hub)).finishedAt !== null);
  assert.deepEqual((await scrubOf(fleet.hub)).found, []);
  await hub.stop();
  const text = await runOk(["status", fleet.hub]);
  assert.match(text.stdout, /^Checked: +all of it .*nothing found$/m);
  assert.equal((await scrubOf(dir)).finishedAt, null, "a node that never serves checks nothing");
});

async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await isSo()) return;
    await sleep(50);
  }
  assert.fail(what);
}

async function scrubOf(dir: string) {
  const ran = await runOk(["status", dir, "--json"]);
  const [status] = jsonLines<{ scrub: { finishedAt: string | null; found: unknown[] } }>(
    ran.stdout,
  );
  assert.ok(status !== undefined);
  return status.scrub;
}

test("with the clock ten years ahead nothing goes that was not received long enough ago", {
  skip: hasFakeTime ? false : "needs faketime",
}, async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  await pushAll(dir, numbered(10));
  const first = await serveHub(t, fleet.hub);
  await syncOk(dir, first.address);
  await first.stop();
  const hub = await serveHub(t, fleet.hub, {
    args: ["--retain", "365d"],
    wrapper: ["faketime", "+3650d"],
  });
  await pushAll(dir, numbered(1));
  await syncOk(dir, hub.address);
  await hub.stop();
  assert.equal((await digest(fleet.hub)).length, 11);
});
