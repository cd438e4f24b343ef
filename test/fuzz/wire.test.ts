/** Every decoder of what a peer sends: frames, rows, blocks, stream names, vectors. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ByteReader, ByteWriter } from "../../src/core/bytes.ts";
import { decodeFrame } from "../../src/core/codec/decode-frame.ts";
import { encodeFrame } from "../../src/core/codec/encode-frame.ts";
import { FrameReader } from "../../src/core/codec/frame-reader.ts";
import { decodeRows, encodeRows } from "../../src/core/codec/rows.ts";
import { decodeStreamName, encodeStreamName } from "../../src/core/codec/stream-name.ts";
import { decodeStoredEntry, encodeStoredEntry } from "../../src/core/codec/vector-codec.ts";
import { decodeBlock, encodeBlock, Window } from "../../src/core/codec/window.ts";
import { batchRawBytesMax, frameBytesMax } from "../../src/core/codec/wire-limits.ts";
import type { EventContent, StreamId } from "../../src/core/event.ts";
import { findGaps } from "../../src/core/vector/gaps.ts";
import type { VectorEntry } from "../../src/core/vector/stream-table.ts";
import { nodeCompressor } from "../../src/storage/node-compressor.ts";
import { type DecoderUnderTest, type FuzzReport, fuzzDecoder } from "./decoder-fuzz.ts";
import { ends, sampleEntries, sampleEvents, sampleFrames } from "./wire-samples.ts";

/** Runs it, says what was reached, and insists that valid inputs were among them. */
function fuzz<T>(target: DecoderUnderTest<T>): void {
  test(target.name, (t) => {
    const report: FuzzReport = fuzzDecoder(target);
    t.diagnostic(`seed ${report.seed}: ${report.accepted} of ${report.inputs} inputs accepted`);
    assert.ok(report.accepted > 0);
  });
}

/** A frame's type byte and body. */
function bodyOf(whole: Uint8Array): Uint8Array {
  const reader = new ByteReader(whole);
  return reader.bytes(reader.varint()).slice();
}

function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  write(writer);
  return writer.take();
}

function whole<T>(bytes: Uint8Array, read: (reader: ByteReader) => T): T | undefined {
  const reader = new ByteReader(bytes);
  const value = read(reader);
  return reader.finished ? value : undefined;
}

function countedRows(events: readonly EventContent[]): Uint8Array {
  return Uint8Array.of(events.length, ...encodeRows(events));
}

const ids: readonly StreamId[] = [
  { node: "clinic_a", epoch: 1, lane: "" },
  { node: "hub", epoch: 0xffffffff, lane: "to/clinic_a/urgent" },
  { node: "other", epoch: 5, lane: "lab/x" },
];

describe("decoders of the wire take any bytes", () => {
  fuzz({
    name: "frames",
    decode: (bytes) => {
      const frame = decodeFrame(bytes, ends);
      return frame.type === "problem" ? undefined : frame;
    },
    encode: (frame) => bodyOf(encodeFrame(frame, ends)),
    samples: sampleFrames.map((frame) => bodyOf(encodeFrame(frame, ends))),
  });

  fuzz({
    name: "rows, with their count before them",
    decode: (bytes) => decodeRows(bytes.subarray(1), { from: 1, count: bytes[0] ?? 0 }),
    encode: countedRows,
    samples: sampleEvents.map(countedRows),
  });

  fuzz({
    name: "stream names",
    decode: (bytes) => whole(bytes, (reader) => decodeStreamName(reader, ends)),
    encode: (id) => written((writer) => encodeStreamName(writer, id, ends)),
    samples: ids.map((id) => written((writer) => encodeStreamName(writer, id, ends))),
  });

  fuzz({
    name: "lines of a vector",
    decode: (bytes) => whole(bytes, decodeStoredEntry),
    encode: (entry) => written((writer) => encodeStoredEntry(writer, entry)),
    samples: sampleEntries.map((entry) => written((writer) => encodeStoredEntry(writer, entry))),
  });

  fuzz({
    name: "compressed blocks",
    decode: (bytes) =>
      decodeBlock(nodeCompressor, { window: new Window(), codec: 1, rawBytes: 700, block: bytes }),
    samples: [7, 65].map((byte) => {
      const raw = new Uint8Array(700).map((_, at) => (at * byte) & 0x3f);
      return encodeBlock(nodeCompressor, { window: new Window(), codecs: 3, raw }).block.slice();
    }),
  });

  test("gaps between any two lines that were accepted are ranges in order", () => {
    const lines: VectorEntry[] = [];
    fuzzDecoder({
      name: "lines for gaps",
      decode: (bytes) => {
        const entry = whole(bytes, decodeStoredEntry);
        if (entry !== undefined && lines.length < 300) lines.push(entry);
        return entry;
      },
      samples: sampleEntries.map((entry) => written((writer) => encodeStoredEntry(writer, entry))),
    });
    const [first] = sampleEntries;
    for (const theirs of lines) {
      for (const ranges of Object.values(findGaps(first, theirs))) {
        let after = 0;
        for (const range of ranges) {
          assert.ok(range.from > after && range.to >= range.from, JSON.stringify(theirs));
          assert.ok(range.to <= Number.MAX_SAFE_INTEGER);
          after = range.to;
        }
      }
    }
    assert.ok(lines.length > 20, `only ${lines.length} lines were accepted`);
  });
});

describe("FrameReader", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 12 });

  test("cuts any bytes alike whole, in pieces, and one by one", () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
        const atOnce = cutAll([bytes]);
        assert.deepEqual(cutAll(parts), atOnce);
        assert.deepEqual(cutAll([...bytes].map((byte) => Uint8Array.of(byte))), atOnce);
      }),
    );
  });

  test("keeps no more than one frame and what came with it", () => {
    const reader = new FrameReader();
    const header = Uint8Array.of(0x80, 0x80, 0x04);
    reader.append(header);
    assert.equal(reader.next().kind, "incomplete");
    for (let sent = 0; sent < frameBytesMax; sent += 1024) reader.append(new Uint8Array(1024));
    assert.equal(reader.next().kind, "frame");
    assert.equal(reader.bufferedBytes, 0);
  });

  function cutAll(parts: readonly Uint8Array[]): readonly string[] {
    const reader = new FrameReader();
    const seen: string[] = [];
    for (const part of parts) {
      reader.append(part);
      for (;;) {
        const cut = reader.next();
        if (cut.kind === "incomplete") break;
        seen.push(cut.kind === "frame" ? [...cut.bytes].join() : cut.problem);
        if (cut.kind === "problem") return seen;
      }
    }
    return seen;
  }
});

describe("zstd bombs", () => {
  test("are refused at the size that the frame promised", () => {
    const bomb = encodeBlock(nodeCompressor, {
      window: new Window(),
      codecs: 3,
      raw: new Uint8Array(8 * 1024 * 1024),
    }).block;
    assert.ok(bomb.length < 1000);
    for (const rawBytes of [0, 1, 1000, batchRawBytesMax]) {
      const input = { window: new Window(), codec: 1, rawBytes, block: bomb };
      assert.equal(decodeBlock(nodeCompressor, input), undefined);
    }
  });
});
