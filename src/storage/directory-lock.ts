/**
 * One writer a data directory: an exclusive lock that a crash cannot leave
 * behind (RULES 21).
 *
 * Node has no flock. An exclusive transaction on the empty SQLite file `DIR/lock`
 * is an fcntl write lock from byte 0x40000002 on, 510 bytes long, which the
 * kernel frees when the process dies, and which a C host can take as well.
 *
 * Invariant: this process never opens and closes `DIR/lock` by any other way while
 * the lock is held, since closing any descriptor of a file frees all fcntl locks
 * of the process on it. Within a process SQLite itself keeps its handles apart.
 *
 * It does not say who holds the lock, and readers take none.
 */
import { chmodSync, existsSync, realpathSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { ZamError } from "../core/errors/zam-error.ts";

const lockName = "lock";
/** Between tries; drawn at random so that waiting processes do not march in step. */
const retryMinMs = 20;
const retryMaxMs = 50;

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const sqliteBusy = 5;
const sqliteLocked = 6;
const sqliteReadOnly = 8;
const sqliteFull = 13;
const sqliteNotADatabase = 26;

/** Directories that this process has locked, by real path. */
const heldDirectories = new Map<string, DatabaseSync>();

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
  const path = join(real, lockName);
  let opened = openExclusive(path);
  if (opened === "garbage") {
    // Nobody can hold it through SQLite, and what it holds means nothing.
    truncateSync(path, 0);
    opened = openExclusive(path);
  }
  if (opened === "busy") return undefined;
  if (opened === "garbage") throw unusable(path, "the lock file is no lock file");
  const database = opened;
  heldDirectories.set(real, database);
  return {
    directory: real,
    release() {
      if (heldDirectories.get(real) !== database) return;
      heldDirectories.delete(real);
      database.close();
    },
  };
}

/**
 * Whether somebody has `directory` locked, without touching the lock file: a read
 * transaction on it fails while the exclusive one of an owner lasts.
 */
export function probeLock(directory: string): "free" | "held" | "unusable" {
  const real = resolveDirectory(directory);
  const path = join(real, lockName);
  if (heldDirectories.has(real)) return "held";
  if (!existsSync(path)) return "free";
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    database.exec("SELECT count(*) FROM sqlite_master");
    return "free";
  } catch (error) {
    const result = sqliteResultOf(error);
    return result === sqliteBusy || result === sqliteLocked ? "held" : "unusable";
  } finally {
    database?.close();
  }
}

function openExclusive(path: string): DatabaseSync | "busy" | "garbage" {
  let database: DatabaseSync | undefined;
  try {
    const isNew = !existsSync(path);
    database = new DatabaseSync(path, { timeout: 0 });
    if (isNew) chmodSync(path, 0o600);
    // The journal stays in memory: no file appears beside the lock.
    database.exec("PRAGMA journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database?.close();
    return judge(error, path);
  }
}

function judge(error: unknown, path: string): "busy" | "garbage" {
  const result = sqliteResultOf(error);
  if (result === sqliteBusy || result === sqliteLocked) return "busy";
  if (result === sqliteNotADatabase) return "garbage";
  if (result === sqliteFull) throw new ZamError("Z204", { operation: "the lock file" }, error);
  if (result === sqliteReadOnly) throw unusable(path, "it cannot be written", error);
  throw unusable(path, error instanceof Error ? error.message : String(error), error);
}

function sqliteResultOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode % 256 : undefined;
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

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
