/** What the session's tests share: nodes over a fake log, a sync between two of them, and digests. */
import assert from "node:assert/strict";
import { nodeCompressor } from "../../storage/node-compressor.ts";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import { SentPlaces } from "../../testing/sent-places.ts";
import { type PairInput, SessionPair } from "../../testing/session-pair.ts";
import { bytesToHex, textToUtf8 } from "../bytes.ts";
import type { StreamId } from "../event.ts";
import type { Log } from "../log/api.ts";
import { createLog, openLog } from "../log/open.ts";
import { rangesContain } from "../vector/ranges.ts";
import type { Policy, Role, SessionOptions } from "./api.ts";
import { decodePeerState, encodePeerState, type PeerState } from "./peer-state.ts";

export const startMs = 1_760_000_000_000;

export interface TestNode {
  readonly id: string;
  readonly role: Role;
  log: Log;
  store: MemoryStore;
  states: Map<string, PeerState>;
}

export function createNode(id: string, role: Role, epoch = 0x1000 + id.length): TestNode {
  const store = new MemoryStore({ syncs: "queued" });
  const log = createLog({
    store,
    crypto: nodeCrypto,
    nodeId: id,
    epoch,
    wallMs: startMs - 3_600_000,
  });
  return { id, role, log, store, states: new Map() };
}

/** Lets the fake disk finish. */
export function settle(node: TestNode): boolean {
  const hadSyncs = node.store.pendingSyncs > 0;
  node.store.runSyncs();
  return hadSyncs;
}

function open(node: Pick<TestNode, "id" | "store">): Log {
  return openLog({
    store: node.store,
    crypto: nodeCrypto,
    nodeId: node.id,
    wallMs: startMs,
    confirmed: [],
  }).log;
}

/** A second device from this one's card as it is now. */
export function cloneNode(node: TestNode): TestNode {
  settle(node);
  const store = node.store.copy();
  return { ...node, store, log: open({ id: node.id, store }), states: new Map(node.states) };
}

/** Closes, flips a bit in the payload of each of these events on the card, and opens again. */
export function damage(node: TestNode, stream: StreamId, from: number, to: number): void {
  damageMany(
    node,
    stream,
    Array.from({ length: to - from + 1 }, (_, i) => from + i),
  );
}

export function damageMany(node: TestNode, stream: StreamId, seqs: readonly number[]): void {
  const index = node.log.findStream(stream) ?? -1;
  const payloads: Uint8Array[] = [];
  for (const seq of seqs) {
    const event = node.log.readStream(index, seq, { events: 1, bytes: 1 })[0];
    assert.ok(event !== undefined && event.seq === seq, `event ${seq} is there to be damaged`);
    const piece = node.log.readPayload(index, seq, { offset: 0, sizeBytes: 256 });
    payloads.push(piece ?? assert.fail("its payload can be read"));
  }
  node.log.close();
  for (const payload of payloads) flipWhere(node.store, payload);
  node.log = open(node);
  const { head, holes } = node.log.stream(node.log.findStream(stream) ?? -1);
  for (const seq of seqs)
    assert.ok(seq > head || rangesContain(holes, seq), `event ${seq} is gone`);
}

function flipWhere(store: MemoryStore, bytes: Uint8Array): void {
  for (const [name, content] of store.dump()) {
    const at = name.endsWith(".seg") ? Buffer.from(content).indexOf(bytes) : -1;
    if (at < 0) continue;
    store.flip(name, at + 2);
    return;
  }
  assert.fail("the payload is in no segment");
}

export function fingerprintOf(id: string): Uint8Array {
  return nodeCrypto.sha256(textToUtf8(`key of ${id}`));
}

let pushed = 0;

/** Payloads are all different, so that one can be told from another on the card and on the wire. */
export function pushMany(
  node: TestNode,
  count: number,
  input: { readonly lane?: string; readonly tag?: string; readonly atMs?: number } = {},
): void {
  const { lane = "", tag = "visit", atMs = startMs - 60_000 } = input;
  for (let i = 0; i < count; i++) {
    const text = JSON.stringify({
      patient_id: `BT-${i % 97}`,
      event: tag,
      nr: ++pushed,
      note: "fever, follow up in two weeks",
    });
    node.log.push([{ lane, type: 1, payload: textToUtf8(text) }], atMs + i, () => {});
  }
  settle(node);
}

export interface SyncOptions
  extends Partial<Omit<PairInput, "initiator" | "responder" | "crypto" | "compressor">> {
  readonly policy?: Policy;
  readonly from?: Partial<SessionOptions>;
  readonly to?: Partial<SessionOptions>;
  readonly fromOffsetMs?: number;
}

