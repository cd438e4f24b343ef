/**
 * Large events from a peer, piece by piece (RULES 5). Each piece is durable and
 * acknowledged on its own; with the last one the event is checked against the
 * chain and becomes visible. A restart in between re-reads the pieces to go on
 * with the hash.
 */
import { bytesEqual } from "../bytes.ts";
import { compareHlc } from "../clock/hlc.ts";
import { fragmentBytesMax, isLane, isNodeId, payloadBytesMax } from "../event.ts";
import type { Sha256 } from "../ports.ts";
import { rangesContain } from "../vector/ranges.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type { Durable, ReceivedFragment, ReceiveOutcome } from "./api.ts";
import { clampMs } from "./append.ts";
import { chainZero, nextChain } from "./chain.ts";
import type { LogCore } from "./core.ts";
import { fragmentPlacesMax, noIdempotency } from "./event-fields.ts";
import { pump } from "./group-commit.ts";
import {
  judgeEvents,
  quarantineRefusal,
  stageLetIn,
  stageVerdicts,
  type Verdicts,
  wholeOf,
} from "./judging.ts";
import type { PartialEvent } from "./partials.ts";
import { readFragment } from "./read-payload.ts";
import { isMovedBranch, repeatRehoming } from "./rehome.ts";
import { contentProblem, movedRefusal, refusalOf, stagedChainAt, startsWith } from "./receive.ts";
import { mergeClock } from "./replay.ts";
import {
  assertWritable,
  noPayload,
  openPartial,
  stageEvent,
  stageFragment,
  whenDurable,
} from "./stage-event.ts";
import { stageMark } from "./stage-mark.ts";

export function receiveFragment(
  core: LogCore,
  fragment: ReceivedFragment,
  durable: Durable,
): ReceiveOutcome {
  assertWritable(core);
  core.wallMs = fragment.receivedMs;
  const problem = shapeProblem(fragment);
  if (problem !== undefined) return { kind: "malformed", problem };
  const moved = repeatRehoming(core, fragment.stream, fragment, fragment.receivedMs);
  const outcome = takeFragment(core, fragment, durable);
  return moved === undefined ? outcome : { ...outcome, moved };
}

function takeFragment(core: LogCore, fragment: ReceivedFragment, durable: Durable): ReceiveOutcome {
  const { streams } = core;
  const { stream, seq, offset } = fragment;
  const known = streams.table.find(stream);
  const head = known === undefined ? 0 : streams.stagedHead(known);
  if (seq > head + 1) return { kind: "gap", head };
  const before =
    known === undefined
      ? chainZero(core.crypto, stream)
      : (stagedChainAt(core, known, seq - 1) ?? provableBefore(core, known, fragment));
  if (before === undefined) return { kind: "gap", head };
  if (!startsWith(before, fragment.chainBefore8)) return { kind: "fork", atSeq: seq - 1 };
  if (known !== undefined && seq <= head && !isMissing(core, known, seq)) {
    return heldAlready(core, known, fragment, durable);
  }
  const refusal = refusalOf(core, stream, known, seq > head);
  if (refusal !== undefined) return { kind: "refused", error: refusal };
  if (seq === head + 1 && known !== undefined && head > 0) {
    const isRising = compareHlc(fragment.hlc, streams.stagedHlc(known)) > 0;
    if (!isRising) return { kind: "malformed", problem: "the HLC does not rise" };
  }
  const index = known ?? streams.add(stream);
  const partial = continuing(core, index, fragment);
  if (partial === undefined && offset > 0) return { kind: "gap", head };
  if (partial !== undefined && offset < partial.stagedBytes) {
    const coveredBytes = partial.stagedBytes - offset;
    if (fragment.bytes.length <= coveredBytes) {
      whenDurable(core, durable);
      return { kind: "duplicate" };
    }
    // Cut otherwise than the pieces that came before: only its end is new.
    const bytes = fragment.bytes.subarray(coveredBytes);
    const rest = { ...fragment, offset: partial.stagedBytes, bytes };
    return stagePiece(core, index, partial, rest, before, durable);
  }
  if (partial !== undefined && offset > partial.stagedBytes) return { kind: "gap", head };
  return stagePiece(core, index, partial, fragment, before, durable);
}

function shapeProblem(fragment: ReceivedFragment): string | undefined {
  const { stream, seq, totalBytes, offset, bytes } = fragment;
  if (!isNodeId(stream.node) || !isLane(stream.lane)) return "the stream's name is not valid";
  if (seq < 1) return "the seq is zero";
  if (!isNodeId(fragment.receivedFrom)) return "the deliverer's name is not valid";
  if (totalBytes > payloadBytesMax || totalBytes < 1) return "the payload's size is out of range";
  if (bytes.length < 1 || bytes.length > fragmentBytesMax)
    return "a fragment's size is out of range";
  if (offset < 0 || offset + bytes.length > totalBytes)
    return "a fragment lies outside its payload";
  if (fragment.chainBefore8.length < 8 || fragment.chainAfter8.length < 8)
    return "a chain is too short";
  return contentProblem(fragment);
}

function isMissing(core: LogCore, index: StreamIndex, seq: number): boolean {
  return rangesContain(core.streams.table.holes(index), seq);
}

/**
 * As `provenBefore` has it for a range: here the proof comes with the last piece, and only where
 * the chain behind the event is known, at its hole's end.
 */
function provableBefore(
  core: LogCore,
  index: StreamIndex,
  { seq, claimedBefore }: ReceivedFragment,
): Uint8Array | undefined {
  return stagedChainAt(core, index, seq) === undefined ? undefined : claimedBefore;
}

