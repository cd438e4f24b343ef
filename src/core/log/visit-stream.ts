/**
 * The walk along one stream that every read of it is made of. It costs the range that is
 * walked: one index entry, then the records from there on, whose clear headers are enough
 * to step over other streams.
 *
 * What cannot be verified on the way is handed to damage.ts and becomes a hole;
 * nothing unverified is ever visited, and nothing beyond what is durable.
 */
import { FileFault } from "../ports.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import { isHeld } from "./apply.ts";
import type { LogCore } from "./core.ts";
import { reportDamage, reportMissing } from "./damage.ts";
import { decodeEventFields } from "./event-fields.ts";
import { diskError } from "./faults.ts";
import { recordKind } from "./format.ts";
import { type EventPlace, locate } from "./locate.ts";
import { openReader } from "./segment-access.ts";
import type { SegmentReader } from "./segment-reader.ts";
import type { RecordedEvent } from "./stored-event.ts";

/** Visits held events from `from` on, until one is not held or `visit` returns false. */
export function visitStream(
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
export function untilRefused<Result>(core: LogCore, work: () => Result): Result | undefined {
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
export function openEvent(
  core: LogCore,
  reader: SegmentReader,
  index: StreamIndex,
  seq: number,
): RecordedEvent | undefined {
  const plain = reader.open(core.streams.table.id(index).node);
  const fields = plain === undefined ? undefined : decodeEventFields(plain);
  return fields === undefined ? undefined : { fields, flags: reader.header.flags, index, seq };
}
