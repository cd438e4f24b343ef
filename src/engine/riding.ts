/**
 * `sync` beside a daemon whose connection is open: nothing needs to be set up.
 * It asks the hub for a sign of life, which proves the link and brings what the
 * hub has sent before it, waits until everything is exchanged, and tells what
 * moved meanwhile.
 */
import type { SyncInput, SyncSummary } from "./api.ts";
import type { HubLink, OpenLink } from "./hub-link.ts";

const timeoutMsDefault = 600_000;

/** Undefined when the connection broke: then the caller makes one of its own. */
export async function rideOn(link: HubLink, input: SyncInput): Promise<SyncSummary | undefined> {
  const { open } = link;
  if (open === undefined) return undefined;
  const startedMs = performance.now();
  const before = { ...open.summary(), up: open.sentBytes, down: open.receivedBytes };
  const tell = (): SyncSummary => {
    const now = open.summary();
    return {
      peer: open.peerId,
      eventsSent: now.eventsSent - before.eventsSent,
      eventsConfirmed: now.eventsConfirmed - before.eventsConfirmed,
      eventsReceived: now.eventsReceived - before.eventsReceived,
      bytesSent: open.sentBytes - before.up,
      bytesReceived: open.receivedBytes - before.down,
      durationMs: Math.round(performance.now() - startedMs),
      attempts: 1,
      complete: open.isResting && now.remaining === 0,
      remaining: now.remaining,
      quarantined: now.heldBackCount,
      endedBy: open.isResting ? "done" : "finished",
      reports: [],
    };
  };
  const unwatch = link.watch(() => input.onProgress?.(toProgress(tell(), open)));
  try {
    await settled(open, input);
  } finally {
    unwatch();
  }
  const isTimeUp = input.signal?.aborted === true || isLate(startedMs, input);
  return link.open === open || isTimeUp ? tell() : undefined;
}

function isLate(startedMs: number, input: SyncInput): boolean {
  return performance.now() - startedMs >= (input.timeoutMs ?? timeoutMsDefault);
}

/** Resolves when the peer was heard and everything is exchanged, when the session is over, or when time is. */
async function settled(open: OpenLink, input: SyncInput): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => {};
  const timeUp = new Promise<void>((resolve) => {
    onAbort = resolve;
    timer = setTimeout(resolve, input.timeoutMs ?? timeoutMsDefault);
    input.signal?.addEventListener("abort", onAbort);
    if (input.signal?.aborted === true) resolve();
  });
  try {
    await Promise.race([open.probe().then(() => open.rested()), timeUp]);
  } finally {
    clearTimeout(timer);
    input.signal?.removeEventListener("abort", onAbort);
  }
}

function toProgress(
  now: SyncSummary,
  open: OpenLink,
): Parameters<NonNullable<SyncInput["onProgress"]>>[0] {
  return {
    phase: "transferring",
    attempt: 1,
    eventsToSend: now.eventsConfirmed + open.summary().remaining,
    eventsSent: now.eventsSent,
    eventsConfirmed: now.eventsConfirmed,
    eventsReceived: now.eventsReceived,
    bytesSent: now.bytesSent,
    bytesReceived: now.bytesReceived,
  };
}
