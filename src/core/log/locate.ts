/**
 * Where an event lies: from (stream, seq) to a segment and an index entry, and
 * back from a record to its (stream, seq), with the relabelling of re-homed
 * tails (RULES 23) applied in both directions.
 */
import type { StreamIndex } from "../vector/stream-table.ts";
import type { LogCore } from "./core.ts";
import type { IndexEntry } from "./index/segment-index.ts";
import type { RehomeRule } from "./mark-fields.ts";
import { indexOf } from "./segment-access.ts";

export interface EventPlace {
  readonly segment: number;
  readonly entry: IndexEntry;
  /** As the record has them; differ from the stream's own in a re-homed tail. */
  readonly alias: number;
  readonly storedSeq: number;
}

/** Undefined when no index names the event. */
export function locate(core: LogCore, index: StreamIndex, seq: number): EventPlace | undefined {
  const { streams, active } = core;
  const rule = core.rehomes.length === 0 ? undefined : ruleInto(core, index);
  const alias = rule === undefined ? streams.alias(index) : rule.oldAlias;
  const storedSeq = rule === undefined ? seq : seq + rule.from - 1;
  const before = rule === undefined ? Number.POSITIVE_INFINITY : rule.beforeSegment;
  const from = rule === undefined ? firstSegmentFor(core, alias, seq) : 0;
  let place: EventPlace | undefined;
  const tryIn = (segment: number): boolean => {
    if (segment < from || segment >= before) return false;
    const entry = indexOf(core, segment)?.find(alias, storedSeq);
    if (entry === undefined) return false;
    place = { segment, entry, alias, storedSeq };
    return true;
  };
  if (tryIn(active.number)) return place;
  core.directory.visitHolders(alias, storedSeq, tryIn);
  return place;
}

function ruleInto(core: LogCore, index: StreamIndex): RehomeRule | undefined {
  const alias = core.streams.alias(index);
  return core.rehomes.find((rule) => rule.newAlias === alias);
}

/** Records of a re-homed tail do not count as the old stream's any more. */
function firstSegmentFor(core: LogCore, alias: number, seq: number): number {
  let first = 0;
  for (const rule of core.rehomes) {
    if (rule.oldAlias === alias && seq >= rule.from) first = Math.max(first, rule.beforeSegment);
  }
  return first;
}

/** Which event a record with (alias, stored seq) in `segment` is. */
export function locationOf(
  core: LogCore,
  alias: number,
  storedSeq: number,
  segment: number,
): { readonly index: StreamIndex; readonly seq: number } | undefined {
  for (const rule of core.rehomes) {
    if (rule.oldAlias === alias && storedSeq >= rule.from && segment < rule.beforeSegment) {
      const index = core.streams.indexOfAlias(rule.newAlias);
      return index === undefined ? undefined : { index, seq: storedSeq - rule.from + 1 };
    }
  }
  const index = core.streams.indexOfAlias(alias);
  return index === undefined ? undefined : { index, seq: storedSeq };
}

export function isRehomed(core: LogCore, index: StreamIndex): boolean {
  return core.rehomes.length > 0 && ruleInto(core, index) !== undefined;
}
