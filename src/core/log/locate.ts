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
  /** Stored seqs of the stream go on up to here in this entry. */
  readonly lastSeq: number;
}

/**
 * Undefined when no index names the event. A re-homed stream may also have
 * records of its own (received from a peer that had more of it): those count first.
 */
export function locate(core: LogCore, index: StreamIndex, seq: number): EventPlace | undefined {
  const { rehomes } = core;
  const alias = core.streams.alias(index);
  const place = find(core, { alias, seq, before: Number.POSITIVE_INFINITY, earlier: rehomes });
  if (place !== undefined) return place;
  for (let at = 0; at < rehomes.length; at++) {
    const rule = rehomes[at];
    if (rule === undefined || rule.newAlias !== alias) continue;
    // Of several rules for one stream the first that fits a record has it.
    const earlier = rehomes.slice(0, at);
    const storedSeq = seq + rule.from - 1;
    const { oldAlias, beforeSegment } = rule;
    const moved = find(core, { alias: oldAlias, seq: storedSeq, before: beforeSegment, earlier });
    if (moved !== undefined) return moved;
  }
  return undefined;
}

function find(
  core: LogCore,
  wanted: {
    readonly alias: number;
    readonly seq: number;
    /** Only in segments below. */
    readonly before: number;
    /** Rules that have taken records away before. */
    readonly earlier: readonly RehomeRule[];
  },
): EventPlace | undefined {
  const { alias, seq, before, earlier } = wanted;
  let from = 0;
  for (const { oldAlias, from: ruleFrom, beforeSegment } of earlier) {
    if (oldAlias === alias && seq >= ruleFrom) from = Math.max(from, beforeSegment);
  }
  let place: EventPlace | undefined;
  const tryIn = (segment: number): boolean => {
    if (segment < from || segment >= before) return false;
    const entry = indexOf(core, segment)?.find(alias, seq);
    if (entry === undefined) return false;
    const lastSeq = lastOfRun(earlier, alias, segment, entry, seq);
    place = { segment, entry, alias, storedSeq: seq, lastSeq };
    return true;
  };
  if (tryIn(core.active.number)) return place;
  core.directory.visitHolders(alias, seq, tryIn);
  return place;
}

/** The entry may run on into seqs that another stream has taken over. */
function lastOfRun(
  rules: readonly RehomeRule[],
  alias: number,
  segment: number,
  entry: IndexEntry,
  storedSeq: number,
): number {
  let last = entry.firstSeq + entry.count - 1;
  for (const rule of rules) {
    const cuts = rule.oldAlias === alias && segment < rule.beforeSegment && rule.from > storedSeq;
    if (cuts) last = Math.min(last, rule.from - 1);
  }
  return last;
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
  const alias = core.streams.alias(index);
  return core.rehomes.some((rule) => rule.newAlias === alias);
}
