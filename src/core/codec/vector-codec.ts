/**
 * Lines of a version vector as they travel and as they are digested. A line on
 * the wire names its stream relative to the two ends; the canonical vector,
 * which the digest covers, is sorted and names everything in full, and leaves
 * out fragments in progress (they are told afresh in each HELLO).
 */
import { type ByteReader, ByteWriter } from "../bytes.ts";
import type { StreamId } from "../event.ts";
import type { CryptoPort } from "../ports.ts";
import { compareStreams } from "../vector/compare.ts";
import type { SeqRange, VectorEntry } from "../vector/stream-table.ts";
import { chain8Bytes, digestBytes, type Ends } from "./frame-types.ts";
import { decodeStreamName, encodeStreamName } from "./stream-name.ts";
import { holesPerStreamMax } from "./wire-limits.ts";

const flagFloor = 1;
const flagFloorByOrigin = 2;
const flagHoles = 4;
const flagPartial = 8;
const flagLost = 16;
const flagsAll = 31;

const noChain8 = new Uint8Array(chain8Bytes);

function encodeState(writer: ByteWriter, entry: VectorEntry, withPartial: boolean): void {
  const { floor, holes } = entry;
  const lost = entry.lost ?? [];
  const partial = withPartial ? (entry.partialBytes ?? 0) : 0;
  let flags = 0;
  if (floor !== undefined) flags += flagFloor + (floor.byOrigin ? flagFloorByOrigin : 0);
  if (holes.length > 0) flags += flagHoles;
  if (partial > 0) flags += flagPartial;
  if (lost.length > 0) flags += flagLost;
  writer.u8(flags);
  writer.varint(entry.head);
  if (entry.head > 0) writer.bytes(entry.chain.subarray(0, chain8Bytes));
  if (floor !== undefined) {
    writer.varint(floor.seq);
    writer.bytes(floor.chain.subarray(0, chain8Bytes));
  }
  if (holes.length > 0) encodeRanges(writer, holes);
  if (lost.length > 0) encodeRanges(writer, lost);
  if (partial > 0) writer.varint(partial);
}

function encodeRanges(writer: ByteWriter, ranges: readonly SeqRange[]): void {
  writer.varint(ranges.length);
  let after = 0;
  for (const range of ranges) {
    writer.varint(range.from - after);
    writer.varint(range.to - range.from);
    after = range.to;
  }
}

function decodeRanges(reader: ByteReader, highest: number): readonly SeqRange[] {
  const count = reader.varint();
  if (count < 1 || count > holesPerStreamMax) {
    reader.fail();
    return [];
  }
  const ranges: SeqRange[] = [];
  let after = 0;
  for (let i = 0; i < count && !reader.failed; i++) {
    const from = after + reader.varint();
    const to = from + reader.varint();
    // Touching ranges would be one range.
    if (from < 1 || (i > 0 && from < after + 2) || to > highest) reader.fail();
    ranges.push({ from, to });
    after = to;
  }
  return ranges;
}

function decodeState(reader: ByteReader, id: StreamId): VectorEntry {
  const flags = reader.u8();
  const head = reader.varint();
  if (flags > flagsAll || (flags & 3) === flagFloorByOrigin) reader.fail();
  const chain = head > 0 ? reader.bytes(chain8Bytes).slice() : noChain8;
  const floor =
    (flags & flagFloor) === 0
      ? undefined
      : {
          seq: reader.varint(),
          chain: reader.bytes(chain8Bytes).slice(),
          byOrigin: (flags & flagFloorByOrigin) !== 0,
        };
  const holes = (flags & flagHoles) === 0 ? [] : decodeRanges(reader, head);
  const lost = (flags & flagLost) === 0 ? undefined : decodeRanges(reader, Number.MAX_SAFE_INTEGER);
  const partialBytes = (flags & flagPartial) === 0 ? 0 : reader.varint();
  return {
    id,
    head,
    chain,
    holes,
    ...(floor === undefined ? {} : { floor }),
    ...(lost === undefined ? {} : { lost }),
    ...(partialBytes === 0 ? {} : { partialBytes }),
  };
}

export function encodeVectorEntry(writer: ByteWriter, entry: VectorEntry, ends: Ends): void {
  encodeStreamName(writer, entry.id, ends);
  encodeState(writer, entry, true);
}

/** Fails the reader on anything that is no entry. */
export function decodeVectorEntry(reader: ByteReader, ends: Ends): VectorEntry {
  const id = decodeStreamName(reader, ends);
  return decodeState(reader, id);
}

/** The same line with its stream named in full, for files. */
export function encodeStoredEntry(writer: ByteWriter, entry: VectorEntry): void {
  writer.text(entry.id.node);
  writer.u32(entry.id.epoch);
  writer.text(entry.id.lane);
  encodeState(writer, entry, true);
}

export function decodeStoredEntry(reader: ByteReader): VectorEntry {
  const id = { node: reader.text(63), epoch: reader.u32(), lane: reader.text(80) };
  return decodeState(reader, id);
}

/** First 8 bytes of SHA-256 over the sorted lines. */
export function vectorDigest(crypto: CryptoPort, entries: readonly VectorEntry[]): Uint8Array {
  const sorted = entries.slice().sort((a, b) => compareStreams(a.id, b.id));
  const hash = crypto.createSha256();
  const writer = new ByteWriter(4096);
  for (const entry of sorted) {
    writer.text(entry.id.node);
    writer.u32(entry.id.epoch);
    writer.text(entry.id.lane);
    encodeState(writer, entry, false);
    if (writer.length > 2048) {
      hash.update(writer.view());
      writer.clear();
    }
  }
  hash.update(writer.view());
  return hash.digest().slice(0, digestBytes);
}
