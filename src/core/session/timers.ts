/**
 * Deadlines. All are generous for 2.5 s round trips at 3 KB/s, and all are
 * bounded: a silent peer, one that talks but never answers, and one that never
 * says goodbye each come to an end.
 */
import { ZamError } from "../errors/zam-error.ts";
import { receivingRestsAtMs, restReceiving, restSending, sendingRestsAtMs } from "./batch-state.ts";
import { goodbye, isKeptOpen } from "./finish.ts";
import {
  ackTimeoutMs,
  closingTimeoutMs,
  helloTimeoutMs,
  idlePingMs,
  lingerTimeoutMs,
  pongTimeoutMs,
  quietPingMs,
} from "./limits.ts";
import { hasWork } from "./offer.ts";
import type { SessionState } from "./state.ts";

function pingAtMs(s: SessionState): number {
  const isQuietLink = s.isSettled && isKeptOpen(s);
  const waitMs = isQuietLink ? quietPingMs : idlePingMs;
  // What has just been sent asks already. The side that answered waits a little longer, so that only one of both does.
  return Math.max(s.lastHeardMs, s.lastDataMs) + (s.options.isInitiator ? waitMs : waitMs * 1.25);
}

/** Nothing moves although the peer answers PING. A settled kept-open session may rest for ever. */
function stalledAtMs(s: SessionState): number {
  if (s.isSettled && isKeptOpen(s)) return Number.POSITIVE_INFINITY;
  return s.lastProgressMs + (s.isSettled ? lingerTimeoutMs : ackTimeoutMs);
}

export function nextDeadlineMs(s: SessionState): number | undefined {
  if (s.phase === "new" || s.phase === "closed") return undefined;
  if (s.phase === "closing")
    return s.closeSent ? undefined : canCloseNow(s) ? s.nowMs : s.closingMs + closingTimeoutMs;
  if (s.phase === "hello") return Math.min(s.startedMs + helloTimeoutMs, pacedAtMs(s));
  const silentAtMs = s.pingOutMs === undefined ? pingAtMs(s) : s.pingOutMs + pongTimeoutMs;
  const finishAtMs =
    s.finishing === undefined ? Number.POSITIVE_INFINITY : s.finishing.sinceMs + closingTimeoutMs;
  return Math.min(silentAtMs, stalledAtMs(s), finishAtMs, pacedAtMs(s), restsAtMs(s));
}

/** When what waits for the rate limit may go. */
function pacedAtMs(s: SessionState): number {
  const waitMs = s.pacer.waitMs(s.nowMs);
  return waitMs > 0 && hasWork(s) ? s.nowMs + waitMs : Number.POSITIVE_INFINITY;
}

/** When a codec that is not needed may go. */
function restsAtMs(s: SessionState): number {
  return Math.min(
    sendingRestsAtMs(s) ?? Number.POSITIVE_INFINITY,
    receivingRestsAtMs(s) ?? Number.POSITIVE_INFINITY,
  );
}

function canCloseNow(s: SessionState): boolean {
  return s.control.length === 0 && s.savePending === 0;
}

export function tick(s: SessionState): void {
  const { nowMs } = s;
  if (s.phase === "hello" && nowMs >= s.startedMs + helloTimeoutMs) {
    s.fail(new ZamError("Z505", { waitedMs: helloTimeoutMs, phase: "before HELLO" }));
  } else if (s.phase === "open") {
    tickOpen(s);
  } else if (s.phase === "closing" && nowMs >= s.closingMs + closingTimeoutMs) {
    s.control.length = 0;
    s.savePending = 0;
  }
}

function tickOpen(s: SessionState): void {
  const { nowMs } = s;
  if (nowMs >= (sendingRestsAtMs(s) ?? Number.POSITIVE_INFINITY)) restSending(s);
  if (nowMs >= (receivingRestsAtMs(s) ?? Number.POSITIVE_INFINITY)) restReceiving(s);
  if (nowMs >= stalledAtMs(s)) {
    if (s.isSettled) goodbye(s, "done", "done");
    else s.fail(new ZamError("Z505", { waitedMs: ackTimeoutMs, phase: "without progress" }));
    return;
  }
  if (s.pingOutMs !== undefined) {
    if (nowMs >= s.pingOutMs + pongTimeoutMs)
      s.fail(new ZamError("Z505", { waitedMs: nowMs - s.lastHeardMs, phase: "while syncing" }));
    return;
  }
  if (nowMs >= pingAtMs(s)) probe(s);
}

/** Asks for a sign of life; silence for `pongTimeoutMs` after it means that the peer is gone. */
export function probe(s: SessionState): void {
  if (s.phase !== "open" || s.pingOutMs !== undefined) return;
  s.pingOutMs = s.nowMs;
  s.send({ type: "ping", nonce: 0 });
}
