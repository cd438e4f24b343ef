/** The frames that docs/protocol.md shows in hex, from `clinic_a` to `hub`. */
import { nodeCompressor } from "../../storage/node-compressor.ts";
import type { EventContent } from "../event.ts";
import { BatchCodec } from "./batch-codec.ts";
import { codecMix } from "./codecs.ts";
import { encodeRows } from "./rows.ts";
import type { Frame } from "./frame-types.ts";
import { hexToBytes, textToUtf8 } from "../bytes.ts";

function hex(text: string): Uint8Array {
  return hexToBytes(text) ?? new Uint8Array(0);
}

const c1 = hex("1111111111111111");
const c2 = hex("2222222222222222");
const events: readonly EventContent[] = [
  {
    seq: 1,
    hlc: { ms: 1_700_000_000_000, counter: 0 },
    type: 7,
    known: Uint8Array.of(0),
    payload: textToUtf8('{"a":1}'),
  },
  {
    seq: 2,
    hlc: { ms: 1_700_000_000_300, counter: 0 },
    type: 7,
    known: Uint8Array.of(0),
    payload: textToUtf8('{"a":2}'),
  },
];
const rows = encodeRows(events);
const batch = new BatchCodec(codecMix, nodeCompressor).encode({
  stream: 0,
  events,
  bytesAim: 1000,
});

export const exampleFrames: readonly Frame[] = [
  {
    type: "hello",
    version: 1,
    versionOldest: 1,
    nodeId: "clinic_a",
    logId: hex("000102030405060708090a0b0c0d0e0f"),
    wallMs: 1_700_000_000_000,
    codecs: 3,
    keepsOpen: false,
    isPingOnly: false,
    offersAll: false,
    receiveBytesMax: 10_000,
    vector: { ordinal: 3, digest: c1 },
    base: { ordinal: 2, digest: c2 },
    entryCount: 1,
    held: { ordinal: 9, digest: c1 },
  },
  {
    type: "vector",
    purpose: "hello",
    remaining: 0,
    entries: [
      {
        id: { node: "clinic_a", epoch: 0xdeadbeef, lane: "" },
        head: 300,
        chain: c1,
        holes: [{ from: 7, to: 9 }],
      },
    ],
  },
  { type: "needVector" },
  { type: "stream", id: { node: "clinic_a", epoch: 0xdeadbeef, lane: "to/hub" } },
  {
    type: "range",
    stream: 0,
    from: 1,
    count: 2,
    chainBefore8: c1,
    chainAfter8: c2,
    codec: 0,
    rawBytes: rows.length,
    block: rows,
  },
  {
    type: "fragment",
    stream: 0,
    seq: 3,
    hlc: { ms: 1_700_000_000_000, counter: 1 },
    eventType: 7,
    known: Uint8Array.of(0),
    totalBytes: 20_000,
    offset: 4096,
    chainBefore8: c1,
    chainAfter8: c2,
    codec: 0,
    rawBytes: 3,
    block: hex("616263"),
  },
  {
    type: "ack",
    entries: [
      { stream: 0, seq: 64 },
      { stream: 1, seq: 3, offset: 8192 },
    ],
  },
  { type: "refused", stream: 0, reason: "gap", seq: 7, head: 1, code: 0 },
  { type: "chainsQuery", id: { node: "clinic_a", epoch: 0xdeadbeef, lane: "" }, low: 0, high: 0 },
  {
    type: "chains",
    id: { node: "clinic_a", epoch: 0xdeadbeef, lane: "" },
    head: 9,
    points: [
      { seq: 9, chain8: c1 },
      { seq: 8, chain8: c2 },
    ],
  },
  { type: "lost", stream: 0, from: 3, to: 5, chain: hex("000102030405060708090a0b0c0d0e0f") },
  {
    type: "floor",
    stream: 0,
    seq: 100,
    chain: hex("000102030405060708090a0b0c0d0e0f"),
    byOrigin: true,
  },
  {
    type: "prime",
    id: { node: "clinic_a", epoch: 0xdeadbeef, lane: "" },
    from: 1,
    to: 9,
    chain8: c1,
  },
  { type: "noWindow" },
  { type: "done", isPartial: false },
  { type: "ping", nonce: 1 },
  { type: "pong", nonce: 1 },
  { type: "bye", reason: "done", heldOrdinal: 9 },
  { type: "error", code: 501, text: "no" },
  {
    type: "batch",
    codec: 3,
    stream: 0,
    start: { from: 1, chainBefore8: c1 },
    count: 2,
    chainAfter8: c2,
    block: batch.block,
  },
  { type: "history", stream: 0, to: 9, count: 9, chain4: c1.subarray(0, 4) },
  { type: "codecs", codecs: 3 },
  {
    type: "health",
    health: {
      version: "0.1.0",
      diskFreeBytes: 4096,
      damagedCount: 0,
      quarantinedCount: 0,
      troubles: ["Z220", "Z508"],
      certDaysLeft: 400,
    },
  },
  {
    type: "quarantine",
    total: 3,
    runs: [
      {
        id: { node: "hub", epoch: 0xdeadbeef, lane: "" },
        from: 2,
        to: 4,
        reason: "at /n: must be integer",
      },
    ],
  },
];
