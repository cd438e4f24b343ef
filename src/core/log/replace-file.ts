/**
 * Write-new, fsync, rename, fsync directory: the one way in which a small file
 * is replaced. A crash at any step leaves the old or the new one, whole.
 */
import { FileFault } from "../ports.ts";
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
  let file: ReturnType<typeof store.open>;
  try {
    file = store.open(newName, "replace");
    try {
      file.write(0, bytes);
    } catch (fault) {
      file.close();
      throw fault;
    }
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

export function removeQuietly(core: LogCore, name: string): void {
  try {
    core.files.forget(name);
    if (core.store.exists(name)) core.store.remove(name);
  } catch (fault) {
    if (!(fault instanceof FileFault)) throw fault;
  }
}
