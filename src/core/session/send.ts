/**
 * What goes on the wire next, decided as late as possible: control frames,
 * acknowledgements, then one range or fragment of the most urgent stream, as
 * long as the peer has answered enough of what is in flight, and the budget
 * allows. Rows enter the window only when their frame really leaves.
 */
import { ByteWriter, emptyBytes } from "../bytes.ts";
import { codecRaw, isBatchCodec, sizesOf } from "../codec/codecs.ts";
import { encodeFrame } from "../codec/encode-frame.ts";
import { chain8Bytes, type Frame } from "../codec/frame-types.ts";
import { encodeRow } from "../codec/rows.ts";
import { batchEventsMax, batchRawBytesMax, fragmentWireBytes } from "../codec/wire-limits.ts";
import { encodeBlock } from "../codec/window.ts";
import { assert } from "../errors/zam-error.ts";
import type { StoredEvent } from "../log/api.ts";
import { buildBatch, openBatches } from "./batch-send.ts";
import { budgetRest, mustStop, promisedBytes } from "./budget.ts";
import {
  rangeAirS,
  rangeBytesAim,
  rangeBytesLeast,
  speculativeBytesMax,
  urgentBytesBeyond,
} from "./limits.ts";
import { planAgain } from "./offer.ts";
import { codecsHere } from "./codec-choice.ts";
import { joined, nameStream, streamNumber } from "./outgoing-number.ts";
import { takePrime } from "./prime.ts";
import type { SessionState } from "./state.ts";
import { type Outgoing, type SentItem, streamKey, type Work } from "./tracked-streams.ts";

/** Bytes of frames that are joined to one write, at most. */
const writeBytesAim = 4 * 1024;

/** What a batch of one event costs beyond its block: STREAM, header and a little for a block's end. */
const batchOverheadBytes = 60;

interface Built {
  readonly frame: Frame;
  /** What enters the window. */
  readonly raw: Uint8Array;
  readonly item: Omit<SentItem, "bytes" | "sentMs">;
}

/** The next data frame with the STREAM frame that it needs, or undefined when none may or need go. */
export function takeData(s: SessionState): Uint8Array | undefined {
  if (!maySendData(s)) return undefined;
  for (let tries = 0; tries < 8; tries++) {
    const out = pickStream(s);
    if (out === undefined || isHeldBack(s, out)) return undefined;
    const opening = out.work[0]?.kind === "events" ? open(s, out) : undefined;
    if (opening !== undefined) return opening;
    const built = build(s, out);
    if (built === "overBudget") return stopForBudget(s);
    if (built === undefined) continue;
    const data = encodeFrame(built.frame, s.outEnds);
    // A batch has been looked at before: what its codec has coded must go.
    if (built.frame.type !== "batch" && mustStop(s, data.length)) return stopForBudget(s);
    const bytes = joined(nameStream(s, out), data);
    commit(s, out, built, bytes.length);
    return bytes;
  }
  return undefined;
}

/** What the peer does not use of its share may still be ours. */
function stopForBudget(s: SessionState): undefined {
  s.isBudgetSpent = promisedBytes(s) === 0;
  return undefined;
}

/** What goes before the first rows of a direction. */
function open(s: SessionState, next: Outgoing): Uint8Array | undefined {
  const opening = openBatches(s, next);
  return opening === undefined && s.sendBatches.codec === undefined ? takePrime(s) : opening;
}

function maySendData(s: SessionState): boolean {
  if (s.isEnding || s.isPing || s.isBudgetSpent || s.finishing !== undefined || s.byeSent)
    return false;
  if (!s.isPlanned || s.pacer.waitMs(s.nowMs) > 0) return false;
  if (s.options.isInitiator && s.cleanOnDisk) return false;
  if (s.isSpeculating && s.speculatedBytes >= speculativeBytesMax) return false;
  return s.isSpeculating || s.hasVector;
}

/** The window is full; what is urgent may go a little beyond it. */
function isHeldBack(s: SessionState, out: Outgoing): boolean {
  if (s.inFlightBytes < s.flight.bytes + (out.isUrgent ? urgentBytesBeyond : 0)) return false;
  s.flight.heldBack(s.nowMs);
  return true;
}

function pickStream(s: SessionState): Outgoing | undefined {
  let best: Outgoing | undefined;
  for (const out of s.active) {
    if (out.work.length === 0) s.active.delete(out);
    if (out.state !== "open" || out.work.length === 0) continue;
    if (out.isUrgent) return out;
    best ??= out;
  }
  return best;
}

