/**
 * Re-homing (RULES 23): a diverged tail moves to an epoch that its own content
 * names, so that whoever repeats it gets the same events. Invariants:
 *
 * - A branch is under its old name or under its derived one, never under both:
 *   whoever is given a derived stream moves its own copy of that branch as well
 *   (`repeatRehoming`), and takes no events of it under the old name from then on
 *   (`isMovedBranch`). It only ever goes one way, so all nodes come to agree.
 * - A derived stream is a stream like any other: copies of it that differ are
 *   told apart by the same rule, with the derived stream as the old one. A tail
 *   that would differ from what the derived stream holds is split where it begins to.
 */
import { compareHlc, type Hlc } from "../clock/hlc.ts";
import { bytesEqual } from "../bytes.ts";
import { ZamError } from "../errors/zam-error.ts";
import { chainBytes, type StreamId } from "../event.ts";
import { heldRanges } from "../vector/gaps.ts";
import type { SeqRange, StreamIndex } from "../vector/stream-table.ts";
import type { MovedBranch, StoredEvent } from "./api.ts";
import { chainZero, nextChain, rehomeEpoch } from "./chain.ts";
import type { LogCore } from "./core.ts";
import { endSegment, openGroup, pump } from "./group-commit.ts";
import { stageNewEpoch } from "./new-epoch.ts";
import { chainAt, readEvent } from "./read.ts";
import { payloadSha256At } from "./read-payload.ts";
import { assertWritable } from "./stage-event.ts";
import { stageMark } from "./stage-mark.ts";

/** Events `from` to `to` of the old stream are 1, 2, 3 … of the new one. */
interface Move {
  readonly from: number;
  readonly to: number;
  readonly newIndex: StreamIndex;
  readonly newChain: Uint8Array;
  readonly newHlc: Hlc;
}

/**
 * Everything staged before is in segments below the marks' own, and everything
 * staged after is not: so a rule needs only a segment number.
 */
export function stageRehome(core: LogCore, stream: StreamId, from: number, wallMs: number): void {
  const { streams } = core;
  const oldIndex = streams.table.find(stream);
  if (oldIndex === undefined) return;
  finishInFlight(core);
  const head = streams.stagedHead(oldIndex);
  if (from < 1 || from > head) return;
  if (head !== streams.table.head(oldIndex)) {
    throw new ZamError("Z199", {
      problem: "a stream is re-homed while events of it are in flight",
    });
  }
  const moves = planMoves(core, oldIndex, from, head);
  // The last part first: of several rules that fit a record the first counts.
  const staged = moves
    .reverse()
    .map((move) => ({ move, end: endBefore(core, oldIndex, move.from) }));
  endSegment(core);
  for (const { move, end } of staged) stageMove(core, oldIndex, { move, end, wallMs });
}

interface StreamEnd {
  readonly chain: Uint8Array;
  readonly hlc: Hlc;
}

/** What the old stream ends with when what begins at `from` has moved. */
function endBefore(core: LogCore, oldIndex: StreamIndex, from: number): StreamEnd {
  const before = from > 1 ? readSurely(core, oldIndex, from - 1) : undefined;
  const chain = chainAt(core, oldIndex, from - 1) ?? new Uint8Array(chainBytes);
  return { chain, hlc: before?.hlc ?? { ms: 0, counter: 0 } };
}

function stageMove(
  core: LogCore,
  oldIndex: StreamIndex,
  input: { readonly move: Move; readonly end: StreamEnd; readonly wallMs: number },
): void {
  const { streams } = core;
  const { move, end, wallMs } = input;
  const { from, to, newIndex, newChain, newHlc } = move;
  const { chain: oldChain, hlc: oldHlc } = end;
  const group = openGroup(core);
  if (streams.alias(newIndex) === 0) streams.setAlias(newIndex, streams.nextAlias);
  const rule = {
    oldAlias: streams.alias(oldIndex),
    newAlias: streams.alias(newIndex),
    from,
    beforeSegment: group.segment?.number ?? 0,
  };
  const newHead = to - from + 1;
  stageMark(core, { kind: "rehome", rule, oldChain, oldHlc, newHead, newChain, newHlc }, wallMs);
  streams.stage(oldIndex, from - 1, oldChain, oldHlc);
  if (newHead > streams.stagedHead(newIndex)) streams.stage(newIndex, newHead, newChain, newHlc);
  group.undo.push(() => {
    streams.settle(oldIndex);
    streams.settle(newIndex);
  });
}

/** A rehome reads the tail that it moves, so that must be durable: rare enough to block for it. */
function finishInFlight(core: LogCore): void {
  const wasBlocking = core.syncs.isBlocking;
  core.syncs.isBlocking = true;
  core.syncs.finish();
  pump(core);
  core.syncs.isBlocking = wasBlocking;
  assertWritable(core);
}

