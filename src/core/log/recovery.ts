/**
 * From files to state: restores the newest checkpoint that fits, replays what
 * lies behind it, and says what it found. Only reads.
 */
import { bytesEqual } from "../bytes.ts";
import { type FileStore, FileFault } from "../ports.ts";
import {
  checkpointTailBytes,
  type CheckpointPlace,
  readCheckpointPlace,
  restoreCheckpoint,
} from "./checkpoint.ts";
import { type CoreOptions, LogCore, orCloseFiles } from "./core.ts";
import { LookAhead } from "./definitions.ts";
import type { DiscoveredLog } from "./discover.ts";
import { readThroughFaults } from "./file-cache.ts";
import { decodeFileHeader, keyFit } from "./file-header.ts";
import { fileHeaderBytes, fileName, indexFileName, segmentFileName } from "./format.ts";
import { ReplayReport, replaySegment, type SegmentReplay } from "./replay.ts";
import { openBlock } from "./sealed-file.ts";
import { indexOf, loadedIndexOf } from "./segment-access.ts";
import { SegmentReader } from "./segment-reader.ts";
import { readWhole } from "./whole-file.ts";
import { newSegmentWriter, type SegmentWriter } from "./segment-writer.ts";
import type { ConfirmedHead } from "./api.ts";

export interface Recovered {
  readonly core: LogCore;
  readonly report: ReplayReport;
  readonly last: SegmentReplay;
  /** Size of the last segment's file. */
  readonly lastFileBytes: number;
  /** Where the replay of the checkpoint's segment began. */
  readonly replayFrom: { readonly segment: number; readonly offset: number };
  /** Listed segments whose file is missing. */
  readonly missingSegments: readonly number[];
  /** A file that ends before its checkpoint's place. */
  readonly short: { readonly segment: number; readonly sizeBytes: number } | undefined;
  /** Heads named by checkpoints that do not fit (RULES 9). */
  readonly oldHeads: readonly ConfirmedHead[];
}

export function recover(
  options: CoreOptions,
  found: DiscoveredLog,
  isReadOnly: boolean,
): Recovered {
  const places = readCheckpoints(options, found);
  let usable: CheckpointPlace | undefined;
  const oldHeads: ConfirmedHead[] = [];
  let core: LogCore | undefined;
  for (const place of places) {
    if (core !== undefined) break;
    const candidate = freshCore(options, found, place.segment);
    if (candidate === undefined || !restoreCheckpoint(candidate, place)) continue;
    if (fits(options.store, found, place)) {
      core = candidate;
      usable = place;
    } else collectHeads(candidate, oldHeads);
  }
  const first = found.segments[0]?.number ?? 1;
  core ??= freshCore(options, found, first) ?? new LogCore(options);
  core.manifestGeneration = found.generation;
  const start = { segment: usable?.segment ?? first, offset: usable?.offset ?? fileHeaderBytes };
  const replayed = core;
  const rest = orCloseFiles(core, () => replayFrom(replayed, found, start, isReadOnly));
  return { ...rest, oldHeads };
}

/** A core whose directory names all segments but the last, and whose active segment is `segment`. */
function freshCore(
  options: CoreOptions,
  found: DiscoveredLog,
  segment: number,
): LogCore | undefined {
  const core = new LogCore(options);
  const { segments } = found;
  const at = segments.findIndex(({ number }) => number === segment);
  const active = segments[at];
  if (active === undefined) return undefined;
  segments.forEach(({ number, generation, salt, keyId, sizeBytes }, position) => {
    if (position === segments.length - 1) return;
    core.directory.segments.push({
      number,
      generation,
      salt,
      keyId,
      sizeBytes,
      firstOrdinal: 0,
      lastOrdinal: 0,
      indexBytes: 0,
      hasSpans: false,
    });
  });
  core.active = newSegmentWriter(core.seal, active);
  const newest = Math.max(...found.present, ...segments.slice(-1).map(({ number }) => number));
  core.nextSegment = newest + 1;
  return core;
}

function readCheckpoints(options: CoreOptions, found: DiscoveredLog): CheckpointPlace[] {
  const places: CheckpointPlace[] = [];
  for (const name of [fileName.checkpointA, fileName.checkpointB]) {
    const bytes = readWhole(options.store, name);
    if (bytes === undefined) continue;
    const header = decodeFileHeader("checkpoint", bytes);
    if (typeof header === "string" || !bytesEqual(header.logId, found.logId)) continue;
    if (keyFit(options, header) !== "fits") continue;
    const end = fileHeaderBytes + header.bodyBytes;
    if (end > bytes.length) continue;
    const sealed = bytes.subarray(fileHeaderBytes, end);
    const body = openBlock(options, header, sealed, fileHeaderBytes);
    const place = body === undefined ? undefined : readCheckpointPlace(body);
    if (place !== undefined && place.nodeId === options.nodeId) places.push(place);
  }
  return places.sort((a, b) => b.generation - a.generation);
}

/** Whether the record before the place is the one that the checkpoint saw. A file that ends before is lost data. */
function fits(store: FileStore, found: DiscoveredLog, place: CheckpointPlace): boolean {
  const at = found.segments.findIndex(({ number }) => number === place.segment);
  const segment = found.segments[at];
  if (segment === undefined) return false;
  const isLast = at === found.segments.length - 1;
  if (!isLast && place.offset > segment.sizeBytes) return false;
  if (!found.present.includes(place.segment)) return true;
  const file = store.open(segmentFileName(place.segment, segment.generation), "read");
  const tail = new Uint8Array(checkpointTailBytes);
  const isShort = file.size() < place.offset;
  if (!isShort) readThroughFaults(file, place.offset - checkpointTailBytes, tail);
  file.close();
  return isShort || bytesEqual(tail, place.tail);
}

