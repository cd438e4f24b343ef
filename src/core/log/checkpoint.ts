/**
 * A checkpoint: all durable state at one place of the log (segment, offset, and
 * the last bytes of the record before it), so that opening reads the tail after
 * it and not the history (RULES 12). On a mismatch with the segment it is
 * discarded, but its heads still count for where the next seq begins (RULES 9).
 */
import { ByteReader, ByteWriter } from "../bytes.ts";
import { chainBytes } from "../event.ts";
import { noRanges, type Ranges } from "../vector/ranges.ts";
import type { SeqRange } from "../vector/stream-table.ts";
import type { LogCore } from "./core.ts";
import { type FragmentPlace, readHlc, readStreamId, writeHlc } from "./event-fields.ts";
import { aliasMax } from "./format.ts";
import { IdTable } from "./index/id-table.ts";
import { SegmentIndex } from "./index/segment-index.ts";
import { decodeRehomeRule, encodeRehomeRule } from "./mark-fields.ts";
import type { QuarantineRun } from "./quarantine.ts";
import { newPartial, oldestPartial } from "./partials.ts";
import { readThroughFaults } from "./file-cache.ts";

/** Tag and CRC of the record before the checkpoint's place. */
export const checkpointTailBytes = 20;
const textBytesMax = 1024;
const flagFrozen = 1;
const flagFloor = 2;
const flagRanges = 4;

/** Where a checkpoint stands, and what is left to restore. */
export interface CheckpointPlace {
  readonly generation: number;
  readonly nodeId: string;
  readonly segment: number;
  readonly offset: number;
  readonly tail: Uint8Array;
  /** Behind the place. */
  readonly reader: ByteReader;
}

export function encodeCheckpoint(core: LogCore, generation: number): Uint8Array {
  const out = new ByteWriter(4096);
  const { active } = core;
  out.varint(generation);
  out.text(core.nodeId);
  out.varint(active.number);
  out.varint(active.end);
  out.bytes(tailBefore(core, active.end));
  out.u32(core.ownEpoch);
  writeHlc(core.clock.last, out);
  out.u48(core.trustedTimeMs);
  out.varint(core.lastOrdinal);
  out.varint(core.changeOrdinal);
  out.varint(core.foreignOrdinal);
  encodeStreams(core, out);
  encodeFacts(core, out);
  encodeDirectory(core, out);
  out.varint(active.firstOrdinal);
  out.varint(active.lastOrdinal);
  active.index.encode(out);
  active.ids.encode(out);
  encodeQuarantine(core, out);
  return out.take();
}

function tailBefore(core: LogCore, end: number): Uint8Array {
  const tail = new Uint8Array(checkpointTailBytes);
  const file = core.active.file ?? core.files.get(core.segmentFile(core.active.number));
  readThroughFaults(file, end - checkpointTailBytes, tail);
  return tail;
}

function encodeStreams(core: LogCore, out: ByteWriter): void {
  const { streams } = core;
  const { table } = streams;
  out.varint(streams.nextAlias);
  out.varint(table.count);
  for (let index = 0; index < table.count; index++) {
    const id = table.id(index);
    const floor = table.floor(index);
    const holes = table.holes(index);
    const lost = table.lost(index);
    const hasRanges = holes.length + lost.length > 0;
    const flags = table.isFrozen(index) ? flagFrozen : 0;
    out.text(id.node);
    out.u32(id.epoch);
    out.text(id.lane);
    out.varint(streams.alias(index));
    out.varint(table.head(index));
    out.bytes(table.chain(index));
    writeHlc(streams.durableHlc(index), out);
    out.varint(table.changeOrdinal(index));
    out.u8(flags | (floor === undefined ? 0 : flagFloor) | (hasRanges ? flagRanges : 0));
    if (floor !== undefined) {
      out.varint(floor.seq);
      out.bytes(floor.chain);
      out.u8(floor.byOrigin ? 1 : 0);
    }
    if (hasRanges) {
      writeRanges(holes, out);
      writeRanges(lost, out);
    }
  }
}

function encodeFacts(core: LogCore, out: ByteWriter): void {
  out.varint(core.bindings.size);
  for (const [key, fingerprint] of core.bindings) {
    out.text(key);
    out.bytes(fingerprint);
  }
  out.varint(core.alarms.size);
  for (const alarm of core.alarms.values()) {
    out.text(alarm.id);
    out.text(alarm.code);
    out.text(alarm.text);
    out.u48(alarm.atMs);
  }
  out.varint(core.damages.length);
  for (const damage of core.damages) {
    out.varint(damage.segment);
    out.varint(damage.fromOffset);
    out.varint(damage.toOffset);
    out.varint(damage.missing.length);
    for (const run of damage.missing) {
      out.varint(core.streams.table.find(run.stream) ?? 0);
      writeRange(run.range, out);
    }
  }
  out.varint(core.badRanges.length);
  for (const range of core.badRanges) {
    out.varint(range.segment);
    out.varint(range.fromOffset);
    out.varint(range.toOffset);
  }
  out.varint(core.rehomes.length);
  for (const rule of core.rehomes) encodeRehomeRule(rule, out);
  encodePartials(core, out);
  out.varint(core.knownOrdinals.size);
  for (const [lane, ordinal] of core.knownOrdinals) {
    out.text(lane);
    out.varint(ordinal);
  }
}

