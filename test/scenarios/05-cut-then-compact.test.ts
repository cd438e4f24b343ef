/**
 * SCENARIOS 5: a capped or cut sync, then compact.
 *
 * 1,000 events, a sync that ends early (a byte budget, or a cut), compact, again and
 * again, then a whole sync: the hub has all 1,000.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { takeEvents } from "../../lab/clinic-events.ts";
import { isLong } from "../../lab/long.ts";
import { compactNow } from "./care.ts";
import {
  digest,
  digestWithoutRepeats,
  linkTo,
  makeFleet,
  pushAll,
  serveHub,
  statusOf,
  sync,
  syncOk,
} from "./harness.ts";

const visits = (): readonly string[] => takeEvents("visit", 1000, 5).map(({ payload }) => payload);

test("capped syncs with compact after each", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const hub = await serveHub(t, fleet.hub);
  await pushAll(dir, visits());
  const all = await digest(dir);
  let dropped = 0;
  for (const budget of ["1K", "8K", "8K"]) {
    await sync(dir, hub.address, { args: ["--max-bytes", budget] });
    const held = (await digest(fleet.hub)).length;
    const summary = await compactNow(dir);
    dropped += summary.dropped;
    assert.ok(dropped <= held, `${dropped} dropped, the hub holds ${held}`);
    assert.equal(summary.kept.unconfirmed, 1000 - dropped);
  }
  assert.ok(dropped > 0 && dropped < 1000, `${dropped} were dropped on the way`);
  await syncOk(dir, hub.address);
  assert.deepEqual(await digestWithoutRepeats(fleet.hub), all);
  await hub.stop();
});

test("cut syncs with compact after each", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const hub = await serveHub(t, fleet.hub);
  await pushAll(dir, visits());
  const all = await digest(dir);
  // Full size: within every frame of the first syncs, from the handshake on.
  const stepBytes = isLong ? 500 : 4_000;
  let cuts = 0;
  for (let afterBytes = 500; afterBytes <= 20_500; afterBytes += stepBytes) {
    const link = await linkTo(t, hub, { cutPlan: { afterBytes, mode: "rst" } });
    await sync(dir, link.address, { args: ["--timeout", "1s"] });
    cuts += link.counters().cuts;
    const { kept } = await compactNow(dir);
    const held = (await digest(fleet.hub)).length;
    assert.ok(1000 - (kept.unconfirmed ?? 0) <= held, `cut at ${afterBytes}`);
  }
  assert.ok(cuts >= 5, `${cuts} cuts`);
  await syncOk(dir, hub.address);
  assert.equal((await statusOf(dir)).pending, 0);
  assert.deepEqual(await digestWithoutRepeats(fleet.hub), all);
  await hub.stop();
});
