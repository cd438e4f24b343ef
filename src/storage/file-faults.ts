/** Node's errno codes as the `FileFault` kinds that the core decides on. */
import { FileFault, type FileFaultKind } from "../core/ports.ts";

const kindByErrno: Readonly<Record<string, FileFaultKind>> = {
  ENOENT: "notFound",
  ENOTDIR: "notFound",
  EEXIST: "exists",
  ENOSPC: "noSpace",
  EDQUOT: "noSpace",
  EFBIG: "noSpace",
  EIO: "io",
  ENXIO: "io",
  EUCLEAN: "io",
  EROFS: "readOnly",
  EACCES: "permission",
  EPERM: "permission",
};

/** The errno code of what a call of `node:fs` or `node:net` threw, or "" when it is none. */
export function errnoOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

export function toFileFault(error: unknown, operation: string, path: string): FileFault {
  if (error instanceof FileFault) return error;
  return new FileFault(kindByErrno[errnoOf(error)] ?? "other", operation, path, error);
}

/** Runs a call of `node:fs`; what it throws becomes a `FileFault`. */
export function withFileFaults<T>(operation: string, path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw toFileFault(error, operation, path);
  }
}
