/**
 * Reads the records behind a checkpoint and applies them, telling a torn tail
 * from damage (RULES 6). Only reads; what it found is acted upon in open.ts.
 *
 * D is the offset up to which the last segment is proven durable: the largest of
 * the checkpoint's place, the end of a clean-close mark, and the start of the
 * group of any verified record. A bad range that begins below D is damage; one
 * at or above D is torn, and everything from there on goes.
 */
import {
  driftReferenceMs,
  maxClockDriftDefaultMs,
  unboundedDriftMs,
} from "../clock/hybrid-clock.ts";
import type { Hlc } from "../clock/hlc.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import { addBadRange, applyEvent, applyMark, showPartial } from "./apply.ts";
import { nextChain } from "./chain.ts";
import type { BadRange, LogCore } from "./core.ts";
import { type LookAhead, readDefinition } from "./definitions.ts";
import {
  type CloseHead,
  decodeCloseFields,
  decodeEventFields,
  decodeFragmentFields,
  decodeFragmentList,
  type EventFields,
} from "./event-fields.ts";
import { flagFragmented, recordKind } from "./format.ts";
import { aliasesOfMark, decodeMarkFields, type MissingRun } from "./mark-fields.ts";
import { newPartial } from "./partials.ts";
import type { SegmentReader } from "./segment-reader.ts";
import type { SegmentWriter } from "./segment-writer.ts";

/** A bad range that the replay met, with what the records behind it tell of it. */
export interface FoundDamage {
  readonly range: BadRange;
  /** What jumps of seq say was in it. */
  readonly missing: MissingRun[];
  /** Records that are gone, as ordinals tell. */
  lostRecords: number;
  /** False while no later record was read whose ordinal could tell how many are gone. */
  isBounded: boolean;
}

/** What the replay of a tail found, over all of its segments. */
export class ReplayReport {
  /** Damage that no mark of the log names yet. */
  damages: FoundDamage[] = [];
  closeHeads: readonly CloseHead[] = [];

  /**
   * A mark behind it shows that an earlier opening has seen to it; what has rotted beside it
   * since stays. Seqs that jumped behind a known range may have been in the one before it.
   */
  dropKnown(segment: number, fromOffset: number, toOffset: number): void {
    const kept: FoundDamage[] = [];
    for (const damage of this.damages) {
      const { range, missing } = damage;
      const isKnown =
        range.segment === segment && range.fromOffset >= fromOffset && range.fromOffset < toOffset;
      const before = kept[kept.length - 1];
      if (!isKnown) kept.push(damage);
      else if (range.toOffset > toOffset)
        kept.push({ ...damage, range: { ...range, fromOffset: toOffset } });
      else if (before !== undefined) {
        before.missing.push(...missing);
        for (const { from, to } of missing) before.lostRecords += to - from + 1;
      }
    }
    this.damages = kept;
  }
}

export interface SegmentReplay {
  /** Proven durable up to here. */
  readonly durableEnd: number;
  /** Verified up to here; what lies between is read, but not proven. */
  readonly verifiedEnd: number;
}

interface PendingRow {
  readonly alias: number;
  readonly seq: number;
  readonly offset: number;
  readonly ordinal: number;
  readonly id: Uint8Array | undefined;
}

/**
 * Replays one segment from `from`. For a sealed one all of it counts; in the last
 * one `limit` (for readers) stops at what is proven durable.
 */
export function replaySegment(
  core: LogCore,
  writer: SegmentWriter,
  reader: SegmentReader,
  input: {
    readonly from: number;
    readonly isLast: boolean;
    readonly isReadOnly: boolean;
    readonly report: ReplayReport;
    readonly lookAhead: LookAhead;
  },
): SegmentReplay {
  const { from, isLast, report } = input;
  let durableEnd = isLast ? from : reader.end;
  let isProven = !isLast;
  if (input.isReadOnly && isLast) {
    durableEnd = provenEnd(reader, from, durableEnd);
    isProven = true;
  }
  const replay = new RecordReplay(core, writer, reader, input);
  let offset = reader.skipBad(from);
  for (;;) {
    if (isLast && input.isReadOnly && offset >= durableEnd) break;
    const found = reader.readAt(offset);
    if (found === "end") break;
    let isGood = found === "record";
    if (isGood) {
      const { kind, back } = reader.header;
      if (isLast && offset - back > durableEnd) durableEnd = offset - back;
      if (back === 0) replay.flushRows();
      isGood = replay.apply(offset);
      // A reader knows a larger one already, when there are several marks.
      if (isGood && kind === recordKind.close && isLast)
        durableEnd = Math.max(durableEnd, reader.nextOffset);
    }
    if (isGood) {
      offset = reader.skipBad(reader.nextOffset);
      continue;
    }
    if (!isProven) {
      durableEnd = provenEnd(reader, offset, durableEnd);
      isProven = true;
    }
    if (offset >= durableEnd) break;
    const next = found === "record" ? nextOf(reader, offset) : reader.resync(offset + 1);
    const range = { segment: writer.number, fromOffset: offset, toOffset: next };
    addBadRange(core, range);
    report.damages.push({ range, missing: [], lostRecords: 0, isBounded: false });
    offset = reader.skipBad(next);
  }
  // A destroyed place that begins below D is damage up to its end (RULES 6): what is stored anew begins behind it.
  durableEnd = reader.skipBad(durableEnd);
  const isAllDurable = offset <= durableEnd;
  if (isAllDurable) replay.flushRows();
  writer.end = Math.min(offset, durableEnd);
  return { durableEnd, verifiedEnd: offset };
}

