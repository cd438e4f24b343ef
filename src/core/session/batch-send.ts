/**
 * Sending by BATCH: opening a direction with HISTORY (RULES 32), coding batches,
 * and letting the codec go when nothing is left to send. A codec's state follows
 * what was coded, so whatever is coded is sent: limits are looked at before.
 */
import { BatchCodec, contentBytesOf, type EncodedBatch } from "../codec/batch-codec.ts";
import { codecStateBytes } from "../codec/codec-memory.ts";
import { isBatchCodec, sizesOf } from "../codec/codecs.ts";
import { encodeFrame, tellableHistory } from "../codec/encode-frame.ts";
import {
  type BatchFrame,
  chain4Bytes,
  chain8Bytes,
  type HistoryFrame,
} from "../codec/frame-types.ts";
import { sendWindowFor } from "../codec/window.ts";
import { bytesEqual } from "../bytes.ts";
import { assert } from "../errors/zam-error.ts";
import type { StoredEvent } from "../log/api.ts";
import { codecsHere, isTokensTooSlow, shouldSwitch, wantedCodecs } from "./codec-choice.ts";
import { chooseHistory, type History } from "./history.ts";
import { type LearnedHistory, restSending, sendingRestMs } from "./batch-state.ts";
import { createOutgoing } from "./offer.ts";
import { nameStream, streamNumber } from "./outgoing-number.ts";
import type { SessionState } from "./state.ts";
import type { Outgoing } from "./tracked-streams.ts";

/**
 * What must go before the next data frame, or undefined: HISTORY, or the STREAM that a
 * history needs. Afterwards `s.sendBatches.codec` says by what events go; undefined
 * means RANGE. A history of the stream that follows, up to where that goes on, is told
 * by its BATCH.
 */
export function openBatches(s: SessionState, next: Outgoing): Uint8Array | undefined {
  const batches = s.sendBatches;
  // After a rest, what comes may be as little as tokens are quick enough for.
  if (s.inFlightBytes === 0 && s.nowMs - s.lastDataMs >= sendingRestMs) batches.isTooSlow = false;
  if (shouldSwitch(s)) {
    batches.isTooSlow = isTokensTooSlow(s);
    restSending(s);
  }
  if (batches.codec === undefined) {
    const opening = beginCodec(s, next);
    if (opening !== undefined) return opening;
  }
  const { learned } = batches;
  if (learned === undefined || isContinued(s, learned, next)) return undefined;
  batches.learned = undefined;
  const { stream, to, count, chain8 } = learned;
  const chain4 = chain8.subarray(0, chain4Bytes);
  return encodeFrame({ type: "history", stream, to, count, chain4 }, s.outEnds);
}

/** A BATCH follows that can tell it. A fragment cannot: the window that it leans on begins anew as well. */
function isContinued(s: SessionState, learned: LearnedHistory, next: Outgoing): boolean {
  const from = learned.to + 1;
  if (learned.index !== next.index || next.work[0]?.from !== from) return false;
  return s.log.readStream(next.index, from, { events: 1, bytes: 1 })[0]?.isFragmented === false;
}

/** A codec for this direction, primed when it can be; what has to be sent for it at once. */
function beginCodec(s: SessionState, next: Outgoing): Uint8Array | undefined {
  const batches = s.sendBatches;
  const codec = wantedCodecs(s).find((wanted) => hasRoom(s, wanted));
  if (codec === undefined || !isBatchCodec(codec)) return undefined;
  batches.codec = new BatchCodec(codec, s.compressor);
  const { historyEventsMax, historyBytesMax } = sizesOf(codec);
  const limit = { events: historyEventsMax, bytes: historyBytesMax, bytesOf: contentBytesOf };
  // NO_WINDOW must not cross answers to what went before: with something in flight, from nothing.
  const isPrimed = !batches.isUnprimed && s.inFlightBytes === 0;
  const history = isPrimed ? chooseHistory(s, limit, next.id) : undefined;
  if (history !== undefined) return learn(s, batches.codec, history);
  if (!batches.hasBegun) return undefined;
  begin(s);
  return encodeFrame(noHistory, s.outEnds);
}

function hasRoom(s: SessionState, codec: number): boolean {
  const bytes = codecStateBytes(codec);
  return bytes === 0 || s.memory === undefined || s.memory.take(s.sendOwner, bytes);
}

