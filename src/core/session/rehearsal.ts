/**
 * What a session would send, without a peer: the same planning and the same
 * coding, against what the peer was known to hold after the last session, with
 * every frame counted as answered. Changes nothing; what the session asks of its
 * host on the way (marks, reports, saves) is not carried out.
 */
import { planAll } from "./offer.ts";
import { codecsHere } from "./codec-choice.ts";
import { numberLines } from "./outgoing-number.ts";
import { takeData, writeAim } from "./send.ts";
import { start } from "./hello.ts";
import type { LinkEstimate } from "./link-meter.ts";
import type { SessionInput } from "./session.ts";
import { SessionState } from "./state.ts";
import { streamKey } from "./tracked-streams.ts";
import { takeOwnVector } from "./vectors.ts";

/** Beyond so many events the rest is reckoned from these. */
const eventsMax = 5_000;

export interface Rehearsal {
  readonly events: number;
  /** Bytes of data frames, HELLO and its vector not included. */
  readonly dataBytes: number;
  /** HELLO and the vector's lines. */
  readonly helloBytes: number;
  /** How many writes the data takes: each is a TLS record, and is acknowledged. */
  readonly writes: number;
}

/** When nothing was seen of the link yet: 23 kbit/s, the slow end of 2G, and 600 ms one way. */
const slowLink: LinkEstimate = { rateBytesPerS: 2_875, roundTripMs: 1_200 };
/** Connecting, TLS, and the events with their acknowledgement. */
const roundTrips = 3;

/** From SYN to the last acknowledgement. */
export function secondsOf(input: {
  /** What was seen of it last time. */
  readonly link: LinkEstimate | undefined;
  /** Both directions, TLS included. */
  readonly bytes: number;
  /** The hub's HELLO is waited for before events leave. */
  readonly isAwaited: boolean;
  readonly budgetBytesPerS: number;
}): number {
  const { link = slowLink, bytes, isAwaited, budgetBytesPerS } = input;
  const rate = Math.min(link.rateBytesPerS, budgetBytesPerS);
  return ((roundTrips + (isAwaited ? 1 : 0)) * link.roundTripMs) / 1000 + bytes / rate;
}

export function rehearse(input: SessionInput): Rehearsal {
  const s = new SessionState(input);
  const state = input.options.peerState;
  for (const entry of state?.theirs[state.theirs.length - 1]?.entries ?? [])
    s.theirs.set(streamKey(entry.id), entry);
  for (const entry of state?.advanced ?? []) s.theirs.set(streamKey(entry.id), entry);
  s.phase = "open";
  s.hasVector = true;
  s.cleanOnDisk = false;
  if (state === undefined) s.peerCodecs = codecsHere(s);
  numberLines(s, takeOwnVector(s, s.oursHeld).entries);
  planAll(s);
  const { eventsToSend: events } = s.progress();
  let dataBytes = 0;
  let writes = 0;
  // The session joins frames to a write as long as one more like the last fits.
  for (let size = 0, last = 0; s.eventsSent < eventsMax; ) {
    const frame = takeData(s);
    if (frame === undefined) break;
    if (size === 0 || size + last > writeAim(s)) {
      writes++;
      size = 0;
    }
    last = frame.length;
    size += last;
    dataBytes += last;
    answerAll(s);
  }
  const scale = s.eventsSent === 0 ? 0 : Math.max(1, events / s.eventsSent);
  return {
    events,
    dataBytes: Math.round(dataBytes * scale),
    helloBytes: helloBytes(input),
    writes: Math.round(writes * scale),
  };
}

function answerAll(s: SessionState): void {
  for (const out of s.outgoingByNumber) if (out !== undefined) out.inFlight.length = 0;
  s.inFlightBytes = 0;
  s.itemsInFlight = 0;
}

/** HELLO and its vector as they would leave now, without the events that may follow at once. */
function helloBytes(input: SessionInput): number {
  const s = new SessionState({ ...input, options: { ...input.options, isInitiator: true } });
  start(s);
  return s.control.reduce((sum, frame) => sum + frame.length, 0);
}
