/**
 * The lock file on Node (RULES 21). Node has no flock. An exclusive transaction on the
 * empty SQLite file is an fcntl write lock from byte 0x40000002 on, 510 bytes long, which
 * the kernel frees when the process dies, and which a C host can take as well
 * (src/edge/lock-file.ts). Within a process SQLite keeps its handles apart.
 */
import { accessSync, chmodSync, constants, existsSync, truncateSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { ZamError } from "../core/errors/zam-error.ts";

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const sqliteBusy = 5;
const sqliteLocked = 6;
const sqliteFull = 13;
const sqliteNotADatabase = 26;

/**
 * Locks the file, which is made if need be: what lets go of it, or undefined when another
 * process has it. @throws ZamError Z204, Z211
 */
export function lockFile(path: string): (() => void) | undefined {
  let opened = openExclusive(path);
  if (opened === "garbage") {
    // Nobody can hold it through SQLite, and what it holds means nothing.
    truncateSync(path, 0);
    opened = openExclusive(path);
  }
  if (opened === "busy") return undefined;
  if (opened === "garbage") throw unusable(path, "the lock file is no lock file");
  const database = opened;
  return () => database.close();
}

/**
 * Whether another process has the file locked, which exists, without changing it: a read
 * transaction on it fails while the exclusive one lasts.
 */
export function probeLockFile(path: string): "free" | "held" | "unusable" {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    database.exec("SELECT count(*) FROM sqlite_master");
    return "free";
  } catch (error) {
    return isBusy(error) ? "held" : "unusable";
  } finally {
    database?.close();
  }
}

function openExclusive(path: string): DatabaseSync | "busy" | "garbage" {
  let database: DatabaseSync | undefined;
  try {
    const isNew = !existsSync(path);
    // What may only be read SQLite opens for reading, and then locks nothing.
    if (!isNew) assertWritable(path);
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

function assertWritable(path: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw unusable(path, `it cannot be locked (${code})`, cause);
  }
}

function judge(error: unknown, path: string): "busy" | "garbage" {
  if (error instanceof ZamError) throw error;
  if (isBusy(error)) return "busy";
  const result = sqliteResultOf(error);
  if (result === sqliteNotADatabase) return "garbage";
  if (result === sqliteFull) throw new ZamError("Z204", { operation: "the lock file" }, error);
  throw unusable(path, error instanceof Error ? error.message : String(error), error);
}

function isBusy(error: unknown): boolean {
  const result = sqliteResultOf(error);
  return result === sqliteBusy || result === sqliteLocked;
}

function sqliteResultOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode % 256 : undefined;
}

function unusable(path: string, problem: string, cause?: unknown): ZamError {
  return new ZamError("Z211", { path, problem }, cause);
}
