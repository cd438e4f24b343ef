/**
 * `sync`: one logical session with a hub, over as many connections as it takes
 * within the time limit. Every attempt goes on where the last one durably ended.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import type { SessionProgress, SessionSummary } from "../core/session/api.ts";
import type { SyncInput, SyncProgress, SyncSummary } from "./api.ts";
import { backoffMs, sinceWorking, sleep, syncBackoff } from "./backoff.ts";
import type { OpenLink } from "./hub-link.ts";

/** True when a connection carried something, if only a part of a large event. */
export function hasCarried({ summary, sentBytes, receivedBytes }: AttemptResult): boolean {
  if (summary === undefined) return false;
  const { eventsConfirmed, eventsReceived, wasResting } = summary;
  const events = eventsConfirmed + eventsReceived;
  return wasResting || events > 0 || sentBytes + receivedBytes > carriedBytesMin;
}

/** What one connection did. */
export interface AttemptResult {
  /** "" when it ended before the hub's identity was known. */
  readonly peer: string;
  readonly summary: SessionSummary | undefined;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly error: ZamError | undefined;
}

export interface AttemptInput {
  /** Told of the session, which then stays open after everything was exchanged, if the hub keeps it open too. */
  readonly onOpen?: (link: OpenLink) => void;
  /** Of a session that stays open: everything was exchanged, or there is something to do again. */
  readonly onRest?: (isResting: boolean) => void;
  readonly bytesMax: number | undefined;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: "handshake" | "transferring") => void;
  readonly onProgress: (
    progress: SessionProgress,
    sentBytes: number,
    receivedBytes: number,
  ) => void;
  readonly onReport: (error: ZamError) => void;
}

export type Attempt = (input: AttemptInput) => Promise<AttemptResult>;

const timeoutMsDefault = 600_000;
/**
 * More than a full handshake and the greetings cost both ways (about 6 KB): such a
 * connection carried something, if only part of a large event, and the next one is
 * not made to wait longer for it.
 */
const carriedBytesMin = 8 * 1024;
const noProgress: SessionProgress = {
  eventsToSend: 0,
  eventsSent: 0,
  eventsConfirmed: 0,
  eventsReceived: 0,
};

interface Totals {
  peer: string;
  attempts: number;
  failures: number;
  /** When a connection ended that had carried something. */
  workedAtMs: number;
  /** Of the attempts that are over. */
  readonly done: {
    sent: number;
    confirmed: number;
    received: number;
    up: number;
    down: number;
    unanswered: number;
  };
}

/**
 * Runs attempts until one completes, the budget or the time is used up, or an
 * error comes that trying again cannot mend.
 *
 * @throws ZamError when not even one session could be held within the time limit,
 *   or for an error that a person must deal with
 */
export async function runSync(input: SyncInput, attempt: Attempt): Promise<SyncSummary> {
  const startedMs = performance.now();
  const timeoutMs = input.timeoutMs ?? timeoutMsDefault;
  const reports: { code: string; message: string }[] = [];
  const totals: Totals = {
    peer: "",
    attempts: 0,
    failures: 0,
    workedAtMs: Number.NEGATIVE_INFINITY,
    done: { sent: 0, confirmed: 0, received: 0, up: 0, down: 0, unanswered: 0 },
  };
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  input.signal?.addEventListener("abort", abort);
  const timer = setTimeout(abort, timeoutMs);
  if (input.signal?.aborted === true) abort();

  try {
    for (;;) {
      const result = await oneAttempt(input, attempt, totals, { stop, reports });
      const isOver = stop.signal.aborted;
      const { summary, error } = result;
      // "done" without being complete: the hub refused some streams, and would again.
      const isEnded = summary?.endedBy === "done" || summary?.endedBy === "budget";
      if (summary?.isComplete === true || isEnded)
        return toSummary(totals, result, { startedMs, reports });
      if (error !== undefined && !error.isRetryable) throw error;
      const spent = totals.done.up + totals.done.down;
      const isSpent = input.maxBytes !== undefined && spent >= input.maxBytes;
      if (isSpent && summary !== undefined)
        return { ...toSummary(totals, result, { startedMs, reports }), endedBy: "budget" };
      if (isOver) {
        if (summary === undefined && totals.peer === "")
          throw (
            error ?? new ZamError("Z401", { address: input.hub ?? "the hub", reason: "time is up" })
          );
        return toSummary(totals, result, { startedMs, reports });
      }
      if (hasCarried(result)) {
        totals.failures = 0;
        totals.workedAtMs = performance.now();
      }
      totals.failures++;
      const bounds = sinceWorking(syncBackoff, performance.now() - totals.workedAtMs);
      input.onProgress?.(toProgress(totals, "waiting", noProgress, error));
      await sleep(backoffMs(bounds, totals.failures, Math.random()), stop.signal);
      if (stop.signal.aborted && totals.peer === "" && error !== undefined) throw error;
    }
  } finally {
    clearTimeout(timer);
    input.signal?.removeEventListener("abort", abort);
  }
}

