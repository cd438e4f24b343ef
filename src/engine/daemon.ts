/**
 * `daemon`: sync again and again. Waits `intervalMs` between syncs; an event
 * pushed meanwhile starts the next one at once (after a short gathering pause);
 * while the link is down it backs off, so that a dead modem is not hammered.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import type { SyncInput, SyncSummary } from "./api.ts";
import { backoffMs, sleep, type BackoffBounds } from "./backoff.ts";

export interface DaemonInput extends Omit<SyncInput, "dryRun" | "signal"> {
  /** Default 15 minutes. */
  readonly intervalMs?: number;
  /** Ends the daemon: the sync in hand says goodbye first. */
  readonly signal: AbortSignal;
  readonly onCycle?: (cycle: DaemonCycle) => void;
}

export type DaemonCycle =
  | { readonly kind: "synced"; readonly summary: SyncSummary }
  | { readonly kind: "failed"; readonly error: ZamError; readonly retryInMs: number };

const intervalMsDefault = 15 * 60_000;
/** Each attempt of `sync` within a cycle already backs off; a cycle is kept short so that a push is noticed. */
const cycleTimeoutMs = 5 * 60_000;
/** Pushes of one visit come together; one session carries them all. */
const gatherMs = 500;
const failureBackoff: BackoffBounds = { firstMs: 5_000, maxMs: 10 * 60_000 };

export interface DaemonHost {
  readonly log: Log;
  /** Own events that no hub has confirmed. */
  pendingCount(): number;
  sync(input: SyncInput): Promise<SyncSummary>;
}

/** Resolves when the signal aborts. Errors of a cycle are told to `onCycle`; only defects reject. */
export async function runDaemon(host: DaemonHost, input: DaemonInput): Promise<void> {
  const { signal, onCycle, intervalMs = intervalMsDefault, ...syncInput } = input;
  let failures = 0;
  while (!signal.aborted) {
    const outcome = await cycle(host, { timeoutMs: cycleTimeoutMs, ...syncInput, signal });
    if (signal.aborted) return;
    if (outcome instanceof ZamError) {
      failures++;
      const retryInMs = backoffMs(failureBackoff, failures, Math.random());
      onCycle?.({ kind: "failed", error: outcome, retryInMs });
      await sleep(retryInMs, signal);
      continue;
    }
    failures = 0;
    onCycle?.({ kind: "synced", summary: outcome });
    await waitForPush(host, intervalMs, signal);
  }
}

async function cycle(host: DaemonHost, input: SyncInput): Promise<SyncSummary | ZamError> {
  try {
    return await host.sync(input);
  } catch (error) {
    if (error instanceof ZamError) return error;
    throw error;
  }
}

/** Waits the interval, or until there is more to send than there was when the wait began. */
async function waitForPush(
  host: DaemonHost,
  intervalMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const woken = new AbortController();
  const wake = (): void => woken.abort();
  const before = host.pendingCount();
  const stop = host.log.onDurable(() => {
    if (host.pendingCount() > before) wake();
  });
  signal.addEventListener("abort", wake);
  await sleep(intervalMs, woken.signal);
  stop();
  signal.removeEventListener("abort", wake);
  if (!signal.aborted && host.pendingCount() > before) await sleep(gatherMs, signal);
}
