/**
 * How two version vectors relate, and the total order of events: two
 * questions kept apart, because "concurrent" is an answer to the first and
 * must never be one to the second.
 *
 * Vectors are compared by what they settle (held, expired, or lost at source,
 * see `gaps.ts`). Chains are not compared: two branches of a forked stream
 * with the same head compare as equal here, and RULES 24 tells them apart.
 */
import { compareHlc, type Hlc } from "../clock/hlc.ts";
import type { StreamId } from "../event.ts";
import type { VectorEntry } from "./entry.ts";
import { settledRanges } from "./gaps.ts";
import { subtractRanges } from "./ranges.ts";
import { StreamTable } from "./stream-table.ts";

export type VectorRelation =
  | "equal"
  /** The first settles all that the second does, and more. */
  | "dominates"
  | "dominated"
  | "concurrent";

/** Each vector names a stream at most once; a stream that is named with head 0 is as good as unnamed. */
export function compareVectors(
  a: readonly VectorEntry[],
  b: readonly VectorEntry[],
): VectorRelation {
  const table = new StreamTable(b.length);
  const entryByIndex: VectorEntry[] = [];
  for (const entry of b) entryByIndex[table.add(entry.id)] = entry;
  const isSeen = new Uint8Array(table.count);
  let isMoreInA = false;
  let isMoreInB = false;
  const compareEntries = (x: VectorEntry | undefined, y: VectorEntry | undefined): void => {
    const settledX = settledRanges(x);
    const settledY = settledRanges(y);
    if (subtractRanges(settledX, settledY).length > 0) isMoreInA = true;
    if (subtractRanges(settledY, settledX).length > 0) isMoreInB = true;
  };
  for (const entry of a) {
    const index = table.find(entry.id);
    if (index !== undefined) isSeen[index] = 1;
    compareEntries(entry, index === undefined ? undefined : entryByIndex[index]);
  }
  for (let index = 0; index < isSeen.length; index++) {
    if (isSeen[index] === 0) compareEntries(undefined, entryByIndex[index]);
  }
  if (isMoreInA) return isMoreInB ? "concurrent" : "dominates";
  return isMoreInB ? "dominated" : "equal";
}

/** Where an event stands; an event itself fits. */
export interface EventPosition {
  readonly hlc: Hlc;
  readonly stream: StreamId;
  readonly seq: number;
}

/** The global order (DESIGN section 2): HLC, node id, epoch, lane, seq. 0 only for the same position. */
export function compareEvents(a: EventPosition, b: EventPosition): number {
  return compareHlc(a.hlc, b.hlc) || compareStreams(a.stream, b.stream) || a.seq - b.seq;
}

/** Node id, epoch, lane; ids and lanes are ASCII, so code units sort as bytes. */
export function compareStreams(a: StreamId, b: StreamId): number {
  return compareTexts(a.node, b.node) || a.epoch - b.epoch || compareTexts(a.lane, b.lane);
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
