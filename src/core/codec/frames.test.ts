import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { nodeCompressor } from "../../storage/node-compressor.ts";
import { bytesToHex, ByteReader, ByteWriter, textToUtf8 } from "../bytes.ts";
import type { EventContent } from "../event.ts";
import type { VectorEntry } from "../vector/stream-table.ts";
import { decodeFrame } from "./decode-frame.ts";
import { encodeFrame } from "./encode-frame.ts";
import { FrameReader } from "./frame-reader.ts";
import type { Frame } from "./frame-types.ts";
import { decodeRows, encodeRows } from "./rows.ts";
import { decodeStreamName, encodeStreamName } from "./stream-name.ts";
import { vectorDigest } from "./vector-codec.ts";
import { decodeBlock, encodeBlock, Window } from "./window.ts";
import { windowBytes } from "./wire-limits.ts";

const ends = { sender: "clinic_a", receiver: "hub" };
const chain8 = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const chain16 = Uint8Array.from({ length: 16 }, (_, i) => i);
const own = { node: "clinic_a", epoch: 0xdeadbeef, lane: "" };
const entry: VectorEntry = { id: own, head: 7, chain: chain8, holes: [] };

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
      troubles: ["Z517"],
      certDaysLeft: -3,
    },
  },
  { type: "vector", purpose: "hello", remaining: 0, entries: [entry] },
  {
    type: "vector",
    purpose: "full",
    remaining: 2,
    mark: { ordinal: 4, digest: chain8 },
    entries: [
      {
        ...entry,
        floor: { seq: 2, chain: chain8, byOrigin: true },
        holes: [
          { from: 3, to: 3 },
          { from: 5, to: 6 },
        ],
        partialBytes: 4096,
      },
      {
        id: { node: "far", epoch: 1, lane: "lab/x" },
        head: 2 ** 53 - 1,
        chain: chain8,
        holes: [],
        lost: [{ from: 4, to: 2 ** 40 }],
      },
      {
        id: { node: "hub", epoch: 1, lane: "to/clinic_a/urgent" },
        head: 0,
        chain: new Uint8Array(8),
        holes: [],
      },
    ],
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
  { type: "batch", codec: 2, count: 64, chainAfter8: chain8, block: Uint8Array.of(1, 2, 3) },
  {
    type: "batch",
    codec: 5,
    stream: 7,
    start: { from: 2 ** 40, chainBefore8: chain8 },
    count: 1,
    chainAfter8: chain8,
    block: Uint8Array.of(),
  },
  {
    type: "batch",
    codec: 3,
    start: { chainBefore4: chain8.subarray(0, 4) },
    history: 64 + 32 * 60,
    count: 10,
    block: Uint8Array.of(9),
  },
  { type: "batch", codec: 3, history: 64, count: 2, chainAfter8: chain8, block: Uint8Array.of() },
  { type: "history", stream: 3, to: 500, count: 500, chain4: chain8.subarray(0, 4) },
  { type: "codecs", codecs: 63 },
  {
    type: "health",
    health: {
      version: "0.1.0",
      diskFreeBytes: 0,
      damagedCount: 0,
      quarantinedCount: 0,
      troubles: ["Z220", "Z508"],
      certDaysLeft: 400,
    },
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

function cut(bytes: Uint8Array): Uint8Array {
  const reader = new FrameReader();
  reader.append(bytes);
  const found = reader.next();
  assert.equal(found.kind, "frame");
  return found.kind === "frame" ? found.bytes : bytes;
}

test("every kind of frame comes back as it was sent", () => {
  for (const frame of sampleFrames)
    assert.deepEqual(decodeFrame(cut(encodeFrame(frame, ends)), ends), frame);
});

test("a frame that is cut short or has a byte too many is a problem", () => {
  for (const frame of sampleFrames) {
    if (frame.type === "range" || frame.type === "fragment" || frame.type === "batch") continue;
    const body = cut(encodeFrame(frame, ends)).slice();
    const longer = new Uint8Array(body.length + 1);
    longer.set(body);
    assert.equal(decodeFrame(body.subarray(0, 0), ends).type, "problem");
    const decoded = decodeFrame(longer, ends);
    if (frame.type !== "vector" && frame.type !== "ack" && frame.type !== "chains")
      assert.equal(decoded.type, "problem", frame.type);
  }
});

test("a stream of frames is cut alike whole and byte by byte", () => {
  const all = new ByteWriter();
  for (const frame of sampleFrames) all.bytes(encodeFrame(frame, ends));
  const bytes = all.take();
  const reader = new FrameReader();
  const seen: Frame[] = [];
  for (const byte of bytes) {
    reader.append(Uint8Array.of(byte));
    const found = reader.next();
    assert.notEqual(found.kind, "problem");
    if (found.kind !== "frame") continue;
    const frame = decodeFrame(found.bytes.slice(), ends);
    if (frame.type !== "problem") seen.push(frame);
  }
  assert.deepEqual(seen, sampleFrames);
});

test("lengths of zero, of 64 MiB and of 2^32-1 are problems before a body arrives", () => {
  for (const length of [0, 64 * 1024 + 1, 64 * 1024 * 1024, 2 ** 32 - 1, 2 ** 53 - 1]) {
    const writer = new ByteWriter();
    writer.varint(length);
    const reader = new FrameReader();
    reader.append(writer.take());
    assert.equal(reader.next().kind, "problem", String(length));
    assert.ok(reader.bufferedBytes < 16);
  }
});

test("a clinic's usual stream name takes five bytes, and has one form only", () => {
  const writer = new ByteWriter();
  encodeStreamName(writer, own, ends);
  assert.equal(bytesToHex(writer.view()), "05deadbeef");
  const explicit = new ByteWriter();
  explicit.u8(4);
  explicit.text("clinic_a");
  explicit.u32(1);
  const reader = new ByteReader(explicit.take());
  decodeStreamName(reader, ends);
  assert.equal(reader.failed, true);
});

const hlcArb = fc.record(
  { ms: fc.integer({ min: 0, max: 4_102_444_800_000 }), counter: fc.nat(0xffff) },
  { noNullPrototype: true },
);
const eventArb = fc.record(
  {
    hlc: hlcArb,
    type: fc.nat(0x7fffffff),
    known: fc.oneof(fc.constant(Uint8Array.of(0)), fc.uint8Array({ maxLength: 40 })),
    payload: fc.uint8Array({ maxLength: 300 }),
  },
  { noNullPrototype: true },
);

test("rows of any rising events come back, from any seq", () => {
  fc.assert(
    fc.property(
      fc.array(eventArb, { minLength: 1, maxLength: 64 }),
      fc.integer({ min: 1, max: 2 ** 53 - 100 }),
      (list, from) => {
        const sorted = list
          .slice()
          .sort((a, b) => a.hlc.ms - b.hlc.ms || a.hlc.counter - b.hlc.counter);
        const events: EventContent[] = [];
        for (const event of sorted) {
          const last = events[events.length - 1];
          if (
            last !== undefined &&
            last.hlc.ms === event.hlc.ms &&
            last.hlc.counter === event.hlc.counter
          )
            continue;
          events.push({ ...event, seq: from + events.length });
        }
        const rows = encodeRows(events);
        if (rows.length > 32 * 1024) return;
        assert.deepEqual(decodeRows(rows, { from, count: events.length }), events);
      },
    ),
  );
});

test("rows whose clocks stand still, fall or pass 2200 are refused", () => {
  const event = { type: 0, known: Uint8Array.of(0), payload: new Uint8Array(0) };
  const at = (ms: number, counter: number) => ({ ...event, seq: 1, hlc: { ms, counter } });
  assert.equal(decodeRows(encodeRows([at(5, 1), at(5, 1)]), { from: 1, count: 2 }), undefined);
  assert.equal(decodeRows(encodeRows([at(5, 2), at(5, 1)]), { from: 1, count: 2 }), undefined);
  assert.equal(
    decodeRows(encodeRows([at(7_258_118_400_000, 0)]), { from: 1, count: 1 }),
    undefined,
  );
  assert.notEqual(decodeRows(encodeRows([at(5, 1), at(5, 2)]), { from: 1, count: 2 }), undefined);
});

test("arbitrary bytes decode to a frame or a problem, and never throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.equal(typeof decodeFrame(bytes, ends).type, "string");
      decodeRows(bytes, { from: 1, count: 1 + (bytes[0] ?? 0) });
      const window = new Window();
      decodeBlock(nodeCompressor, { window, codec: 1, rawBytes: 100, block: bytes });
    }),
    { numRuns: 3000 },
  );
});

