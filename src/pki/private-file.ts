/**
 * Small private files: written whole or not at all, durable when the call
 * returns, 0600 in directories of 0700 whatever the umask is. For keys,
 * certificates and the CA's books; never for the log.
 */
import {
  type BigIntStats,
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
  chmodSync,
} from "node:fs";
import { dirname } from "node:path";
import { ZamError } from "../core/errors/zam-error.ts";

const fileMode = 0o600;
const directoryMode = 0o700;

/** The system's name for what went wrong (`ENOENT`), or an empty text. */
export function systemCode(cause: unknown): string {
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return "";
  return typeof cause.code === "string" ? cause.code : "";
}

/** Whether there is a file, and which one: also its absence is a state. */
export function fileState(path: string): string {
  let stat: BigIntStats;
  try {
    stat = statSync(path, { bigint: true });
  } catch (cause) {
    return systemCode(cause) || "unknown";
  }
  return `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
}

/** Makes a directory and those above it. Only directories made here get 0700. Throws Z321. */
export function makePrivateDirectory(path: string): void {
  if (existsSync(path)) return;
  attempt("making", path, () => {
    makePrivateParents(path);
  });
}

function makePrivateParents(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makePrivateParents(parent);
  try {
    mkdirSync(path, { mode: directoryMode });
  } catch (cause) {
    if (systemCode(cause) === "EEXIST") return;
    throw cause;
  }
  chmodSync(path, directoryMode);
  syncPath(parent);
}

/** Replaces or creates `path` with `content`: temporary file, fsync, rename, fsync of the directory. Throws Z321. */
export function writePrivateFile(path: string, content: string | Uint8Array): void {
  attempt("writing", path, () => {
    const temporary = `${path}.tmp`;
    const descriptor = openSync(temporary, "w", fileMode);
    try {
      makePrivate(descriptor);
      writeAll(descriptor, content);
      fsyncSync(descriptor);
    } catch (cause) {
      closeSync(descriptor);
      removeQuietly(temporary);
      throw cause;
    }
    closeSync(descriptor);
    renameSync(temporary, path);
    syncPath(dirname(path));
  });
}

/**
 * Appends one line and makes it durable. A line that a power cut left
 * unfinished was never reported as written, so it is cut off first.
 * Throws Z321; then the file is as it was before.
 */
export function appendPrivateLine(path: string, line: string): void {
  attempt("writing", path, () => {
    const isNew = !existsSync(path);
    const descriptor = openSync(path, isNew ? "wx+" : "r+", fileMode);
    try {
      makePrivate(descriptor);
      const start = endOfLastLine(descriptor);
      ftruncateSync(descriptor, start);
      try {
        writeAll(descriptor, `${line}\n`, start);
        fsyncSync(descriptor);
      } catch (cause) {
        ftruncateSync(descriptor, start);
        throw cause;
      }
    } finally {
      closeSync(descriptor);
    }
    if (isNew) syncPath(dirname(path));
  });
}

/** Whole lines of a file; none when it does not exist. A last line without its end is left out. */
export function readLines(path: string): readonly string[] {
  const text = readSmallFile(path, { maxBytes: booksBytesMax });
  if (text === undefined) return [];
  const lines = text.split("\n");
  lines.pop();
  return lines;
}

/** The CA's books hold one line of about 200 bytes a certificate. */
const booksBytesMax = 64 * 1024 * 1024;

/** The text of a file, or undefined when there is none. Throws Z321 for anything else, a larger file included. */
export function readSmallFile(
  path: string,
  limit: { readonly maxBytes: number },
): string | undefined {
  return attempt("reading", path, () => {
    try {
      const stat = statSync(path);
      if (!stat.isFile()) throw new Error("this is not a file");
      if (stat.size > limit.maxBytes)
        throw new Error(`it has ${stat.size} bytes, which is too many`);
      return readFileSync(path, "utf8");
    } catch (cause) {
      if (systemCode(cause) === "ENOENT" || systemCode(cause) === "ENOTDIR") return undefined;
      throw cause;
    }
  });
}

export function syncDirectory(path: string): void {
  attempt("writing", path, () => {
    syncPath(path);
  });
}

function syncPath(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } catch (cause) {
    // Some file systems (FAT on a USB stick) cannot sync a directory.
    if (systemCode(cause) !== "EINVAL") throw cause;
  } finally {
    closeSync(descriptor);
  }
}

/** Tightens a file whatever the umask. File systems without permissions (FAT) say EPERM: nothing can be done there. */
function makePrivate(descriptor: number): void {
  try {
    fchmodSync(descriptor, fileMode);
  } catch (cause) {
    if (systemCode(cause) !== "EPERM" && systemCode(cause) !== "ENOTSUP") throw cause;
  }
}

function writeAll(descriptor: number, content: string | Uint8Array, at = 0): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, at + done);
  }
}

function endOfLastLine(descriptor: number): number {
  const chunk = Buffer.alloc(4096);
  for (let end = fstatSync(descriptor).size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    const count = readSync(descriptor, chunk, 0, end - start, start);
    const found = chunk.subarray(0, count).lastIndexOf(10);
    if (found >= 0) return start + found + 1;
    end = start;
  }
  return 0;
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is only a leftover; the first failure is the one to report.
  }
}

function attempt<T>(operation: string, path: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ZamError("Z321", { operation, path, reason }, cause);
  }
}
