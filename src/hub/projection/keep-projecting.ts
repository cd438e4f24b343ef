/**
 * The projection of a running hub. Whatever becomes of the database, clinics sync
 * as if it were not there: it is tried again, and said once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ZamError } from "../../core/errors/zam-error.ts";
import { type HubNode, ownArrivals } from "../../engine/index.ts";
import type { Mapping } from "./mapping.ts";
import { project } from "./project.ts";
import type { Target } from "./target.ts";

/** After an error that a person has to see to, and may have seen to by then. */
const retryMsDefault = 60_000;

export interface KeepProjectingInput {
  readonly node: Pick<HubNode, "arrivals">;
  readonly target: Target;
  readonly mapping: Mapping;
  readonly onReport: (error: ZamError) => void;
  readonly retryMs?: number;
}

export interface RunningProjection {
  /** Finishes the batch in hand, then stops; a database that does not answer is given 5 s. */
  close(): Promise<void>;
}

export function keepProjecting(input: KeepProjectingInput): RunningProjection {
  const stopping = new AbortController();
  const running = keepOn(input, stopping.signal);
  return {
    close: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function keepOn(input: KeepProjectingInput, signal: AbortSignal): Promise<void> {
  const { node, target, mapping, onReport, retryMs = retryMsDefault } = input;
  let said = "";
  while (!signal.aborted) {
    try {
      await project({
        source: ownArrivals(node),
        target,
        mapping,
        isFollowing: true,
        signal,
        onReport,
        onProgress: () => {
          said = "";
        },
      });
    } catch (error) {
      const known =
        error instanceof ZamError ? error : new ZamError("Z199", { problem: String(error) }, error);
      const text = `${known.code} ${known.message}`;
      if (text !== said && !signal.aborted) onReport(known);
      said = text;
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
