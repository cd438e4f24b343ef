/**
 * Events from a peer: checked against the chain, then staged (RULES 28 and 29).
 * Every outcome but `stored` leaves the log as it was. Checks look at staged
 * state, so that a peer need not wait for one range before it sends the next.
 */
import { bytesEqual } from "../bytes.ts";
import { compareHlc, type Hlc } from "../clock/hlc.ts";
import { ZamError } from "../errors/zam-error.ts";
import {
  chainBytes,
  type EventContent,
  fragmentBytesMax,
  hlcMsMax,
  isLane,
  isNodeId,
  knownBytesMax,
  type StreamId,
  typeMax,
} from "../event.ts";
import { countRanges, rangeBetween, rangesContain, subtractRanges } from "../vector/ranges.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type { Durable, ReceivedRange, ReceiveOutcome } from "./api.ts";
import { chainZero, nextChain } from "./chain.ts";
import { clampMs } from "./append.ts";
import type { LogCore } from "./core.ts";
import { noIdempotency } from "./event-fields.ts";
import { rowKind } from "./group.ts";
import { openGroup, pump } from "./group-commit.ts";
import {
  judgeEvents,
  quarantineRefusal,
  stageLetIn,
  stageVerdicts,
  type Verdicts,
} from "./judging.ts";
import { chainAt } from "./read.ts";
import { isMovedBranch, repeatRehoming } from "./rehome.ts";
import { mergeClock } from "./replay.ts";
import { assertWritable, stageEvent, whenDurable } from "./stage-event.ts";

/** RULES 37. */
export const lanesPerNodeMax = 64;
export const epochsPerNodeMax = 64;

export function receive(core: LogCore, range: ReceivedRange, durable: Durable): ReceiveOutcome {
  assertWritable(core);
  core.wallMs = range.receivedMs;
  const problem = shapeProblem(range);
  if (problem !== undefined) return { kind: "malformed", problem };
  const first = range.events[0];
  if (first === undefined) return { kind: "malformed", problem: "the range is empty" };
  const moved = repeatRehoming(core, range.stream, first, range.receivedMs);
  const outcome = takeRange(core, range, durable);
  return moved === undefined ? outcome : { ...outcome, moved };
}

function takeRange(core: LogCore, range: ReceivedRange, durable: Durable): ReceiveOutcome {
  const { streams } = core;
  const { from, events } = range;
  const known = streams.table.find(range.stream);
  const head = known === undefined ? 0 : streams.stagedHead(known);
  if (from > head + 1) return { kind: "gap", head };
  const before =
    known === undefined
      ? chainZero(core.crypto, range.stream)
      : (stagedChainAt(core, known, from - 1) ?? provenBefore(core, known, range));
  if (before === undefined) return { kind: "gap", head };
  if (!startsWith(before, range.chainBefore8)) return { kind: "fork", atSeq: from - 1 };
  const chains = chainsOver(core, before, events);
  const last = chains[chains.length - 1];
  if (last === undefined || !startsWith(last, range.chainAfter8)) {
    return { kind: "malformed", problem: "the events do not reproduce the chain after them" };
  }
  const refusal = refusalOf(core, range.stream, known, from + events.length - 1 > head);
  if (refusal !== undefined) return { kind: "refused", error: refusal };
  if (isMovedBranch(core, range.stream, chains)) return movedRefusal(range.stream);
  const missing = known === undefined ? undefined : missingAmong(core, known, from, events.length);
  if (known !== undefined && missing !== undefined) {
    const fork = forkAgainst(core, known, from, chains, missing);
    if (fork !== undefined) return { kind: "fork", atSeq: fork };
    const rise = riseProblem(core, known, from, events, head);
    if (rise !== undefined) return { kind: "malformed", problem: rise };
  }
  const verdicts = judgeEvents(core, range.stream, events, missing);
  const full = quarantineRefusal(core, range.stream, known, verdicts);
  if (full !== undefined) return { kind: "refused", error: full };
  return stageRange(core, range, { known, missing, chains, before, verdicts, durable });
}

