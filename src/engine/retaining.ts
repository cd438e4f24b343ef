/**
 * `serve --retain D`: the operator's word that what was received longer ago may go, the
 * hub's last copy included. Runs again and again while the hub serves.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import type { CareSummary } from "./api.ts";
import { sleep } from "./backoff.ts";

export interface RetainingInput {
  readonly retainMs: number;
  readonly expire: () => Promise<CareSummary>;
  readonly onRetained: (summary: CareSummary) => void;
  readonly onFailed: (error: ZamError) => void;
  readonly signal: AbortSignal;
}

/** A day's events go together: each run writes the segment anew in which the boundary lies. */
const everyMsMax = 86_400_000;
const everyMsMin = 1_000;

/** Resolves when the signal aborts. A failed run is told, and the next one tries again. */
export async function retain(input: RetainingInput): Promise<void> {
  const { retainMs, signal } = input;
  const everyMs = Math.min(everyMsMax, Math.max(everyMsMin, retainMs / 8));
  while (!signal.aborted) {
    try {
      input.onRetained(await input.expire());
    } catch (error) {
      if (!(error instanceof ZamError)) throw error;
      if (!signal.aborted) input.onFailed(error);
    }
    await sleep(everyMs, signal);
  }
}
