/**
 * `daemon`: keeps a connection to the hub while the link holds. What is pushed
 * goes out at once, and what the hub addresses to this node comes down at once.
 *
 * A connection that is lost, or cannot be made, is tried again with backoff, so
 * that a dead modem is not hammered. A hub that does not keep connections open,
 * and a connection that has used up `--max-bytes`, are visited again after the
 * interval, or when something was pushed.
 */
import {
  parseDailyWindow,
  untilCloseMs,
  untilOpenMs,
  type DailyWindow,
  dayMs,
} from "../core/clock/daily-window.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import type { SyncInput, SyncSummary } from "./api.ts";
import { backoffMs, sleep, type BackoffBounds } from "./backoff.ts";
import type { DailyBudget } from "./daily-budget.ts";

export interface DaemonInput extends Omit<SyncInput, "dryRun" | "signal" | "timeoutMs"> {
  /** Default 15 minutes. */
  readonly intervalMs?: number;
  /** Bytes in both directions, TLS included; see daily-budget.ts. Default: no limit. */
  readonly dailyBytes?: number;
  /** Local time of day in which the link may be used, such as "22:00-05:00". Default: always. */
  readonly window?: string;
  /** Ends the daemon: the session in hand says goodbye first. */
  readonly signal: AbortSignal;
  readonly onCycle?: (cycle: DaemonCycle) => void;
}

export type DaemonCycle =
  /** Everything was exchanged: after connecting, and each time that something moved. */
  | { readonly kind: "synced"; readonly summary: SyncSummary }
  /** No connection, or not any more. */
  | { readonly kind: "failed"; readonly error: ZamError; readonly retryInMs: number }
  /** Not before the window opens, or the day's bytes are there again. */
  | { readonly kind: "waiting"; readonly reason: "window" | "budget"; readonly waitMs: number };

/** How one connection ended. */
export interface ConnectionEnd {
  /** Something came across: the link is worth trying again soon. */
  readonly hasMoved: boolean;
  /** Somebody else in this process needed the hub; there is nothing to wait for. */
  readonly wasAside: boolean;
  readonly error: ZamError | undefined;
}

export interface DaemonHost {
  readonly log: Log;
  /** Own events that no hub has confirmed. */
  pendingCount(): number;
  /** Unix milliseconds of the local date and time. */
  localMs(): number;
  readonly budget: DailyBudget | undefined;
  /** Makes one connection and holds it to its end. Rejects only for defects. */
  connect(input: {
    readonly signal: AbortSignal;
    readonly bytesMax: number | undefined;
    readonly onSynced: (summary: SyncSummary) => void;
  }): Promise<ConnectionEnd>;
}

const intervalMsDefault = 15 * 60_000;
/** Pushes of one visit come together; one session carries them all. */
const gatherMs = 500;
const failureBackoff: BackoffBounds = { firstMs: 2_000, maxMs: 10 * 60_000 };
/** Node's timers stop at 2^31-1 ms, and a clock that is set should be noticed. */
const waitStepMs = 60_000;
/** Less than a resumed handshake and two HELLOs cost: not worth a connection. */
const leastBytes = 4 * 1024;

/** What `input` says, with its window understood. */
type Plan = Omit<DaemonInput, "window"> & { readonly window: DailyWindow | undefined };

/**
 * Resolves when the signal aborts. Failures are told to `onCycle`; only defects reject.
 *
 * @throws ZamError Z102 for a window that is none
 */
export async function runDaemon(host: DaemonHost, daemon: DaemonInput): Promise<void> {
  const input: Plan = { ...daemon, window: readWindow(daemon.window) };
  const { signal, onCycle, intervalMs = intervalMsDefault } = input;
  let failures = 0;
  while (!signal.aborted) {
    await waitUntilAllowed(host, input);
    if (signal.aborted) return;
    const end = await connectOnce(host, input);
    if (signal.aborted) return;
    if (end.wasAside || isShut(host, input)) continue;
    if (end.hasMoved) failures = 0;
    if (end.error === undefined) {
      await waitForPush(host, intervalMs, signal);
      continue;
    }
    failures++;
    const retryInMs = backoffMs(failureBackoff, failures, Math.random());
    onCycle?.({ kind: "failed", error: end.error, retryInMs });
    await sleep(retryInMs, signal);
  }
}

function readWindow(text: string | undefined): DailyWindow | undefined {
  if (text === undefined) return undefined;
  const window = parseDailyWindow(text);
  const suggestion = "write a span of the day such as 22:00-05:00";
  if (window === undefined)
    throw new ZamError("Z102", { flag: "--window", value: text, suggestion });
  return window;
}

async function connectOnce(host: DaemonHost, input: Plan): Promise<ConnectionEnd> {
  const { budget } = host;
  const stop = new AbortController();
  const shutMs = input.window === undefined ? 0 : untilCloseMs(input.window, msOfDay(host));
  const timer = shutMs > 0 ? setTimeout(() => stop.abort(), shutMs) : undefined;
  await budget?.begin();
  try {
    return await host.connect({
      signal: AbortSignal.any([input.signal, stop.signal]),
      bytesMax: least(input.maxBytes, budget?.leftBytes()),
      onSynced: (summary) => input.onCycle?.({ kind: "synced", summary }),
    });
  } finally {
    clearTimeout(timer);
    await budget?.end();
  }
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

function msOfDay(host: DaemonHost): number {
  return host.localMs() % dayMs;
}

/** Why the link may not be used now, and for how long at most; undefined when it may. */
function shutFor(
  host: DaemonHost,
  input: Plan,
): { readonly reason: "window" | "budget"; readonly waitMs: number } | undefined {
  const closedMs = input.window === undefined ? 0 : untilOpenMs(input.window, msOfDay(host));
  if (closedMs > 0) return { reason: "window", waitMs: closedMs };
  const { budget } = host;
  if (budget === undefined || budget.leftBytes() >= leastBytes) return undefined;
  return { reason: "budget", waitMs: budget.untilRefillMs() };
}

function isShut(host: DaemonHost, input: Plan): boolean {
  return shutFor(host, input) !== undefined;
}

async function waitUntilAllowed(host: DaemonHost, input: Plan): Promise<void> {
  let told = "";
  while (!input.signal.aborted) {
    const shut = shutFor(host, input);
    if (shut === undefined) return;
    if (told !== shut.reason) input.onCycle?.({ kind: "waiting", ...shut });
    told = shut.reason;
    await sleep(Math.min(shut.waitMs, waitStepMs), input.signal);
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
