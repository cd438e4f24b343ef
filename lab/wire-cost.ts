/**
 * What events cost on the wire without TLS, without a link and without waiting: two
 * whole sessions over logs in memory, every frame of both directions counted. Byte
 * counts depend on nothing but the corpus, so they can be compared exactly.
 *
 * Clocks are those of a clinic at work: an event is pushed some milliseconds after the
 * time that it carries.
 */
import { spawnSync } from "node:child_process";
import { FrameReader } from "../src/core/codec/frame-reader.ts";
import { textToUtf8 } from "../src/core/bytes.ts";
import { frameCodes } from "../src/core/codec/frame-types.ts";
import type { Log } from "../src/core/log/api.ts";
import { createLog } from "../src/core/log/open.ts";
import type { CodecName } from "../src/core/session/codec-choice.ts";
import type { PeerState } from "../src/core/session/peer-state.ts";
import { nodeCompressor } from "../src/storage/node-compressor.ts";
import { nodeCrypto } from "../src/storage/node-crypto.ts";
import { MemoryStore } from "../src/testing/memory-store.ts";
import { createSeededRandom } from "../src/testing/seeded-random.ts";
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import { SessionPair } from "../src/testing/session-pair.ts";
import { clinicEvents, takeEvents } from "./clinic-events.ts";
import type { ClinicEvent, EventKind } from "./clinic-events.ts";

/** A level, by name and by the codecs that both ends read. */
export interface WireLevel {
  readonly name: string;
  readonly codec: CodecName;
  readonly codecs?: number;
}

export const wireLevels: readonly WireLevel[] = [
  { name: "rows, zstd (version before)", codec: "zstd", codecs: 0b11 },
  { name: "tokens, small", codec: "tokens", codecs: 0b110011 },
  { name: "tokens (level 1)", codec: "tokens" },
  { name: "mix, small", codec: "mix", codecs: 0b110011 },
  { name: "mix (level 2)", codec: "mix" },
];

export interface WireCost {
  /** Bytes an event, all frames of both directions. */
  readonly backlog: number;
  /** Of ten events in a session of their own, primed, without HELLO and VECTOR. */
  readonly tenMore: number;
  /** Bytes of ten events in a session that is still open: frames only, both directions. */
  readonly tenMoreOpenBytes: number;
}

interface Side {
  readonly id: string;
  readonly log: Log;
  readonly store: MemoryStore;
  state: PeerState | undefined;
}

function createSide(id: string, startMs: number): Side {
  const store = new MemoryStore({ syncs: "queued" });
  const log = createLog({ store, crypto: nodeCrypto, nodeId: id, epoch: 7, wallMs: startMs });
  return { id, log, store, state: undefined };
}

function push(side: Side, events: readonly ClinicEvent[], random: SeededRandom): number {
  let nowMs = 0;
  for (const { type, payload, atMs } of events) {
    nowMs = atMs + random.between(2, 30);
    side.log.push([{ lane: "", type, payload: textToUtf8(payload) }], nowMs, () => {});
  }
  side.store.runSyncs();
  return nowMs;
}

function connect(from: Side, to: Side, level: WireLevel, startMs: number): SessionPair {
  const codecs = level.codecs === undefined ? {} : { codecs: level.codecs };
  const options = (self: Side, peer: Side, role: "clinic" | "hub", peerRole: "clinic" | "hub") => ({
    self: { nodeId: self.id, role },
    peer: { nodeId: peer.id, role: peerRole, keyFingerprint: new Uint8Array(32) },
    policy: "own" as const,
    keepOpen: true,
    codec: level.codec,
    ...codecs,
  });
  return new SessionPair({
    initiator: {
      log: from.log,
      options: options(from, to, "clinic", "hub"),
      peerState: from.state,
    },
    responder: { log: to.log, options: options(to, from, "hub", "clinic"), peerState: to.state },
    crypto: nodeCrypto,
    compressor: nodeCompressor,
    startMs,
    latencyMs: 300,
    rateBytesPerS: 30_000,
    settle: () => {
      const hadSyncs = from.store.pendingSyncs + to.store.pendingSyncs > 0;
      from.store.runSyncs();
      to.store.runSyncs();
      return hadSyncs;
    },
  });
}

