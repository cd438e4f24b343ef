/** Wrappers for planting bugs: a log or a store with some of its calls replaced. */
import type { Log, Mark, StreamState } from "../src/core/log/api.ts";
import { FileFault, type FileStore, type StoreFile, type SyncDone } from "../src/core/ports.ts";

export type { Log, Mark, StreamState };

/** Everything that is not replaced goes to the real one. */
export function wrapLog(log: Log, replaced: Partial<Log>): Log {
  return Object.assign(Object.create(log) as Log, replaced);
}

export interface StoreBugs {
  readonly fileSync?: "skipped" | "repeated";
  readonly directorySync?: "skipped";
  readonly write?: "swallowed";
}

export function wrapStore(store: FileStore, bugs: StoreBugs): FileStore {
  const isSkipped = bugs.directorySync === "skipped";
  return {
    list: (folder) => store.list(folder),
    open: (name, mode) => wrapFile(store.open(name, mode), bugs),
    exists: (name) => store.exists(name),
    rename: (from, to) => store.rename(from, to),
    remove: (name) => store.remove(name),
    makeFolder: (name) => store.makeFolder(name),
    sync: (done) => (isSkipped ? done() : store.sync(done)),
    syncNow: () => (isSkipped ? undefined : store.syncNow()),
    freeBytes: () => store.freeBytes(),
  };
}

function wrapFile(file: StoreFile, bugs: StoreBugs): StoreFile {
  const sync = (done: SyncDone): void => {
    if (bugs.fileSync === "skipped") done();
    else if (bugs.fileSync === "repeated")
      file.sync((fault) => (fault === undefined ? done() : file.sync(done)));
    else file.sync(done);
  };
  const write = (offset: number, bytes: Uint8Array): void => {
    try {
      file.write(offset, bytes);
    } catch (fault) {
      const isFull = fault instanceof FileFault && fault.kind === "noSpace";
      if (!isFull || bugs.write !== "swallowed") throw fault;
    }
  };
  return {
    read: (offset, out) => file.read(offset, out),
    write,
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    size: () => file.size(),
    sync,
    syncNow: () => (bugs.fileSync === "skipped" ? undefined : file.syncNow()),
    close: () => file.close(),
  };
}