test("mutated frames decode to a frame or a problem, and never throw", () => {
  fc.assert(
    fc.property(fc.constantFrom(...sampleFrames), fc.nat(2000), fc.nat(255), (frame, at, value) => {
      const body = cut(encodeFrame(frame, ends)).slice();
      body[at % body.length] = value;
      assert.equal(typeof decodeFrame(body, ends).type, "string");
    }),
    { numRuns: 3000 },
  );
});

test("both windows agree over many blocks, and stay bounded", () => {
  const sending = new Window();
  const receiving = new Window();
  const text = textToUtf8(`{"patient_id":"BT-0042","event":"visit","at":"2026-01-02"}`);
  let total = 0;
  for (let i = 0; i < 300; i++) {
    const raw = new Uint8Array(1500);
    for (let at = 0; at < raw.length; at += 60)
      raw.set(text.subarray(0, Math.min(50, raw.length - at)), at);
    raw[i % 1500] = i % 256;
    const { codec, block } = encodeBlock(nodeCompressor, { window: sending, codecs: 3, raw });
    const back = decodeBlock(nodeCompressor, {
      window: receiving,
      codec,
      rawBytes: raw.length,
      block: block.slice(),
    });
    assert.deepEqual(back, raw);
    sending.append(raw);
    receiving.append(raw);
    total += block.length;
    assert.ok(sending.dictionary().length <= windowBytes);
  }
  assert.equal(sending.dictionary().length, windowBytes);
  assert.ok(total < 300 * 150, `${total} bytes for 300 blocks`);
});

test("the digest of a vector does not depend on order or on fragments in progress", () => {
  const other: VectorEntry = { ...entry, id: { node: "b", epoch: 1, lane: "" } };
  const a = vectorDigest(nodeCrypto, [entry, other]);
  assert.deepEqual(vectorDigest(nodeCrypto, [other, { ...entry, partialBytes: 5 }]), a);
  assert.notDeepEqual(vectorDigest(nodeCrypto, [other, { ...entry, head: 8 }]), a);
});
