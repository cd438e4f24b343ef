/**
 * Reading by stream and by arrival. A read costs the range that is read: one
 * index entry, then the records from there on, whose clear headers are enough
 * to step over other streams.
 *
 * What cannot be verified on the way is handed to damage.ts and becomes a hole;
 * a read never returns anything unverified, and never beyond what is durable.
 */
import { FileFault } from "../ports.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type { ArrivalReading, ReadLimit, StoredEvent } from "./api.ts";
import { chainZero } from "./chain.ts";
import { isHeld } from "./apply.ts";
import type { LogCore } from "./core.ts";
import { reportDamage, reportMissing } from "./damage.ts";
import { decodeEventFields, decodeFragmentFields } from "./event-fields.ts";
import { diskError } from "./faults.ts";
import { fileHeaderBytes, flagFragmented, recordKind } from "./format.ts";
import { decodeMarkFields } from "./mark-fields.ts";
import { type EventPlace, isNewestRecord, isRehomed, locate, locationOf } from "./locate.ts";
import { indexOf, openReader } from "./segment-access.ts";
import type { SegmentReader } from "./segment-reader.ts";
import {
  fragmentedSha256,
  fragmentPlaces,
  type RecordedEvent,
  SharedPieces,
  type StoredEventOptions,
  toStoredEvent,
} from "./stored-event.ts";

export function readStream(
  core: LogCore,
  index: StreamIndex,
  from: number,
  limit: ReadLimit,
): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  let bytes = 0;
  core.readRefusal = undefined;
  let chain = isRehomed(core, index) ? rehomedChainBefore(core, index, from) : undefined;
  visitStream(core, index, from, (recorded) => {
    const event = toStoredEvent(core, recorded, chain ?? recorded.fields.chainBefore);
    if (event === undefined) return false;
    const isFull = events.length > 0 && bytes + event.payloadSize > limit.bytes;
    if (isFull) return false;
    events.push(event);
    bytes += event.payloadSize;
    if (chain !== undefined) chain = event.chain;
    return events.length < limit.events && bytes < limit.bytes;
  });
  const last = events[events.length - 1];
  if (chain !== undefined && last !== undefined) {
    core.rehomedChains.set(index, { seq: last.seq, chain: last.chain });
  }
  return events;
}

/** Visits held events from `from` on, until one is not held or `visit` returns false. */
function visitStream(
  core: LogCore,
  index: StreamIndex,
  from: number,
  visit: (recorded: RecordedEvent) => boolean,
): void {
  untilRefused(core, () => {
    let seq = from;
    while (isHeld(core, index, seq)) {
      const place = locate(core, index, seq);
      const reader = place === undefined ? undefined : openReader(core, place.segment);
      if (place === undefined || reader === undefined) return reportMissing(core, index, seq);
      const next = visitEntry(core, index, seq, place, reader, visit);
      if (next === undefined) return;
      seq = next;
    }
  });
}

/** Ends where the disk would not open a file now, a segment's or its index's: that says nothing about what is in it. */
function untilRefused<Result>(core: LogCore, work: () => Result): Result | undefined {
  try {
    return work();
  } catch (fault) {
    if (!(fault instanceof FileFault)) throw fault;
    core.readRefusal = diskError(fault, "reading events");
    return undefined;
  }
}

/** Visits events of one index entry; the seq behind it, or undefined when the visit is over. */
function visitEntry(
  core: LogCore,
  index: StreamIndex,
  from: number,
  place: EventPlace,
  reader: SegmentReader,
  visit: (recorded: RecordedEvent) => boolean,
): number | undefined {
  const { entry, alias, segment } = place;
  const shift = place.storedSeq - from;
  // Records can be counted instead of opened as long as none of them was set aside.
  let toSkip = hasBadRange(core, segment) ? 0 : place.storedSeq - entry.firstSeq;
  let wanted = place.storedSeq;
  for (
    let offset = reader.skipBad(entry.offset);
    wanted <= place.lastSeq;
    offset = reader.skipBad(reader.nextOffset)
  ) {
    const isHeader = reader.peekAt(offset) === "record";
    const isOurs = reader.header.alias === alias && reader.header.kind === recordKind.event;
    if (isHeader && !isOurs) continue;
    if (isHeader && toSkip > 0) {
      toSkip--;
      continue;
    }
    const event = { index, seq: wanted - shift };
    const recorded =
      reader.readAt(offset) === "record" ? openEvent(core, reader, index, event.seq) : undefined;
    if (recorded === undefined) {
      // Behind damage that is known the run has ended; what was healed lies elsewhere.
      if (wanted > place.storedSeq) return event.seq;
      return meetDamage(core, reader, offset, event);
    }
    if (recorded.fields.seq < wanted) continue;
    // A hole of this run that was healed: the event lies elsewhere, and is looked up anew.
    if (recorded.fields.seq > wanted && wanted > place.storedSeq) return event.seq;
    if (recorded.fields.seq > wanted || !isHeld(core, index, event.seq)) {
      reportMissing(core, index, event.seq);
      return undefined;
    }
    if (!visit(recorded)) return undefined;
    wanted++;
    if (!isHeld(core, index, wanted - shift)) return undefined;
  }
  return wanted - shift;
}