function stageRange(
  core: LogCore,
  range: ReceivedRange,
  checked: {
    readonly known: StreamIndex | undefined;
    readonly missing: ReturnType<typeof missingAmong> | undefined;
    readonly chains: readonly Uint8Array[];
    readonly before: Uint8Array;
    readonly verdicts: Verdicts;
    readonly durable: Durable;
  },
): ReceiveOutcome {
  const { missing, chains, verdicts, durable } = checked;
  if (missing !== undefined && missing.length === 0) {
    whenDurable(core, durable);
    return { kind: "duplicate" };
  }
  const index = checked.known ?? core.streams.add(range.stream);
  stageVerdicts(core, index, verdicts, range.receivedMs);
  const group = openGroup(core);
  let chainBefore = checked.before;
  let driftMs: number | undefined;
  range.events.forEach((event, at) => {
    const chain = chains[at];
    if (chain === undefined) return;
    if (missing === undefined || rangesContain(missing, event.seq)) {
      const aheadMs = mergeClock(core, event.hlc, range.receivedMs, range.isClockTrusted === true);
      if (aheadMs !== undefined) driftMs = Math.max(driftMs ?? 0, aheadMs);
      stageEvent(core, index, {
        ...event,
        idempotency: noIdempotency,
        receivedMs: clampMs(range.receivedMs),
        receivedFrom: range.receivedFrom,
        chainBefore,
        chain,
      });
      if (!verdicts.has(event.seq)) stageLetIn(core, index, event.seq, range.receivedMs);
    }
    chainBefore = chain;
  });
  group.callbacks.push(durable);
  pump(core);
  const heldCount = missing === undefined ? 0 : range.events.length - countRanges(missing);
  return {
    kind: "stored",
    ...(driftMs === undefined ? {} : { driftMs }),
    ...(heldCount === 0 ? {} : { heldCount }),
  };
}

function shapeProblem(range: ReceivedRange): string | undefined {
  const { stream, events, from } = range;
  if (!isNodeId(stream.node) || !isLane(stream.lane)) return "the stream's name is not valid";
  if (!isNodeId(range.receivedFrom)) return "the deliverer's name is not valid";
  if (events.length === 0 || from < 1) return "the range is empty";
  if (range.chainBefore8.length < 8 || range.chainAfter8.length < 8) return "a chain is too short";
  let last: Hlc = { ms: -1, counter: 0 };
  for (let at = 0; at < events.length; at++) {
    const event = events[at];
    if (event === undefined || event.seq !== from + at) return "seqs do not follow on";
    const problem = contentProblem(event);
    if (problem !== undefined) return problem;
    if (event.payload.length > fragmentBytesMax) return "a large payload did not come in fragments";
    if (compareHlc(event.hlc, last) <= 0) return "the HLC does not rise";
    last = event.hlc;
  }
  return undefined;
}

export function contentProblem(event: Omit<EventContent, "payload">): string | undefined {
  if (event.seq >= Number.MAX_SAFE_INTEGER) return "the seq is too large";
  if (event.hlc.ms >= hlcMsMax) return "the HLC is beyond the year 2200";
  const isType = event.type >= 0 && event.type <= typeMax && Math.floor(event.type) === event.type;
  if (!isType) return "the type is out of range";
  if (event.known.length > knownBytesMax) return "the known block is too large";
  return undefined;
}

/**
 * Where a hole's beginning is gone at the peer, its rest cannot link to what lies before the hole.
 * It links to what lies behind it: no other chain and events lead to a chain that is known here.
 */
function provenBefore(
  core: LogCore,
  index: StreamIndex,
  { from, events, claimedBefore }: ReceivedRange,
): Uint8Array | undefined {
  const holes = core.streams.table.holes(index);
  const hole = holes.find((range) => range.from <= from && from <= range.to);
  if (claimedBefore === undefined || hole === undefined) return undefined;
  const behind = stagedChainAt(core, index, hole.to);
  const end = chainsOver(core, claimedBefore, events)[hole.to - from];
  const isProven = behind !== undefined && end !== undefined && bytesEqual(end, behind);
  return isProven ? claimedBefore : undefined;
}

export function startsWith(chain: Uint8Array, prefix: Uint8Array): boolean {
  return bytesEqual(
    chain.subarray(0, Math.min(prefix.length, chainBytes)),
    prefix.subarray(0, chainBytes),
  );
}

function chainsOver(
  core: LogCore,
  before: Uint8Array,
  events: readonly EventContent[],
): readonly Uint8Array[] {
  const chains: Uint8Array[] = [];
  let chain = before;
  for (const event of events) {
    chain = nextChain(core.crypto, chain, event);
    chains.push(chain);
  }
  return chains;
}

/** The events are here, in the epoch into which their branch was moved (RULES 23). */
export function movedRefusal({ node, epoch, lane }: StreamId): ReceiveOutcome {
  const reason = "this branch of it is held in an epoch of its own";
  return { kind: "refused", error: new ZamError("Z215", { node, epoch, lane, reason }) };
}

/** Why the stream takes nothing new: frozen, own and current, or one stream too many. */
export function refusalOf(
  core: LogCore,
  stream: StreamId,
  known: StreamIndex | undefined,
  isBeyondHead: boolean,
): ZamError | undefined {
  if (!isBeyondHead) return undefined;
  const { node, epoch, lane } = stream;
  const refuse = (reason: string): ZamError => new ZamError("Z215", { node, epoch, lane, reason });
  if (known !== undefined && core.streams.table.isFrozen(known))
    return refuse("two branches of it met");
  if (node === core.nodeId && epoch === core.stagedEpoch) {
    return refuse("this node writes there itself");
  }
  return known === undefined && node !== core.nodeId
    ? limitRefusal(core, stream, refuse)
    : undefined;
}

