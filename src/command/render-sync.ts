/** `sync`, `daemon`, `serve` and `ping`. */
import type { PingSummary, ServedSession, SyncProgress, SyncSummary } from "../engine/api.ts";
import { bytesToText, counted, elapsedToText, grouped, printable, type View } from "./text.ts";

export function syncToText(summary: SyncSummary, view: View): string {
  const { style } = view;
  if (summary.estimate !== undefined) {
    const { events, bytes, seconds } = summary.estimate;
    return `would send ${counted(events, "event")}: about ${bytesToText(bytes)}, about ${elapsedToText(seconds * 1000)}`;
  }
  const head = summary.complete ? style.green("done") : style.yellow("not complete");
  const left =
    summary.remaining === 0 ? "" : `, ${counted(summary.remaining, "event")} left to send`;
  const lines = [
    `${head}  with ${summary.peer === "" ? "no hub" : summary.peer}${summary.complete ? "" : `: ${printable(summary.endedBy)}`}${left}`,
    `sent ${grouped(summary.eventsSent)}, confirmed ${grouped(summary.eventsConfirmed)}, received ${grouped(summary.eventsReceived)}`,
    `${bytesToText(summary.bytesSent)} up, ${bytesToText(summary.bytesReceived)} down, ${elapsedToText(summary.durationMs)}, ${counted(summary.attempts, "attempt")}`,
  ];
  if (summary.bytesUnanswered !== undefined)
    lines.push(
      `up to ${bytesToText(summary.bytesUnanswered)} of that may have been lost with the link`,
    );
  if (summary.quarantined > 0)
    lines.push(
      style.yellow(
        `${counted(summary.quarantined, "event")} of this node are held back by the hub's schema; see status`,
      ),
    );
  for (const report of summary.reports) {
    lines.push(style.yellow(`${report.code}  ${printable(report.message)}`));
  }
  return lines.join("\n");
}

export function syncToJson(summary: SyncSummary): object {
  return { ...summary };
}

/** A bar of `width` characters. */
function barToText(share: number, width: number): string {
  const full = Math.round(Math.max(0, Math.min(1, share)) * width);
  return `[${"#".repeat(full)}${"-".repeat(width - full)}]`;
}

export interface Rates {
  readonly bytesPerS: number;
  readonly eventsPerS: number;
}

/** One line of progress; `rates` are smoothed by the caller. */
export function progressToText(progress: SyncProgress, rates: Rates): string {
  const bytes = progress.bytesSent + progress.bytesReceived;
  if (progress.phase === "waiting") {
    const why =
      progress.lastError === undefined ? "" : ` (${printable(progress.lastError.message)})`;
    return `waiting to try again, attempt ${progress.attempt}${why}`;
  }
  if (progress.phase !== "transferring") {
    return `${progress.phase === "connecting" ? "connecting" : "shaking hands"}, attempt ${progress.attempt}`;
  }
  const total = progress.eventsToSend;
  const share = total === 0 ? 1 : progress.eventsConfirmed / total;
  const received = progress.eventsReceived === 0 ? "" : `  ${grouped(progress.eventsReceived)} in`;
  const left = total - progress.eventsConfirmed;
  const timeLeft =
    left <= 0 || rates.eventsPerS <= 0
      ? ""
      : `  ${elapsedToText(Math.ceil(left / rates.eventsPerS) * 1000)} left`;
  return `${barToText(share, 20)} ${grouped(progress.eventsConfirmed)}/${counted(total, "event")}${received}  ${bytesToText(bytes)}  ${bytesToText(Math.round(rates.bytesPerS))}/s${timeLeft}`;
}

/** Where `serve` listens: the sync port, and what else was asked for. */
export interface Listening {
  /** "ADDR:PORT". */
  readonly address: string;
  readonly http: ServiceAddress | undefined;
  readonly metrics: ServiceAddress | undefined;
}

export interface ServiceAddress {
  /** "ADDR:PORT". */
  readonly address: string;
  readonly url: string;
}

/** The sync port first: scripts read it from there. */
export function listeningToText({ address, http, metrics }: Listening): string {
  const lines = [`listening on ${address}`];
  if (http !== undefined) lines.push(`HTTP on ${http.url}`);
  if (metrics !== undefined) lines.push(`metrics on ${metrics.url}/metrics`);
  return lines.join("\n");
}

export function listeningToJson({ address, http, metrics }: Listening): object {
  return {
    event: "listening",
    address,
    ...(http === undefined ? {} : { http: http.address, httpUrl: http.url }),
    ...(metrics === undefined ? {} : { metrics: metrics.address }),
  };
}

export function sessionToText(session: ServedSession, view: View): string {
  const { style } = view;
  const failed = session.error;
  const end =
    failed === undefined
      ? printable(session.endedBy)
      : style.red(`${failed.code} ${printable(failed.message)}`);
  const who =
    session.peer === "" ? session.address : `${session.peer} ${style.dim(session.address)}`;
  return `${new Date(view.nowMs).toISOString()}  ${who}  sent ${grouped(session.eventsSent)}, received ${grouped(session.eventsReceived)}, ${bytesToText(session.bytesSent)} out, ${bytesToText(session.bytesReceived)} in, ${elapsedToText(session.durationMs)}  ${end}`;
}

export function sessionToJson(session: ServedSession, nowMs: number): object {
  return { event: "session", at: new Date(nowMs).toISOString(), ...session };
}

/** One line of a daemon's log. */
export function daemonSyncToText(summary: SyncSummary, view: View): string {
  const head = summary.complete ? view.style.green("synced") : view.style.yellow("synced in part");
  return `${new Date(view.nowMs).toISOString()}  ${head} with ${summary.peer}  confirmed ${grouped(summary.eventsConfirmed)}, received ${grouped(summary.eventsReceived)}, ${bytesToText(summary.bytesSent)} up, ${bytesToText(summary.bytesReceived)} down, ${elapsedToText(summary.durationMs)}${summary.remaining === 0 ? "" : `, ${grouped(summary.remaining)} left`}`;
}

/** Why a daemon does not use the link now. */
export function daemonWaitToText(reason: "window" | "budget", waitMs: number, view: View): string {
  const why = reason === "window" ? "outside the window" : "the day's bytes are spent";
  return `${new Date(view.nowMs).toISOString()}  ${why}; waiting ${elapsedToText(waitMs)}`;
}

export function pingToText(ping: PingSummary, view: View): string {
  const { style } = view;
  const times = ping.roundTripsMs;
  const lines = [
    `${style.bold(ping.peer)} at ${ping.address}: tcp ${elapsedToText(ping.tcpMs)}, tls ${elapsedToText(ping.tlsMs)}${ping.isResumed ? " (resumed)" : ""}`,
    ...times.map((ms, at) => `round trip ${at + 1}: ${elapsedToText(ms)}`),
  ];
  if (times.length > 1) {
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
    lines.push(
      `least ${elapsedToText(Math.min(...times))}, mean ${elapsedToText(mean)}, most ${elapsedToText(Math.max(...times))}`,
    );
  }
  lines.push(
    `certificate: ${counted(ping.certDaysLeft, "day")} left, the hub's ${counted(ping.hubCertDaysLeft, "day")}`,
    `clock: ${clockDifferenceToText(ping.clockDifferenceMs)}`,
  );
  return lines.join("\n");
}

function clockDifferenceToText(ms: number): string {
  if (Math.abs(ms) < 1000) return "within a second of the hub's";
  return `${elapsedToText(Math.abs(ms))} ${ms > 0 ? "behind" : "ahead of"} the hub's`;
}
