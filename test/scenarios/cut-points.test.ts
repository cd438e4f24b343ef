/**
 * Cuts at ten random points of a sync, by RST and by silence, each on a clinic of
 * its own: nothing is lost, nothing arrives twice, and the sessions after the cut
 * bring only what the hub had not made durable.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { takeEvents } from "../../lab/clinic-events.ts";
import type { CutMode } from "../../lab/link.ts";
import { seedFromEnvironment } from "../../lab/random.ts";
import { openNode } from "../../src/engine/index.ts";
import { createSeededRandom } from "../../src/testing/seeded-random.ts";
import { auditOf, digestOf, digestWithoutRepeats, linkTo, makeFleet, serveHub } from "./harness.ts";

const clinics = Array.from({ length: 10 }, (_, index) => `clinic_${index}`);
const eventsEach = 400;
/** A sync of these events takes about 10 KB up: cuts fall into handshake, transfer and end. */
const lastCutBytes = 10_500;

async function cutAtRandomPoints(t: TestContext, mode: CutMode): Promise<void> {
  const seed = seedFromEnvironment();
  t.diagnostic(`ZAMSYNC_SEED=${seed}`);
  const random = createSeededRandom(seed);
  const fleet = await makeFleet(t, clinics);
  const hub = await serveHub(t, fleet.hub);
  const runs = clinics.map(async (name, index) => {
    const afterBytes = random.between(200, lastCutBytes);
    const link = await linkTo(t, hub, {
      delayMs: 20,
      cutPlan: { afterBytes, direction: "up", mode, times: 1, downMs: 200 },
    });
    const node = await openNode({ dataDir: fleet.clinic(name) });
    try {
      const events = takeEvents("visit", eventsEach, seed + index);
      await node.push(events.map(({ payload }) => ({ payload: Buffer.from(payload) })));
      const summary = await node.sync({ hub: link.address, timeoutMs: 100_000 });
      assert.equal(summary.complete, true, `${name} after a cut at ${afterBytes}`);
    } finally {
      await node.close();
    }
    return { name, afterBytes, cuts: link.counters().cuts };
  });
  const results = await Promise.all(runs);
  const cuts = results.reduce((sum, result) => sum + result.cuts, 0);
  assert.ok(cuts >= 5, `only ${cuts} cuts fell into a sync`);

  const atHub = await auditOf(fleet.hub);
  assert.equal((await digestWithoutRepeats(fleet.hub)).length, clinics.length * eventsEach);
  for (const { name, afterBytes } of results) {
    const own = atHub.filter(({ node }) => node === name);
    const isInOrder = own.every(({ seq }, index) => seq === index + 1);
    assert.ok(isInOrder, `${name}, cut at ${afterBytes}: in order`);
    assert.deepEqual(digestOf(own), digestOf(await auditOf(fleet.clinic(name))), name);
  }
  await hub.stop();
  for (const { name, afterBytes } of results) {
    const received = hub
      .sessions()
      .filter(({ peer }) => peer === name)
      .reduce((sum, session) => sum + session.eventsReceived, 0);
    assert.equal(received, eventsEach, `${name}, cut at ${afterBytes}: nothing was received twice`);
  }
}

test("ten cuts by RST", (t) => cutAtRandomPoints(t, "rst"));
test("ten cuts by silence", (t) => cutAtRandomPoints(t, "silence"));
