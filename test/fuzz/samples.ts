/** Valid values of every kind that travels, for fuzzers to start from: what docs/protocol.md shows, and what it leaves out. */
import { ByteReader, ByteWriter } from "../../src/core/bytes.ts";
import { exampleFrames } from "../../src/core/codec/examples.test-kit.ts";
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
  ...exampleFrames,
  {
    type: "hello",
    version: 1,
    versionOldest: 1,
    nodeId: "hub",
    logId: chain16,
    wallMs: 0,
    codecs: 1,
    keepsOpen: true,
    isPingOnly: true,
    offersAll: true,
    vector: { ordinal: 1, digest: chain8 },
    entryCount: 0,
    health: {
      version: "0.1.0",
      diskFreeBytes: 2 ** 40,
      damagedCount: 1,
      quarantinedCount: 0,
      troubles: ["Z517"],
      certDaysLeft: -3,
    },
  },
  { type: "vector", purpose: "update", remaining: 0, entries: sampleEntries },
  {
    type: "vector",
    purpose: "full",
    remaining: 3,
    mark: { ordinal: 4, digest: chain8 },
    entries: sampleEntries.slice(2, 3),
  },
  { type: "stream", id: { node: "far", epoch: 5, lane: "lab/x" } },
  { type: "bye", reason: "budget", heldOrdinal: 3 },
];

/** What `write` writes. */
export function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  write(writer);
  return writer.take();
}

/** A value that takes all the bytes, or undefined. */
export function whole<T>(bytes: Uint8Array, read: (reader: ByteReader) => T): T | undefined {
  const reader = new ByteReader(bytes);
  const value = read(reader);
  return reader.finished ? value : undefined;
}
