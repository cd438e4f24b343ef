/** `--max-bytes` and `--budget-kbps` as the link sees them: with TLS, handshake included, in both directions. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { clinicEvents, takeEvents } from "../lab/clinic-events.ts";
import { makeLinkedPair } from "./linked-pair.ts";

/** A batch is at most this (docs/protocol.md, 14 BATCH, and core/session/limits.ts), with its record. */
const batchBytes = 6 * 1024 + 22;

/** A clinic and a hub with so many visits for each other, over a link that counts. */
async function makePair(t: TestContext, visits: number) {
  const { node, hub, link } = await makeLinkedPair(t);
  const visitsOf = (seed: number, more: object) =>
    takeEvents(clinicEvents("visit", seed), visits).map(({ payload }) => ({
      payload: new TextEncoder().encode(payload),
      ...more,
    }));
  await node.push(visitsOf(71, {}));
  await hub.push(visitsOf(72, { lane: "to/clinic" }));
  return { node, link };
}

test("--max-bytes is kept to within one batch, whatever each side has for the other", async (t) => {
  const { node, link } = await makePair(t, 600);
  const maxBytes = 12_000;
  let [rounds, sent, received, isComplete] = [0, 0, 0, false];
  for (; !isComplete; rounds++) {
    assert.ok(rounds < 30, "it does not stand still");
    const before = link.counters();
    const summary = await node.sync({ hub: link.address, maxBytes });
    const now = link.counters();
    const bytes = now.upBytes + now.downBytes - before.upBytes - before.downBytes;
    t.diagnostic(
      `round ${rounds}: ${bytes} bytes, ${summary.eventsConfirmed} up, ${summary.eventsReceived} down`,
    );
    assert.ok(bytes <= maxBytes + batchBytes, `${bytes} bytes in round ${rounds}`);
    assert.ok(summary.eventsConfirmed + summary.eventsReceived > 0, "each round moves something");
    sent += summary.eventsConfirmed;
    received += summary.eventsReceived;
    isComplete = summary.complete;
  }
  assert.deepEqual([sent, received], [600, 600]);
  assert.ok(rounds >= 3, "the budget was reached");
});

test("--budget-kbps shapes what goes and what comes", async (t) => {
  const { node, link } = await makePair(t, 600);
  const budgetKbps = 64;
  const startMs = performance.now();
  const summary = await node.sync({ hub: link.address, budgetKbps });
  const seconds = (performance.now() - startMs) / 1000;
  assert.deepEqual([summary.eventsConfirmed, summary.eventsReceived], [600, 600]);
  const { upBytes, downBytes } = link.counters();
  t.diagnostic(`${upBytes} bytes up and ${downBytes} down in ${seconds.toFixed(1)} s`);
  for (const bytes of [upBytes, downBytes]) {
    assert.ok(bytes > 12_000, "more than a handshake and a batch");
    // The handshake is TLS's own; then a burst, and a batch that may go into debt.
    const handshake = 4_000;
    const allowed = ((budgetKbps * 1000) / 8) * (seconds + 0.25) + handshake + batchBytes;
    assert.ok(bytes <= allowed, `${bytes} bytes, ${Math.round(allowed)} allowed`);
  }
});