function limitRefusal(
  core: LogCore,
  stream: StreamId,
  refuse: (reason: string) => ZamError,
): ZamError | undefined {
  const { table } = core.streams;
  const lanes = new Set<string>();
  const epochs = new Set<number>();
  for (let index = 0; index < table.count; index++) {
    if (!table.isOfNode(index, stream.node)) continue;
    const id = table.id(index);
    lanes.add(id.lane);
    epochs.add(id.epoch);
  }
  lanes.add(stream.lane);
  epochs.add(stream.epoch);
  if (lanes.size > lanesPerNodeMax)
    return refuse(`the node has more than ${lanesPerNodeMax} lanes`);
  if (epochs.size > epochsPerNodeMax)
    return refuse(`the node has more than ${epochsPerNodeMax} epochs`);
  return undefined;
}

/** Seqs of the range that are neither held nor staged, nor settled otherwise. */
function missingAmong(core: LogCore, index: StreamIndex, from: number, count: number) {
  const { table } = core.streams;
  const to = from + count - 1;
  const head = core.streams.stagedHead(index);
  const holes = table.holes(index).filter((hole) => hole.to >= from && hole.from <= to);
  let missing = [
    ...holes.map((hole) => ({ from: Math.max(hole.from, from), to: Math.min(hole.to, to) })),
    ...rangeBetween(Math.max(head + 1, from), to),
  ];
  if (holes.length > 0) missing = [...subtractRanges(missing, stagedSeqs(core, index))];
  return missing;
}

/** Events that are staged into holes, in order. */
function stagedSeqs(core: LogCore, index: StreamIndex) {
  const seqs: number[] = [];
  visitStaged(core, index, (seq) => {
    seqs.push(seq);
    return false;
  });
  seqs.sort((a, b) => a - b);
  const ranges: { from: number; to: number }[] = [];
  for (const seq of seqs) {
    const last = ranges[ranges.length - 1];
    if (last !== undefined && seq <= last.to + 1) last.to = Math.max(last.to, seq);
    else ranges.push({ from: seq, to: seq });
  }
  return ranges;
}

function visitStaged(
  core: LogCore,
  index: StreamIndex,
  visit: (seq: number, chain: Uint8Array) => boolean,
): void {
  const groups = core.inFlight === undefined ? core.waiting : [core.inFlight, ...core.waiting];
  for (const group of groups) {
    for (let row = 0; row < group.rowCount; row++) {
      if (group.kinds[row] !== rowKind.event || group.streams[row] !== index) continue;
      const chain = group.chains.subarray(row * chainBytes, (row + 1) * chainBytes);
      if (visit(group.seqs[row] ?? 0, chain)) return;
    }
  }
}

/** Chain at `seq`, staged events included. */
export function stagedChainAt(
  core: LogCore,
  index: StreamIndex,
  seq: number,
): Uint8Array | undefined {
  const { streams } = core;
  const stagedHead = streams.stagedHead(index);
  if (seq === stagedHead) return streams.stagedChain(index).slice();
  if (seq > stagedHead) return undefined;
  let found: Uint8Array | undefined;
  if (core.inFlight !== undefined || core.waiting.length > 0) {
    visitStaged(core, index, (stagedSeq, chain) => {
      if (stagedSeq === seq) found = chain.slice();
      return found !== undefined;
    });
  }
  return found ?? chainAt(core, index, seq);
}

/** First seq at which what is held differs from what came: compared where a held run ends, and behind a healed hole. */
function forkAgainst(
  core: LogCore,
  index: StreamIndex,
  from: number,
  chains: readonly Uint8Array[],
  missing: ReturnType<typeof missingAmong>,
): number | undefined {
  const to = from + chains.length - 1;
  const isMissing = (seq: number): boolean => rangesContain(missing, seq);
  const head = core.streams.stagedHead(index);
  for (let seq = from; seq <= to; seq++) {
    const endsRun = seq === to || isMissing(seq + 1) !== isMissing(seq);
    if (!endsRun || seq > head) continue;
    const held = stagedChainAt(core, index, seq);
    const got = chains[seq - from];
    if (held !== undefined && got !== undefined && !bytesEqual(held, got))
      return firstFork(core, index, from, chains, seq);
  }
  return undefined;
}

function firstFork(
  core: LogCore,
  index: StreamIndex,
  from: number,
  chains: readonly Uint8Array[],
  last: number,
): number {
  for (let seq = from; seq < last; seq++) {
    const held = stagedChainAt(core, index, seq);
    const got = chains[seq - from];
    if (held !== undefined && got !== undefined && !bytesEqual(held, got)) return seq;
  }
  return last;
}

function riseProblem(
  core: LogCore,
  index: StreamIndex,
  from: number,
  events: readonly EventContent[],
  head: number,
): string | undefined {
  const next = events[head + 1 - from];
  if (next === undefined || head === 0) return undefined;
  const isRising = compareHlc(next.hlc, core.streams.stagedHlc(index)) > 0;
  return isRising ? undefined : "the HLC does not rise";
}
