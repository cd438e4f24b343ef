/**
 * Cutting streams: what lies at or below a new floor is gone for every reader as
 * soon as the floor is durable. What it occupied is given back by reclaim.ts, at
 * any later time: a crash in between loses nothing and brings nothing back.
 *
 * It does not decide what may go; the caller has made sure that others hold it.
 */

import type { StreamIndex } from "../vector/stream-table.ts";
import type { Durable, StreamCut } from "./api.ts";
import type { LogCore } from "./core.ts";
import { endSegment, pump } from "./group-commit.ts";
import { locationOf } from "./locate.ts";
import { chainAt } from "./read.ts";
import type { SegmentIndex } from "./index/segment-index.ts";
import { assertWritable, whenDurable } from "./stage-event.ts";
import { stageMark } from "./stage-mark.ts";

/** All floors go into one group. One that is not above the present floor, or whose chain is unknown, is left out. */
export function cutStreams(
  core: LogCore,
  cuts: readonly StreamCut[],
  wallMs: number,
  durable: Durable,
): void {
  assertWritable(core);
  core.wallMs = wallMs;
  const floors = new Map<StreamIndex, { readonly seq: number; readonly chain: Uint8Array }>();
  for (const { index, seq } of cuts) {
    const { table } = core.streams;
    const isRaised = seq > (table.floor(index)?.seq ?? 0) && seq <= table.head(index);
    const chain = isRaised ? chainAt(core, index, seq) : undefined;
    if (chain !== undefined) floors.set(index, { seq, chain });
  }
  // The floors' own segment is the next one, so that this one can be written anew.
  const isGoing = (index: StreamIndex, seq: number): boolean =>
    seq <= (floors.get(index)?.seq ?? 0);
  if (holdsAny(core, core.active.index, core.active.number, isGoing)) endSegment(core);
  for (const { index, byOrigin } of cuts) {
    const floor = floors.get(index);
    if (floor === undefined) continue;
    if (core.streams.alias(index) === 0) core.streams.setAlias(index, core.streams.nextAlias);
    const alias = core.streams.alias(index);
    stageMark(core, { kind: "floor", alias, ...floor, byOrigin }, wallMs);
  }
  whenDurable(core, durable);
  pump(core);
}

/** Whether a segment holds an event of which `isWanted` is true; asked for the first one of each run. */
export function holdsAny(
  core: LogCore,
  segmentIndex: SegmentIndex,
  segment: number,
  isWanted: (index: StreamIndex, seq: number) => boolean,
): boolean {
  for (let at = 0; at < segmentIndex.entryCount; at++) {
    const { alias, firstSeq } = segmentIndex.entry(at);
    const place = locationOf(core, alias, firstSeq, segment);
    if (place !== undefined && isWanted(place.index, place.seq)) return true;
  }
  return false;
}

/** Whether the event at `seq` is below its stream's floor. */
export function isBelowFloor(core: LogCore, index: StreamIndex, seq: number): boolean {
  const floor = core.streams.table.floor(index);
  return floor !== undefined && seq <= floor.seq;
}
