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
  return find(core, core.rehomes.length, {
    alias: core.streams.alias(index),
    seq,
    from: 0,
    before: Number.POSITIVE_INFINITY,
    lastSeq: Number.POSITIVE_INFINITY,
  });
}

interface Wanted {
  readonly alias: number;
  readonly seq: number;
  /** In these segments only. */
  readonly from: number;
  readonly before: number;
  /** A run ends here at the latest. */
  readonly lastSeq: number;
}

/**
 * The record that has this name after the first `ruleCount` rules: one that was
 * written with it and that none of them took away, or one that they gave it.
 */
function find(core: LogCore, ruleCount: number, wanted: Wanted): EventPlace | undefined {
  const { rehomes } = core;
  const own = findStored(core, narrowed(rehomes.slice(0, ruleCount), wanted));
  if (own !== undefined) return own;
  for (let at = 0; at < ruleCount; at++) {
    const rule = rehomes[at];
    if (rule === undefined || rule.newAlias !== wanted.alias) continue;
    // Later rules may have taken it further.
    const { seq, from, before, lastSeq } = narrowed(rehomes.slice(at + 1, ruleCount), wanted);
    const shift = rule.from - 1;
    const moved = find(core, at, {
      alias: rule.oldAlias,
      seq: seq + shift,
      from,
      before: Math.min(before, rule.beforeSegment),
      lastSeq: lastSeq + shift,
    });
    if (moved !== undefined) return moved;
  }
  return undefined;
}

/**
 * Whether the record is the one that counts for its event. A large event of which a
 * piece had rotted leaves a record that verifies when it is stored anew.
 */
export function isNewestRecord(
  core: LogCore,
  event: { readonly index: StreamIndex; readonly seq: number },
  record: { readonly segment: number; readonly alias: number; readonly offset: number },
): boolean {
  const place = locate(core, event.index, event.seq);
  return (
    place !== undefined &&
    place.segment === record.segment &&
    place.alias === record.alias &&
    // An entry begins behind every record of the entries before it.
    place.entry.offset <= record.offset
  );
}

/** Where records of this name can still lie after these rules, and how far a run of them goes. */
function narrowed(rules: readonly RehomeRule[], wanted: Wanted): Wanted {
  let { from, lastSeq } = wanted;
  for (const rule of rules) {
    if (rule.oldAlias !== wanted.alias) continue;
    if (rule.from <= wanted.seq) from = Math.max(from, rule.beforeSegment);
    else lastSeq = Math.min(lastSeq, rule.from - 1);
  }
  return { ...wanted, from, lastSeq };
}

function findStored(core: LogCore, wanted: Wanted): EventPlace | undefined {
  const { alias, seq, from, before } = wanted;
  let place: EventPlace | undefined;
  const tryIn = (segment: number): boolean => {
    if (segment < from || segment >= before) return false;
    const entry = indexOf(core, segment)?.find(alias, seq);
    if (entry === undefined) return false;
    const lastSeq = Math.min(wanted.lastSeq, entry.firstSeq + entry.count - 1);
    place = { segment, entry, alias, storedSeq: seq, lastSeq };
    return true;
  };
  if (tryIn(core.active.number)) return place;
  core.directory.visitHolders(alias, seq, tryIn);
  return place;
}

/** Which event a record with (alias, stored seq) in `segment` is: what the rules made of it, one after another. */
export function locationOf(
  core: LogCore,
  alias: number,
  storedSeq: number,
  segment: number,
): { readonly index: StreamIndex; readonly seq: number } | undefined {
  let name = alias;
  let seq = storedSeq;
  for (const rule of core.rehomes) {
    if (rule.oldAlias !== name || seq < rule.from || segment >= rule.beforeSegment) continue;
    name = rule.newAlias;
    seq -= rule.from - 1;
  }
  const index = core.streams.indexOfAlias(name);
  return index === undefined ? undefined : { index, seq };
}

export function isRehomed(core: LogCore, index: StreamIndex): boolean {
  const alias = core.streams.alias(index);
  return core.rehomes.some((rule) => rule.newAlias === alias);
}
