/** Reading in the order of arrival, segment by segment. What was quarantined arrives where it is let in. */
import type { StreamIndex } from "../vector/stream-table.ts";
import type { ArrivalReading, ReadLimit, StoredEvent } from "./api.ts";
import { isHeld } from "./apply.ts";
import type { LogCore } from "./core.ts";
import { reportDamage } from "./damage.ts";
import { fileHeaderBytes, flagFragmented, recordKind } from "./format.ts";
import { isNewestRecord, isRehomed, locationOf } from "./locate.ts";
import { decodeMarkFields } from "./mark-fields.ts";
import { readEvent } from "./read.ts";
import { indexOf, openReader } from "./segment-access.ts";
import type { SegmentReader } from "./segment-reader.ts";
import {
  type RecordedEvent,
  SharedPieces,
  type StoredEventOptions,
  toStoredEvent,
} from "./stored-event.ts";
import { openEvent, untilRefused } from "./visit-stream.ts";

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
