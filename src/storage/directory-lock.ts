/**
 * One writer a data directory: an exclusive lock that a crash cannot leave
 * behind (RULES 21), on the file `DIR/lock`. How a file is locked is the platform's
 * (lock-file.ts).
 *
 * Invariant: this process never opens and closes `DIR/lock` by any other way while
 * the lock is held, since closing any descriptor of a file frees all fcntl locks
 * of the process on it.
 *
 * It does not say who holds the lock, and readers take none.
 */
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ZamError } from "../core/errors/zam-error.ts";
import { lockFile, probeLockFile } from "./lock-file.ts";

const lockName = "lock";
/** Between tries; drawn at random so that waiting processes do not march in step. */
const retryMinMs = 20;
const retryMaxMs = 50;

/** Directories that this process has locked, by real path. */
const heldDirectories = new Set<string>();

export interface DirectoryLock {
  /** The directory's real path. */
  readonly directory: string;
  /** Twice is allowed. */
  release(): void;
}

/**
 * Waits until no other process, and nobody else in this one, has `directory` locked.
 *
 * @throws ZamError Z207 when that took longer than `timeoutMs` (0: one try), Z211 when the
 * directory cannot be used, Z204 when there is no room for the lock file; what `signal` was
 * aborted with
 */
export async function acquireLock(
  directory: string,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<DirectoryLock> {
  const startMs = performance.now();
  for (;;) {
    options.signal?.throwIfAborted();
    const lock = tryLock(directory);
    if (lock !== undefined) return lock;
    const waitedMs = Math.round(performance.now() - startMs);
    const leftMs = options.timeoutMs - waitedMs;
    if (leftMs <= 0) throw new ZamError("Z207", { path: directory, waitedMs });
    const pauseMs = retryMinMs + Math.random() * (retryMaxMs - retryMinMs);
    await sleep(Math.min(pauseMs, leftMs), undefined, withSignal(options.signal));
  }
}

/** One try: the lock, or undefined when somebody has it. @throws ZamError Z204, Z211 */
export function tryLock(directory: string): DirectoryLock | undefined {
  const real = resolveDirectory(directory);
  if (heldDirectories.has(real)) return undefined;
  const unlock = lockFile(join(real, lockName));
  if (unlock === undefined) return undefined;
  heldDirectories.add(real);
  let isHeld = true;
  return {
    directory: real,
    release() {
      if (!isHeld) return;
      isHeld = false;
      heldDirectories.delete(real);
      unlock();
    },
  };
}

/** Whether somebody has `directory` locked, without touching the lock file. */
export function probeLock(directory: string): "free" | "held" | "unusable" {
  const real = resolveDirectory(directory);
  const path = join(real, lockName);
  if (heldDirectories.has(real)) return "held";
  return existsSync(path) ? probeLockFile(path) : "free";
}

function resolveDirectory(directory: string): string {
  try {
    return realpathSync(directory);
  } catch (error) {
    const problem = "it does not exist or cannot be entered";
    throw new ZamError("Z211", { path: directory, problem }, error);
  }
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
