/**
 * What a record changes in the durable state. The same lines serve a group that
 * has just become durable and the replay of a tail at opening, so a log cannot
 * look different before and after a restart.
 */
import { assert, assertNever } from "../errors/zam-error.ts";
import { chainBytes } from "../event.ts";
import {
  intersectRanges,
  normaliseRanges,
  type Ranges,
  rangeBetween,
  rangesContain,
  subtractRanges,
} from "../vector/ranges.ts";
import type { SeqRange, StreamIndex, StreamTable } from "../vector/stream-table.ts";
import type { Damage } from "./api.ts";
import { bindingKey, type LogCore } from "./core.ts";
import { type Group, rowKind, type StagedMark } from "./group.ts";
import type { StoredMark } from "./mark-fields.ts";
import { findPartial } from "./partials.ts";
import type { SegmentWriter } from "./segment-writer.ts";

export function applyGroup(core: LogCore, group: Group): void {
  const { segment } = group;
  assert(segment !== undefined, "a group has a segment");
  let marks = 0;
  for (let row = 0; row < group.rowCount; row++) {
    const index = group.streams[row] ?? 0;
    const seq = group.seqs[row] ?? 0;
    const offset = group.offsets[row] ?? 0;
    const ordinal = group.ordinals[row] ?? 0;
    noteOrdinal(core, segment, offset, ordinal);
    switch (group.kinds[row]) {
      case rowKind.event: {
        const chain = group.chains.subarray(row * chainBytes, (row + 1) * chainBytes);
        const ms = group.hlcMs[row] ?? 0;
        segment.index.addEvent(core.streams.alias(index), seq, offset);
        applyEvent(core, index, seq, ordinal, chain, ms, group.hlcCounters[row] ?? 0);
        break;
      }
      case rowKind.fragment:
        applyFragment(core, index, seq, ordinal);
        break;
      case rowKind.copiedEvent:
        segment.index.addEvent(core.streams.alias(index), seq, offset);
        break;
      case rowKind.copiedOther:
        break;
      default: {
        const staged = group.marks[marks++];
        assert(staged !== undefined, "every mark row has its mark");
        applyMark(core, staged, ordinal);
      }
    }
  }
}

/** Every record with an ordinal: counts it, and makes it findable. */
function noteOrdinal(core: LogCore, segment: SegmentWriter, offset: number, ordinal: number): void {
  segment.index.addRecord(offset, ordinal);
  if (segment.firstOrdinal === 0) segment.firstOrdinal = ordinal;
  segment.lastOrdinal = ordinal;
  core.changeOrdinal = ordinal;
  if (core.stagedOrdinal < ordinal) core.stagedOrdinal = ordinal;
}

/** An event is held from now on: at the head, or in a hole. */
export function applyEvent(
  core: LogCore,
  index: StreamIndex,
  seq: number,
  ordinal: number,
  chain: Uint8Array,
  hlcMs: number,
  hlcCounter: number,
): void {
  const { streams } = core;
  const { table } = streams;
  const head = table.head(index);
  if (seq > head) {
    if (seq > head + 1) table.addHole(index, { from: head + 1, to: seq - 1 });
    streams.setHead(index, seq, chain, hlcMs, hlcCounter);
  } else {
    table.fillHole(index, { from: seq, to: seq });
    dropMissing(core, index, seq, seq);
  }
  if (core.partials.size > 0) endPartial(core, index, seq);
  table.setChangeOrdinal(index, ordinal);
  core.lastOrdinal = ordinal;
  if (!table.isOfNode(index, core.nodeId)) core.foreignOrdinal = ordinal;
}

function endPartial(core: LogCore, index: StreamIndex, seq: number): void {
  const newest = core.partials.get(index);
  if (newest === undefined) return;
  if (newest.seq === seq) core.partials.delete(index);
  for (let later = newest; later.previous !== undefined; later = later.previous) {
    if (later.previous.seq !== seq) continue;
    later.previous = later.previous.previous;
    break;
  }
  showPartial(core, index);
}

/** The vector names the partial event only when it is the next one. */
export function showPartial(core: LogCore, index: StreamIndex): void {
  const { table } = core.streams;
  const partial = findPartial(core.partials.get(index), table.head(index) + 1);
  table.setPartialBytes(index, partial?.durableBytes ?? 0);
}

function applyFragment(core: LogCore, index: StreamIndex, seq: number, ordinal: number): void {
  const partial = findPartial(core.partials.get(index), seq);
  core.streams.table.setChangeOrdinal(index, ordinal);
  if (partial === undefined) return;
  const place = partial.places[partial.durableCount];
  if (place === undefined) return;
  partial.durableCount++;
  partial.undurable.shift();
  partial.durableBytes += place.sizeBytes;
  if (partial.stagedBytes < partial.durableBytes) partial.stagedBytes = partial.durableBytes;
  showPartial(core, index);
}

