/** Valid values of every kind that travels, for fuzzers to start from. */
import type { Ends, Frame } from "../../src/core/codec/frame-types.ts";
import type { EventContent } from "../../src/core/event.ts";
import type { VectorEntry } from "../../src/core/vector/stream-table.ts";

export const ends: Ends = { sender: "clinic_a", receiver: "hub" };

const chain8 = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const chain16 = Uint8Array.from({ length: 16 }, (_, i) => i);
const own = { node: "clinic_a", epoch: 0xdeadbeef, lane: "" };

export const sampleEntries: readonly VectorEntry[] = [
  { id: own, head: 7, chain: chain8, holes: [] },
  { id: own, head: 0, chain: new Uint8Array(8), holes: [] },
  {
    id: { node: "far", epoch: 1, lane: "lab/x" },
    head: 90,
    chain: chain8,
    holes: [
      { from: 30, to: 33 },
      { from: 50, to: 60 },
    ],
    lost: [{ from: 40, to: 41 }],
    floor: { seq: 20, chain: chain8, byOrigin: true },
    partialBytes: 4096,
  },
  {
    id: { node: "hub", epoch: 0, lane: "to/clinic_a/urgent" },
    head: Number.MAX_SAFE_INTEGER,
    chain: chain8,
    holes: [{ from: 1, to: 2 ** 52 }],
  },
];

const event: EventContent = {
  seq: 1,
  hlc: { ms: 1_700_000_000_000, counter: 0 },
  type: 3,
  known: Uint8Array.of(0),
  payload: Uint8Array.of(123, 125),
};

export const sampleEvents: readonly (readonly EventContent[])[] = [1, 2, 5].map((count) =>
  Array.from({ length: count }, (_, i) => ({
    ...event,
    seq: i + 1,
    hlc: { ms: event.hlc.ms + i * 1000, counter: 5 - i },
    known: i === 2 ? Uint8Array.of(1, 2, 3) : Uint8Array.of(0),
    payload: new Uint8Array(i * 9).fill(65 + i),
  })),
);

export const sampleFrames: readonly Frame[] = [
  {
    type: "hello",
    version: 1,
    versionOldest: 1,
    nodeId: "clinic_a",
    logId: chain16,
    wallMs: 1_700_000_000_000,
    codecs: 3,
    keepsOpen: true,
    isPingOnly: false,
    offersAll: false,
    receiveBytesMax: 10_000,
    vector: { ordinal: 3, digest: chain8 },
    base: { ordinal: 2, digest: chain8 },
    entryCount: 1,
    held: { ordinal: 9, digest: chain8 },
    health: {
      version: "0.1.0",
      diskFreeBytes: 2 ** 40,
      damagedCount: 1,
      quarantinedCount: 0,
      clockCode: "Z517",
      certDaysLeft: -3,
    },
  },
  {
    type: "hello",
    version: 1,
    versionOldest: 1,
    nodeId: "hub",
    logId: chain16,
    wallMs: 0,
    codecs: 1,
    keepsOpen: false,
    isPingOnly: true,
    offersAll: true,
    vector: { ordinal: 1, digest: chain8 },
    entryCount: 0,
  },
  { type: "vector", purpose: "hello", remaining: 0, entries: sampleEntries },
  {
    type: "vector",
    purpose: "full",
    remaining: 3,
    mark: { ordinal: 4, digest: chain8 },
    entries: sampleEntries.slice(2, 3),
  },
  { type: "needVector" },
  { type: "stream", id: { node: "clinic_a", epoch: 5, lane: "to/hub" } },
  {
    type: "range",
    stream: 0,
    from: 1,
    count: 2,
    chainBefore8: chain8,
    chainAfter8: chain8,
    codec: 0,
    rawBytes: 3,
    block: Uint8Array.of(1, 2, 3),
  },
  {
    type: "fragment",
    stream: 1,
    seq: 9,
    hlc: { ms: 1_700_000_000_000, counter: 3 },
    eventType: 7,
    known: Uint8Array.of(0),
    totalBytes: 100_000,
    offset: 4096,
    chainBefore8: chain8,
    chainAfter8: chain8,
    codec: 1,
    rawBytes: 4096,
    block: Uint8Array.of(9, 9),
  },
  {
    type: "ack",
    entries: [
      { stream: 0, seq: 64 },
      { stream: 3, seq: 2 ** 52, offset: 8192 },
    ],
  },
  { type: "refused", stream: 2, reason: "gap", seq: 7, head: 1, code: 0 },
  { type: "chainsQuery", id: own, low: 0, high: 0 },
  {
    type: "chains",
    id: own,
    head: 9,
    points: [
      { seq: 9, chain8 },
      { seq: 8, chain8 },
    ],
  },
  { type: "lost", stream: 0, from: 3, to: 5, chain: chain16 },
  { type: "floor", stream: 0, seq: 100, chain: chain16, byOrigin: true },
  { type: "prime", id: own, from: 1, to: 9, chain8 },
  { type: "noWindow" },
  { type: "done", isPartial: false },
  { type: "ping", nonce: 1 },
  { type: "pong", nonce: 1 },
  { type: "bye", reason: "budget", heldOrdinal: 3 },
  { type: "error", code: 501, text: "no" },
];
