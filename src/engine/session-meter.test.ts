/** What a hub sees of its clinics as it happens, over real connections. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { NodeRow } from "./api.ts";
import { openNode } from "./opening.ts";
import { makeHubAndClinic } from "./scratch-nodes.ts";
import type { SessionSync, SessionTraffic } from "./session-meter.ts";

async function start(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), "zm-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const dirs = await makeHubAndClinic(dir);
  const hub = await openNode({ dataDir: dirs.hub });
  const clinic = await openNode({ dataDir: dirs.clinic });
  t.after(() => hub.close());
  t.after(() => clinic.close());
  const server = await hub.serve({ bind: "127.0.0.1:0" });
  const syncs: SessionSync[] = [];
  const traffic: SessionTraffic[] = [];
  hub.meters.watch({
    onSync: (sync) => syncs.push(sync),
    onTraffic: (moved) => traffic.push(moved),
  });
  return { hub, clinic, server, syncs, traffic };
}

const push = (
  clinic: { push(events: readonly { payload: Uint8Array }[]): unknown },
  count: number,
) => clinic.push(Array.from({ length: count }, (_, n) => ({ payload: Uint8Array.of(n) })));

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const startMs = performance.now(); !(await holds()); await wait(10))
    assert.ok(performance.now() - startMs < 10_000, what);
}

function sum(rows: readonly SessionTraffic[]) {
  const total = { eventsSent: 0, eventsReceived: 0, bytesSent: 0, bytesReceived: 0 };
  for (const row of rows) {
    total.eventsSent += row.eventsSent;
    total.eventsReceived += row.eventsReceived;
    total.bytesSent += row.bytesSent;
    total.bytesReceived += row.bytesReceived;
  }
  return total;
}

test("a sync is told with all that it moved, a ping moves bytes only", async (t) => {
  const { hub, clinic, server, syncs, traffic } = await start(t);
  await push(clinic, 5);
  await hub.push([{ payload: Uint8Array.of(1), lane: "to/clinic" }]);
  const summary = await clinic.sync({ hub: server.address });
  await until("the session ends", () => syncs.length === 1);
  const [sync] = syncs;
  assert.ok(sync !== undefined);
  assert.deepEqual([sync.peer, sync.endedBy, sync.code], ["clinic", "done", undefined]);
  assert.deepEqual([sync.eventsReceived, sync.eventsSent], [5, 1]);
  assert.deepEqual(sum(traffic), sum([sync]));
  // The clinic closes without waiting for the hub's last words.
  assert.ok(Math.abs(sync.bytesReceived - summary.bytesSent) < 200, `${sync.bytesReceived}`);
  assert.deepEqual(hub.meters.rows(), []);
  await clinic.ping({ hub: server.address, count: 1 });
  await until("the ping's bytes", () => sum(traffic).bytesReceived > sync.bytesReceived);
  assert.equal(syncs.length, 1);
});

test("a connection that stays open tells each stretch of work, and what needs a person", async (t) => {
  const { hub, clinic, server, syncs, traffic } = await start(t);
  const stop = new AbortController();
  const daemon = clinic.daemon({ hub: server.address, signal: stop.signal });
  const row = async (): Promise<NodeRow | undefined> =>
    (await hub.nodes()).find(({ node }) => node === "clinic");
  await until("the first rest", () => hub.meters.rows()[0]?.isResting === true);
  const before = syncs.length;
  await push(clinic, 3);
  await until("the push arrives", () => syncs.length > before && sum(traffic).eventsReceived === 3);
  assert.ok(syncs.every(({ endedBy }) => endedBy === "rest"));
  assert.equal((await row())?.events, 3);
  assert.deepEqual((await row())?.health?.troubles, []);
  clinic.log.mark({ kind: "alarm", id: "x", code: "Z507", text: "restored" }, Date.now(), () => {});
  await until("the alarm", async () => (await row())?.health?.troubles.includes("Z507") === true);
  assert.equal((await row())?.connected, true);
  clinic.log.mark({ kind: "alarmAck", id: "x" }, Date.now(), () => {});
  await until("the all-clear", async () => (await row())?.health?.troubles.length === 0);
  stop.abort();
  await daemon;
  await until("the end", () => hub.meters.rows().length === 0);
  const told = await row();
  assert.deepEqual([told?.connected, told?.health?.troubles], [false, []]);
  assert.ok(Math.abs(told?.clockDifferenceMs ?? 1e9) < 5000);
});
