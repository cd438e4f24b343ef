/**
 * SCENARIOS 28: resume is exact.
 *
 * 1,000 events over a link that dies every 20 KiB: there is progress in every
 * session, and nothing durably received is sent again. An event of 2 MB goes
 * through such a link too, and `--max-bytes` is kept.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { takeEvents } from "../../lab/clinic-events.ts";
import { createSeededRandom } from "../../src/testing/seeded-random.ts";
import {
  auditOf,
  digest,
  digestWithoutRepeats,
  linkTo,
  makeFleet,
  pushAll,
  runOk,
  serveHub,
  statusOf,
  sync,
  syncOk,
} from "./harness.ts";

const dies = { afterBytes: 20 * 1024, mode: "rst" } as const;

/** The scenario's thousand take 21 KB by now: more, so that the link dies as often as it would have. */
const eventCount = 3_000;

test(`${eventCount} events over a link that dies every 20 KiB`, async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  // The next handshake takes longer than a slow disk's sync: what had come before the cut is durable by then.
  const link = await linkTo(t, hub, { delayMs: 100, cutPlan: dies });
  const events = takeEvents("visit", eventCount, 28).map(({ payload }) => payload);
  await pushAll(fleet.clinic("clinic_a"), events);
  const summary = await syncOk(fleet.clinic("clinic_a"), link.address, { timeoutMs: 100_000 });
  assert.ok(link.counters().cuts >= 3, `${link.counters().cuts} cuts`);
  assert.deepEqual(await digestWithoutRepeats(fleet.hub), await digest(fleet.clinic("clinic_a")));

  await hub.until(() => hub.sessions().length >= link.counters().connections.length);
  const received = hub.sessions().map(({ eventsReceived }) => eventsReceived);
  let total = 0;
  for (const count of received) {
    // A session after the last event may have only its acknowledgement left to bring.
    assert.ok(count > 0 || total === eventCount, `progress in every session: ${received.join()}`);
    total += count;
  }
  assert.equal(
    received.reduce((sum, count) => sum + count),
    eventCount,
    "nothing was received twice",
  );
  assert.equal(summary.eventsConfirmed, eventCount);
  await hub.stop();
});

test("an event of 2 MB over a link that dies every 20 KiB", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const hub = await serveHub(t, fleet.hub);
  const path = join(fleet.dir, "scan");
  await writeFile(path, compressibleBytes(2_000_000));
  const [whole, dying] = [await linkTo(t, hub), await linkTo(t, hub, { cutPlan: dies })];
  await runOk(["push", fleet.clinic("clinic_a"), "--payload-file", path]);
  await runOk(["push", fleet.clinic("clinic_b"), "--payload-file", path]);
  await syncOk(fleet.clinic("clinic_b"), whole.address);
  await syncOk(fleet.clinic("clinic_a"), dying.address, { timeoutMs: 110_000 });

  const { cuts, upBytes } = dying.counters();
  const uncutBytes = whole.counters().upBytes;
  t.diagnostic(`${cuts} cuts, ${upBytes} bytes up, ${uncutBytes} without a cut`);
  assert.ok(cuts >= 4, `${cuts} cuts`);
  // A cut costs a handshake (2.5 KB), and what was on its way: at most the fragments in flight.
  assert.ok(upBytes <= uncutBytes + cuts * 10 * 1024, "no connection began the event anew");
  const rows = await auditOf(fleet.hub);
  assert.deepEqual(rows.map(({ node, size }) => `${node} ${size}`).sort(), [
    "clinic_a 2000000",
    "clinic_b 2000000",
  ]);
  assert.equal(new Set(rows.map(({ sha256 }) => sha256)).size, 1);
  await hub.stop();
});

/** Text that shrinks to about a tenth, so that 2 MB take about ten connections and not a hundred. */
function compressibleBytes(size: number): Buffer {
  const random = createSeededRandom(28);
  const bytes = Buffer.alloc(size, "a line of the scan that looks like the one before it\n");
  for (let at = 0; at < size; at += 24) bytes.writeUInt8(random.below(256), at);
  return bytes;
}

test("--max-bytes is kept, and says what is left", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  const clinic = fleet.clinic("clinic_a");
  await pushAll(
    clinic,
    takeEvents("visit", 1000, 29).map(({ payload }) => payload),
  );
  let rounds = 0;
  for (let left = 1000; left > 0; rounds++) {
    assert.ok(rounds < 20, "it does not stand still");
    const { ran, summary } = await sync(clinic, hub.address, { args: ["--max-bytes", "24K"] });
    assert.ok(summary !== undefined, ran.stderr);
    const bytes = summary.bytesSent + summary.bytesReceived;
    assert.ok(bytes <= 24 * 1024 + 512, `${bytes} bytes in round ${rounds}`);
    assert.ok(summary.eventsConfirmed > 0, "one minimal batch always goes");
    assert.equal(ran.status, summary.remaining === 0 ? 0 : 8, ran.stdout);
    const { pending } = await statusOf(clinic);
    assert.equal(pending, left - summary.eventsConfirmed);
    left = pending;
  }
  assert.ok(rounds >= 2, "the budget was reached");
  assert.deepEqual(await digestWithoutRepeats(fleet.hub), await digest(clinic));
  const minimal = await pushAll(
    clinic,
    takeEvents("visit", 5, 30).map(({ payload }) => payload),
  );
  assert.equal(minimal.count, 5);
  const { summary } = await sync(clinic, hub.address, { args: ["--max-bytes", "1K"] });
  assert.ok((summary?.eventsConfirmed ?? 0) > 0, "a tiny budget still makes progress");
  await hub.stop();
});
