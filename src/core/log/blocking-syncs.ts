/**
 * Syncs by callback, that can be turned into blocking ones: closing a log must
 * finish what the host has in flight without giving the host a turn.
 */
import { FileFault, type SyncDone } from "../ports.ts";

/** A file, or the directory. */
export interface Syncable {
  sync(done: SyncDone): void;
  syncNow(): void;
}

interface PendingSync {
  readonly target: Syncable;
  readonly done: SyncDone;
}

export class BlockingSyncs {
  /** From now on every sync completes before `run` returns. */
  isBlocking = false;
  private pending: PendingSync[] = [];

  run(target: Syncable, done: SyncDone): void {
    if (this.isBlocking) {
      done(syncNow(target));
      return;
    }
    const entry: PendingSync = { target, done };
    this.pending.push(entry);
    target.sync((fault) => {
      if (this.remove(entry)) done(fault);
    });
  }

  /** Completes all that is in flight, here and now; late answers of the host are ignored. */
  finish(): void {
    for (let entry = this.pending.shift(); entry !== undefined; entry = this.pending.shift()) {
      entry.done(syncNow(entry.target));
    }
  }

  private remove(entry: PendingSync): boolean {
    const at = this.pending.indexOf(entry);
    if (at < 0) return false;
    this.pending.splice(at, 1);
    return true;
  }
}

function syncNow(target: Syncable): FileFault | undefined {
  try {
    target.syncNow();
    return undefined;
  } catch (fault) {
    if (fault instanceof FileFault) return fault;
    throw fault;
  }
}
