/**
 * One build at a time in a cache, in whichever process and checkout. The lock is the data directory's,
 * so a build that was killed leaves none behind.
 */
import { mkdirSync } from "node:fs";
import { ZamError } from "../../src/core/errors/zam-error.ts";
import { acquireLock, type DirectoryLock, tryLock } from "../../src/storage/directory-lock.ts";
import { BuildError } from "./run.ts";

/** All architectures take some ten minutes the first time, on two cores. */
const timeoutMsDefault = 30 * 60_000;

/** Runs `build` once no other one is at work in `cache`. @throws BuildError when that takes too long */
export async function buildAlone<T>(
  cache: string,
  build: () => Promise<T>,
  timeoutMs = timeoutMsDefault,
): Promise<T> {
  mkdirSync(cache, { recursive: true });
  const lock = tryLock(cache) ?? (await waitForLock(cache, timeoutMs));
  try {
    return await build();
  } finally {
    lock.release();
  }
}

async function waitForLock(cache: string, timeoutMs: number): Promise<DirectoryLock> {
  console.error(`another build is at work in ${cache}: waiting for it`);
  try {
    return await acquireLock(cache, { timeoutMs });
  } catch (error) {
    if (!(error instanceof ZamError) || error.code !== "Z207") throw error;
    throw new BuildError(`another build was still at work in ${cache} after ${timeoutMs} ms`);
  }
}