function encodePartials(core: LogCore, out: ByteWriter): void {
  out.varint(core.partials.size);
  for (const [index, newest] of core.partials) {
    const partial = oldestPartial(newest);
    out.varint(index);
    out.varint(partial.seq);
    writeHlc(partial.hlc, out);
    out.varint(partial.type);
    out.bytes(partial.chainBefore);
    out.varint(partial.totalBytes);
    out.varint(partial.durableCount);
    for (const place of partial.places.slice(0, partial.durableCount)) {
      out.varint(place.segment);
      out.varint(place.offset);
      out.varint(place.sizeBytes);
    }
  }
}

function encodeDirectory(core: LogCore, out: ByteWriter): void {
  const { directory } = core;
  out.varint(directory.segments.length);
  for (const segment of directory.segments) {
    out.varint(segment.number);
    out.varint(segment.generation);
    out.varint(segment.firstOrdinal);
    out.varint(segment.lastOrdinal);
    out.varint(segment.indexBytes);
  }
  out.varint(directory.spanCount);
  for (let at = 0; at < directory.spanCount; at++) {
    const span = directory.span(at);
    out.varint(span.segment);
    out.varint(span.alias);
    out.varint(span.first);
    out.varint(span.last - span.first);
  }
}

export function readCheckpointPlace(body: Uint8Array): CheckpointPlace | undefined {
  const reader = new ByteReader(body);
  const generation = reader.varint();
  const nodeId = reader.text(63);
  const segment = reader.varint();
  const offset = reader.varint();
  const tail = reader.bytes(checkpointTailBytes);
  return reader.failed ? undefined : { generation, nodeId, segment, offset, tail, reader };
}

/**
 * Fills a fresh core, whose directory already names the manifest's segments.
 * False when the bytes are malformed; the core is then useless.
 */
export function restoreCheckpoint(core: LogCore, place: CheckpointPlace): boolean {
  const { reader } = place;
  core.ownEpoch = reader.u32();
  core.stagedEpoch = core.ownEpoch;
  core.clock.receive(readHlc(reader), 0, Number.POSITIVE_INFINITY);
  core.trustedTimeMs = reader.u48();
  core.lastOrdinal = reader.varint();
  core.changeOrdinal = reader.varint();
  core.stagedOrdinal = core.changeOrdinal;
  core.foreignOrdinal = reader.varint();
  restoreStreams(core, reader);
  restoreFacts(core, reader);
  restoreDirectory(core, reader);
  const { active } = core;
  active.firstOrdinal = reader.varint();
  active.lastOrdinal = reader.varint();
  const index = SegmentIndex.decode(reader);
  if (index === undefined) return false;
  active.index = index;
  active.ids = IdTable.decode(reader);
  if (reader.remaining > 0) restoreQuarantine(core, reader);
  active.end = place.offset;
  core.checkpointGeneration = place.generation;
  return reader.finished;
}

function restoreStreams(core: LogCore, reader: ByteReader): void {
  const { streams } = core;
  const { table } = streams;
  const nextAlias = reader.varint();
  if (nextAlias > aliasMax) return reader.fail();
  const count = reader.varint();
  for (let i = 0; i < count && !reader.failed; i++) {
    const id = readStreamId(reader);
    if (id === undefined) return reader.fail();
    const index = streams.add(id);
    const alias = reader.varint();
    if (alias > aliasMax) return reader.fail();
    if (alias > 0) streams.setAlias(index, alias);
    const head = reader.varint();
    const chain = reader.bytes(chainBytes);
    const hlc = readHlc(reader);
    if (reader.failed) return;
    streams.setHead(index, head, chain, hlc.ms, hlc.counter);
    table.setChangeOrdinal(index, reader.varint());
    const flags = reader.u8();
    table.setFrozen(index, (flags & flagFrozen) !== 0);
    if ((flags & flagFloor) !== 0) {
      const floor = {
        seq: reader.varint(),
        chain: reader.bytes(chainBytes).slice(),
        byOrigin: reader.u8() === 1,
      };
      if (!reader.failed) table.setFloor(index, floor);
    }
    if ((flags & flagRanges) !== 0) {
      table.setHoles(index, readRanges(reader));
      table.setLost(index, readRanges(reader));
    }
    streams.settle(index);
  }
  streams.nextAlias = Math.max(streams.nextAlias, nextAlias);
}