function build(s: SessionState, out: Outgoing): Built | "overBudget" | undefined {
  const work = out.work[0];
  if (work === undefined) return undefined;
  if (work.kind === "floor") return buildFloor(s, out, work);
  if (work.kind === "lost") return buildLost(s, out, work);
  const codec = s.sendBatches.codec?.codec ?? codecRaw;
  const events = s.log.readStream(out.index, work.from, {
    events: Math.min(eventsMaxOf(codec), work.to - work.from + 1),
    bytes: rawBytesAim(s, codec),
  });
  const first = events[0];
  if (first === undefined || first.seq !== work.from) {
    planAgain(s, out);
    return undefined;
  }
  if (first.isFragmented) return buildFragment(s, out, first);
  const isBatch = isBatchCodec(codec);
  if (isBatch && mustStop(s, batchOverheadBytes + first.payload.length * s.ratio))
    return "overBudget";
  return isBatch ? buildFrom(s, out, events, work) : buildRange(s, out, events, work);
}

function eventsMaxOf(codec: number): number {
  return isBatchCodec(codec) ? sizesOf(codec).batchEventsMax : batchEventsMax;
}

/** Bytes of a frame that are aimed at: fewer when the budget is short, or nothing is known of the peer yet. */
function bytesAim(s: SessionState): number {
  const speculative = s.isSpeculating ? speculativeBytesMax - s.speculatedBytes : rangeBytesAim;
  return Math.min(rangeAim(s), speculative, Math.max(256, budgetRest(s) - 200));
}

/** Rows that compress to about that, as far as the last ones tell. */
function rawBytesAim(s: SessionState, codec: number): number {
  const wanted = Math.floor(bytesAim(s) / s.ratio);
  if (isBatchCodec(codec))
    return Math.max(512, Math.min(sizesOf(codec).batchBytesMax, Math.ceil(wanted * 1.25)));
  const speculative = s.isSpeculating ? speculativeBytesMax - s.speculatedBytes : batchRawBytesMax;
  return Math.max(512, Math.min(batchRawBytesMax, speculative, wanted));
}

/** A batch of the events at hand, as many as belong to this work and are whole. */
function buildFrom(
  s: SessionState,
  out: Outgoing,
  events: readonly StoredEvent[],
  work: Work,
): Built {
  const end = events.findIndex((event) => event.isFragmented || event.seq > work.to);
  const { frame, count, last } = buildBatch(s, out, {
    events: end < 0 ? events : events.slice(0, end),
    bytesAim: bytesAim(s),
  });
  return {
    frame,
    raw: emptyBytes,
    item: { kind: "range", from: work.from, to: last.seq, offset: 0, events: count },
  };
}

/** Bytes on the wire of a range: little of the link's time, or what a cut costs grows with them. */
function rangeAim(s: SessionState): number {
  const seen = s.flight.rateBytesPerS ?? Number.POSITIVE_INFINITY;
  const rate = Math.min(seen, s.pacer.rateBytesPerS ?? Number.POSITIVE_INFINITY);
  const aim = Math.min(rate * rangeAirS, Math.max(rangeBytesAim / 2, rate / 16));
  return Math.min(rangeBytesAim, Math.max(rangeBytesLeast, aim));
}

/**
 * Bytes of a write, which is a TLS record: what is joined to save records must all be
 * there before any of it can be read, so a cut costs half of one on average. A frame
 * goes in as long as another like the last fits.
 */
export function writeAim(s: SessionState): number {
  return Math.min(writeBytesAim, rangeAim(s));
}

function buildRange(
  s: SessionState,
  out: Outgoing,
  events: readonly StoredEvent[],
  work: Work,
): Built {
  const rawAim = rawBytesAim(s, codecRaw);
  const rows = new ByteWriter(4096);
  const ends: number[] = [];
  let previousMs = 0;
  for (const event of events) {
    if (event.isFragmented || event.seq > work.to) break;
    encodeRow(rows, event, previousMs);
    // The first event goes whatever its size: it is below the fragment limit.
    if (ends.length > 0 && rows.length > rawAim) break;
    ends.push(rows.length);
    previousMs = event.hlc.ms;
  }
  const all = rows.take();
  let count = ends.length;
  for (;;) {
    const raw = all.subarray(0, ends[count - 1] ?? 0);
    const { codec, block } = encodeBlock(s.compressor, {
      window: s.sendWindow,
      codecs: rowCodecs(s),
      raw,
    });
    const bytesMax = Math.min(rangeAim(s) * 2, Math.max(0, budgetRest(s)));
    if (block.length > bytesMax && count > 1) {
      count = Math.max(1, Math.floor((count * bytesMax) / (block.length * 2)));
      continue;
    }
    s.ratio = Math.min(1, Math.max(0.02, (s.ratio + block.length / raw.length) / 2));
    const first = events[0];
    const last = events[count - 1];
    assert(first !== undefined && last !== undefined, "a range holds an event");
    return {
      frame: {
        type: "range",
        stream: streamNumber(s, out),
        from: first.seq,
        count,
        chainBefore8: first.chainBefore.subarray(0, chain8Bytes),
        chainAfter8: last.chain.subarray(0, chain8Bytes),
        codec,
        rawBytes: raw.length,
        block,
      },
      raw,
      item: { kind: "range", from: first.seq, to: last.seq, offset: 0, events: count },
    };
  }
}

