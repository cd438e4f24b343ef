/**
 * C libraries that are loaded into a process before libc, to give it faults of the disk
 * (faults.c) or another clock (clock.c). Compiled in the test, so that it runs wherever there is
 * a C compiler; without one, or off Linux, the tests that need it are skipped by name.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const isPossible =
  process.platform === "linux" && spawnSync("cc", ["--version"], { stdio: "ignore" }).status === 0;

/** For the `skip` option of a test. */
export const skipWithoutCompiler: string | false = isPossible
  ? false
  : "needs Linux and a C compiler to inject faults";

/** Compiles NAME.c of this folder into `dir`; returns the library's path. */
export function compileLibrary(dir: string, name: string): string {
  const source = fileURLToPath(new URL(`./${name}.c`, import.meta.url));
  const library = join(dir, `${name}.so`);
  const args = ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl", "-lpthread"];
  const compiled = spawnSync("cc", args, { encoding: "utf8" });
  if (compiled.status !== 0) throw new Error(compiled.stderr);
  return library;
}

export interface Clock {
  /** For the process that shall live by it. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets the wall clock so far from the true time, also of a process that runs. */
  set(offsetSeconds: number): void;
  /** True once a process has asked what time it is. */
  wasAsked(): boolean;
}

/** A wall clock that can be set, and a monotonic clock that may run `speed` times faster. */
export function makeClock(dir: string, speed = 1): Clock {
  const path = join(dir, "clock");
  const set = (offsetSeconds: number) => writeFileSync(path, `${Math.round(offsetSeconds)}\n`);
  set(0);
  return {
    env: {
      LD_PRELOAD: compileLibrary(dir, "clock"),
      ZAM_CLOCK_FILE: path,
      ZAM_CLOCK_SPEED: String(speed),
    },
    set,
    wasAsked: () => existsSync(`${path}.asked`) && readFileSync(`${path}.asked`).length > 0,
  };
}
