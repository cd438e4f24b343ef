/**
 * In the place of src/storage/directory-lock.ts: the same lock on the same file, by
 * fcntl itself, so that it excludes the Node command and the other way round.
 *
 * Invariant: this process opens `DIR/lock` by no other way while it holds the lock,
 * since closing any descriptor of a file frees all fcntl locks of the process on it.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import { host } from "./host-functions.ts";
import { existsSync, realpathSync } from "./node/fs.ts";
import { setTimeout as sleep } from "./node/timers-promises.ts";

const lockName = "lock";
const retryMinMs = 20;
const retryMaxMs = 50;

/** Real paths that this process has locked. */
const heldDirectories = new Set<string>();

export interface DirectoryLock {
  readonly directory: string;
  release(): void;
}

/** As on Node. @throws ZamError Z204, Z207, Z211 */
export async function acquireLock(
  directory: string,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<DirectoryLock> {
  const startMs = host.steadyMs();
  for (;;) {
    options.signal?.throwIfAborted();
    const lock = tryLock(directory);
    if (lock !== undefined) return lock;
    const waitedMs = Math.round(host.steadyMs() - startMs);
    const leftMs = options.timeoutMs - waitedMs;
    if (leftMs <= 0) throw new ZamError("Z207", { path: directory, waitedMs });
    const pauseMs = retryMinMs + Math.random() * (retryMaxMs - retryMinMs);
    const { signal } = options;
    await sleep(Math.min(pauseMs, leftMs), undefined, signal === undefined ? {} : { signal });
  }
}

/** One try: the lock, or undefined when somebody has it. @throws ZamError Z204, Z211 */
export function tryLock(directory: string): DirectoryLock | undefined {
  const real = resolveDirectory(directory);
  if (heldDirectories.has(real)) return undefined;
  const path = `${real}/${lockName}`;
  const locked = host.directoryLock(path);
  if (locked === "EAGAIN") return undefined;
  if (locked === "ENOSPC") throw new ZamError("Z204", { operation: "the lock file" });
  if (typeof locked === "string") throw unusable(path, `it cannot be locked (${locked})`);
  heldDirectories.add(real);
  let isHeld = true;
  return {
    directory: real,
    release() {
      if (!isHeld) return;
      isHeld = false;
      heldDirectories.delete(real);
      host.fileClose(locked);
    },
  };
}

/** Whether somebody has `directory` locked, without touching the lock file. */
export function probeLock(directory: string): "free" | "held" | "unusable" {
  const real = resolveDirectory(directory);
  const path = `${real}/${lockName}`;
  if (heldDirectories.has(real)) return "held";
  if (!existsSync(path)) return "free";
  const isHeld = host.lockHolder(path);
  if (typeof isHeld === "string") return "unusable";
  return isHeld ? "held" : "free";
}

function resolveDirectory(directory: string): string {
  try {
    return realpathSync(directory);
  } catch (error) {
    throw unusable(directory, "it does not exist or cannot be entered", error);
  }
}

function unusable(path: string, problem: string, cause?: unknown): ZamError {
  return new ZamError("Z211", { path, problem }, cause);
}
