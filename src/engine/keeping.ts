/**
 * A daemon's connections: each is made as `sync` makes one, registered as this
 * node's link to its hub, and told about each time that something has moved and
 * everything is exchanged.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import type { SessionSummary } from "../core/session/api.ts";
import type { SyncProgress, SyncSummary } from "./api.ts";
import type { DailyBudget } from "./daily-budget.ts";
import type { ConnectionEnd, DaemonHost } from "./daemon.ts";
import type { HubLink, OpenLink } from "./hub-link.ts";
import { type Attempt, type AttemptResult, hasCarried } from "./sync-client.ts";

/** How often what a connection costs is entered in the day's budget, besides when it moves. */
const meterMs = 10_000;

interface Keeping {
  readonly link: HubLink;
  readonly attempt: Attempt;
  readonly budget: DailyBudget | undefined;
  readonly onProgress: ((progress: SyncProgress) => void) | undefined;
}

export function createConnect(keeping: Keeping): DaemonHost["connect"] {
  return async (input) => {
    const { link } = keeping;
    let isAside = false;
    const end = await link.hold(input.signal, async (signal) => {
      const result = await connectOnce(keeping, { ...input, signal });
      isAside = signal.aborted && !input.signal.aborted;
      return result;
    });
    return { ...end, wasAside: isAside };
  };
}

async function connectOnce(
  keeping: Keeping,
  input: Parameters<DaemonHost["connect"]>[0],
): Promise<ConnectionEnd> {
  const { link, attempt, budget, onProgress } = keeping;
  let teller: RestTeller | undefined;
  let spentBytes = 0;
  const meter = (sentBytes: number, receivedBytes: number): void => {
    const bytes = sentBytes + receivedBytes;
    budget?.spend(bytes - spentBytes);
    spentBytes = bytes;
  };
  const timer = setInterval(() => {
    const { open } = link;
    if (open !== undefined) meter(open.sentBytes, open.receivedBytes);
  }, meterMs);
  try {
    const result = await attempt({
      bytesMax: input.bytesMax,
      signal: input.signal,
      onOpen: (open) => {
        link.opened(open);
        teller = new RestTeller(open, input.onSynced);
      },
      onPhase: () => undefined,
      onProgress: (progress, bytesSent, bytesReceived) => {
        meter(bytesSent, bytesReceived);
        link.progressed(progress);
        onProgress?.({ ...progress, phase: "transferring", attempt: 1, bytesSent, bytesReceived });
      },
      onRest: (isResting) => (isResting ? teller?.rested() : teller?.stirred()),
      onReport: (error) => teller?.report(error),
    });
    meter(result.sentBytes, result.receivedBytes);
    if (result.summary?.isComplete === true) teller?.rested();
    return { hasMoved: hasCarried(result), wasAside: false, error: errorOf(result, link.address) };
  } finally {
    clearInterval(timer);
  }
}

/** A connection that rested and is gone has failed nothing, but it has to be made again. */
function errorOf({ summary, error }: AttemptResult, address: string): ZamError | undefined {
  if (error !== undefined || summary?.wasResting !== true || summary.endedBy === "budget")
    return error;
  return new ZamError("Z407", { address, reason: "it ended while it had nothing to do" });
}

/** Says "synced" when everything is exchanged: the first time, and whenever events have moved since. */
class RestTeller {
  private readonly open: OpenLink;
  private readonly tell: (summary: SyncSummary) => void;
  private before: SessionSummary | undefined;
  private upBytes = 0;
  private downBytes = 0;
  private startedMs = performance.now();
  private reports: { readonly code: string; readonly message: string }[] = [];

  constructor(open: OpenLink, tell: (summary: SyncSummary) => void) {
    this.open = open;
    this.tell = tell;
  }

  report({ code, message }: ZamError): void {
    this.reports.push({ code, message });
  }

  /** There is something to do again. */
  stirred(): void {
    this.startedMs = performance.now();
  }

  rested(): void {
    const { open, before } = this;
    const now = open.summary();
    const eventsSent = now.eventsSent - (before?.eventsSent ?? 0);
    const eventsConfirmed = now.eventsConfirmed - (before?.eventsConfirmed ?? 0);
    const eventsReceived = now.eventsReceived - (before?.eventsReceived ?? 0);
    const hasNews = eventsConfirmed + eventsReceived + this.reports.length > 0;
    if (before !== undefined && !hasNews) return;
    const { sentBytes, receivedBytes } = open;
    this.tell({
      peer: open.peerId,
      eventsSent,
      eventsConfirmed,
      eventsReceived,
      bytesSent: sentBytes - this.upBytes,
      bytesReceived: receivedBytes - this.downBytes,
      durationMs: Math.round(performance.now() - this.startedMs),
      attempts: 1,
      complete: now.remaining === 0,
      remaining: now.remaining,
      quarantined: now.heldBackCount,
      endedBy: "done",
      reports: this.reports,
    });
    this.before = now;
    this.upBytes = sentBytes;
    this.downBytes = receivedBytes;
    this.reports = [];
  }
}
