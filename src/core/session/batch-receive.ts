/**
 * Receiving by BATCH: the other end of batch-send.ts. Every limit was looked at
 * when the frame was read; a block that cannot be decoded ends the session, so a
 * state that went astray is never used again.
 */
import { type BatchBlock, BatchCodec, contentBytesOf } from "../codec/batch-codec.ts";
import { codecStateBytes } from "../codec/codec-memory.ts";
import { sizesOf } from "../codec/codecs.ts";
import { isSpan } from "../codec/decode-frame.ts";
import { type BatchFrame, chain8Bytes, type HistoryFrame } from "../codec/frame-types.ts";
import { Window } from "../codec/window.ts";
import { assert, ZamError } from "../errors/zam-error.ts";
import type { EventContent } from "../event.ts";
import { findIncoming, takeEvents } from "./accept.ts";
import { codecsHere, codecsOffered } from "./codec-choice.ts";
import { restReceiving } from "./batch-state.ts";
import { recallHistory } from "./history.ts";
import { sayNoWindow } from "./prime.ts";
import type { SessionState } from "./state.ts";
import type { Incoming } from "./tracked-streams.ts";

/** HISTORY: this direction begins anew, from events that are held here, or from nothing. */
export function takeHistory(s: SessionState, frame: HistoryFrame): void {
  const { stream, to, count, chain4 } = frame;
  if (count === 0) {
    begin(s);
    s.isDeaf = false;
    return;
  }
  if (s.isDeaf) return;
  const incoming = findIncoming(s, stream);
  if (incoming !== undefined) beginFrom(s, incoming, { to, count, chain: chain4 });
}

/** Begins anew from events that both hold; false when they are not held here: then the peer is told. */
function beginFrom(
  s: SessionState,
  incoming: Incoming,
  named: { readonly to: number; readonly count: number; readonly chain: Uint8Array },
): boolean {
  const { to, count } = named;
  begin(s);
  const index = incoming.refusal === undefined ? s.log.findStream(incoming.id) : undefined;
  // Whatever codec follows: the larger ones take the longer history.
  const { historyEventsMax, historyBytesMax } = sizesOf(0);
  const limit = { events: historyEventsMax, bytes: historyBytesMax, bytesOf: contentBytesOf };
  const events = recallHistory(s, index, { ...named, from: to - count + 1 }, limit);
  const chain = index === undefined ? undefined : s.log.chainAt(index, to);
  if (events === undefined || chain === undefined) {
    sayNoWindow(s);
    return false;
  }
  const batches = s.receiveBatches;
  batches.history = { stream: incoming.number, events };
  batches.lastStream = incoming.number;
  batches.ends.set(incoming.number, { to, chain8: chain.slice(0, chain8Bytes) });
  return true;
}

function begin(s: SessionState): void {
  restReceiving(s);
  const batches = s.receiveBatches;
  batches.hasRested = false;
  batches.lastStream = 0;
  batches.ends.clear();
  s.receiveWindow = new Window();
}

export function takeBatch(s: SessionState, frame: BatchFrame): void {
  const batches = s.receiveBatches;
  const { count, history } = frame;
  const stream = frame.stream ?? (history === undefined ? batches.lastStream : 0);
  const incoming = findIncoming(s, stream);
  if (incoming === undefined) return;
  const place = placeOf(s, stream, frame);
  if (place === undefined || !isSpan(place.from, count)) {
    s.fail(new ZamError("Z501", { problem: "BATCH goes on from nowhere" }));
    return;
  }
  const { from, chainBefore, chainAfter8 } = place;
  const to = from - 1;
  if (history !== undefined && !beginFrom(s, incoming, { to, count: history, chain: chainBefore }))
    return;
  const codec = codecFor(s, frame.codec);
  if (codec === undefined) return;
  const events = decode(s, codec, { stream, from, count, block: frame.block });
  if (events === undefined) {
    s.fail(new ZamError("Z501", { problem: "a block that cannot be decoded" }));
    return;
  }
  // With a history it is the whole of what is held here.
  const chainBefore8 = history === undefined ? chainBefore : batches.ends.get(stream)?.chain8;
  assert(chainBefore8 !== undefined, "a history has an end");
  batches.lastStream = stream;
  batches.ends.set(stream, { to: to + count, chain8: chainAfter8 });
  batches.lastTakenMs = s.nowMs;
  let rawBytes = 0;
  for (const event of events) rawBytes += contentBytesOf(event);
  takeEvents(s, incoming, { from, events, chainBefore8, chainAfter8, rawBytes });
}

/** Decoding is timed. When it takes most of the time, the peer is asked for what is quicker to read. */
function decode(
  s: SessionState,
  codec: BatchCodec,
  batch: BatchBlock,
): readonly EventContent[] | undefined {
  const pace = s.coding?.paceOf(codec.codec);
  if (pace === undefined) return codec.decode(batch);
  const events = pace.time(
    () => codec.decode(batch),
    (decoded) => decoded?.reduce((sum, event) => sum + contentBytesOf(event), 0) ?? 0,
  );
  const asked = 1 << codec.codec;
  if (pace.isMuch && (s.receiveBatches.askedQuicker & asked) === 0) {
    const codecs = codecsOffered(s);
    s.receiveBatches.askedQuicker |= asked;
    if ((codecs & asked) === 0) s.send({ type: "codecs", codecs });
  }
  return events;
}

interface BatchPlace {
  readonly from: number;
  /** Its first 8 bytes, or 4 where a history will tell the rest. */
  readonly chainBefore: Uint8Array;
  readonly chainAfter8: Uint8Array;
}

/** Where a batch belongs, from what it says and what it leaves out; undefined when that is nowhere. */
function placeOf(s: SessionState, stream: number, frame: BatchFrame): BatchPlace | undefined {
  const { start, count } = frame;
  const line = frame.chainAfter8 === undefined ? s.linesHeard[stream] : undefined;
  const chainAfter8 = frame.chainAfter8 ?? line?.chain;
  if (chainAfter8 === undefined) return undefined;
  const end = s.receiveBatches.ends.get(stream);
  const place =
    start === undefined
      ? end && { from: end.to + 1, chainBefore: end.chain8, chainAfter8 }
      : "from" in start
        ? { from: start.from, chainBefore: start.chainBefore8, chainAfter8 }
        : { from: (line?.head ?? 0) - count + 1, chainBefore: start.chainBefore4, chainAfter8 };
  return line !== undefined && place?.from !== line.head - count + 1 ? undefined : place;
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