/**
 * Met on the way to `event`, which need not be what lay there: an earlier record of the run may have
 * rotted as well. The seq to look up anew, behind the bad range, or undefined when it is gone indeed.
 */
function meetDamage(
  core: LogCore,
  reader: SegmentReader,
  offset: number,
  event: { readonly index: StreamIndex; readonly seq: number },
): number | undefined {
  reportDamage(core, reader.segment, offset);
  if (!isHeld(core, event.index, event.seq)) return undefined;
  if (reader.skipBad(offset) > offset) return event.seq;
  reportMissing(core, event.index, event.seq);
  return undefined;
}

function hasBadRange(core: LogCore, segment: number): boolean {
  return core.badRanges.some((range) => range.segment === segment);
}

/** The record just found as an event of the stream; undefined when its seal or fields do not fit. */
function openEvent(
  core: LogCore,
  reader: SegmentReader,
  index: StreamIndex,
  seq: number,
): RecordedEvent | undefined {
  const plain = reader.open(core.streams.table.id(index).node);
  const fields = plain === undefined ? undefined : decodeEventFields(plain);
  return fields === undefined ? undefined : { fields, flags: reader.header.flags, index, seq };
}

/** The event at `seq` alone, or undefined. */
export function readEvent(core: LogCore, index: StreamIndex, seq: number): StoredEvent | undefined {
  return readStream(core, index, seq, { events: 1, bytes: 1 })[0];
}

export function readArrivals(
  core: LogCore,
  afterOrdinal: number,
  limit: ReadLimit & ArrivalReading,
): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  let bytes = 0;
  const how = {
    isSifted: limit.withQuarantined !== true && !core.quarantine.isEmpty,
    withoutChain: limit.withoutChain === true,
    ...(limit.inSharedMemory === true ? { pieces: new SharedPieces() } : {}),
  };
  const visit = (event: StoredEvent): boolean => {
    if (events.length > 0 && bytes + event.payloadSize > limit.bytes) return false;
    events.push(event);
    bytes += event.payloadSize;
    return events.length < limit.events && bytes < limit.bytes;
  };
  core.readRefusal = undefined;
  // A follower must miss nothing: it goes on there when the file opens again.
  const readOn = (segment: number): boolean =>
    untilRefused(core, () => visitArrivals(core, segment, afterOrdinal, how, visit)) ?? false;
  const { segments } = core.directory;
  for (const segment of segments) {
    if (segment.lastOrdinal !== 0 && segment.lastOrdinal <= afterOrdinal) continue;
    if (!readOn(segment.number)) return events;
  }
  if (core.active.lastOrdinal > afterOrdinal) readOn(core.active.number);
  return events;
}

interface ArrivalOptions extends StoredEventOptions {
  /** Something was quarantined once, and is to be left out. */
  readonly isSifted: boolean;
}

