/**
 * Receiving by BATCH: the other end of batch-send.ts. Every limit was looked at
 * when the frame was read; a block that cannot be decoded ends the session, so a
 * state that went astray is never used again.
 */
import { type BatchBlock, BatchCodec, contentBytesOf } from "../codec/batch-codec.ts";
import { codecStateBytes } from "../codec/codec-memory.ts";
import { isMixCodec, sizesOf } from "../codec/codecs.ts";
import { isSpan } from "../codec/decode-frame.ts";
import type { BatchFrame, HistoryFrame } from "../codec/frame-types.ts";
import { Window } from "../codec/window.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { EventContent } from "../event.ts";
import { findIncoming, takeEvents } from "./accept.ts";
import { codecsHere, codecsOffered } from "./codec-choice.ts";
import { restReceiving } from "./batch-state.ts";
import { recallHistory } from "./history.ts";
import { sayNoWindow } from "./prime.ts";
import type { SessionState } from "./state.ts";

/** HISTORY: this direction begins anew, from events that are held here, or from nothing. */
export function takeHistory(s: SessionState, frame: HistoryFrame): void {
  const { stream, to, count, chain8 } = frame;
  if (count === 0) {
    begin(s);
    s.isDeaf = false;
    return;
  }
  if (s.isDeaf) return;
  const incoming = findIncoming(s, stream);
  if (incoming === undefined) return;
  begin(s);
  const index = incoming.refusal === undefined ? s.log.findStream(incoming.id) : undefined;
  // Whatever codec follows: the larger ones take the longer history.
  const { historyEventsMax, historyBytesMax } = sizesOf(0);
  const limit = { events: historyEventsMax, bytes: historyBytesMax, bytesOf: contentBytesOf };
  const events = recallHistory(s, index, { from: to - count + 1, to, chain8 }, limit);
  if (events === undefined) {
    sayNoWindow(s);
    return;
  }
  const batches = s.receiveBatches;
  batches.history = { stream, events };
  batches.lastStream = stream;
  batches.ends.set(stream, { to, chain8 });
}

function begin(s: SessionState): void {
  restReceiving(s);
  const batches = s.receiveBatches;
  batches.hasRested = false;
  batches.lastStream = -1;
  batches.ends.clear();
  s.receiveWindow = new Window();
}

export function takeBatch(s: SessionState, frame: BatchFrame): void {
  const batches = s.receiveBatches;
  const stream = frame.stream ?? batches.lastStream;
  const incoming = findIncoming(s, stream);
  if (incoming === undefined) return;
  const codec = codecFor(s, frame.codec);
  if (codec === undefined) return;
  const end = batches.ends.get(stream);
  const from = frame.start?.from ?? (end === undefined ? 0 : end.to + 1);
  const chainBefore8 = frame.start?.chainBefore8 ?? end?.chain8;
  if (chainBefore8 === undefined || !isSpan(from, frame.count)) {
    s.fail(new ZamError("Z501", { problem: "BATCH goes on from nowhere" }));
    return;
  }
  const events = decode(s, codec, { stream, from, count: frame.count, block: frame.block });
  if (events === undefined) {
    s.fail(new ZamError("Z501", { problem: "a block that cannot be decoded" }));
    return;
  }
  const { chainAfter8 } = frame;
  batches.lastStream = stream;
  batches.ends.set(stream, { to: from + frame.count - 1, chain8: chainAfter8 });
  batches.lastTakenMs = s.nowMs;
  let rawBytes = 0;
  for (const event of events) rawBytes += contentBytesOf(event);
  takeEvents(s, incoming, { from, events, chainBefore8, chainAfter8, rawBytes });
}

/** Mixing is timed. When it takes most of the time, the peer is asked for what is quicker to read. */
function decode(
  s: SessionState,
  codec: BatchCodec,
  batch: BatchBlock,
): readonly EventContent[] | undefined {
  if (s.coding === undefined || !isMixCodec(codec.codec)) return codec.decode(batch);
  const events = s.coding.time(
    () => codec.decode(batch),
    (decoded) => decoded?.reduce((sum, event) => sum + contentBytesOf(event), 0) ?? 0,
  );
  if (s.coding.isMuch && !s.receiveBatches.hasAskedQuicker) {
    s.receiveBatches.hasAskedQuicker = true;
    s.send({ type: "codecs", codecs: codecsOffered(s) });
  }
  return events;
}

/** The codec of this direction, made when it begins; undefined when this frame cannot be read. */
function codecFor(s: SessionState, number: number): BatchCodec | undefined {
  const batches = s.receiveBatches;
  if (batches.hasRested) {
    sayNoWindow(s);
    return undefined;
  }
  if (batches.codec !== undefined) {
    if (batches.codec.codec === number) return batches.codec;
    s.fail(new ZamError("Z501", { problem: "another codec without HISTORY" }));
    return undefined;
  }
  const isRead = (codecsHere(s) & (1 << number)) !== 0;
  if (!isRead && batches.hasToldCodecs) {
    s.fail(new ZamError("Z501", { problem: "a codec that was not announced" }));
    return undefined;
  }
  // At first contact the peer may have sent before it heard what is read here.
  batches.hasToldCodecs ||= !isRead;
  if (!isRead || s.memory?.take(s.receiveOwner, codecStateBytes(number)) === false) {
    s.send({ type: "codecs", codecs: codecsOffered(s) });
    sayNoWindow(s);
    return undefined;
  }
  const codec = new BatchCodec(number, s.compressor);
  if (batches.history !== undefined) codec.prime(batches.history.stream, batches.history.events);
  batches.history = undefined;
  batches.codec = codec;
  return codec;
}
