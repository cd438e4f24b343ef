/** What a node does in the background while it serves or runs as a daemon. */
import { ZamError } from "../core/errors/zam-error.ts";
import type { AgingClock } from "./aging-clock.ts";
import { sleep } from "./backoff.ts";
import { type RetainingInput, retain } from "./retaining.ts";
import { type ScrubbingInput, scrubAlways } from "./scrubber.ts";

export interface HousekeepingInput {
  readonly scrubbing: Omit<ScrubbingInput, "signal">;
  readonly agingClock: AgingClock;
  readonly retaining: Omit<RetainingInput, "signal"> | undefined;
}

const saveEveryMs = 3_600_000;

/** Runs until it is stopped; `stop` resolves when nothing is being written any more. */
export function startHousekeeping(input: HousekeepingInput): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const works = [scrubAlways({ ...input.scrubbing, signal }), saveClock(input.agingClock, signal)];
  if (input.retaining !== undefined) works.push(retain({ ...input.retaining, signal }));
  const ended = Promise.all(works);
  // A defect of ours must not pass in silence, nor wait for the stop.
  ended.catch((cause: unknown) => {
    queueMicrotask(() => {
      throw cause;
    });
  });
  return {
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}

async function saveClock(clock: AgingClock, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await clock.save();
    } catch (error) {
      // It is an hour behind then, which only makes things younger.
      if (!(error instanceof ZamError)) throw error;
    }
    if (signal.aborted) return;
    await sleep(saveEveryMs, signal);
  }
}