/** False when `visit` had enough. */
function visitArrivals(
  core: LogCore,
  segment: number,
  afterOrdinal: number,
  how: ArrivalOptions,
  visit: (event: StoredEvent) => boolean,
): boolean {
  const { isSifted } = how;
  const reader = openReader(core, segment);
  const index = indexOf(core, segment);
  if (index === undefined || reader === undefined) return true;
  let offset = index.offsetForOrdinal(afterOrdinal) ?? fileHeaderBytes;
  for (;;) {
    const found = reader.readAt(reader.skipBad(offset));
    if (found === "end") return true;
    if (found === "bad") {
      reportDamage(core, segment, reader.offset);
      const next = reader.skipBad(reader.offset);
      offset = next > reader.offset ? next : reader.resync(reader.offset + 1);
      continue;
    }
    offset = reader.nextOffset;
    if (isSifted && reader.header.kind === recordKind.mark) {
      const event = releasedBy(core, reader, afterOrdinal);
      if (core.readRefusal !== undefined) return false;
      if (event !== undefined && !visit(event)) return false;
      continue;
    }
    if (reader.header.kind !== recordKind.event) continue;
    const { alias } = reader.header;
    const stored = core.streams.indexOfAlias(alias);
    if (stored === undefined) continue;
    const recordAt = reader.offset;
    const recorded = openEvent(core, reader, stored, 0);
    if (recorded === undefined) {
      reportDamage(core, segment, recordAt);
      continue;
    }
    if (recorded.fields.ordinal <= afterOrdinal) continue;
    const place = locationOf(core, alias, recorded.fields.seq, segment);
    if (place === undefined || !isHeld(core, place.index, place.seq)) continue;
    if (isSifted && isKeptBack(core, place.index, place.seq)) continue;
    const mayBeOld = isRehomed(core, place.index) || (recorded.flags & flagFragmented) !== 0;
    const record = { segment, alias, offset: recordAt };
    if (mayBeOld && !isNewestRecord(core, place, record)) continue;
    const event = arrived(core, { ...recorded, ...place }, how);
    if (core.readRefusal !== undefined) return false;
    if (event !== undefined && !visit(event)) return false;
  }
}

/** Quarantined, or let in later: then it arrives where its release is. */
function isKeptBack(core: LogCore, index: StreamIndex, seq: number): boolean {
  const { quarantine } = core;
  return quarantine.reasonAt(index, seq) !== undefined || quarantine.isReleased(index, seq);
}

/** The event that the mark just found lets in, with the mark's place in the order of arrival. */
function releasedBy(
  core: LogCore,
  reader: SegmentReader,
  afterOrdinal: number,
): StoredEvent | undefined {
  const { segment } = reader;
  const plain = reader.open("");
  const fields = plain === undefined ? undefined : decodeMarkFields(plain);
  if (fields?.mark.kind !== "release" || fields.ordinal <= afterOrdinal) return undefined;
  const place = locationOf(core, fields.mark.alias, fields.mark.seq, segment);
  if (place === undefined || !core.quarantine.isReleased(place.index, place.seq)) return undefined;
  const event = readEvent(core, place.index, place.seq);
  return event === undefined ? undefined : { ...event, ordinal: fields.ordinal };
}

function arrived(
  core: LogCore,
  recorded: RecordedEvent,
  how: StoredEventOptions,
): StoredEvent | undefined {
  if (!isRehomed(core, recorded.index)) {
    return toStoredEvent(core, recorded, recorded.fields.chainBefore, how);
  }
  return readEvent(core, recorded.index, recorded.seq);
}

/** Chain at `seq`, from state where it stands, else from a neighbouring record. */
export function chainAt(core: LogCore, index: StreamIndex, seq: number): Uint8Array | undefined {
  const { table } = core.streams;
  const head = table.head(index);
  if (seq === head) return table.chain(index);
  if (seq < 0 || seq > head) return undefined;
  if (seq === 0) return chainZero(core.crypto, table.id(index));
  const floor = table.floor(index);
  if (floor !== undefined && seq === floor.seq) return floor.chain;
  // Chains of a re-homed stream are counted up from its beginning: not across a hole.
  const isUnknown = table.holes(index).some((hole) => hole.from <= seq);
  if (isUnknown && isRehomed(core, index)) return undefined;
  if (isHeld(core, index, seq)) {
    const event = readEvent(core, index, seq);
    if (event !== undefined) return event.chain;
  }
  return isHeld(core, index, seq + 1) ? readEvent(core, index, seq + 1)?.chainBefore : undefined;
}

/**
 * A re-homed stream has chains of its own, which no record holds: they are
 * computed from its beginning, or from where the last read ended. Behind what was
 * lost they go on from the chain that the next record holds.
 */