/** Where the tail goes: to one derived stream, or to several where copies of one branch differ further on. */
function planMoves(core: LogCore, oldIndex: StreamIndex, from: number, head: number): Move[] {
  const { streams, crypto } = core;
  const { table } = streams;
  const { node, lane } = table.id(oldIndex);
  const moves: Move[] = [];
  let parent = table.id(oldIndex);
  let firstChain = chainAt(core, oldIndex, from) ?? table.chain(oldIndex);
  for (let begin = from; begin <= head; ) {
    const id = { node, epoch: rehomeEpoch(crypto, parent, firstChain), lane };
    const newIndex = streams.add(id);
    const part = walk(core, { oldIndex, newIndex, begin, head });
    if (part.to >= begin) moves.push({ ...part, from: begin, newIndex });
    begin = part.to + 1;
    parent = id;
    firstChain = part.otherChain ?? part.newChain;
  }
  return moves;
}

/** A branch is not moved by a guess: what cannot be read for a moment is no gap. Throws Z206, Z208. */
function readSurely(core: LogCore, index: StreamIndex, seq: number): StoredEvent | undefined {
  const event = readEvent(core, index, seq);
  if (event === undefined && core.readRefusal !== undefined) throw core.readRefusal;
  return event;
}

/** Counts the new chains up, as far as they are those of the new stream's copy here. */
function walk(
  core: LogCore,
  span: {
    readonly oldIndex: StreamIndex;
    readonly newIndex: StreamIndex;
    readonly begin: number;
    readonly head: number;
  },
) {
  const { oldIndex, newIndex, begin, head } = span;
  const { crypto } = core;
  const { table } = core.streams;
  const gaps = [...table.holes(oldIndex), ...table.lost(oldIndex)];
  let newChain = chainZero(crypto, table.id(newIndex));
  let newHlc = core.streams.durableHlc(oldIndex);
  let isBehindGap = false;
  for (let seq = begin; seq <= head; seq++) {
    const event = isIn(gaps, seq) ? undefined : readSurely(core, oldIndex, seq);
    const newSeq = seq - begin + 1;
    const held = chainAt(core, newIndex, newSeq);
    if (event === undefined) {
      // What is missing under the old name may have come under the new one.
      isBehindGap = held === undefined;
      newChain = held ?? newChain;
      continue;
    }
    const before = isBehindGap ? event.chainBefore : newChain;
    isBehindGap = false;
    const { hlc, type, known, payload, payloadSize } = event;
    const link = { seq: newSeq, hlc, type, known };
    const sha = event.isFragmented ? payloadSha256At(core, oldIndex, seq) : undefined;
    const chain = nextChain(
      crypto,
      before,
      sha === undefined ? { ...link, payload } : { ...link, payloadSha256: sha, payloadSize },
    );
    if (held !== undefined && !bytesEqual(held, chain))
      return { to: seq - 1, newChain, newHlc, otherChain: chain };
    newChain = chain;
    newHlc = hlc;
  }
  return { to: head, newChain, newHlc };
}

function isIn(ranges: readonly SeqRange[], seq: number): boolean {
  return ranges.some(({ from, to }) => from <= seq && seq <= to);
}

/**
 * A stream begins here that somebody else has derived from a branch: if that branch
 * is held here under its old name, it moves as well, durably, before anything is taken.
 * Events are found by their clock, which rises within a stream, and the branch is
 * proven by the name that it derives.
 */
export function repeatRehoming(
  core: LogCore,
  stream: StreamId,
  event: { readonly seq: number; readonly hlc: Hlc },
  wallMs: number,
): MovedBranch | undefined {
  const { table } = core.streams;
  const known = table.find(stream);
  if (known !== undefined && core.streams.stagedHead(known) > 0) return undefined;
  const siblings = table.siblings(stream);
  if (siblings.length === 0) return undefined;
  finishInFlight(core);
  for (const index of siblings) {
    const seq = findByHlc(core, index, event.hlc);
    const from = seq === undefined ? 0 : seq - event.seq + 1;
    const chain = from < 1 ? undefined : chainAt(core, index, from);
    const old = table.id(index);
    if (chain === undefined || rehomeEpoch(core.crypto, old, chain) !== stream.epoch) continue;
    // Where a branch of the present epoch has moved, others may hold more of that epoch (RULES 22).
    const isCurrent = old.node === core.nodeId && old.epoch === core.stagedEpoch;
    if (isCurrent) stageNewEpoch(core, { reason: "Z507" }, wallMs);
    const to = table.head(index);
    stageRehome(core, old, from, wallMs);
    finishInFlight(core);
    return { stream: old, from, to };
  }
  return undefined;
}

/** Is this the beginning of a branch that is held here under its derived name? */
export function isMovedBranch(
  core: LogCore,
  stream: StreamId,
  chains: readonly Uint8Array[],
): boolean {
  const { table } = core.streams;
  const held = table.siblings(stream).filter((index) => core.streams.stagedHead(index) > 0);
  if (held.length === 0) return false;
  const epochs = new Set(held.map((index) => table.id(index).epoch));
  return chains.some((chain) => epochs.has(rehomeEpoch(core.crypto, stream, chain)));
}

function findByHlc(core: LogCore, index: StreamIndex, hlc: Hlc): number | undefined {
  for (const range of heldRanges(core.streams.table.entry(index))) {
    let low = range.from;
    let high = range.to;
    while (low <= high) {
      const seq = low + Math.floor((high - low) / 2);
      const event = readSurely(core, index, seq);
      if (event === undefined) break;
      const order = compareHlc(event.hlc, hlc);
      if (order === 0) return seq;
      if (order < 0) low = seq + 1;
      else high = seq - 1;
    }
  }
  return undefined;
}
