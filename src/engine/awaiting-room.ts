/**
 * A node that was opened on a full disk: its log is read as far as it is proven durable, and
 * is opened for writing beside that, as any opening does, as soon as there is room.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import type { AwaitedRoom } from "../core/log/open.ts";
import { sleep } from "./backoff.ts";
import { copyEpoch, type OpenedLog } from "./open-log.ts";
import type { OpenSessions } from "./open-sessions.ts";

/** An attempt reads what an opening reads, so that a disk that stays full is asked less and less often. */
const firstMs = 1_000;
const maxMs = 30_000;

export interface AwaitingInput {
  readonly dataDir: string;
  readonly opened: OpenedLog;
  readonly sessions: OpenSessions;
  /** The log takes writes from now on. */
  readonly onRoom: () => void;
  readonly signal: AbortSignal;
}

/** Resolves when the log takes writes, when the signal aborted, or when waiting is of no more use. */
export async function awaitRoom(room: AwaitedRoom, input: AwaitingInput): Promise<void> {
  const { opened, signal } = input;
  const { log, book } = opened;
  for (let waitMs = firstMs; ; waitMs = Math.min(2 * waitMs, maxMs)) {
    await sleep(waitMs, signal);
    if (signal.aborted) return;
    const confirmed = book.confirmedHeads();
    const beside = room.tryOpening({ confirmed, wallMs: Date.now() });
    if (beside !== undefined) {
      // They know streams by their index, and what was durable: they begin anew.
      await input.sessions.cutAll();
      beside.takeOver();
      break;
    }
    // Not for want of room any more: the log says why, and a person is needed.
    if (log.readOnlyReason?.code !== "Z204") return;
  }
  try {
    copyEpoch(input.dataDir, log);
  } catch (error) {
    // A copy; the next opening makes it again.
    if (!(error instanceof ZamError)) throw error;
  }
  input.onRoom();
}