/** Primes the codec; returns the STREAM frame when the history's stream needs one. */
function learn(s: SessionState, codec: BatchCodec, history: History): Uint8Array | undefined {
  const { index, to, chain8 } = history;
  const batches = s.sendBatches;
  const out = s.outgoing.get(index) ?? createOutgoing(s, s.log.stream(index));
  const name = nameStream(s, out);
  const stream = out.number;
  const count = tellableHistory(history.events.length);
  codec.prime(stream, history.events.slice(-count));
  const end = batches.ends.get(stream);
  const isEndKnown = end !== undefined && bytesEqual(end, chain8);
  batches.learned = { index, stream, to, count, chain8, isEndKnown };
  begin(s);
  batches.lastStream = stream;
  batches.ends.set(stream, chain8);
  return name;
}

const noHistory: HistoryFrame = {
  type: "history",
  stream: 0,
  to: 0,
  count: 0,
  chain4: new Uint8Array(chain4Bytes),
};

/** Everything that frames lean on in this direction is as at the start. */
function begin(s: SessionState): void {
  const batches = s.sendBatches;
  batches.hasBegun = true;
  batches.lastStream = 0;
  batches.ends.clear();
  s.sendWindow = sendWindowFor(codecsHere(s));
}

export interface BuiltBatch {
  readonly frame: BatchFrame;
  readonly count: number;
  readonly last: StoredEvent;
}

/** Codes as many of these events as fit `bytesAim`. What it returns has to be sent next. */
export function buildBatch(
  s: SessionState,
  out: Outgoing,
  input: { readonly events: readonly StoredEvent[]; readonly bytesAim: number },
): BuiltBatch {
  const batches = s.sendBatches;
  const { codec } = batches;
  const stream = streamNumber(s, out);
  const first = input.events[0];
  assert(codec !== undefined && first !== undefined, "a batch has a codec and an event");
  const encode = (): EncodedBatch => codec.encode({ stream, ...input });
  const { block, count, contentBytes } =
    s.coding?.paceOf(codec.codec).time(encode, (encoded) => encoded.contentBytes) ?? encode();
  const last = input.events[count - 1];
  assert(last !== undefined, "a batch holds an event");
  s.ratio = Math.min(1, Math.max(0.01, (s.ratio + block.length / Math.max(1, contentBytes)) / 2));
  const frame: BatchFrame = {
    type: "batch",
    codec: codec.codec,
    count,
    block,
    ...headOf(s, stream, first, last),
  };
  batches.hasBegun = true;
  batches.learned = undefined;
  batches.lastStream = stream;
  batches.ends.set(stream, last.chain.slice(0, chain8Bytes));
  return { frame, count, last };
}

/** What the receiver cannot know of a batch's place: as little as can. */
function headOf(
  s: SessionState,
  stream: number,
  first: StoredEvent,
  last: StoredEvent,
): Pick<BatchFrame, "stream" | "start" | "history" | "chainAfter8"> {
  const { ends, lastStream, learned } = s.sendBatches;
  const end = ends.get(stream);
  const chainBefore8 = first.chainBefore.subarray(0, chain8Bytes);
  const chainAfter8 = last.chain.slice(0, chain8Bytes);
  const goesOn = end !== undefined && bytesEqual(end, chainBefore8);
  const isStartKnown = goesOn && learned?.isEndKnown !== false;
  const line = s.linesTold[stream];
  const isAtLine = line?.head === last.seq && bytesEqual(line.chain, chainAfter8);
  const isShort = isAtLine && learned !== undefined;
  const start = isShort
    ? { chainBefore4: chainBefore8.subarray(0, chain4Bytes) }
    : { from: first.seq, chainBefore8 };
  // Without a history that is checked, a start is told in full, and the end with it.
  const isEndKnown = isAtLine && (isStartKnown || isShort);
  // With a history the receiver begins anew, and has heard of no stream yet.
  const isSame = learned === undefined ? stream === lastStream : stream === 0;
  return {
    ...(isSame ? {} : { stream }),
    ...(isStartKnown ? {} : { start }),
    ...(learned === undefined ? {} : { history: learned.count }),
    ...(isEndKnown ? {} : { chainAfter8 }),
  };
}

/** The receiver could not follow: begin anew, from nothing, and say so. */
export function forgetSentBatches(s: SessionState): void {
  restSending(s);
  s.sendBatches.isUnprimed = true;
  const codec = wantedCodecs(s).find((wanted) => hasRoom(s, wanted));
  if (codec !== undefined && isBatchCodec(codec))
    s.sendBatches.codec = new BatchCodec(codec, s.compressor);
  begin(s);
  s.send(noHistory);
}