function buildFragment(s: SessionState, out: Outgoing, event: StoredEvent): Built | undefined {
  if (out.fragment?.seq !== event.seq)
    out.fragment = { seq: event.seq, offset: partialOf(s, out, event) };
  const { offset } = out.fragment;
  const sizeBytes = Math.min(fragmentWireBytes, event.payloadSize - offset);
  const raw = s.log.readPayload(out.index, event.seq, { offset, sizeBytes });
  if (raw === undefined || raw.length !== sizeBytes) {
    planAgain(s, out);
    return undefined;
  }
  const { codec, block } = encodeBlock(s.compressor, {
    window: s.sendWindow,
    codecs: rowCodecs(s),
    raw,
  });
  const end = offset + sizeBytes;
  return {
    frame: {
      type: "fragment",
      stream: streamNumber(s, out),
      seq: event.seq,
      hlc: event.hlc,
      eventType: event.type,
      known: event.known,
      totalBytes: event.payloadSize,
      offset,
      chainBefore8: event.chainBefore.subarray(0, chain8Bytes),
      chainAfter8: event.chain.subarray(0, chain8Bytes),
      codec,
      rawBytes: sizeBytes,
      block,
    },
    raw,
    item: {
      kind: "fragment",
      from: event.seq,
      to: event.seq,
      offset: end,
      events: end === event.payloadSize ? 1 : 0,
    },
  };
}

/** Bytes of this event that the peer's vector says are durable there. */
function partialOf(s: SessionState, out: Outgoing, event: StoredEvent): number {
  const theirs = s.theirs.get(streamKey(out.id));
  const partial = theirs?.partialBytes ?? 0;
  return theirs !== undefined && event.seq === theirs.head + 1 && partial < event.payloadSize
    ? partial
    : 0;
}

function buildFloor(s: SessionState, out: Outgoing, work: Work): Built | undefined {
  const { floor } = s.log.stream(out.index);
  if (floor === undefined) {
    planAgain(s, out);
    return undefined;
  }
  const { seq, chain, byOrigin } = floor;
  const frame: Frame = { type: "floor", stream: streamNumber(s, out), seq, chain, byOrigin };
  return {
    frame,
    raw: emptyBytes,
    item: { kind: "floor", from: work.from, to: seq, offset: 0, events: 0 },
  };
}

function buildLost(s: SessionState, out: Outgoing, work: Work): Built | undefined {
  const chain = s.log.chainAt(out.index, work.to);
  if (chain === undefined) {
    planAgain(s, out);
    return undefined;
  }
  const { from, to } = work;
  const frame: Frame = { type: "lost", stream: streamNumber(s, out), from, to, chain };
  return { frame, raw: emptyBytes, item: { kind: "lost", from, to, offset: 0, events: 0 } };
}

/** Those of codecs 0 and 1 that may be used. */
function rowCodecs(s: SessionState): number {
  return s.options.codec === "raw" ? 1 << codecRaw : s.peerCodecs & codecsHere(s);
}

/** The frame leaves: account for it, and move the work on. */
function commit(s: SessionState, out: Outgoing, built: Built, bytes: number): void {
  const { item, raw } = built;
  s.sendWindow.append(raw);
  out.inFlight.push({ ...item, bytes, sentMs: s.nowMs });
  s.inFlightBytes += bytes;
  s.itemsInFlight++;
  s.sentDataBytes += bytes;
  s.hasSentData = true;
  s.lastDataMs = s.nowMs;
  s.eventsSent += item.events;
  s.eventsInFlight += item.events;
  // Rows count as they are, batches by what they cost the link.
  s.speculatedBytes += raw.length > 0 ? raw.length : bytes;
  s.doneSent = "no";
  s.noteProgress();
  if (item.kind === "fragment") {
    if (item.events === 0) {
      if (out.fragment !== undefined) out.fragment.offset = item.offset;
      return;
    }
    out.fragment = undefined;
  }
  const [first, ...rest] = out.work;
  assert(first !== undefined, "what was sent was work");
  out.work = first.to > item.to ? [{ ...first, from: item.to + 1 }, ...rest] : rest;
}