/** Says goodbye, and keeps what both sides know of one another. */
function finish(pair: SessionPair, from: Side, to: Side): void {
  pair.feed(pair.initiator, { kind: "finish" });
  pair.continue();
  from.state = pair.initiator.savedState;
  to.state = pair.responder.savedState;
}

/** Bytes of HELLO and VECTOR in what both ends have sent. */
function greetingBytes(pair: SessionPair): number {
  let bytes = 0;
  for (const { received } of [pair.initiator, pair.responder]) {
    const reader = new FrameReader();
    for (const part of received) reader.append(part);
    for (let cut = reader.next(); cut.kind === "frame"; cut = reader.next()) {
      const code = cut.bytes[0];
      if (code === frameCodes.hello || code === frameCodes.vector)
        bytes += cut.bytes.length + (cut.bytes.length < 128 ? 1 : 2);
    }
  }
  return bytes;
}

function totalBytes(pair: SessionPair): number {
  return pair.initiator.sentBytes + pair.responder.sentBytes;
}

/** Ten events differ from ten others by more than levels do. */
const rounds = 5;

export function measureWire(kind: EventKind, level: WireLevel, count: number): WireCost {
  const supply = clinicEvents(kind, 5);
  const random = createSeededRandom(5);
  const first = takeEvents(supply, count);
  const startMs = (first[0]?.atMs ?? 0) - 60_000;
  const [clinic, hub] = [createSide("clinic_a", startMs), createSide("hub", startMs)];
  let nowMs = push(clinic, first, random) + 60_000;
  const whole = connect(clinic, hub, level, nowMs).run(nowMs + 3_600_000);
  finish(whole, clinic, hub);
  let newBytes = 0;
  let openBytes = 0;
  for (let round = 0; round < rounds; round++) {
    nowMs = push(clinic, takeEvents(supply, 10), random) + 5000;
    const more = connect(clinic, hub, level, nowMs).run(nowMs + 60_000);
    newBytes += totalBytes(more) - greetingBytes(more);
    nowMs = Math.max(nowMs + 90_000, push(clinic, takeEvents(supply, 10), random));
    more.continue(nowMs);
    // What an idle hour costs is measured elsewhere.
    const before = totalBytes(more);
    more.logChanged(more.initiator);
    more.continue(nowMs + 3000);
    openBytes += totalBytes(more) - before;
    finish(more, clinic, hub);
  }
  const index = hub.log.findStream({ node: "clinic_a", epoch: 7, lane: "" });
  if (index === undefined || hub.log.streamHead(index) !== count + rounds * 20)
    throw new Error(`the hub lacks events after ${kind}, ${level.name}`);
  return {
    backlog: totalBytes(whole) / count,
    tenMore: newBytes / rounds / 10,
    tenMoreOpenBytes: openBytes / rounds,
  };
}

export interface CorpusSize {
  readonly raw: number;
  /** By `xz -9e` over all payloads, one a line; undefined where there is no xz. */
  readonly xz: number | undefined;
}

/** Bytes an event of the same corpus. */
export function measureCorpus(kind: EventKind, count: number): CorpusSize {
  const payloads = takeEvents(kind, count, 5).map(({ payload }) => payload);
  const all = Buffer.from(payloads.join("\n"));
  const xz = spawnSync("xz", ["-9e", "-c"], { input: all, maxBuffer: 64 * 1024 * 1024 });
  const isThere = xz.error === undefined && xz.status === 0;
  return { raw: all.length / count, xz: isThere ? xz.stdout.length / count : undefined };
}