export function createPair(from: TestNode, to: TestNode, options: SyncOptions = {}): SessionPair {
  const { policy = "own", from: fromOptions, to: toOptions, fromOffsetMs, ...rest } = options;
  const base = (self: TestNode, peer: TestNode) => ({
    self: { nodeId: self.id, role: self.role },
    peer: { nodeId: peer.id, role: peer.role, keyFingerprint: fingerprintOf(peer.id) },
    policy,
    keepOpen: false,
  });
  return new SessionPair({
    initiator: {
      log: from.log,
      options: { ...base(from, to), ...fromOptions },
      peerState: from.states.get(to.id),
      clockOffsetMs: fromOffsetMs ?? 0,
    },
    responder: {
      log: to.log,
      options: { ...base(to, from), ...toOptions },
      peerState: to.states.get(from.id),
    },
    crypto: nodeCrypto,
    compressor: nodeCompressor,
    startMs,
    settle: () => {
      const a = settle(from);
      const b = settle(to);
      return a || b;
    },
    ...rest,
  });
}

/** Keeps what each side saved, through its codec as a host would. */
export function keepStates(pair: SessionPair, from: TestNode, to: TestNode): void {
  for (const [node, peer, end] of [
    [from, to, pair.initiator],
    [to, from, pair.responder],
  ] as const) {
    if (end.savedState === undefined) continue;
    const decoded = decodePeerState(encodePeerState(end.savedState));
    assert.ok(decoded !== undefined, "saved state decodes");
    assert.deepEqual(encodePeerState(decoded), encodePeerState(end.savedState));
    node.states.set(peer.id, decoded);
  }
}

export function sync(from: TestNode, to: TestNode, options: SyncOptions = {}): SessionPair {
  const pair = createPair(from, to, options).run();
  keepStates(pair, from, to);
  return pair;
}

export function syncUntilComplete(from: TestNode, to: TestNode): void {
  for (let i = 0; i < 4; i++) if (sync(from, to).summaries().initiator.isComplete) return;
  assert.fail("does not complete");
}

/** (node, epoch, lane, seq, payload) of every readable event. */
export function digestOf(
  node: TestNode,
  filter: (author: string, lane: string) => boolean = () => true,
): readonly string[] {
  const out: string[] = [];
  const { log } = node;
  for (let index = 0; index < log.streamCount; index++) {
    const { id, head } = log.stream(index);
    if (!filter(id.node, id.lane)) continue;
    for (let seq = 1; seq <= head; seq++) {
      const event = log.readStream(index, seq, { events: 1, bytes: 1 })[0];
      if (event === undefined || event.seq !== seq) continue;
      const payload = event.isFragmented
        ? log.readPayload(index, seq, { offset: 0, sizeBytes: event.payloadSize })
        : event.payload;
      out.push(
        `${id.node} ${id.epoch} ${id.lane} ${seq} ${bytesToHex(nodeCrypto.sha256(payload ?? new Uint8Array(0))).slice(0, 16)}`,
      );
    }
  }
  return out.sort();
}

/** Frame types in order, one letter for the direction. */
export function traceOf(pair: SessionPair): string {
  return pair.traces
    .map((trace) => `${trace.from === "initiator" ? ">" : "<"}${trace.frame.type}`)
    .join(" ");
}

export function codesOf(reports: readonly { readonly code: string }[]): readonly string[] {
  return reports.map((report) => report.code);
}

/** Events sent in batches, ranges and fragments by one side, as (stream, seq) texts; the streams by number of this session. */
export function sentSeqs(pair: SessionPair, from: "initiator" | "responder"): readonly string[] {
  const seqs: string[] = [];
  const places = new SentPlaces();
  const nameOf = (number: number): string => {
    const id = places.streamOf(number);
    return id === undefined ? "nobody" : `${id.node} ${id.epoch} ${id.lane}`;
  };
  for (const { from: side, frame } of pair.traces) {
    if (side !== from || frame.type === "problem") continue;
    const carried = places.take(frame);
    if (frame.type === "fragment")
      seqs.push(`${nameOf(frame.stream)} ${frame.seq}@${frame.offset}`);
    if (carried === undefined) continue;
    for (let i = 0; i < carried.count; i++)
      seqs.push(`${nameOf(carried.stream)} ${carried.from + i}`);
  }
  return seqs;
}

/** A node of the version before BATCH: it reads raw and zstd rows. */
export const rowsOnly = { codecs: 3 } as const;