function nextOf(reader: SegmentReader, offset: number): number {
  return reader.readAt(offset) === "record" ? reader.nextOffset : reader.resync(offset + 1);
}

/** D, from what verifies anywhere behind `from`. */
function provenEnd(reader: SegmentReader, from: number, known: number): number {
  let proven = known;
  for (let offset = from; offset < reader.end; ) {
    if (reader.readAt(offset) !== "record") {
      offset = reader.resync(offset + 1);
      continue;
    }
    proven = Math.max(proven, offset - reader.header.back);
    if (reader.header.kind === recordKind.close) proven = Math.max(proven, reader.nextOffset);
    offset = reader.nextOffset;
  }
  return proven;
}

/** Applies records one by one; rows of the last group wait, since they may have to move to a new segment. */
class RecordReplay {
  private readonly core: LogCore;
  private readonly writer: SegmentWriter;
  private readonly reader: SegmentReader;
  private readonly report: ReplayReport;
  private readonly lookAhead: LookAhead;
  private rows: PendingRow[] = [];

  constructor(
    core: LogCore,
    writer: SegmentWriter,
    reader: SegmentReader,
    input: { readonly report: ReplayReport; readonly lookAhead: LookAhead },
  ) {
    this.core = core;
    this.writer = writer;
    this.reader = reader;
    this.report = input.report;
    this.lookAhead = input.lookAhead;
  }

  /** False when the record's seal or fields do not fit. */
  apply(offset: number): boolean {
    const { reader, core, lookAhead } = this;
    const { kind, alias, flags } = reader.header;
    switch (kind) {
      case recordKind.alias:
        return readDefinition(core, reader);
      case recordKind.mark: {
        const plain = reader.open("");
        const fields = plain === undefined ? undefined : decodeMarkFields(plain);
        if (fields === undefined) return false;
        const { mark } = fields;
        const streams = aliasesOfMark(mark).map((named) => lookAhead.streamOf(named, reader));
        // What is missing may be of a stream that nothing tells of any more; all else would be guessed.
        if (mark.kind !== "damage" && streams.includes(undefined)) return false;
        this.note({ alias: 0, seq: 0, offset, ordinal: fields.ordinal, id: undefined });
        applyMark(core, { mark, atMs: fields.atMs }, fields.ordinal);
        if (mark.kind === "damage") {
          this.report.dropKnown(mark.segment, mark.fromOffset, mark.toOffset);
        }
        // A close before it named a head that is another stream's since.
        if (mark.kind === "rehome") {
          const { oldAlias, from } = mark.rule;
          this.report.closeHeads = this.report.closeHeads.filter(
            ({ alias, seq }) => alias !== oldAlias || seq < from,
          );
        }
        if (mark.kind === "newEpoch" && mark.restartMs !== undefined) {
          core.clock.restart(mark.restartMs);
        }
        return true;
      }
      case recordKind.close: {
        const plain = reader.open("");
        const close = plain === undefined ? undefined : decodeCloseFields(plain);
        if (close === undefined) return false;
        this.report.closeHeads = close.heads;
        core.clock.receive(close.lastHlc, close.lastHlc.ms, 0);
        this.noteGap(close.changeOrdinal + 1);
        return true;
      }
      case recordKind.dropped: {
        const index = lookAhead.streamOf(alias, reader);
        const node = index === undefined ? undefined : core.streams.table.id(index).node;
        const plain = node === undefined ? undefined : reader.open(node);
        const fields = plain === undefined ? undefined : decodeEventFields(plain);
        if (fields === undefined) return false;
        const id = fields.idempotency.slice();
        this.note({ alias: 0, seq: 0, offset, ordinal: fields.ordinal, id });
        return true;
      }
      case recordKind.event:
      case recordKind.fragment: {
        const index = lookAhead.streamOf(alias, reader);
        const node = index === undefined ? undefined : core.streams.table.id(index).node;
        const plain = node === undefined ? undefined : reader.open(node);
        if (index === undefined || plain === undefined) return false;
        return kind === recordKind.event
          ? this.applyEvent(index, alias, flags, offset, plain)
          : this.applyFragment(index, offset, plain);
      }
      default:
        // A kind of a later minor version: verified, and not ours to judge.
        return true;
    }
  }

