/**
 * Which large event a bad range was a piece of (RULES 5): the event's own record
 * comes behind its pieces, may be good, and names them. Without this the event
 * would look whole until somebody reads its payload, and no sync would heal it.
 *
 * At most one event of a stream is under way at a time, so the first large one of
 * the stream behind a piece is the piece's own.
 */
import { isHeld } from "./apply.ts";
import type { LogCore } from "./core.ts";
import { decodeEventFields, decodeFragmentList } from "./event-fields.ts";
import { fileHeaderBytes, flagFragmented, recordKind } from "./format.ts";
import { isNewestRecord, locationOf } from "./locate.ts";
import type { MissingRun } from "./mark-fields.ts";
import { openReader } from "./segment-access.ts";
import type { SegmentReader } from "./segment-reader.ts";

/** How far is looked where not even a header says that the range held pieces. */
const blindBytesMax = 1024 * 1024;

interface BadRange {
  readonly segment: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

export interface LostPieces {
  /** The events whose pieces lay in the range. */
  readonly missing: readonly MissingRun[];
  readonly pieceCount: number;
}

/** Every event that counts and has a piece in the range. */
export function lostPiecesIn(core: LogCore, range: BadRange): LostPieces {
  const missing: MissingRun[] = [];
  let pieceCount = 0;
  const wanted = streamsInside(core, range);
  let leftBytes = wanted === "unknown" ? blindBytesMax : Number.POSITIVE_INFINITY;
  const isOver = (): boolean => leftBytes <= 0 || (wanted !== "unknown" && wanted.size === 0);
  for (const segment of segmentsFrom(core, range.segment, wanted)) {
    const reader = isOver() ? undefined : openReader(core, segment);
    if (reader === undefined) continue;
    let offset = segment === range.segment ? range.toOffset : fileHeaderBytes;
    while (!isOver() && reader.peekAt(reader.skipBad(offset)) === "record") {
      leftBytes -= reader.nextOffset - offset;
      offset = reader.nextOffset;
      const { kind, alias, flags } = reader.header;
      const isLarge = kind === recordKind.event && (flags & flagFragmented) !== 0;
      if (!isLarge || (wanted !== "unknown" && !wanted.has(alias))) continue;
      const found = piecesOf(core, reader, range);
      pieceCount += found?.pieceCount ?? 0;
      if (found?.run !== undefined) missing.push(found.run);
      if (wanted !== "unknown") wanted.delete(alias);
    }
  }
  return { missing, pieceCount };
}

/** Aliases of the pieces in the range, as far as its headers can be read. */
function streamsInside(core: LogCore, range: BadRange): Set<number> | "unknown" {
  const reader = openReader(core, range.segment);
  const aliases = new Set<number>();
  for (let offset = range.fromOffset; offset < range.toOffset; offset = reader?.nextOffset ?? 0) {
    if (reader?.peekAt(offset) !== "record" || reader.nextOffset > range.toOffset) return "unknown";
    if (reader.header.kind === recordKind.fragment) aliases.add(reader.header.alias);
  }
  return aliases;
}

/**
 * The segment itself, and those behind it with events of the streams: the last piece of an event
 * that came over a bad link may lie any number of segments behind its first.
 */
function segmentsFrom(
  core: LogCore,
  first: number,
  wanted: ReadonlySet<number> | "unknown",
): readonly number[] {
  const { directory, active } = core;
  const segments = new Set([first, active.number]);
  for (let at = 0; at < directory.spanCount; at++) {
    const { segment, alias } = directory.span(at);
    if (segment > first && (wanted === "unknown" || wanted.has(alias))) segments.add(segment);
  }
  return [...segments].sort((a, b) => a - b);
}

/** What the large event that the reader stands at has in the range; undefined when it has nothing there. */
function piecesOf(
  core: LogCore,
  reader: SegmentReader,
  range: BadRange,
): { readonly run: MissingRun | undefined; readonly pieceCount: number } | undefined {
  const { offset, segment } = reader;
  if (reader.readAt(offset) !== "record") return undefined;
  const { alias } = reader.header;
  const stored = core.streams.indexOfAlias(alias);
  const plain = stored === undefined ? undefined : reader.open(core.streams.table.id(stored).node);
  const fields = plain === undefined ? undefined : decodeEventFields(plain);
  const places = fields === undefined ? undefined : decodeFragmentList(fields.body)?.places;
  const pieceCount = (places ?? []).filter(
    (place) =>
      place.segment === range.segment &&
      place.offset >= range.fromOffset &&
      place.offset < range.toOffset,
  ).length;
  if (fields === undefined || pieceCount === 0) return undefined;
  const place = locationOf(core, alias, fields.seq, segment);
  const counts =
    place !== undefined &&
    isHeld(core, place.index, place.seq) &&
    isNewestRecord(core, place, { segment, alias, offset });
  const run = counts
    ? { alias: core.streams.alias(place.index), from: place.seq, to: place.seq }
    : undefined;
  return { run, pieceCount };
}
