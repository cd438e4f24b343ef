/**
 * Power returns to a district: all its clinics, behind one address of the mobile network, come to
 * the hub in the same moment. Nobody is let go, each needs one connection, and everything
 * arrives. With a thousand: `npm run bench -- --only load`.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { isLong } from "../../lab/long.ts";
import { createClinics, startDriver } from "../../lab/many-clinics.ts";
import { digestWithoutRepeats, scratchDir, serveHub } from "./harness.ts";
import { openNode } from "../../src/engine/index.ts";

/** More than have a place at the hub at the same time. */
const clinicCount = isLong ? 300 : 80;
const eventsEach = 2;

test("clinics that come in one moment from one address are all served", async (t) => {
  const { hub: hubDir, clinics } = await createClinics(join(await scratchDir(t), "f"), clinicCount);
  for (const dataDir of clinics) {
    const node = await openNode({ dataDir });
    const payloads = Array.from({ length: eventsEach }, (_, n) => Buffer.from(`{"visit":${n}}`));
    await node.push(payloads.map((payload) => ({ payload })));
    await node.close();
  }
  const hub = await serveHub(t, hubDir);
  const driver = await startDriver(clinics.map((dir) => ({ dir, hub: hub.address })));
  t.after(() => driver.kill());
  const syncs = await driver.go();
  assert.equal(syncs.length, clinicCount);
  for (const { clinic, isComplete, attempts, confirmed, error } of syncs)
    assert.deepEqual(
      { isComplete, attempts, confirmed },
      {
        isComplete: true,
        attempts: 1,
        confirmed: eventsEach,
      },
      `${clinic}: ${error}`,
    );
  assert.equal(await hub.stop(), 0);
  assert.deepEqual(hub.reports(), [], "nobody was let go");
  assert.equal((await digestWithoutRepeats(hubDir)).length, clinicCount * eventsEach);
});
