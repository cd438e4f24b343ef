/**
 * A certificate expires in the middle of a session: the hub's clock passes its last day while
 * events are on their way over a slow link. What was begun is finished and kept; the next
 * connection is refused, also when it would resume, with a reason on both sides; the events that
 * wait survive, and go through once the certificate is signed again.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { takeEvents } from "../../lab/clinic-events.ts";
import {
  describe,
  digest,
  errorOf,
  linkTo,
  makeFleet,
  numbered,
  pushAll,
  runOk,
  runProcess,
  scratchDir,
  serveHub,
  statusOf,
  summaryOf,
  sync,
  syncOk,
} from "./harness.ts";
import type { SyncJson } from "./harness.ts";
import { makeClock, skipWithoutCompiler } from "./preload.ts";

const daySeconds = 86_400;

test("a session outlives its certificate, and the next one does not begin", {
  skip: skipWithoutCompiler,
}, async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const csr = join(dir, "tls", "node.csr");
  await runOk(["sign", csr, "--ca", fleet.hub, "--days", "1"]);
  const clock = makeClock(await scratchDir(t));
  const hub = await serveHub(t, fleet.hub, { env: clock.env });
  await pushAll(
    dir,
    takeEvents("visit", 600, 37).map(({ payload }) => payload),
  );
  const link = await linkTo(t, hub, { delayMs: 100, rateBytesPerS: 12_000 });
  const syncing = runProcess(["sync", dir, "--hub", link.address, "--json"]);
  await hub.until(() => link.counters().upBytes > 6_000, 30_000);
  clock.set(2 * daySeconds);
  const ran = await syncing;
  assert.equal(ran.status, 0, describe(ran));
  assert.equal(summaryOf<SyncJson>(ran).attempts, 1, "the session was not cut");
  assert.equal((await digest(fleet.hub)).length, 600);
  assert.ok(clock.wasAsked());

  await pushAll(dir, numbered(3, "too late"));
  const late = await sync(dir, hub.address, { args: ["--timeout", "10s"] });
  assert.equal(late.ran.status, 4, describe(late.ran));
  assert.match(errorOf(late.ran)?.message ?? "", /expire/i);
  await hub.until(() => hub.reports().some(({ message }) => /expire/i.test(message)));
  assert.equal((await digest(fleet.hub)).length, 600, "nothing of it was stored");
  assert.equal((await statusOf(dir)).pending, 3);

  await runOk(["sign", csr, "--ca", fleet.hub, "--days", "30"]);
  assert.equal((await syncOk(dir, hub.address)).eventsConfirmed, 3);
  await hub.stop();
});
