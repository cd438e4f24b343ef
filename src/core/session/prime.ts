/**
 * Priming (RULES 32): before the first rows of a direction, the sender names
 * events that both sides hold already, and both put their canonical rows into
 * the window, so that a short delta is compressed against real history. If the
 * receiver cannot rebuild exactly that (NO_WINDOW), it drops rows until the
 * sender has emptied the window, and everything goes once more, unprimed.
 *
 * Only streams that the peer may have are named, and only up to what it has
 * confirmed; so its bytes never depend on what the peer may not read.
 */
import { bytesEqual, ByteWriter } from "../bytes.ts";
import { encodeFrame } from "../codec/encode-frame.ts";
import { chain8Bytes, type PrimeFrame } from "../codec/frame-types.ts";
import { encodeRow } from "../codec/rows.ts";
import { primeEventsMax, primeEventsMin, primeRowsBytesMax } from "../codec/wire-limits.ts";
import { Window } from "../codec/window.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { StoredEvent } from "../log/api.ts";
import type { StreamIndex, VectorEntry } from "../vector/stream-table.ts";
import { planAgain, planStream } from "./offer.ts";
import { mayName, mayOffer } from "./policy.ts";
import type { SentItem, SessionState } from "./state.ts";

/** The PRIME frame to send before the first rows, or undefined. Fills the window. */
export function takePrime(s: SessionState): Uint8Array | undefined {
  if (s.primed !== "no") return undefined;
  s.primed = "none";
  const best = pickHistory(s);
  if (best === undefined) return undefined;
  const { index, theirs } = best;
  const chain = s.log.chainAt(index, theirs.head);
  if (
    chain === undefined ||
    !bytesEqual(chain.subarray(0, chain8Bytes), theirs.chain.subarray(0, chain8Bytes))
  )
    return undefined;
  const to = theirs.head;
  const events = readBack(s, index, { from: lowest(s, index, theirs), to });
  const first = events[0];
  if (first === undefined || events.length < primeEventsMin) return undefined;
  s.sendWindow.append(rowsOf(events));
  s.primed = "sent";
  const frame: PrimeFrame = {
    type: "prime",
    id: theirs.id,
    from: first.seq,
    to,
    chain8: chain.subarray(0, chain8Bytes),
  };
  return encodeFrame(frame, s.outEnds);
}

/** The stream of which most is known to be held by both. */
function pickHistory(
  s: SessionState,
): { readonly index: StreamIndex; readonly theirs: VectorEntry } | undefined {
  let best: { readonly index: StreamIndex; readonly theirs: VectorEntry } | undefined;
  for (const theirs of s.theirs.values()) {
    if (
      theirs.head < primeEventsMin ||
      theirs.head <= (best?.theirs.head ?? 0) ||
      !mayOffer(s.scope, theirs.id)
    )
      continue;
    const index = s.log.findStream(theirs.id);
    if (index !== undefined && s.log.streamHead(index) >= theirs.head) best = { index, theirs };
  }
  return best;
}

/** Above both floors, and above every hole and loss of either side. */
function lowest(s: SessionState, index: StreamIndex, theirs: VectorEntry): number {
  const mine = s.log.stream(index);
  let from = Math.max(1, theirs.head - primeEventsMax + 1);
  for (const line of [mine, theirs]) {
    from = Math.max(from, (line.floor?.seq ?? 0) + 1);
    for (const range of [...line.holes, ...(line.lost ?? [])])
      if (range.from <= theirs.head) from = Math.max(from, range.to + 1);
  }
  return from;
}

/** The newest whole events of a span, within the bound of bytes. */
function readBack(
  s: SessionState,
  index: StreamIndex,
  span: { readonly from: number; readonly to: number },
): readonly StoredEvent[] {
  const events = readSpan(s, index, span) ?? [];
  let start = events.length;
  let bytes = 0;
  for (; start > 0; start--) {
    const event = events[start - 1];
    if (event === undefined || event.isFragmented) break;
    bytes += event.payload.length + event.known.length + rowOverheadMax;
    if (bytes > primeRowsBytesMax) break;
  }
  return events.slice(start);
}

