/**
 * A daemon and its hub on real sockets, through a link that counts: the connection
 * stays, what is pushed at either end crosses at once, and others who need the hub
 * meanwhile get it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { waitUntil } from "../lab/command.ts";
import { type Link, startLink } from "../lab/link.ts";
import { clinicEvents, takeEvents } from "../lab/clinic-events.ts";
import {
  connectNode,
  createNode,
  type DaemonCycle,
  type DaemonInput,
  type LocalNode,
  openNode,
  signNode,
} from "../src/engine/index.ts";
import type { RunningServer } from "../src/engine/api.ts";
import { createScratch, type Scratch } from "./identities.ts";

const waitMs = 30_000;
const text = (payload: string): Uint8Array => new TextEncoder().encode(payload);

let scratch: Scratch;
let hub: LocalNode;
let server: RunningServer;
let nextClinic = 1;

const hubDir = (): string => join(scratch.dir, "hub");

before(async () => {
  scratch = createScratch();
  await createNode({ dir: hubDir(), isHub: true });
  hub = await openNode({ dataDir: hubDir() });
  await hub.serveSocket();
  server = await hub.serve({ bind: "127.0.0.1:0" });
});

after(async () => {
  await hub.close();
  scratch.remove();
});

interface Clinic {
  readonly node: LocalNode;
  readonly dir: string;
  readonly link: Link;
  readonly cycles: DaemonCycle[];
  readonly synced: () => number;
  stop(): Promise<void>;
}

/** A clinic whose daemon runs in this process, behind a link of its own. */
async function startClinic(input: Partial<DaemonInput> = {}): Promise<Clinic> {
  const name = `clinic-${nextClinic++}`;
  const dir = join(scratch.dir, name);
  await createNode({ dir });
  await signNode({ csrPath: join(dir, "tls", "node.csr"), hubDir: hubDir() });
  const link = await startLink({ to: { port: server.port } });
  const node = await openNode({ dataDir: dir });
  await node.serveSocket();
  const cycles: DaemonCycle[] = [];
  const stop = new AbortController();
  const running = node.daemon({
    hub: link.address,
    ...input,
    signal: stop.signal,
    onCycle: (cycle) => cycles.push(cycle),
  });
  const synced = (): number => cycles.filter((cycle) => cycle.kind === "synced").length;
  await waitUntil(() => cycles.length > 0, waitMs);
  return {
    node,
    dir,
    link,
    cycles,
    synced,
    stop: async () => {
      stop.abort();
      await running;
      await node.close();
      await link.close();
    },
  };
}

async function pushed(node: LocalNode, lane = ""): Promise<void> {
  await node.push([{ payload: text(`{"at":${performance.now()}}`), lane }]);
}

/** How many events of the clinic the hub holds. */
async function heldOf(name: string): Promise<number> {
  return (await hub.pull({ node: name, limit: 10_000 })).length;
}

