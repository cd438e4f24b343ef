/**
 * Bytes that a session may still cost. Our own limit counts both directions
 * with TLS, as the host reports them; the peer's limit counts the frames that
 * we send. One minimal batch always goes, else a small limit would mean that
 * nothing ever does (RULES 37).
 */
import type { SessionState } from "./state.ts";

/** What a frame costs beyond its bytes: a TLS record. */
const recordBytes = 22;
/** For the goodbye that follows. */
const endingBytes = 120;
/** What the peer's answer to one thing that we sent costs: a small ACK in a record of its own. */
const answerBytes = 32;

function usedBytes(s: SessionState): number {
  return Math.max(s.wireBytes + s.bytesSinceWire, s.frameBytes);
}

/** Bytes that data frames may still take; infinite without a limit. */
export function budgetRest(s: SessionState): number {
  const { bytesMax } = s.options;
  const own =
    bytesMax === undefined
      ? Number.POSITIVE_INFINITY
      : bytesMax - usedBytes(s) - endingBytes - s.itemsInFlight * answerBytes - promisedBytes(s);
  const peers = s.peerHello?.receiveBytesMax;
  return peers === undefined ? own : Math.min(own, peers - s.sentDataBytes);
}

/** What the peer was told that it may send, and has not sent yet. */
export function promisedBytes(s: SessionState): number {
  return s.peerDone === "no" ? Math.max(0, s.allowedBytes - s.receivedBytes) : 0;
}

/** True when a data frame of this size is over the budget. */
export function mustStop(s: SessionState, frameBytes: number): boolean {
  return s.hasSentData && frameBytes + recordBytes > budgetRest(s);
}

/** Our own limit is used up, by whatever. */
export function isOverspent(s: SessionState): boolean {
  const { bytesMax } = s.options;
  return bytesMax !== undefined && usedBytes(s) >= bytesMax;
}

/** What the peer may send: half of what is left, for we want to send as well. */
export function allowance(s: SessionState): number | undefined {
  const { bytesMax } = s.options;
  if (bytesMax === undefined) return undefined;
  s.allowedBytes = Math.max(0, Math.floor((bytesMax - usedBytes(s)) / 2));
  return s.allowedBytes;
}
