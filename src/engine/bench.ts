/**
 * `zamsync bench`: what this very device does, measured on a hub and a clinic
 * made for the purpose in a scratch folder that is removed afterwards.
 *
 * Two ceilings are measured in the same run, so that the figures mean
 * something on any machine: the same events merely sealed, and bare appends
 * with fdatasync.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { nodeCrypto } from "../storage/node-crypto.ts";
import type { PushInput } from "./api.ts";
import { openNode } from "./index.ts";
import type { LocalNode } from "./local-node.ts";
import { makeHubAndClinic, type ScratchNodes } from "./scratch-nodes.ts";

export interface BenchInput {
  /** The scratch folder is made in here. */
  readonly dir: string;
  readonly events: number;
  readonly payloadBytes: number;
  readonly onPhase?: (phase: string) => void;
  readonly signal?: AbortSignal;
}

/** Rates are per second; `null` where this system does not tell. */
export interface BenchResult {
  readonly events: number;
  readonly payloadBytes: number;
  /** The same events merely sealed, nothing written: the ceiling. */
  readonly sealEventsPerS: number;
  readonly appendEventsPerS: number;
  readonly singlePushesPerS: number;
  /** Bare append and fdatasync of a record of that size: the ceiling of single pushes. */
  readonly bareSyncsPerS: number;
  readonly openMs: number;
  readonly openBytesRead: number | null;
  readonly syncMs: number;
  readonly syncEventsPerS: number;
  readonly logBytesPerEvent: number;
  readonly wireBytesPerEvent: number;
  readonly idleSyncBytesUp: number;
  readonly idleSyncBytesDown: number;
  readonly peakMemoryBytes: number;
}

const groupEventsMax = 4096;
const groupBytesMax = 1024 * 1024;
/** Single pushes are measured for this long, or this many. */
const singleMsMax = 3000;
const singleCountMax = 2000;
const sealCountMax = 50_000;