  flushRows(): void {
    for (const row of this.rows) {
      this.writer.index.addRecord(row.offset, row.ordinal);
      if (row.seq > 0) this.writer.index.addEvent(row.alias, row.seq, row.offset);
      if (row.id !== undefined) this.writer.ids.add(row.id, row.offset);
    }
    this.rows = [];
  }

  private note(row: PendingRow): void {
    this.noteGap(row.ordinal);
    this.rows.push(row);
    const { core, writer } = this;
    if (writer.firstOrdinal === 0) writer.firstOrdinal = row.ordinal;
    writer.lastOrdinal = row.ordinal;
    core.changeOrdinal = row.ordinal;
    core.stagedOrdinal = row.ordinal;
  }

  /** Every record has the ordinal after the one before: a gap counts what is gone. */
  private noteGap(ordinal: number): void {
    const gap = ordinal - this.core.changeOrdinal - 1;
    const { damages } = this.report;
    const last = damages[damages.length - 1];
    if (gap > 0 && last !== undefined) last.lostRecords += gap;
    for (let at = damages.length - 1; at >= 0; at--) {
      const damage = damages[at];
      if (damage === undefined || damage.isBounded) break;
      damage.isBounded = true;
    }
  }

  private applyEvent(
    index: StreamIndex,
    alias: number,
    flags: number,
    offset: number,
    plain: Uint8Array,
  ): boolean {
    const { core } = this;
    const fields = decodeEventFields(plain);
    const chain = fields === undefined ? undefined : chainOf(core, fields, flags);
    if (fields === undefined || chain === undefined) return false;
    const { seq, ordinal, hlc } = fields;
    const { table } = core.streams;
    const head = table.head(index);
    const id = fields.idempotency.length > 0 ? fields.idempotency.slice() : undefined;
    this.note({ alias, seq, offset, ordinal, id });
    if (seq > head + 1) this.noteJump(alias, head + 1, seq - 1);
    applyEvent(core, index, seq, ordinal, chain, hlc.ms, hlc.counter);
    const isOwn = table.isOfNode(index, core.nodeId);
    if (isOwn && fields.receivedFrom === "") core.clock.receive(hlc, hlc.ms, 0);
    else mergeClock(core, hlc, fields.receivedMs, false);
    return true;
  }

  private noteJump(alias: number, from: number, to: number): void {
    const last = this.report.damages[this.report.damages.length - 1];
    last?.missing.push({ alias, from, to });
  }

  private applyFragment(index: StreamIndex, offset: number, plain: Uint8Array): boolean {
    const { core, writer } = this;
    const fields = decodeFragmentFields(plain);
    if (fields === undefined) return false;
    this.note({ alias: 0, seq: 0, offset, ordinal: fields.ordinal, id: undefined });
    let partial = core.partials.get(index);
    if (partial === undefined || partial.seq !== fields.seq || fields.at === 0) {
      if (fields.at !== 0) return true;
      partial = newPartial(fields, undefined);
      core.partials.set(index, partial);
    }
    if (partial.durableBytes === fields.at) {
      const sizeBytes = fields.bytes.length;
      partial.places.push({ segment: writer.number, offset, sizeBytes });
      partial.durableCount++;
      partial.durableBytes += sizeBytes;
      partial.stagedBytes = partial.durableBytes;
    }
    core.streams.table.setChangeOrdinal(index, fields.ordinal);
    showPartial(core, index);
    return true;
  }
}

function chainOf(core: LogCore, fields: EventFields, flags: number): Uint8Array | undefined {
  const { seq, hlc, type, known } = fields;
  const link = { seq, hlc, type, known };
  if ((flags & flagFragmented) === 0) {
    return nextChain(core.crypto, fields.chainBefore, { ...link, payload: fields.body });
  }
  const list = decodeFragmentList(fields.body);
  if (list === undefined) return undefined;
  const { payloadSha256, payloadSize } = list;
  return nextChain(core.crypto, fields.chainBefore, { ...link, payloadSha256, payloadSize });
}

/** Takes notice of a remote HLC; how far it is ahead when that is too far (RULES 38). */
export function mergeClock(
  core: LogCore,
  hlc: Hlc,
  receivedMs: number,
  isTrusted: boolean,
): number | undefined {
  const reference = driftReferenceMs({
    wallMs: receivedMs,
    buildMs: core.buildTimeMs,
    trustedMs: core.trustedTimeMs,
  });
  const maxDrift = isTrusted ? unboundedDriftMs : maxClockDriftDefaultMs;
  const result = core.clock.receive(hlc, reference, maxDrift);
  return result.kind === "driftExceeded" ? result.aheadMs : undefined;
}
