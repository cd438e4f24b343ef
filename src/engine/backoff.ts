/**
 * Waiting between attempts: exponential with full jitter (Brooker, "Exponential
 * Backoff and Jitter", 2015), so that clinics that lost the same link at the
 * same moment do not come back at the same moment.
 */

export interface BackoffBounds {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** A dropped 2G link is usually back within seconds; a hub that is down should not be asked more than once a minute. */
export const syncBackoff: BackoffBounds = { firstMs: 1_000, maxMs: 60_000 };

/** Wait before attempt `failures + 1`; `random` is in [0, 1). At least a quarter of the step, so that it never spins. */
export function backoffMs(bounds: BackoffBounds, failures: number, random: number): number {
  const step = Math.min(
    bounds.maxMs,
    bounds.firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)),
  );
  return Math.round(step * (0.25 + 0.75 * random));
}

/**
 * The bounds while a link is down that worked a moment ago: nobody waits longer than half
 * the time that it has been down, so that little is lost once it is back.
 */
export function sinceWorking(bounds: BackoffBounds, downMs: number): BackoffBounds {
  const { firstMs, maxMs } = bounds;
  return { firstMs, maxMs: Math.min(maxMs, Math.max(firstMs, downMs / 2)) };
}

/** Resolves after `ms`, or at once when the signal aborts. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener("abort", finish);
  });
}