/** [from, to] of the stream is not missing any more: healed, lost for good, or below a floor. */
function dropMissing(core: LogCore, index: StreamIndex, from: number, to: number): void {
  const { table } = core.streams;
  core.damages = core.damages
    .map((damage) => {
      const missing: MissingRange[] = [];
      for (const run of damage.missing) {
        if (table.find(run.stream) !== index) missing.push(run);
        else {
          const left = subtractRanges([run.range], rangeBetween(from, to));
          for (const range of left) missing.push({ stream: run.stream, range });
        }
      }
      return { ...damage, missing };
    })
    .filter((damage) => damage.missing.length > 0);
}

export function applyMark(core: LogCore, staged: StagedMark, ordinal: number): void {
  const { mark } = staged;
  switch (mark.kind) {
    case "genesis":
    case "newEpoch":
      core.ownEpoch = mark.epoch;
      core.ownEpochSegment = core.active.number;
      core.namelessLosses = [];
      return;
    case "bind":
      core.bindings.set(bindingKey(mark.node, mark.epoch), mark.fingerprint);
      return;
    case "trustedTime":
      core.trustedTimeMs = Math.max(core.trustedTimeMs, mark.ms);
      return;
    case "alarm": {
      const { id, code, text } = mark;
      core.alarms.set(id, { id, code, text, atMs: staged.atMs });
      return;
    }
    case "alarmAck":
      core.alarms.delete(mark.id);
      return;
    case "damage":
      return applyDamage(core, mark, ordinal);
    case "rehome":
      return applyRehome(core, mark, ordinal);
    case "lost":
    case "floor":
    case "freeze":
    case "dropPartial":
    case "jump":
    case "quarantine":
    case "release":
      return applyStreamMark(core, mark, ordinal);
    default:
      assertNever(mark);
  }
}

type StreamMark = Extract<StoredMark, { alias: number }>;

function applyStreamMark(core: LogCore, mark: StreamMark, ordinal: number): void {
  const { streams } = core;
  const { table } = streams;
  const index = streams.indexOfAlias(mark.alias);
  assert(index !== undefined, "a mark's stream is known");
  table.setChangeOrdinal(index, ordinal);
  const head = table.head(index);
  const hlc = streams.durableHlc(index);
  switch (mark.kind) {
    case "lost": {
      // What its origin lost may be held here: a declaration never makes that unreadable.
      const missing = [
        ...intersectRanges(table.holes(index), rangeBetween(mark.from, mark.to)),
        ...rangeBetween(Math.max(mark.from, head + 1), mark.to),
      ];
      if (mark.to > head) {
        if (mark.from > head + 1) table.addHole(index, { from: head + 1, to: mark.from - 1 });
        streams.setHead(index, mark.to, mark.chain, hlc.ms, hlc.counter);
      }
      for (const range of missing) {
        table.addLost(index, range);
        core.quarantine.forget(index, range);
      }
      dropMissing(core, index, mark.from, mark.to);
      break;
    }
    case "floor":
      if (mark.seq > head) streams.setHead(index, mark.seq, mark.chain, hlc.ms, hlc.counter);
      table.setFloor(index, { seq: mark.seq, chain: mark.chain, byOrigin: mark.byOrigin });
      dropMissing(core, index, 1, mark.seq);
      core.quarantine.forget(index, { from: 1, to: mark.seq });
      break;
    case "freeze":
      table.setFrozen(index, true);
      break;
    case "dropPartial":
      if (core.partials.get(index)?.seq === mark.seq) core.partials.delete(index);
      break;
    case "jump":
      if (mark.to > head) {
        table.addHole(index, { from: head + 1, to: mark.to });
        streams.setHead(index, mark.to, mark.chain, hlc.ms, hlc.counter);
      }
      break;
    case "quarantine":
      core.quarantine.hold(index, mark);
      break;
    case "release":
      core.quarantine.release(index, mark.seq);
      core.lastOrdinal = ordinal;
      break;
    default:
      assertNever(mark);
  }
  showPartial(core, index);
  if (streams.stagedHead(index) < table.head(index)) {
    streams.stage(index, table.head(index), table.chain(index), streams.durableHlc(index));
  }
}

type MissingRange = Damage["missing"][number];

/** What the damages at hand already name as missing of one stream. */
function namedMissing(
  damages: readonly Pick<Damage, "missing">[],
  table: StreamTable,
  index: StreamIndex,
): Ranges {
  const ranges: SeqRange[] = [];
  for (const damage of damages) {
    for (const run of damage.missing) {
      if (table.find(run.stream) === index) ranges.push(run.range);
    }
  }
  return normaliseRanges(ranges);
}

type DamageMark = Extract<StoredMark, { kind: "damage" }>;