function rehomedChainBefore(core: LogCore, index: StreamIndex, seq: number): Uint8Array {
  const { table } = core.streams;
  const cached = core.rehomedChains.get(index);
  const floor = table.floor(index);
  let at = cached !== undefined && cached.seq < seq ? cached.seq : 0;
  let chain =
    at > 0 && cached !== undefined ? cached.chain : chainZero(core.crypto, table.id(index));
  if (floor !== undefined && floor.seq > at && floor.seq < seq) {
    at = floor.seq;
    chain = floor.chain;
  }
  while (at < seq - 1) {
    const before = at;
    visitStream(core, index, at + 1, (recorded) => {
      if (recorded.seq >= seq) return false;
      const event = toStoredEvent(core, recorded, chain);
      if (event === undefined) return false;
      chain = event.chain;
      at = recorded.seq;
      return true;
    });
    if (at === before) {
      const gap = [...table.lost(index), ...table.holes(index)].find(
        (range) => range.from <= before + 1 && range.to > before,
      );
      if (gap === undefined) break;
      at = gap.to;
      visitStream(core, index, at + 1, (recorded) => {
        chain = recorded.fields.chainBefore.slice();
        return false;
      });
    }
  }
  return chain;
}

/** SHA-256 of a fragmented event's payload. */
export function payloadSha256At(
  core: LogCore,
  index: StreamIndex,
  seq: number,
): Uint8Array | undefined {
  let sha: Uint8Array | undefined;
  visitStream(core, index, seq, (recorded) => {
    sha = fragmentedSha256(recorded);
    return false;
  });
  return sha;
}

/** Part of a fragmented event's payload; undefined when it cannot be read. */
export function readPayload(
  core: LogCore,
  index: StreamIndex,
  seq: number,
  part: { readonly offset: number; readonly sizeBytes: number },
): Uint8Array | undefined {
  core.readRefusal = undefined;
  let places: ReturnType<typeof fragmentPlaces>;
  let whole: Uint8Array | undefined;
  visitStream(core, index, seq, (recorded) => {
    places = fragmentPlaces(recorded);
    if (places === undefined) whole = recorded.fields.body.slice();
    return false;
  });
  if (whole !== undefined) return whole.slice(part.offset, part.offset + part.sizeBytes);
  if (places === undefined) return undefined;
  const total = places.reduce((sum, place) => sum + place.sizeBytes, 0);
  const from = Math.min(part.offset, total);
  const out = new Uint8Array(Math.max(0, Math.min(part.sizeBytes, total - from)));
  let at = 0;
  // One reader for pieces that lie side by side: each would read much more than its piece.
  let reader: SegmentReader | undefined;
  for (const place of places) {
    const end = at + place.sizeBytes;
    if (end > from && at < from + out.length) {
      if (reader?.segment !== place.segment) reader = readerFor(core, place.segment);
      const piece = reader === undefined ? undefined : pieceAt(core, reader, index, place.offset);
      if (core.readRefusal !== undefined) return undefined;
      if (piece === undefined || piece.length !== place.sizeBytes) {
        reportDamage(core, place.segment, place.offset, { index, seq });
        return undefined;
      }
      const start = Math.max(0, from - at);
      const stop = Math.min(piece.length, from + out.length - at);
      out.set(piece.subarray(start, stop), at + start - from);
    }
    at = end;
  }
  return out;
}

function readerFor(core: LogCore, segment: number): SegmentReader | undefined {
  return untilRefused(core, () => openReader(core, segment));
}

/** A view that the reader's next call may overwrite. */
function pieceAt(
  core: LogCore,
  reader: SegmentReader,
  index: StreamIndex,
  offset: number,
): Uint8Array | undefined {
  if (reader.readAt(offset) !== "record") return undefined;
  if (reader.header.kind !== recordKind.fragment) return undefined;
  const plain = reader.open(core.streams.table.id(index).node);
  return plain === undefined ? undefined : decodeFragmentFields(plain)?.bytes;
}

/** One durable piece; a copy. */
export function readFragment(
  core: LogCore,
  index: StreamIndex,
  place: { readonly segment: number; readonly offset: number },
): Uint8Array | undefined {
  const reader = readerFor(core, place.segment);
  return reader === undefined ? undefined : pieceAt(core, reader, index, place.offset)?.slice();
}
