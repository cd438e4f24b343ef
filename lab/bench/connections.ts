/**
 * What the session costs around the events: connections with a ticket and without,
 * one that is still open, one that is idle, a vector of many streams; in bytes on the
 * TCP socket as the link counts them, both directions, TLS included unless it says
 * otherwise, and in round trips. In one process: commands would only take longer.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createNode,
  createPair,
  pushMany,
  startMs,
  sync,
} from "../../src/core/session/session.test-kit.ts";
import { createNode as createDirectory, openNode, signNode } from "../../src/engine/index.ts";
import type { LocalNode } from "../../src/engine/index.ts";
import { clinicEvents, takeEvents } from "../clinic-events.ts";
import { waitUntil } from "../command.ts";
import { startLink } from "../link.ts";
import type { Link } from "../link.ts";
import type { BenchContext, Figure } from "./section.ts";

/** A TLS record around a PING or a PONG of three bytes. */
const pingBytes = 25;
const hourMs = 3_600_000;
const waitMs = 60_000;
/** Long beside what this machine takes for anything. */
const delayMs = 300;

interface Cost {
  readonly up: number;
  readonly down: number;
  /** From SYN, or from the push, to the acknowledgement. */
  readonly roundTrips: number;
}

function total({ up, down }: Cost): number {
  return up + down;
}

interface Place {
  readonly clinic: LocalNode;
  readonly dir: string;
  readonly link: Link;
  push(count: number): Promise<void>;
}

async function costOf(link: Link, task: () => Promise<number>): Promise<Cost> {
  const before = link.counters();
  const tookMs = await task();
  // The last goodbye is still on its way.
  await sleep(delayMs * 4);
  const now = link.counters();
  return {
    up: now.upBytes - before.upBytes,
    down: now.downBytes - before.downBytes,
    roundTrips: Math.round((tookMs * 10) / (2 * delayMs)) / 10,
  };
}

function syncCost({ clinic, link }: Place): Promise<Cost> {
  return costOf(link, async () => {
    const startedMs = performance.now();
    let confirmedMs = 0;
    await clinic.sync({
      hub: link.address,
      onProgress: ({ eventsConfirmed }) => {
        if (eventsConfirmed > 0) confirmedMs ||= performance.now();
      },
    });
    return (confirmedMs || performance.now()) - startedMs;
  });
}

/** Ten visits over a connection that a daemon keeps. */
async function openCost(place: Place): Promise<Cost> {
  const stop = new AbortController();
  let syncedMs = 0;
  let synced = 0;
  const running = place.clinic.daemon({
    hub: place.link.address,
    signal: stop.signal,
    onCycle: () => {
      synced++;
      syncedMs = performance.now();
    },
  });
  await waitUntil(() => synced === 1, waitMs);
  const cost = await costOf(place.link, async () => {
    await place.push(10);
    const pushedMs = performance.now();
    await waitUntil(() => synced === 2, waitMs);
    return syncedMs - pushedMs;
  });
  stop.abort();
  await running;
  return cost;
}

async function onSockets({ scratch, scale }: BenchContext): Promise<readonly Figure[]> {
  const hubDir = join(scratch, "connections", "hub");
  const dir = join(scratch, "connections", "clinic_a");
  await createDirectory({ dir: hubDir, isHub: true });
  await createDirectory({ dir });
  await signNode({ csrPath: join(dir, "tls", "node.csr"), hubDir });
  const hub = await openNode({ dataDir: hubDir });
  const { port } = await hub.serve({ bind: "127.0.0.1:0" });
  const link = await startLink({ to: { port }, delayMs });
  const clinic = await openNode({ dataDir: dir });
  const supply = clinicEvents("visit", 5);
  const push = async (count: number): Promise<void> => {
    const events = takeEvents(supply, count);
    const encoder = new TextEncoder();
    await clinic.push(events.map(({ payload }) => ({ payload: encoder.encode(payload), type: 2 })));
  };
  const place = { clinic, dir, link, push };
  await push(Math.max(1000, Math.round(5000 * scale)));
  await syncCost(place);
  await syncCost(place);
  const nothing = await syncCost(place);
  await push(10);
  const ten = await syncCost(place);
  rmSync(join(dir, "tls", "tickets"), { recursive: true, force: true });
  const full = await syncCost(place);
  await push(10);
  await syncCost(place);
  const open = await openCost(place);
  await clinic.close();
  await hub.close();
  await link.close();
  return [
    { name: "nothing to do, with a ticket, up, B", value: nothing.up, bound: { atMost: 1023 } },
    { name: "nothing to do, with a ticket, down, B", value: nothing.down },
    { name: "nothing to do, with a ticket, B", value: total(nothing), bound: { atMost: 1500 } },
    { name: "nothing to do, without a ticket, up, B", value: full.up },
    { name: "nothing to do, without a ticket, down, B", value: full.down },
    { name: "10 visits, with a ticket, B", value: total(ten), bound: { atMost: 1850 } },
    { name: "10 visits, with a ticket, round trips", value: ten.roundTrips },
    { name: "10 visits, open connection, B", value: total(open), bound: { atMost: 400 } },
    { name: "10 visits, open connection, round trips", value: open.roundTrips },
  ];
}

/** The hub of 10,000 streams under policy `all`, in virtual time. */
function manyStreams({ scale }: BenchContext): Figure {
  const clinic = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const other = createNode("hub2", "hub", 9);
  pushMany(clinic, 5);
  const count = Math.round(10_000 * scale);
  for (let at = 0; at < count; at++) pushMany(other, 1, { lane: `lane${at}` });
  sync(hub, other, { policy: "all" });
  for (let round = 0; round < 3; round++) sync(clinic, hub, { policy: "all" });
  const { initiator, responder } = sync(clinic, hub, { policy: "all" });
  return {
    name: `nothing to do, ${count} streams, policy all, without TLS, B`,
    value: initiator.sentBytes + responder.sentBytes,
    bound: { atMost: 400 },
  };
}

/** An hour in which nothing happens, in virtual time. */
function idleHour(): Figure {
  const clinic = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(clinic, 5);
  const keepOpen = { keepOpen: true };
  const pair = createPair(clinic, hub, { latencyMs: 600, from: keepOpen, to: keepOpen });
  pair.run(startMs + 60_000);
  const before = pair.traces.length;
  pair.continue(startMs + 60_000 + hourMs);
  return {
    name: "an open connection, an hour idle, B",
    value: (pair.traces.length - before) * pingBytes,
    bound: { atMost: 2048 },
  };
}

export async function connections(context: BenchContext): Promise<readonly Figure[]> {
  return [...(await onSockets(context)), manyStreams(context), idleHour()];
}