/** Rejects with what a step rejects with, or with the signal's reason; the scratch folder is gone then too. */
export async function runBench(input: BenchInput): Promise<BenchResult> {
  const scratch = await mkdtemp(join(input.dir, "zamsync-bench-"));
  const phase = (name: string): void => {
    input.signal?.throwIfAborted();
    input.onPhase?.(name);
  };
  try {
    phase("sealing");
    const sealedBefore = measureSealing(input);
    phase("syncing bare appends");
    const bareSyncsPerS = await measureBareSyncs(join(scratch, "bare"), input.payloadBytes);
    const dirs = await makeHubAndClinic(scratch);
    const log = await measureLog(dirs.clinic, input, phase);
    // Before and after, because a shared or throttled processor changes its pace.
    const sealedAfter = measureSealing(input);
    phase("syncing");
    const sync = await measureSync(dirs, input.events);
    return {
      events: input.events,
      payloadBytes: input.payloadBytes,
      sealEventsPerS: Math.round((sealedBefore + sealedAfter) / 2),
      bareSyncsPerS,
      ...log,
      ...sync,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function measureLog(dir: string, input: BenchInput, phase: (name: string) => void) {
  phase("appending");
  let node = await openNode({ dataDir: dir });
  const appendMs = await pushAll(node, input);
  const { walBytes, walRecords } = await node.status();
  phase("pushing one at a time");
  const singlePushesPerS = await measureSingles(node, input);
  await node.close();
  phase("reopening");
  const readBefore = bytesReadByProcess();
  const startedMs = performance.now();
  node = await openNode({ dataDir: dir });
  const openMs = performance.now() - startedMs;
  const readAfter = bytesReadByProcess();
  await node.close();
  return {
    appendEventsPerS: perSecond(input.events, appendMs),
    singlePushesPerS,
    logBytesPerEvent: tenths(walBytes / Math.max(1, walRecords)),
    openMs: tenths(openMs),
    openBytesRead: readBefore === null || readAfter === null ? null : readAfter - readBefore,
  };
}

/** Two groups in flight, as `push --stdin` does it. Events are made beforehand, and not counted. */
async function pushAll(node: LocalNode, input: BenchInput): Promise<number> {
  const random = seeded(1);
  const groupSize = Math.max(
    1,
    Math.min(groupEventsMax, Math.floor(groupBytesMax / input.payloadBytes)),
  );
  let spentMs = 0;
  let before: Promise<unknown> = Promise.resolve();
  for (let made = 0; made < input.events; made += groupSize) {
    input.signal?.throwIfAborted();
    const count = Math.min(groupSize, input.events - made);
    const group = Array.from({ length: count }, (_, at) =>
      visit(made + at, input.payloadBytes, random),
    );
    const startedMs = performance.now();
    const pushed = node.push(group);
    await before;
    spentMs += performance.now() - startedMs;
    before = pushed;
  }
  const startedMs = performance.now();
  await before;
  return spentMs + performance.now() - startedMs;
}

async function measureSingles(node: LocalNode, input: BenchInput): Promise<number> {
  const random = seeded(2);
  const startedMs = performance.now();
  let count = 0;
  while (count < singleCountMax && performance.now() - startedMs < singleMsMax) {
    await node.push([visit(count, input.payloadBytes, random)]);
    count++;
  }
  return perSecond(count, performance.now() - startedMs);
}

async function measureBareSyncs(path: string, sizeBytes: number): Promise<number> {
  const file = await open(path, "w");
  const bytes = randomBytes(sizeBytes);
  const startedMs = performance.now();
  let count = 0;
  while (count < singleCountMax && performance.now() - startedMs < singleMsMax) {
    await file.write(bytes);
    await file.datasync();
    count++;
  }
  const ms = performance.now() - startedMs;
  await file.close();
  return perSecond(count, ms);
}

function measureSealing(input: BenchInput): number {
  const count = Math.min(input.events, sealCountMax);
  const key = nodeCrypto.importKey(nodeCrypto.randomBytes(32));
  const aad = nodeCrypto.randomBytes(32);
  const random = seeded(3);
  const events = Array.from({ length: Math.min(count, 1000) }, (_, at) =>
    visit(at, input.payloadBytes, random),
  );
  const out = new Uint8Array(input.payloadBytes + 64);
  const startedMs = performance.now();
  for (let at = 0; at < count; at++) {
    const plaintext = events[at % events.length]?.payload ?? aad;
    nodeCrypto.seal(key, { nonce: nodeCrypto.randomBytes(12), aad, plaintext }, out, 0);
  }
  return perSecond(count, performance.now() - startedMs);
}

async function measureSync(dirs: ScratchNodes, events: number) {
  const hub = await openNode({ dataDir: dirs.hub });
  const clinic = await openNode({ dataDir: dirs.clinic });
  try {
    const server = await hub.serve({ bind: "127.0.0.1:0" });
    const first = await clinic.sync({ hub: server.address });
    const idle = await clinic.sync({ hub: server.address });
    const moved = Math.max(1, first.eventsConfirmed, events);
    return {
      syncMs: first.durationMs,
      syncEventsPerS: perSecond(moved, first.durationMs),
      wireBytesPerEvent: tenths((first.bytesSent + first.bytesReceived) / moved),
      idleSyncBytesUp: idle.bytesSent,
      idleSyncBytesDown: idle.bytesReceived,
    };
  } finally {
    await clinic.close();
    await hub.close();
  }
}

function perSecond(count: number, ms: number): number {
  return Math.round((count * 1000) / Math.max(ms, 0.001));
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** What read calls have returned so far (Linux, proc(5)), cached pages included. */
function bytesReadByProcess(): number | null {
  try {
    const found = /^rchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}

/** Numerical Recipes' generator: the same events in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

const words =
  "fever cough stable referred review malaria negative positive follow-up dose tablets week".split(
    " ",
  );

/** A visit's JSON of exactly `sizeBytes` bytes (or a bare string, where that is too small for it). */
function visit(index: number, sizeBytes: number, random: () => number): PushInput {
  const at = new Date(Date.UTC(2026, 0, 1) + index * 61_000).toISOString();
  const head = `{"patient_id":"BT-${String(Math.floor(random() * 5000)).padStart(4, "0")}","event":"visit","at":"${at}","temperature":${(36 + random() * 4).toFixed(1)},"note":"`;
  let text = head.length + 2 <= sizeBytes ? head : '"';
  const tail = text === '"' ? '"' : '"}';
  while (text.length + tail.length < sizeBytes)
    text += `${words[Math.floor(random() * words.length)]} `;
  return { payload: Buffer.from(text.slice(0, sizeBytes - tail.length) + tail) };
}
