/**
 * The clock is set while a daemon runs: two hours back, a day ahead, and right again, as NTP and
 * helpful people do. What is pushed in between crosses without waiting for the hours to pass
 * again, in its order, and the daemon neither ends nor sleeps.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startDaemon, untilHeld } from "./daemons.ts";
import {
  auditOf,
  digest,
  makeFleet,
  numbered,
  pushAll,
  pushOne,
  scratchDir,
  serveHub,
} from "./harness.ts";
import { makeClock, skipWithoutCompiler } from "./preload.ts";

const hourSeconds = 3_600;

test("a daemon whose clock is set goes on as if nothing had happened", {
  skip: skipWithoutCompiler,
}, async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const clock = makeClock(await scratchDir(t));
  const hub = await serveHub(t, fleet.hub);
  await pushAll(dir, numbered(2, "before"));
  const daemon = startDaemon(t, [dir, "--hub", hub.address, "--interval", "1h"], clock.env);
  await untilHeld(fleet.hub, 2);

  let held = 2;
  for (const hours of [-2, 24, 0]) {
    clock.set(hours * hourSeconds);
    await pushOne(dir, { event: `${hours} h` });
    await untilHeld(fleet.hub, ++held);
    // The other way as well: the hub's order reaches a daemon whose clock was set.
    await pushOne(fleet.hub, { order: hours }, ["--to", "clinic_a"]);
    await untilHeld(dir, ++held);
  }
  assert.ok(clock.wasAsked());
  const ran = await daemon.stop();
  assert.equal(ran.status, 0, ran.stderr);
  const own = (await auditOf(dir)).filter(({ node }) => node === "clinic_a");
  const byEpoch = Map.groupBy(own, ({ epoch, lane }) => `${epoch} ${lane}`);
  for (const rows of byEpoch.values()) {
    const clocks = rows.map(({ hlc }) => hlc);
    assert.deepEqual(clocks, [...new Set(clocks)].sort(), "clocks rise within an epoch");
  }
  assert.deepEqual(await digest(fleet.hub), await digest(dir));
  await hub.stop();
});