function applyDamage(core: LogCore, mark: DamageMark, ordinal: number): void {
  const { streams } = core;
  const { table } = streams;
  const { segment, fromOffset, toOffset } = mark;
  const missing: MissingRange[] = [];
  for (const run of mark.missing) {
    const index = streams.indexOfAlias(run.alias);
    // Before its own epoch began nothing can be lost that this node might issue again.
    const mayBeOwn = segment >= core.ownEpochSegment;
    const isUntold = index === undefined || run.to > table.head(index);
    if (isUntold && mayBeOwn) core.namelessLosses.push(run);
    if (index === undefined) continue;
    const above = rangeBetween((table.floor(index)?.seq ?? 0) + 1, table.head(index));
    const run1 = intersectRanges([{ from: run.from, to: run.to }], above);
    const held = subtractRanges(run1, table.lost(index));
    for (const range of held) table.addHole(index, range);
    const unnamed = subtractRanges(
      held,
      namedMissing([...core.damages, { missing }], table, index),
    );
    for (const range of unnamed) missing.push({ stream: table.id(index), range });
    table.setChangeOrdinal(index, ordinal);
  }
  addBadRange(core, { segment, fromOffset, toOffset });
  const known = core.damages.findIndex(
    (damage) => damage.segment === segment && damage.fromOffset === fromOffset,
  );
  const old = core.damages[known];
  if (old !== undefined) {
    core.damages[known] = { segment, fromOffset, toOffset, missing: [...old.missing, ...missing] };
  } else if (missing.length > 0) {
    core.damages.push({ segment, fromOffset, toOffset, missing });
  }
}

export function addBadRange(core: LogCore, range: LogCore["badRanges"][number]): void {
  const isKnown = core.badRanges.some(
    (known) =>
      known.segment === range.segment &&
      known.fromOffset <= range.fromOffset &&
      known.toOffset >= range.toOffset,
  );
  if (!isKnown) core.badRanges.push(range);
}

type RehomeMark = Extract<StoredMark, { kind: "rehome" }>;

/** The diverged tail changes its name in place (RULES 23); what of it was missing is lost in the new stream. */
function applyRehome(core: LogCore, mark: RehomeMark, ordinal: number): void {
  const { streams } = core;
  const { table } = streams;
  const { rule } = mark;
  const oldIndex = streams.indexOfAlias(rule.oldAlias);
  const newIndex = streams.indexOfAlias(rule.newAlias);
  assert(oldIndex !== undefined && newIndex !== undefined, "a mark's streams are known");
  core.rehomes.push(rule);
  core.rehomedChains.delete(oldIndex);
  core.rehomedChains.delete(newIndex);
  const tail = rangeBetween(rule.from, Number.MAX_SAFE_INTEGER);
  const shift = rule.from - 1;
  const gone = [...table.holes(oldIndex), ...table.lost(oldIndex)];
  const missing = intersectRanges(tail, normaliseRanges(gone)).map((range) => ({
    from: range.from - shift,
    to: range.to - shift,
  }));
  // The new stream may be known already, from a peer that had met this branch before.
  const knownHead = table.head(newIndex);
  for (const range of subtractRanges(rangeBetween(1, mark.newHead), missing)) {
    table.fillHole(newIndex, range);
  }
  if (mark.newHead > knownHead) {
    streams.setHead(newIndex, mark.newHead, mark.newChain, mark.newHlc.ms, mark.newHlc.counter);
    for (const range of intersectRanges(missing, rangeBetween(knownHead + 1, mark.newHead))) {
      table.addLost(newIndex, range);
    }
  }
  table.setHoles(oldIndex, subtractRanges(table.holes(oldIndex), tail));
  table.setLost(oldIndex, subtractRanges(table.lost(oldIndex), tail));
  dropMissing(core, oldIndex, rule.from, Number.MAX_SAFE_INTEGER);
  streams.setHead(oldIndex, shift, mark.oldChain, mark.oldHlc.ms, mark.oldHlc.counter);
  core.quarantine.move(oldIndex, newIndex, rule.from);
  core.partials.delete(oldIndex);
  showPartial(core, oldIndex);
  // What is left of the old stream is no branch any more.
  table.setFrozen(oldIndex, false);
  table.setChangeOrdinal(oldIndex, ordinal);
  table.setChangeOrdinal(newIndex, ordinal);
}

/** Whether the stream's event at `seq` is held, as far as durable state says. */
export function isHeld(core: LogCore, index: StreamIndex, seq: number): boolean {
  const { table } = core.streams;
  if (seq > table.head(index) || seq <= (table.floor(index)?.seq ?? 0)) return false;
  if (table.hasHoles(index) && rangesContain(table.holes(index), seq)) return false;
  return !rangesContain(table.lost(index), seq);
}
