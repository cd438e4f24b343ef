/** `sync --dry-run` against what then happens, byte for byte as the link counts them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { clinicEvents, type EventKind, takeEvents } from "../lab/clinic-events.ts";
import { makeLinkedPair } from "./linked-pair.ts";

test("says events and bytes within ten percent of what then happens, and changes nothing", async (t) => {
  const { node, link } = await makeLinkedPair(t);
  const rounds: readonly (readonly [EventKind, number])[] = [
    ["visit", 800],
    ["visit", 10],
    ["visit", 0],
    ["fhir", 200],
    ["tiny", 400],
    ["visit", 0],
  ];
  for (const [kind, count] of rounds) {
    const events = count === 0 ? [] : takeEvents(clinicEvents(kind, 40 + count), count);
    if (count > 0)
      await node.push(
        events.map(({ payload }) => ({ payload: new TextEncoder().encode(payload) })),
      );
    const before = link.counters();
    const { estimate } = await node.sync({ hub: link.address, dryRun: true });
    assert.deepEqual(link.counters(), before, "nothing was sent");
    assert.ok(estimate !== undefined);
    const synced = await node.sync({ hub: link.address });
    assert.equal(synced.complete, true);
    assert.equal(estimate.events, synced.eventsConfirmed);
    const now = link.counters();
    const bytes = now.upBytes + now.downBytes - before.upBytes - before.downBytes;
    t.diagnostic(`${count} ${kind}: ${estimate.bytes} estimated, ${bytes} crossed`);
    assert.ok(Math.abs(estimate.bytes - bytes) < bytes / 10, `${estimate.bytes}, then ${bytes}`);
  }
});