function restoreFacts(core: LogCore, reader: ByteReader): void {
  const { table } = core.streams;
  for (let left = reader.varint(); left > 0 && !reader.failed; left--) {
    const key = reader.text(textBytesMax);
    core.bindings.set(key, reader.bytes(32).slice());
  }
  for (let left = reader.varint(); left > 0 && !reader.failed; left--) {
    const id = reader.text(textBytesMax);
    const code = reader.text(textBytesMax);
    const text = reader.text(textBytesMax);
    core.alarms.set(id, { id, code, text, atMs: reader.u48() });
  }
  for (let left = reader.varint(); left > 0 && !reader.failed; left--) {
    const segment = reader.varint();
    const fromOffset = reader.varint();
    const toOffset = reader.varint();
    const missing = [];
    for (let runs = reader.varint(); runs > 0 && !reader.failed; runs--) {
      const index = reader.varint();
      const range = readRange(reader);
      if (index < table.count) missing.push({ stream: table.id(index), range });
    }
    core.damages.push({ segment, fromOffset, toOffset, missing });
  }
  for (let left = reader.varint(); left > 0 && !reader.failed; left--) {
    core.badRanges.push({
      segment: reader.varint(),
      fromOffset: reader.varint(),
      toOffset: reader.varint(),
    });
  }
  for (let left = reader.varint(); left > 0 && !reader.failed; left--) {
    core.rehomes.push(decodeRehomeRule(reader));
  }
  restorePartials(core, reader);
  for (let left = reader.varint(); left > 0 && !reader.failed; left--) {
    const lane = reader.text(255);
    core.knownOrdinals.set(lane, reader.varint());
  }
}

function restorePartials(core: LogCore, reader: ByteReader): void {
  const { table } = core.streams;
  for (let left = reader.varint(); left > 0 && !reader.failed; left--) {
    const index = reader.varint();
    const seq = reader.varint();
    const hlc = readHlc(reader);
    const type = reader.varint();
    const chainBefore = reader.bytes(chainBytes);
    const totalBytes = reader.varint();
    const partial = newPartial({ seq, hlc, type, chainBefore, totalBytes }, undefined);
    for (let places = reader.varint(); places > 0 && !reader.failed; places--) {
      const place: FragmentPlace = {
        segment: reader.varint(),
        offset: reader.varint(),
        sizeBytes: reader.varint(),
      };
      partial.places.push(place);
      partial.durableCount++;
      partial.durableBytes += place.sizeBytes;
    }
    partial.stagedBytes = partial.durableBytes;
    if (reader.failed || index >= table.count) return reader.fail();
    core.partials.set(index, partial);
    if (seq === table.head(index) + 1) table.setPartialBytes(index, partial.durableBytes);
  }
}

function restoreDirectory(core: LogCore, reader: ByteReader): void {
  const { directory } = core;
  for (let left = reader.varint(); left > 0 && !reader.failed; left--) {
    const number = reader.varint();
    const segment = directory.find(number);
    const generation = reader.varint();
    const firstOrdinal = reader.varint();
    const lastOrdinal = reader.varint();
    const indexBytes = reader.varint();
    // One that was written anew since tells its own spans (see recovery.ts).
    if (segment === undefined || segment.generation !== generation) continue;
    segment.firstOrdinal = firstOrdinal;
    segment.lastOrdinal = lastOrdinal;
    segment.indexBytes = indexBytes;
    segment.hasSpans = true;
  }
  for (let left = reader.varint(); left > 0 && !reader.failed; left--) {
    const segment = reader.varint();
    const alias = reader.varint();
    const first = reader.varint();
    const last = first + reader.varint();
    if (alias > aliasMax) return reader.fail();
    if (directory.find(segment)?.hasSpans === true) directory.addSpan(segment, alias, first, last);
  }
}

/** Nothing at all where nothing was ever held back. */
function encodeQuarantine(core: LogCore, out: ByteWriter): void {
  const { quarantine } = core;
  if (quarantine.isEmpty) return;
  const entries = quarantine.entries();
  out.varint(entries.length);
  for (const { index, held, released } of entries) {
    out.varint(index);
    out.varint(held.length);
    for (const run of held) {
      writeRange(run, out);
      out.text(run.reason);
    }
    writeRanges(released, out);
  }
}

function restoreQuarantine(core: LogCore, reader: ByteReader): void {
  for (let left = reader.varint(); left > 0 && !reader.failed; left--) {
    const index = reader.varint();
    const count = reader.varint();
    if (index >= core.streams.table.count || count * 3 > reader.remaining) return reader.fail();
    const held: QuarantineRun[] = [];
    for (let i = 0; i < count && !reader.failed; i++)
      held.push({ ...readRange(reader), reason: reader.text(textBytesMax) });
    const released = readRanges(reader);
    if (!reader.failed) core.quarantine.restore(index, held, released);
  }
}

function writeRange(range: SeqRange, out: ByteWriter): void {
  out.varint(range.from);
  out.varint(range.to - range.from);
}

function readRange(reader: ByteReader): SeqRange {
  const from = reader.varint();
  return { from, to: from + reader.varint() };
}

function writeRanges(ranges: Ranges, out: ByteWriter): void {
  out.varint(ranges.length);
  for (const range of ranges) writeRange(range, out);
}

function readRanges(reader: ByteReader): Ranges {
  const count = reader.varint();
  if (count === 0) return noRanges;
  if (count * 2 > reader.remaining) reader.fail();
  const ranges: SeqRange[] = [];
  for (let i = 0; i < count && !reader.failed; i++) ranges.push(readRange(reader));
  return ranges;
}