interface RunState {
  readonly stop: AbortController;
  readonly reports: { code: string; message: string }[];
}

async function oneAttempt(
  input: SyncInput,
  attempt: Attempt,
  totals: Totals,
  run: RunState,
): Promise<AttemptResult> {
  totals.attempts++;
  input.onProgress?.(toProgress(totals, "connecting", noProgress));
  const spent = totals.done.up + totals.done.down;
  const result = await attempt({
    bytesMax: input.maxBytes === undefined ? undefined : Math.max(1, input.maxBytes - spent),
    signal: run.stop.signal,
    onPhase: (phase) => input.onProgress?.(toProgress(totals, phase, noProgress)),
    onProgress: (progress, up, down) => {
      const now = toProgress(totals, "transferring", progress);
      input.onProgress?.({
        ...now,
        bytesSent: now.bytesSent + up,
        bytesReceived: now.bytesReceived + down,
      });
    },
    onReport: (error) => run.reports.push({ code: error.code, message: error.message }),
  });
  if (result.peer !== "") totals.peer = result.peer;
  const { done } = totals;
  done.up += result.sentBytes;
  done.down += result.receivedBytes;
  done.sent += result.summary?.eventsSent ?? 0;
  done.confirmed += result.summary?.eventsConfirmed ?? 0;
  done.received += result.summary?.eventsReceived ?? 0;
  done.unanswered += result.summary?.unansweredBytes ?? 0;
  return result;
}

function toProgress(
  totals: Totals,
  phase: SyncProgress["phase"],
  now: SessionProgress,
  error?: ZamError,
): SyncProgress {
  const { done } = totals;
  const progress = {
    phase,
    attempt: totals.attempts,
    eventsToSend: done.confirmed + now.eventsToSend,
    eventsSent: done.sent + now.eventsSent,
    eventsConfirmed: done.confirmed + now.eventsConfirmed,
    eventsReceived: done.received + now.eventsReceived,
    bytesSent: done.up,
    bytesReceived: done.down,
  };
  if (error === undefined) return progress;
  return { ...progress, lastError: { code: error.code, message: error.message } };
}

function toSummary(
  totals: Totals,
  last: AttemptResult,
  run: { readonly startedMs: number; readonly reports: SyncSummary["reports"] },
): SyncSummary {
  const { done } = totals;
  return {
    peer: totals.peer,
    eventsSent: done.sent,
    eventsConfirmed: done.confirmed,
    eventsReceived: done.received,
    bytesSent: done.up,
    bytesReceived: done.down,
    ...(done.unanswered === 0 ? {} : { bytesUnanswered: done.unanswered }),
    durationMs: Math.round(performance.now() - run.startedMs),
    attempts: totals.attempts,
    complete: last.summary?.isComplete ?? false,
    remaining: last.summary?.remaining ?? 0,
    quarantined: last.summary?.heldBackCount ?? 0,
    endedBy: last.summary?.endedBy ?? "error",
    reports: run.reports,
  };
}
