/**
 * One clinic comes with a backlog, eight with ten events each, in the middle of it. The hub serves
 * the small ones while the big one goes on: judged by the order in which sessions end and events
 * arrive, never by time. The times are in `npm run bench -- --only fairness`.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { takeEvents } from "../../lab/clinic-events.ts";
import { isLong } from "../../lab/long.ts";
import { createClinics, startDriver } from "../../lab/many-clinics.ts";
import { auditOf, linkTo, numbered, pushAll, scratchDir, serveHub } from "./harness.ts";

const smallCount = 8;
const eventsEach = 10;
const backlogEvents = 12_000;

test("eight small syncs end before the backlog does that began before them", {
  skip: isLong ? false : "takes minutes while mixing codes the backlog: test:scenarios:long",
}, async (t) => {
  const { hub: hubDir, clinics } = await createClinics(
    join(await scratchDir(t), "f"),
    smallCount + 1,
  );
  const [big = "", ...small] = clinics;
  const backlog = takeEvents("visit", backlogEvents, 39).map(({ payload }) => payload);
  await pushAll(big, backlog);
  for (const dir of small) await pushAll(dir, numbered(eventsEach));
  const hub = await serveHub(t, hubDir);
  const link = await linkTo(t, hub);
  const crowd = await startDriver(small.map((dir) => ({ dir, hub: hub.address })));
  const heavy = await startDriver([{ dir: big, hub: link.address }]);
  t.after(() => crowd.kill());
  t.after(() => heavy.kill());
  const flood = heavy.go();
  await hub.until(() => link.counters().upBytes > 20_000, 60_000);
  for (const { clinic, isComplete, attempts } of await crowd.go()) {
    assert.equal(isComplete, true, clinic);
    assert.equal(attempts, 1, clinic);
  }
  assert.ok((await flood).every(({ isComplete }) => isComplete));
  await hub.stop();

  const ended = hub.sessions().map(({ peer }) => peer);
  assert.equal(ended.length, smallCount + 1);
  assert.equal(ended.at(-1), "clinic_0", `the backlog ends last: ${ended.join()}`);
  // By order of arrival: when the last of the ten was stored, part of the backlog was still to come.
  const arrivals = (await auditOf(hubDir)).map(({ node }) => node);
  const lastSmall = arrivals.findLastIndex((node) => node !== "clinic_0");
  const bigAfter = arrivals.length - 1 - lastSmall;
  assert.ok(bigAfter > 0, "the small ones did not wait for the whole backlog");
  for (const dir of small) {
    const name = dir.slice(dir.lastIndexOf("/") + 1);
    assert.equal(arrivals.filter((node) => node === name).length, eventsEach);
  }
});
