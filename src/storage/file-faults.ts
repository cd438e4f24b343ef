/** Node's errno codes as the `FileFault` kinds that the core decides on. */
import { ZamError } from "../core/errors/zam-error.ts";
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

/** Runs a call of `node:fs`; what it throws becomes a `FileFault`, unless it is a `ZamError` already. */
export function withFileFaults<T>(operation: string, path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw error instanceof ZamError ? error : toFileFault(error, operation, path);
  }
}

/** What a user is told about a fault outside the log. */
export function faultToError(fault: FileFault): ZamError {
  const operation = `${fault.operation} ${fault.path}`;
  switch (fault.kind) {
    case "noSpace":
      return new ZamError("Z204", { operation }, fault);
    case "io":
      return new ZamError(
        fault.operation.startsWith("sync") ? "Z205" : "Z206",
        { operation },
        fault,
      );
    case "readOnly":
      return unusable(fault, "the file system is read-only");
    case "permission":
      return unusable(fault, "this user may not");
    case "notFound":
      return unusable(fault, "it does not exist");
    case "exists":
      return unusable(fault, "it exists already");
    case "other":
      return unusable(fault, fault.cause instanceof Error ? fault.cause.message : fault.message);
  }
}

function unusable(fault: FileFault, problem: string): ZamError {
  return new ZamError("Z211", { path: fault.path, problem }, fault);
}
