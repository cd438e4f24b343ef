/**
 * Sending by BATCH: opening a direction with HISTORY (RULES 32), coding batches,
 * and letting the codec go when nothing is left to send. A codec's state follows
 * what was coded, so whatever is coded is sent: limits are looked at before.
 */
import { BatchCodec, contentBytesOf, type EncodedBatch } from "../codec/batch-codec.ts";
import { codecStateBytes } from "../codec/codec-memory.ts";
import { isBatchCodec, isMixCodec, sizesOf } from "../codec/codecs.ts";
import { encodeFrame } from "../codec/encode-frame.ts";
import { type BatchFrame, chain8Bytes, type HistoryFrame } from "../codec/frame-types.ts";
import { Window } from "../codec/window.ts";
import { bytesEqual } from "../bytes.ts";
import { assert } from "../errors/zam-error.ts";
import type { StoredEvent } from "../log/api.ts";
import { shouldSwitch, wantedCodecs } from "./codec-choice.ts";
import { chooseHistory, type History } from "./history.ts";
import { restSending } from "./batch-state.ts";
import { createOutgoing } from "./offer.ts";
import type { Outgoing, SessionState } from "./state.ts";

/**
 * What must go before the next data frame, or undefined: HISTORY, with the STREAM
 * frame that it needs. Afterwards `s.sendBatches.codec` says by what events go;
 * undefined means RANGE.
 */
export function openBatches(s: SessionState, next: Outgoing): Uint8Array | undefined {
  const batches = s.sendBatches;
  if (shouldSwitch(s)) restSending(s);
  if (batches.codec !== undefined) return undefined;
  const codec = wantedCodecs(s).find((wanted) => hasRoom(s, wanted));
  if (codec === undefined || !isBatchCodec(codec)) return undefined;
  batches.codec = new BatchCodec(codec, s.compressor);
  const { historyEventsMax, historyBytesMax } = sizesOf(codec);
  const limit = { events: historyEventsMax, bytes: historyBytesMax, bytesOf: contentBytesOf };
  // NO_WINDOW must not cross answers to what went before: with something in flight, from nothing.
  const isPrimed = !batches.isUnprimed && s.inFlightBytes === 0;
  const history = isPrimed ? chooseHistory(s, limit, next.id) : undefined;
  if (history !== undefined) return sendHistory(s, batches.codec, history);
  return batches.hasBegun ? emptyHistory(s) : undefined;
}

function hasRoom(s: SessionState, codec: number): boolean {
  const bytes = codecStateBytes(codec);
  return bytes === 0 || s.memory === undefined || s.memory.take(s.sendOwner, bytes);
}

function sendHistory(s: SessionState, codec: BatchCodec, history: History): Uint8Array {
  const { index, events, to, chain8 } = history;
  const out = s.outgoing.get(index) ?? createOutgoing(s, s.log.stream(index));
  const name = nameStream(s, out);
  codec.prime(out.number, events);
  begin(s);
  s.sendBatches.lastStream = out.number;
  s.sendBatches.ends.set(out.number, { to, chain8 });
  const frame: HistoryFrame = {
    type: "history",
    stream: out.number,
    to,
    count: events.length,
    chain8,
  };
  return joined(name, encodeFrame(frame, s.outEnds));
}

const noHistory: HistoryFrame = {
  type: "history",
  stream: 0,
  to: 0,
  count: 0,
  chain8: new Uint8Array(chain8Bytes),
};

function emptyHistory(s: SessionState): Uint8Array {
  begin(s);
  return encodeFrame(noHistory, s.outEnds);
}

/** Everything that frames lean on in this direction is as at the start. */
function begin(s: SessionState): void {
  const batches = s.sendBatches;
  batches.hasBegun = true;
  batches.lastStream = -1;
  batches.ends.clear();
  s.sendWindow = new Window();
}

/** The STREAM frame, for a stream that has no number yet. */
export function nameStream(s: SessionState, out: Outgoing): Uint8Array | undefined {
  if (out.number >= 0) return undefined;
  out.number = s.outgoingByNumber.length;
  s.outgoingByNumber.push(out);
  return encodeFrame({ type: "stream", id: out.id }, s.outEnds);
}

export function joined(first: Uint8Array | undefined, second: Uint8Array): Uint8Array {
  if (first === undefined) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
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
  const stream = out.number < 0 ? s.outgoingByNumber.length : out.number;
  const first = input.events[0];
  assert(codec !== undefined && first !== undefined, "a batch has a codec and an event");
  const encode = (): EncodedBatch => codec.encode({ stream, ...input });
  const { block, count, contentBytes } =
    s.coding !== undefined && isMixCodec(codec.codec)
      ? s.coding.time(encode, (encoded) => encoded.contentBytes)
      : encode();
  const last = input.events[count - 1];
  assert(last !== undefined, "a batch holds an event");
  s.ratio = Math.min(1, Math.max(0.01, (s.ratio + block.length / Math.max(1, contentBytes)) / 2));
  const end = batches.ends.get(stream);
  const chainBefore8 = first.chainBefore.subarray(0, chain8Bytes);
  const isImplied =
    end !== undefined && end.to + 1 === first.seq && bytesEqual(end.chain8, chainBefore8);
  const chainAfter8 = last.chain.slice(0, chain8Bytes);
  const frame: BatchFrame = {
    type: "batch",
    codec: codec.codec,
    count,
    chainAfter8,
    block,
    ...(stream === batches.lastStream ? {} : { stream }),
    ...(isImplied ? {} : { start: { from: first.seq, chainBefore8 } }),
  };
  batches.hasBegun = true;
  batches.lastStream = stream;
  batches.ends.set(stream, { to: last.seq, chain8: chainAfter8 });
  return { frame, count, last };
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
