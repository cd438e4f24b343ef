/**
 * Faults of the disk for one process: faults.c compiled into a library that is
 * loaded before libc. Claim: a node survives each of them as SCENARIOS 13 and 14
 * say.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileLibrary } from "./preload.ts";

export { skipWithoutCompiler } from "./preload.ts";

export interface Faults {
  /** For the process that shall suffer. */
  readonly env: Readonly<Record<string, string>>;
  /** The next fsync of a log file fails with EIO, once. */
  failNextSync(): void;
  /** Syncs of log files wait until `releaseSyncs`. */
  holdSyncs(): void;
  releaseSyncs(): void;
  /** True once a sync waits. */
  isHeld(): boolean;
  /** So many bytes fit on the disk from now on; undefined: space is back. */
  limitSpace(bytes: number | undefined): void;
  /** How many faults fired since the last call. */
  takeFired(): number;
}

/** Compiles the library into `dir`. */
export function makeFaults(dir: string): Faults {
  const control = join(dir, "faults");
  const library = compileLibrary(dir, "faults");
  mkdirSync(control);
  const path = (name: string) => join(control, name);
  const set = (name: string, content: string) => writeFileSync(path(name), content);
  const unset = (name: string) => rmSync(path(name), { force: true });
  return {
    env: { LD_PRELOAD: library, ZAM_FAULT_DIR: control },
    failNextSync: () => set("fsync-eio", ""),
    holdSyncs: () => {
      unset("held");
      set("fsync-hold", "");
    },
    releaseSyncs: () => unset("fsync-hold"),
    isHeld: () => existsSync(path("held")),
    limitSpace(bytes) {
      if (bytes === undefined) unset("enospc");
      else set("enospc", `${bytes}\n`);
    },
    takeFired() {
      const count = existsSync(path("fired")) ? readFileSync(path("fired")).length : 0;
      unset("fired");
      return count;
    },
  };
}
