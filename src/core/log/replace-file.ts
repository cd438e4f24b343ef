/**
 * Write-new, fsync, rename, fsync directory: the one way in which a small file
 * is replaced. A crash at any step leaves the old or the new one, whole.
 */
import { FileFault, type FileStore, type StoreFile } from "../ports.ts";
import type { LogCore } from "./core.ts";

export interface ReplaceFailure {
  readonly fault: FileFault;
  /** Which of the two files is on disk is not known, or the disk failed to sync: stop writing. */
  readonly isFatal: boolean;
}

export function replaceFile(
  core: LogCore,
  name: string,
  bytes: Uint8Array,
  done: (failure?: ReplaceFailure) => void,
): void {
  const newName = `${name}.new`;
  const { store, syncs } = core;
  let file: StoreFile;
  try {
    file = writeNewFile(store, newName, bytes);
  } catch (fault) {
    if (!(fault instanceof FileFault)) throw fault;
    removeQuietly(core, newName);
    return done({ fault, isFatal: false });
  }
  syncs.run(file, (syncFault) => {
    file.close();
    if (syncFault !== undefined) return done({ fault: syncFault, isFatal: true });
    try {
      core.files.forget(name);
      store.rename(newName, name);
    } catch (fault) {
      if (!(fault instanceof FileFault)) throw fault;
      return done({ fault, isFatal: true });
    }
    syncs.run(store, (fault) => done(fault === undefined ? undefined : { fault, isFatal: true }));
  });
}

/** A file with these bytes, open and not synced yet. @throws FileFault; then it is closed */
export function writeNewFile(store: FileStore, name: string, bytes: Uint8Array): StoreFile {
  const file = store.open(name, "replace");
  try {
    file.write(0, bytes);
  } catch (fault) {
    file.close();
    throw fault;
  }
  return file;
}

export function removeQuietly(core: LogCore, name: string): void {
  try {
    core.files.forget(name);
    if (core.store.exists(name)) core.store.remove(name);
  } catch (fault) {
    if (!(fault instanceof FileFault)) throw fault;
  }
}
