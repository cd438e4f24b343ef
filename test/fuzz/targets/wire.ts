/** What a peer sends: frames, their cutting, rows, blocks, stream names, vectors. */
import assert from "node:assert/strict";
import { ByteReader } from "../../../src/core/bytes.ts";
import { decodeFrame } from "../../../src/core/codec/decode-frame.ts";
import { encodeFrame } from "../../../src/core/codec/encode-frame.ts";
import { FrameReader } from "../../../src/core/codec/frame-reader.ts";
import { decodeRows, encodeRows } from "../../../src/core/codec/rows.ts";
import { decodeStreamName, encodeStreamName } from "../../../src/core/codec/stream-name.ts";
import { decodeStoredEntry, encodeStoredEntry } from "../../../src/core/codec/vector-codec.ts";
import { decodeBlock, encodeBlock, Window } from "../../../src/core/codec/window.ts";
import type { EventContent, StreamId } from "../../../src/core/event.ts";
import { findGaps } from "../../../src/core/vector/gaps.ts";
import { nodeCompressor } from "../../../src/storage/node-compressor.ts";
import { decoderTarget, type FuzzTarget, refused } from "../fuzz-target.ts";
import { ends, sampleEntries, sampleEvents, sampleFrames, whole, written } from "../samples.ts";

/** A frame's type byte and body. */
function bodyOf(frame: Uint8Array): Uint8Array {
  const reader = new ByteReader(frame);
  return reader.bytes(reader.varint()).slice();
}

function countedRows(events: readonly EventContent[]): Uint8Array {
  return Uint8Array.of(events.length, ...encodeRows(events));
}

const ids: readonly StreamId[] = [
  { node: "clinic_a", epoch: 1, lane: "" },
  { node: "hub", epoch: 0xffffffff, lane: "to/clinic_a/urgent" },
  { node: "other", epoch: 5, lane: "lab/x" },
];
const entrySamples = sampleEntries.map((entry) => written((out) => encodeStoredEntry(out, entry)));

export const wireTargets: readonly FuzzTarget[] = [
  decoderTarget({
    name: "frames",
    shortRuns: 2000,
    decode: (bytes) => {
      const frame = decodeFrame(bytes, ends);
      return frame.type === "problem" ? undefined : frame;
    },
    encode: (frame) => bodyOf(encodeFrame(frame, ends)),
    kindOf: (frame) => frame.type,
    samples: sampleFrames.map((frame) => bodyOf(encodeFrame(frame, ends))),
  }),
  decoderTarget({
    name: "rows",
    decode: (bytes) => decodeRows(bytes.subarray(1), { from: 1, count: bytes[0] ?? 0 }),
    encode: countedRows,
    kindOf: (events) => (events.length > 1 ? "several" : "few"),
    samples: sampleEvents.map(countedRows),
  }),
  decoderTarget({
    name: "stream names",
    decode: (bytes) => whole(bytes, (reader) => decodeStreamName(reader, ends)),
    encode: (id) => written((writer) => encodeStreamName(writer, id, ends)),
    samples: ids.map((id) => written((writer) => encodeStreamName(writer, id, ends))),
  }),
  decoderTarget({
    name: "vector lines",
    decode: (bytes) => whole(bytes, decodeStoredEntry),
    encode: (entry) => written((writer) => encodeStoredEntry(writer, entry)),
    samples: entrySamples,
  }),
  decoderTarget({
    name: "compressed blocks",
    decode: (bytes) =>
      decodeBlock(nodeCompressor, { window: new Window(), codec: 1, rawBytes: 700, block: bytes }),
    samples: [7, 65].map((byte) => {
      const raw = new Uint8Array(700).map((_, at) => (at * byte) & 0x3f);
      return encodeBlock(nodeCompressor, { window: new Window(), codecs: 3, raw }).block.slice();
    }),
  }),
  {
    name: "frame cutting",
    samples: [sampleFrames.slice(1, 4), sampleFrames.slice(7)].map((frames) =>
      Uint8Array.from(frames.flatMap((frame) => [...encodeFrame(frame, ends)])),
    ),
    run: (bytes) => {
      const atOnce = cutAll([bytes]);
      assert.deepEqual(cutAll([...bytes].map((byte) => Uint8Array.of(byte))), atOnce);
      const half = bytes.length >> 1;
      assert.deepEqual(cutAll([bytes.subarray(0, half), bytes.subarray(half)]), atOnce);
      return atOnce.at(-1)?.startsWith("frame") === false ? refused : "accepted";
    },
  },
  {
    name: "gaps",
    samples: entrySamples,
    run: (bytes) => {
      const theirs = whole(bytes, decodeStoredEntry);
      if (theirs === undefined) return refused;
      for (const mine of sampleEntries) checkGaps(findGaps(mine, theirs), JSON.stringify(theirs));
      return "accepted";
    },
  },
];

function cutAll(parts: readonly Uint8Array[]): readonly string[] {
  const reader = new FrameReader();
  const seen: string[] = [];
  for (const part of parts) {
    reader.append(part);
    for (let cut = reader.next(); cut.kind !== "incomplete"; cut = reader.next()) {
      seen.push(cut.kind === "frame" ? `frame ${[...cut.bytes].join()}` : cut.problem);
      if (cut.kind === "problem") return seen;
    }
  }
  return seen;
}

/** Ascending, apart, and within what a seq can be. */
function checkGaps(gaps: ReturnType<typeof findGaps>, label: string): void {
  for (const ranges of Object.values(gaps)) {
    let after = 0;
    for (const range of ranges) {
      assert.ok(range.from > after && range.to >= range.from, label);
      assert.ok(range.to <= Number.MAX_SAFE_INTEGER, label);
      after = range.to;
    }
  }
}
