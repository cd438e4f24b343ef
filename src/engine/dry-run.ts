/**
 * `sync --dry-run`: what a sync would move, as known from the last session,
 * without touching the network. Bytes are an estimate: visits of a clinic
 * compress to about a tenth, and TLS and HELLO cost about 4 KB.
 */
import type { Log } from "../core/log/api.ts";
import type { SyncSummary } from "./api.ts";
import type { PeerBook } from "./peer-book.ts";
import { findPending } from "./status.ts";

/** Payload bytes to wire bytes, as measured on clinic events; see docs/operations.md. */
const compressionRatio = 0.12;
const sessionOverheadBytes = 4 * 1024;
const rowOverheadBytes = 6;
/** 23 kbit/s, the slow end of 2G. */
const linkBytesPerS = 2_875;
/** Connecting, TLS and HELLO at 600 ms one way. */
const sessionOverheadS = 4;
/** How many pending events are looked at to guess the mean size. */
const sampleEvents = 200;

export function estimateSync(log: Log, book: PeerBook): SyncSummary {
  const hub = book.lastHub;
  const { count } = findPending(log, book.all);
  const meanBytes = meanPayloadBytes(log);
  const bytes = Math.round(
    sessionOverheadBytes + count * (meanBytes * compressionRatio + rowOverheadBytes),
  );
  return {
    peer: hub?.peerId ?? "",
    eventsSent: 0,
    eventsConfirmed: 0,
    eventsReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    durationMs: 0,
    attempts: 0,
    complete: false,
    remaining: count,
    endedBy: "dryRun",
    reports: [],
    estimate: {
      events: count,
      bytes,
      seconds: Math.round(sessionOverheadS + bytes / linkBytesPerS),
    },
  };
}

/** Of the newest events: what is pending is new. */
function meanPayloadBytes(log: Log): number {
  const events = log.readArrivals(Math.max(0, log.lastOrdinal - sampleEvents), {
    events: sampleEvents,
    bytes: 1024 * 1024,
  });
  if (events.length === 0) return 0;
  return events.reduce((sum, event) => sum + event.payloadSize, 0) / events.length;
}
