/**
 * Damage that a read has met (RULES 6 and 8): the bad range is copied aside,
 * what it held becomes holes, which a sync heals, and a mark makes that durable.
 * Nothing is cut, and everything after the range stays readable.
 *
 * What the range held is what the sparse index says minus what can be read.
 */
import { FileFault } from "../ports.ts";
import { addRanges, type Ranges, subtractRanges } from "../vector/ranges.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import { applyMark } from "./apply.ts";
import type { LogCore } from "./core.ts";
import { decodeEventFields } from "./event-fields.ts";
import { readThroughFaults } from "./file-cache.ts";
import { fileName, recordKind } from "./format.ts";
import type { SegmentIndex } from "./index/segment-index.ts";
import { locate, locationOf } from "./locate.ts";
import { lostPiecesIn } from "./lost-pieces.ts";
import { type MissingRun, missingRunsMax, type StoredMark } from "./mark-fields.ts";
import { removeQuietly } from "./replace-file.ts";
import { stageOwnMark } from "./stage-mark.ts";
import { indexOf, openReader } from "./segment-access.ts";
import type { SegmentReader } from "./segment-reader.ts";

/** The record at `offset` does not verify. `known` is an event that needs it, such as one whose piece it was. */
export function reportDamage(
  core: LogCore,
  segment: number,
  offset: number,
  known?: { readonly index: StreamIndex; readonly seq: number },
): void {
  const range = findBadRange(core, segment, offset);
  const missing = range.toOffset > offset ? missingIn(core, segment, range) : [];
  if (known !== undefined) {
    const alias = core.streams.alias(known.index);
    missing.push({ alias, from: known.seq, to: known.seq });
  }
  recordDamage(core, { segment, ...range, missing });
}

/** The index names the event, but it is not where it should be; or its segment is gone. */
export function reportMissing(core: LogCore, index: StreamIndex, seq: number): void {
  const alias = core.streams.alias(index);
  const missing = [{ alias, from: seq, to: seq }];
  const mark: StoredMark = { kind: "damage", segment: 0, fromOffset: seq, toOffset: seq, missing };
  applyMark(core, { mark, atMs: core.wallMs }, core.changeOrdinal);
  stageOwnMark(core, mark);
}

/** From a bad record to the next verified one. */
function findBadRange(
  core: LogCore,
  segment: number,
  offset: number,
): { readonly fromOffset: number; readonly toOffset: number } {
  const reader = openReader(core, segment);
  if (reader === undefined) return { fromOffset: offset, toOffset: offset };
  // The CRCs may hold while the seal does not (a forged record): it is bad as a whole.
  if (reader.readAt(offset) === "record")
    return { fromOffset: offset, toOffset: reader.nextOffset };
  return { fromOffset: offset, toOffset: reader.resync(offset + 1) };
}

/**
 * Applies at once (reads go on behind the holes), and stages the mark where the log can be
 * written. Events that lost only a piece are missing too; returns how many pieces these were.
 */
export function recordDamage(
  core: LogCore,
  damage: {
    readonly segment: number;
    readonly fromOffset: number;
    readonly toOffset: number;
    readonly missing: readonly MissingRun[];
  },
): number {
  const { segment, fromOffset, toOffset } = damage;
  setAside(core, segment, fromOffset, toOffset);
  const pieces = lostPiecesIn(core, { segment, fromOffset, toOffset });
  const all = [...damage.missing, ...pieces.missing];
  for (let at = 0; at === 0 || at < all.length; at += missingRunsMax) {
    const missing = all.slice(at, at + missingRunsMax);
    const mark: StoredMark = { kind: "damage", segment, fromOffset, toOffset, missing };
    applyMark(core, { mark, atMs: core.wallMs }, core.changeOrdinal);
    stageOwnMark(core, mark);
  }
  return pieces.pieceCount;
}

/** What the index says began in the blocks of the range, minus what still verifies there. */
function missingIn(
  core: LogCore,
  segment: number,
  range: { readonly fromOffset: number; readonly toOffset: number },
): MissingRun[] {
  const index = indexOf(core, segment);
  const reader = openReader(core, segment);
  if (index === undefined || reader === undefined) return [];
  return missingByIndex(core, index, reader, range);
}

/** Everything that the index says began in a segment whose file is gone, and that is nowhere else. */
export function missingWithSegment(core: LogCore, segment: number): MissingRun[] {
  const index = indexOf(core, segment);
  if (index === undefined) return [];
  const stop = Number.POSITIVE_INFINITY;
  return heldNowhereElse(core, indexedIn(index, 0, stop), { segment, stop });
}

/** By alias: the seqs whose records began in [start, stop). */
function indexedIn(index: SegmentIndex, start: number, stop: number): Map<number, Ranges> {
  const found = new Map<number, Ranges>();
  for (let at = 0; at < index.entryCount; at++) {
    const { alias, firstSeq, count, offset } = index.entry(at);
    if (offset < start || offset >= stop) continue;
    const run = [{ from: firstSeq, to: firstSeq + count - 1 }];
    found.set(alias, addRanges(found.get(alias) ?? [], run));
  }
  return found;
}

