/**
 * Priming of RANGE (RULES 32): before the first rows of a direction, the sender
 * names events that both sides hold already, and both put their canonical rows
 * into the window, so that a short delta is compressed against real history. If
 * the receiver cannot rebuild exactly that (NO_WINDOW), it drops rows until the
 * sender has emptied the window, and everything goes once more, unprimed. BATCH
 * has HISTORY for this, see batch-send.ts.
 */
import { encodeFrame } from "../codec/encode-frame.ts";
import { chain8Bytes, type PrimeFrame } from "../codec/frame-types.ts";
import { encodeRows } from "../codec/rows.ts";
import { primeEventsMax, primeRowsBytesMax } from "../codec/wire-limits.ts";
import { sendWindowFor, Window } from "../codec/window.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { StoredEvent } from "../log/api.ts";
import { forgetSentBatches } from "./batch-send.ts";
import { codecsHere } from "./codec-choice.ts";
import { chooseHistory, type HistoryLimit, recallHistory } from "./history.ts";
import { planAgain, planStream } from "./offer.ts";
import { mayName } from "./policy.ts";
import type { SessionState } from "./state.ts";
import type { SentItem } from "./tracked-streams.ts";

/** Clock, counter, type and two lengths, at their longest. */
const rowOverheadMax = 24;

const limit: HistoryLimit = {
  events: primeEventsMax,
  bytes: primeRowsBytesMax,
  bytesOf: (event: StoredEvent) => event.payload.length + event.known.length + rowOverheadMax,
};

/** The PRIME frame to send before the first rows, or undefined. Fills the window. */
export function takePrime(s: SessionState): Uint8Array | undefined {
  if (s.primed !== "no") return undefined;
  s.primed = "none";
  const history = chooseHistory(s, limit);
  const first = history?.events[0];
  if (history === undefined || first === undefined) return undefined;
  s.sendWindow.append(encodeRows(history.events));
  s.primed = "sent";
  const { id } = s.log.stream(history.index);
  const frame: PrimeFrame = {
    type: "prime",
    id,
    from: first.seq,
    to: history.to,
    chain8: history.chain8,
  };
  return encodeFrame(frame, s.outEnds);
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
  const index = mayName(s.scope, frame.id) ? s.log.findStream(frame.id) : undefined;
  const events = recallHistory(s, index, { ...frame, chain: frame.chain8 }, limit);
  if (events === undefined) sayNoWindow(s);
  else s.receiveWindow.append(encodeRows(events));
}

/** What follows cannot be read here: the peer is asked to start from nothing. */
export function sayNoWindow(s: SessionState): void {
  s.isDeaf = true;
  s.peerDone = "no";
  s.send({ type: "noWindow" });
}

/** NO_WINDOW: what was sent could not be read there. Empty the window and send it again. */
export function takeNoWindow(s: SessionState): void {
  // Also where rows have taken over since: the peer drops those too, until HISTORY.
  if (s.sendBatches.codec !== undefined || s.sendBatches.hasBegun) forgetSentBatches(s);
  else if (s.primed === "sent") sendEmptyPrime(s);
  else {
    s.fail(new ZamError("Z506", { problem: "NO_WINDOW without PRIME" }));
    return;
  }
  s.doneSent = "no";
  s.hasForgotten = true;
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

function sendEmptyPrime(s: SessionState): void {
  s.primed = "none";
  s.sendWindow = sendWindowFor(codecsHere(s));
  s.send({
    type: "prime",
    id: { node: s.options.self.nodeId, epoch: 0, lane: "" },
    from: 0,
    to: 0,
    chain8: new Uint8Array(chain8Bytes),
  });
}