/** Clock, counter, type and two lengths, at their longest. */
const rowOverheadMax = 24;

/** All events of a span, or undefined when one cannot be read. */
function readSpan(
  s: SessionState,
  index: StreamIndex,
  span: { readonly from: number; readonly to: number },
): readonly StoredEvent[] | undefined {
  const events: StoredEvent[] = [];
  for (let seq = span.from; seq <= span.to; ) {
    const part = s.log.readStream(index, seq, {
      events: span.to - seq + 1,
      bytes: primeRowsBytesMax,
    });
    if (part.length === 0 || part[0]?.seq !== seq) return undefined;
    for (const event of part) events.push(event);
    seq += part.length;
  }
  return events;
}

function rowsOf(events: readonly StoredEvent[]): Uint8Array {
  const writer = new ByteWriter(16_384);
  let previousMs = 0;
  for (const event of events) {
    encodeRow(writer, event, previousMs);
    previousMs = event.hlc.ms;
  }
  return writer.take();
}

/** PRIME from the peer: fill the window, or say that it cannot be done. `to` 0 empties it. */
export function takePrimeFrame(s: SessionState, frame: PrimeFrame): void {
  if (frame.to === 0) {
    s.receiveWindow = new Window();
    s.isDeaf = false;
    return;
  }
  if (s.wasPrimed || s.receiveWindow.dictionary().length > 0) {
    s.fail(new ZamError("Z506", { problem: "a window that is filled twice" }));
    return;
  }
  s.wasPrimed = true;
  const rows = historyRows(s, frame);
  if (rows === undefined) {
    s.isDeaf = true;
    s.peerDone = "no";
    s.send({ type: "noWindow" });
    return;
  }
  s.receiveWindow.append(rows);
}

function historyRows(s: SessionState, frame: PrimeFrame): Uint8Array | undefined {
  const { id, from, to, chain8 } = frame;
  const index = mayName(s.scope, id) ? s.log.findStream(id) : undefined;
  if (index === undefined || from < 1 || from > to || to - from >= primeEventsMax) return undefined;
  if (s.log.streamHead(index) < to) return undefined;
  const chain = s.log.chainAt(index, to);
  if (chain === undefined || !bytesEqual(chain.subarray(0, chain8Bytes), chain8)) return undefined;
  const events = readSpan(s, index, { from, to });
  if (events === undefined || events.some((event) => event.isFragmented)) return undefined;
  const rows = rowsOf(events);
  return rows.length <= primeRowsBytesMax ? rows : undefined;
}

/** NO_WINDOW: what was sent could not be read there. Empty the window and send it again. */
export function takeNoWindow(s: SessionState): void {
  if (s.primed !== "sent") {
    s.fail(new ZamError("Z506", { problem: "NO_WINDOW without PRIME" }));
    return;
  }
  s.primed = "none";
  s.sendWindow = new Window();
  s.send({
    type: "prime",
    id: { node: s.options.self.nodeId, epoch: 0, lane: "" },
    from: 0,
    to: 0,
    chain8: new Uint8Array(chain8Bytes),
  });
  s.doneSent = "no";
  for (const out of s.outgoing.values()) {
    const kept: SentItem[] = [];
    for (const item of out.inFlight) {
      if (item.kind === "lost" || item.kind === "floor") {
        kept.push(item);
        continue;
      }
      s.inFlightBytes -= item.bytes;
      s.itemsInFlight--;
      s.eventsSent -= item.events;
      s.eventsInFlight -= item.events;
    }
    if (kept.length === out.inFlight.length) continue;
    out.inFlight.length = 0;
    for (const item of kept) out.inFlight.push(item);
    out.fragment = undefined;
    if (out.isStale) planAgain(s, out);
    else planStream(s, out.index);
  }
}