function heldAlready(
  core: LogCore,
  index: StreamIndex,
  fragment: ReceivedFragment,
  durable: Durable,
): ReceiveOutcome {
  const held = stagedChainAt(core, index, fragment.seq);
  if (held !== undefined && !startsWith(held, fragment.chainAfter8)) {
    return { kind: "fork", atSeq: fragment.seq };
  }
  whenDurable(core, durable);
  return { kind: "duplicate" };
}

/** The partial event that this fragment belongs to; one that differs is replaced by a fragment at offset 0. */
function continuing(
  core: LogCore,
  index: StreamIndex,
  fragment: ReceivedFragment,
): PartialEvent | undefined {
  const partial = core.partials.get(index);
  if (partial === undefined || partial.seq !== fragment.seq) return undefined;
  const isSame =
    partial.totalBytes === fragment.totalBytes &&
    partial.type === fragment.type &&
    compareHlc(partial.hlc, fragment.hlc) === 0;
  return isSame ? partial : undefined;
}

function stagePiece(
  core: LogCore,
  index: StreamIndex,
  found: PartialEvent | undefined,
  fragment: ReceivedFragment,
  before: Uint8Array,
  durable: Durable,
): ReceiveOutcome {
  const { seq, hlc, type, known, totalBytes, bytes } = fragment;
  const partial =
    found ?? openPartial(core, index, { seq, hlc, type, chainBefore: before, totalBytes });
  partial.sha ??= rehash(core, index, partial);
  const { sha } = partial;
  if (sha === undefined) {
    // A durable piece has rotted: begin again.
    dropStaged(core, index, partial);
    return { kind: "gap", head: core.streams.stagedHead(index) };
  }
  const isLast = partial.stagedBytes + bytes.length === totalBytes;
  if (partial.places.length + 1 > fragmentPlacesMax) {
    dropStaged(core, index, partial);
    return { kind: "malformed", problem: "the event came in too many fragments" };
  }
  if (!isLast) {
    stageFragment(core, index, partial, bytes);
    whenDurable(core, durable);
    pump(core);
    return { kind: "stored" };
  }
  sha.update(bytes);
  const payloadSha256 = sha.digest();
  partial.sha = undefined;
  const link = { seq, hlc, type, known, payloadSha256, payloadSize: totalBytes };
  const chain = nextChain(core.crypto, before, link);
  const refusal = refusalOfWhole(core, index, fragment, chain);
  if (refusal !== undefined) {
    dropStaged(core, index, partial);
    return refusal;
  }
  const verdicts = judgeWhole(core, index, partial, fragment);
  const full = quarantineRefusal(core, fragment.stream, index, verdicts);
  if (full !== undefined) {
    dropStaged(core, index, partial);
    return { kind: "refused", error: full };
  }
  stageFragment(core, index, partial, bytes);
  stageVerdicts(core, index, verdicts, fragment.receivedMs);
  const aheadMs = mergeClock(core, hlc, fragment.receivedMs, fragment.isClockTrusted === true);
  stageEvent(
    core,
    index,
    {
      seq,
      hlc,
      type,
      known,
      payload: noPayload,
      idempotency: noIdempotency,
      receivedMs: clampMs(fragment.receivedMs),
      receivedFrom: fragment.receivedFrom,
      chainBefore: before,
      chain,
    },
    { partial, payloadSha256 },
  );
  if (verdicts.size === 0) stageLetIn(core, index, seq, fragment.receivedMs);
  whenDurable(core, durable);
  pump(core);
  return aheadMs === undefined ? { kind: "stored" } : { kind: "stored", driftMs: aheadMs };
}

/** Why the event with this chain, which all its pieces lead to, is not taken; undefined when it may be. */
function refusalOfWhole(
  core: LogCore,
  index: StreamIndex,
  { stream, seq, chainAfter8 }: ReceivedFragment,
  chain: Uint8Array,
): ReceiveOutcome | undefined {
  if (!startsWith(chain, chainAfter8))
    return { kind: "malformed", problem: "the fragments do not reproduce the chain after them" };
  if (isMovedBranch(core, stream, [chain])) return movedRefusal(stream);
  if (seq > core.streams.stagedHead(index)) return undefined;
  const held = stagedChainAt(core, index, seq);
  const isFork = held !== undefined && !bytesEqual(held, chain);
  return isFork ? { kind: "fork", atSeq: seq } : undefined;
}

/** One that cannot be read back whole here is held back until it can be judged. */
function judgeWhole(
  core: LogCore,
  index: StreamIndex,
  partial: PartialEvent,
  fragment: ReceivedFragment,
): Verdicts {
  if (core.judge === undefined) return new Map();
  const { stream, seq, type } = fragment;
  const payload = wholeOf(core, index, partial, fragment.bytes);
  if (payload === undefined) return new Map([[seq, "it could not be read to be checked"]]);
  return judgeEvents(core, stream, [{ seq, type, payload }], undefined);
}

/** The hash over the durable pieces, read back; undefined when one cannot be read. */
function rehash(core: LogCore, index: StreamIndex, partial: PartialEvent): Sha256 | undefined {
  const sha = core.crypto.createSha256();
  for (const place of partial.places) {
    const piece = readFragment(core, index, place);
    if (piece === undefined || piece.length !== place.sizeBytes) return undefined;
    sha.update(piece);
  }
  return sha;
}

function dropStaged(core: LogCore, index: StreamIndex, partial: PartialEvent): void {
  const alias = core.streams.alias(index);
  core.partials.delete(index);
  core.streams.table.setPartialBytes(index, 0);
  if (alias > 0) {
    stageMark(core, { kind: "dropPartial", alias, seq: partial.seq }, core.wallMs);
    pump(core);
  }
}