describe("a daemon", () => {
  test("sends a push at once over the connection that it keeps, and is sent what the hub addresses to it", async () => {
    const clinic = await startClinic();
    const name = (await clinic.node.status()).nodeId;
    for (let round = 1; round <= 5; round++) {
      await pushed(clinic.node, round === 3 ? "urgent" : "");
      await waitUntil(() => clinic.synced() > round, waitMs);
      assert.equal(await heldOf(name), round);
    }
    await pushed(hub, `to/${name}/urgent`);
    await waitUntil(() => clinic.synced() > 6, waitMs);
    assert.equal((await clinic.node.pull({ node: "hub" })).length, 1);
    const last = clinic.cycles.at(-1);
    assert.ok(last?.kind === "synced" && last.summary.eventsReceived === 1);
    assert.equal(clinic.link.counters().connections.length, 1, "one connection for all of it");
    const status = await clinic.node.status();
    assert.deepEqual([status.pending, status.lastSync?.result], [0, "complete"]);
    assert.equal(status.peers[0]?.connected, true);
    const atHub = async () => (await hub.status()).peers.find(({ peer }) => peer === name);
    // The clinic's last acknowledgement may still be on its way.
    while ((await atHub())?.pendingOut !== 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal((await atHub())?.connected, true);
    await clinic.stop();
    while ((await atHub())?.connected !== false)
      await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test("moves ten visits over an open connection in one round trip and a few hundred bytes", async (t) => {
    const clinic = await startClinic();
    const supply = clinicEvents("visit", 7);
    const push = async (count: number): Promise<void> => {
      const events = takeEvents(supply, count);
      await clinic.node.push(events.map(({ payload }) => ({ payload: text(payload), type: 2 })));
    };
    await push(300);
    await waitUntil(() => clinic.synced() > 1, waitMs);
    const before = clinic.link.counters();
    await push(10);
    await waitUntil(() => clinic.synced() > 2, waitMs);
    const now = clinic.link.counters();
    const up = now.upBytes - before.upBytes;
    const down = now.downBytes - before.downBytes;
    t.diagnostic(`ten visits over an open connection: ${up} up, ${down} down`);
    // Zstd takes about 730 of this for ten visits.
    assert.ok(up + down < 950, `${up} up, ${down} down`);
    assert.equal(now.connections.length, 1);
    await clinic.stop();
  });

  test("takes a push and a sync of other processes over the same connection", async () => {
    const clinic = await startClinic();
    const other = await connectNode({ dataDir: clinic.dir });
    await other.push([{ payload: text("{}") }]);
    const summary = await other.sync({});
    assert.equal(summary.complete, true);
    assert.equal(await heldOf((await clinic.node.status()).nodeId), 1);
    assert.equal(clinic.link.counters().connections.length, 1);
    assert.ok(summary.bytesSent + summary.bytesReceived < 400, "no handshake of its own");
    // Limits are for a connection of its own: the daemon steps aside, and comes back.
    const limited = await other.sync({ maxBytes: 100_000 });
    assert.equal(limited.complete, true);
    await waitUntil(() => clinic.link.counters().connections.length === 3, waitMs);
    const before = clinic.synced();
    await other.push([{ payload: text("{}") }]);
    await waitUntil(() => clinic.synced() > before, waitMs);
    await other.close();
    await clinic.stop();
  });

  test("connects again after a cut and after a restart of the hub, and sends what waited", async () => {
    const clinic = await startClinic();
    const name = (await clinic.node.status()).nodeId;
    const isUp = async () => (await clinic.node.status()).peers[0]?.connected === true;
    assert.equal(await isUp(), true);
    assert.equal(clinic.link.cut("rst"), 1);
    // Only then is nothing under way: what is pushed meanwhile would go out on the dead connection.
    while (await isUp()) await new Promise((resolve) => setTimeout(resolve, 1));
    await pushed(clinic.node);
    await waitUntil(() => clinic.cycles.some((cycle) => cycle.kind === "failed"), waitMs);
    const down = await clinic.node.status();
    assert.equal(down.peers[0]?.connected, false);
    assert.equal(down.lastSync?.result, "complete", "nothing was under way when the link was cut");
    await waitUntil(() => clinic.synced() === 2, waitMs);
    assert.equal(await heldOf(name), 1);
    await server.close();
    await waitUntil(() => clinic.cycles.at(-1)?.kind === "failed", waitMs);
    await pushed(clinic.node);
    server = await hub.serve({ bind: `127.0.0.1:${server.port}` });
    await waitUntil(() => clinic.synced() === 3, waitMs);
    assert.equal(await heldOf(name), 2);
    await clinic.stop();
  });

  test("stays within the day's bytes, also after a restart", async () => {
    const dailyBytes = 20_000;
    const clinic = await startClinic({ dailyBytes });
    const random = clinicEvents("fhir", 3);
    const payloads = takeEvents(random, 600).map(({ payload }) => ({ payload: text(payload) }));
    await clinic.node.push(payloads);
    await waitUntil(() => clinic.cycles.some((cycle) => cycle.kind === "waiting"), waitMs);
    const { upBytes, downBytes } = clinic.link.counters();
    assert.ok(upBytes + downBytes <= dailyBytes + 500, `${upBytes} up, ${downBytes} down`);
    assert.ok(upBytes + downBytes > dailyBytes / 2, `${upBytes} up, ${downBytes} down`);
    const { address } = clinic.link;
    await clinic.stop();
    const again = await openNode({ dataDir: clinic.dir });
    const stop = new AbortController();
    const cycles: DaemonCycle[] = [];
    const onCycle = (cycle: DaemonCycle): void => {
      cycles.push(cycle);
      stop.abort();
    };
    await again.daemon({ hub: address, dailyBytes, signal: stop.signal, onCycle });
    assert.equal(cycles[0]?.kind, "waiting");
    await again.close();
  });
});
