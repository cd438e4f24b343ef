/**
 * Which events are held back, and which were let in later (RULES 34). A quarantine is a mark
 * on a stored event, never an absence: the event counts as held for vectors, acknowledgements and peers,
 * and only arrivals leave it out. A release has a place of its own in the order of arrival, that of its
 * mark, so that a reader who has passed the event's record gets it once, like any other news.
 *
 * Healthy events cost nothing: `isEmpty` is asked first. What is remembered are runs of seqs, bounded for those
 * that are held; released runs go when retention drops their events.
 */
import {
  addRanges,
  countRanges,
  rangesContain,
  subtractRanges,
  type Ranges,
} from "../vector/ranges.ts";
import type { SeqRange, StreamIndex } from "../vector/stream-table.ts";

/** Consecutive events held back for one reason. */
export interface QuarantineRun {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

/** Of one stream: beyond that nothing more of it is taken until a schema lets some in. */
export const quarantineRunsMax = 4096;
/** Of all streams. */
const quarantineRunsMaxTotal = 65_536;
/** Characters; what a person needs to find the field. */
export const quarantineReasonCharactersMax = 200;

interface StreamQuarantine {
  held: QuarantineRun[];
  released: Ranges;
}

export class Quarantine {
  /** Events that are held back. */
  count = 0;
  /** Grows with every change. */
  version = 0;
  private runCount = 0;
  private readonly streams = new Map<StreamIndex, StreamQuarantine>();

  /** Nothing was ever held back: nothing needs to be looked up. */
  get isEmpty(): boolean {
    return this.streams.size === 0;
  }

  isFull(index: StreamIndex): boolean {
    const runs = this.streams.get(index)?.held.length ?? 0;
    return runs >= quarantineRunsMax || this.runCount >= quarantineRunsMaxTotal;
  }

  /** Why the event is held back, or undefined. */
  reasonAt(index: StreamIndex, seq: number): string | undefined {
    const held = this.streams.get(index)?.held;
    if (held === undefined) return undefined;
    const run = held[lastUpTo(held, seq)];
    return run !== undefined && seq <= run.to ? run.reason : undefined;
  }

  isReleased(index: StreamIndex, seq: number): boolean {
    const released = this.streams.get(index)?.released;
    return released !== undefined && rangesContain(released, seq);
  }

  /** Not what was let in before: readers have it. */
  hold(index: StreamIndex, run: QuarantineRun): void {
    const stream = this.of(index);
    const known = stream.held.map(({ from, to }) => ({ from, to }));
    const fresh = subtractRanges([run], addRanges(stream.released, known));
    this.uncount(stream);
    for (const { from, to } of fresh) insert(stream.held, { from, to, reason: run.reason });
    this.recount(stream);
  }

  release(index: StreamIndex, seq: number): void {
    const stream = this.of(index);
    this.uncount(stream);
    stream.held = without(stream.held, [{ from: seq, to: seq }]);
    stream.released = addRanges(stream.released, [{ from: seq, to: seq }]);
    this.recount(stream);
  }

  /** These events are gone for every reader: expired, or lost. */
  forget(index: StreamIndex, range: SeqRange): void {
    const stream = this.streams.get(index);
    if (stream === undefined) return;
    this.uncount(stream);
    stream.held = without(stream.held, [range]);
    stream.released = subtractRanges(stream.released, [range]);
    if (stream.held.length === 0 && stream.released.length === 0) this.streams.delete(index);
    this.recount(stream);
  }

  /** The tail from `from` on is 1, 2, 3 … of another stream now (RULES 23). */
  move(oldIndex: StreamIndex, newIndex: StreamIndex, from: number): void {
    const old = this.streams.get(oldIndex);
    if (old === undefined) return;
    const shift = from - 1;
    const shifted = <R extends SeqRange>(range: R): R => ({
      ...range,
      from: Math.max(range.from, from) - shift,
      to: range.to - shift,
    });
    const held = old.held.filter(({ to }) => to >= from).map(shifted);
    const released = old.released.filter(({ to }) => to >= from).map(shifted);
    this.forget(oldIndex, { from, to: Number.MAX_SAFE_INTEGER });
    if (held.length === 0 && released.length === 0) return;
    const stream = this.of(newIndex);
    stream.released = addRanges(stream.released, released);
    for (const run of held) this.hold(newIndex, run);
  }

  /** As a checkpoint has it. */
  restore(index: StreamIndex, held: readonly QuarantineRun[], released: Ranges): void {
    const stream = { held: [...held], released };
    this.streams.set(index, stream);
    this.recount(stream);
  }

  /** Streams with something held back or let in. */
  entries(): readonly {
    readonly index: StreamIndex;
    readonly held: readonly QuarantineRun[];
    readonly released: Ranges;
  }[] {
    return [...this.streams].map(([index, { held, released }]) => ({ index, held, released }));
  }

  private of(index: StreamIndex): StreamQuarantine {
    const known = this.streams.get(index);
    if (known !== undefined) return known;
    const made: StreamQuarantine = { held: [], released: [] };
    this.streams.set(index, made);
    return made;
  }

  private uncount({ held }: StreamQuarantine): void {
    this.runCount -= held.length;
    this.count -= countRanges(held);
  }

  private recount({ held }: StreamQuarantine): void {
    this.version++;
    this.runCount += held.length;
    this.count += countRanges(held);
  }
}

/** Index of the last run that begins at or before `seq`; -1: none. */
function lastUpTo(runs: readonly QuarantineRun[], seq: number): number {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((runs[middle]?.from ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Keeps runs ascending; one with the same reason as its neighbour becomes part of it. */
function insert(runs: QuarantineRun[], run: QuarantineRun): void {
  const at = lastUpTo(runs, run.from) + 1;
  const before = runs[at - 1];
  const after = runs[at];
  const joinsBefore = before?.to === run.from - 1 && before.reason === run.reason;
  const joinsAfter = after?.from === run.to + 1 && after.reason === run.reason;
  const from = joinsBefore ? before.from : run.from;
  const to = joinsAfter ? after.to : run.to;
  // One text for all that say the same.
  const reason = before?.reason === run.reason ? before.reason : run.reason;
  const start = joinsBefore ? at - 1 : at;
  runs.splice(start, (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), { from, to, reason });
}

function without(runs: readonly QuarantineRun[], gone: Ranges): QuarantineRun[] {
  return runs.flatMap(({ reason, ...range }) =>
    subtractRanges([range], gone).map((left) => ({ ...left, reason })),
  );
}