function collectHeads(core: LogCore, heads: ConfirmedHead[]): void {
  const { table } = core.streams;
  for (let index = 0; index < table.count; index++) {
    const seq = table.head(index);
    if (seq > 0) heads.push({ stream: table.id(index), seq, chain: table.chain(index) });
  }
}

function replayFrom(
  core: LogCore,
  found: DiscoveredLog,
  start: { readonly segment: number; readonly offset: number },
  isReadOnly: boolean,
): Omit<Recovered, "oldHeads"> {
  const report = new ReplayReport();
  const missingSegments: number[] = [];
  let short: Recovered["short"];
  let lastFileBytes = start.offset;
  let last: SegmentReplay = { durableEnd: start.offset, verifiedEnd: start.offset };
  const { segments } = found;
  restoreSpans(core, start.segment);
  const lookAhead = new LookAhead(core, (segment) => readersBehind(core, found, segment));
  segments.forEach((listed, at) => {
    const isLast = at === segments.length - 1;
    const isPresent = found.present.includes(listed.number);
    if (!isPresent) missingSegments.push(listed.number);
    if (listed.number < start.segment) return;
    const from = listed.number === start.segment ? start.offset : fileHeaderBytes;
    const writer =
      listed.number === start.segment ? core.active : newSegmentWriter(core.seal, listed);
    core.active = writer;
    writer.end = isLast ? from : listed.sizeBytes;
    if (isPresent) {
      const size = fileSize(core.store, segmentFileName(listed.number, listed.generation));
      if (size < from) short = { segment: listed.number, sizeBytes: size };
      if (isLast) lastFileBytes = size;
      const end = isLast ? Math.max(size, from) : listed.sizeBytes;
      const { cipher, number } = writer;
      const reader = new SegmentReader(core, { segment: number, cipher, end });
      last = replaySegment(core, writer, reader, {
        from,
        isLast,
        isReadOnly,
        report,
        lookAhead,
      });
      if (!isLast) writer.end = listed.sizeBytes;
    } else if (isLast) {
      // Its file is gone: nothing of it is durable any more, and what it held is damage, not a tail.
      last = { durableEnd: from, verifiedEnd: from };
      lastFileBytes = from;
    }
    if (!isLast) sealReplayed(core, writer);
  });
  core.streams.settleAll();
  core.stagedOrdinal = core.changeOrdinal;
  core.stagedEpoch = core.ownEpoch;
  core.bytesSinceCheckpoint = bytesBehind(core, found, start);
  return { core, report, last, lastFileBytes, replayFrom: start, missingSegments, short };
}

function* readersBehind(
  core: LogCore,
  found: DiscoveredLog,
  segment: number,
): Generator<SegmentReader> {
  const { segments, present } = found;
  const last = segments[segments.length - 1];
  for (const listed of segments) {
    const { number, generation, sizeBytes } = listed;
    if (number <= segment || !present.includes(number)) continue;
    const { cipher } = newSegmentWriter(core.seal, listed);
    const end =
      listed === last ? fileSize(core.store, segmentFileName(number, generation)) : sizeBytes;
    yield new SegmentReader(core, { segment: number, cipher, end });
  }
}

/** Segments that were written anew behind the checkpoint's back tell their spans themselves. */
function restoreSpans(core: LogCore, before: number): void {
  const { directory } = core;
  const spans = Array.from({ length: directory.spanCount }, (_, at) => directory.span(at));
  let isChanged = false;
  for (const segment of directory.segments) {
    if (segment.number >= before || segment.hasSpans) continue;
    const { number } = segment;
    const loaded = loadedIndexOf(core, number);
    segment.firstOrdinal = loaded?.summary.firstOrdinal ?? 0;
    segment.lastOrdinal = loaded?.summary.lastOrdinal ?? 0;
    segment.indexBytes = loaded?.sizeBytes ?? 0;
    segment.hasSpans = true;
    const index = loaded?.index ?? indexOf(core, number);
    index?.spans((alias, first, last) => spans.push({ segment: number, alias, first, last }));
    isChanged = true;
  }
  if (isChanged) directory.setSpans(spans);
}

function sealReplayed(core: LogCore, writer: SegmentWriter): void {
  const sealed = core.directory.find(writer.number);
  if (sealed === undefined) return;
  sealed.firstOrdinal = writer.firstOrdinal;
  sealed.lastOrdinal = writer.lastOrdinal;
  sealed.hasSpans = true;
  writer.index.spans((alias, first, last) => {
    core.directory.addSpan(writer.number, alias, first, last);
  });
  const name = indexFileName(writer.number, writer.generation);
  if (core.store.exists(name)) sealed.indexBytes = fileSize(core.store, name);
  else core.unindexed.push(writer);
}

function bytesBehind(
  core: LogCore,
  found: DiscoveredLog,
  start: { readonly segment: number; readonly offset: number },
): number {
  let bytes = -start.offset;
  for (const { number, sizeBytes } of found.segments) {
    if (number >= start.segment)
      bytes += number === core.active.number ? core.active.end : sizeBytes;
  }
  return bytes;
}

export function fileSize(store: FileStore, name: string): number {
  try {
    const file = store.open(name, "read");
    const size = file.size();
    file.close();
    return size;
  } catch (fault) {
    if (fault instanceof FileFault && fault.kind === "notFound") return 0;
    throw fault;
  }
}