function missingByIndex(
  core: LogCore,
  index: SegmentIndex,
  reader: SegmentReader,
  range: { readonly fromOffset: number; readonly toOffset: number },
): MissingRun[] {
  const start = index.recordStartBefore(range.fromOffset) ?? range.fromOffset;
  const last = Math.max(range.fromOffset, range.toOffset - 1);
  const stop = index.recordStartAfter(last) ?? Number.POSITIVE_INFINITY;
  const expected = indexedIn(index, start, stop);
  for (let offset = start; offset < stop; ) {
    const isBad = offset >= range.fromOffset && offset < range.toOffset;
    const found = isBad ? "bad" : reader.readAt(offset);
    if (found === "end") break;
    if (found === "bad") {
      offset = isBad ? range.toOffset : reader.resync(offset + 1);
      continue;
    }
    subtractRecord(core, reader, expected);
    offset = reader.nextOffset;
  }
  return heldNowhereElse(core, expected, { segment: reader.segment, stop });
}

/** A segment holds fewer events: a longer run is what somebody claims, and is not counted out. */
const runSeqsMax = 1 << 18;

/** Before `stop` in `segment`, or in an earlier one: where a lost record was. */
interface LostPlace {
  readonly segment: number;
  readonly stop: number;
}

/** As runs, without what was damaged and healed before: that counts where it was stored anew, further on. */
function heldNowhereElse(
  core: LogCore,
  expected: ReadonlyMap<number, Ranges>,
  lost: LostPlace,
): MissingRun[] {
  const missing: MissingRun[] = [];
  for (const [alias, ranges] of expected) {
    for (const { from, to } of ranges) {
      const first = locationOf(core, alias, from, lost.segment);
      if (first === undefined) continue;
      const run = { alias: core.streams.alias(first.index), from: first.seq };
      missing.push({ ...run, to: to - (from - first.seq) });
    }
  }
  return withoutStoredAnew(core, missing, lost);
}

/** The same for runs of events as their streams have them. */
export function withoutStoredAnew(
  core: LogCore,
  runs: readonly MissingRun[],
  lost: LostPlace,
): MissingRun[] {
  const missing: MissingRun[] = [];
  for (const run of runs) {
    const index = core.streams.indexOfAlias(run.alias);
    if (index === undefined || run.to - run.from >= runSeqsMax) missing.push(run);
    else
      for (let seq = run.from; seq <= run.to; seq++)
        if (!isStoredAnew(core, { index, seq }, lost)) extendRuns(missing, run.alias, seq);
  }
  return missing;
}

function isStoredAnew(
  core: LogCore,
  event: { readonly index: StreamIndex; readonly seq: number },
  { segment, stop }: LostPlace,
): boolean {
  const place = locate(core, event.index, event.seq);
  if (place === undefined || place.segment < segment) return false;
  return place.segment > segment || place.entry.offset >= stop;
}

function extendRuns(runs: MissingRun[], alias: number, seq: number): void {
  const last = runs[runs.length - 1];
  const follows = last !== undefined && last.alias === alias && last.to + 1 === seq;
  if (follows) runs[runs.length - 1] = { ...last, to: seq };
  else runs.push({ alias, from: seq, to: seq });
}

function subtractRecord(core: LogCore, reader: SegmentReader, expected: Map<number, Ranges>): void {
  const { kind, alias } = reader.header;
  const ranges = expected.get(alias);
  const index = core.streams.indexOfAlias(alias);
  if (kind !== recordKind.event || ranges === undefined || index === undefined) return;
  const plain = reader.open(core.streams.table.id(index).node);
  const seq = plain === undefined ? undefined : decodeEventFields(plain)?.seq;
  if (seq === undefined) return;
  expected.set(alias, subtractRanges(ranges, [{ from: seq, to: seq }]));
}

/**
 * A copy for whoever investigates. False when it cannot be made: then nothing of it is left to
 * take up room, and the range itself is still where it was.
 */
export function setAside(
  core: LogCore,
  segment: number,
  from: number,
  to: number,
  isLastCopy = false,
): boolean {
  if (to <= from) return true;
  if (core.readOnlyReason !== undefined) return false;
  const copyName = `${fileName.setAside}/${segment}-${from}`;
  try {
    const source = core.files.get(core.segmentFile(segment));
    core.store.makeFolder(fileName.setAside);
    const copy = core.store.open(copyName, "replace");
    try {
      const piece = new Uint8Array(Math.min(pieceBytes, to - from));
      for (let at = from; at < to; ) {
        const part = piece.subarray(0, Math.min(piece.length, to - at));
        const count = readThroughFaults(source, at, part);
        if (count === 0) break;
        copy.write(at - from, part.subarray(0, count));
        at += count;
      }
      // Where the bytes are about to be cut off, the copy is durable first (RULES 7).
      if (isLastCopy) {
        copy.syncNow();
        core.store.syncNow();
      }
    } finally {
      copy.close();
    }
    return true;
  } catch (fault) {
    if (!(fault instanceof FileFault)) throw fault;
    removeQuietly(core, copyName);
    return false;
  }
}

const pieceBytes = 64 * 1024;
