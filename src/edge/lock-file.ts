/** In the place of src/storage/lock-file.ts: the same lock on the same bytes, by fcntl itself. */
import { ZamError } from "../core/errors/zam-error.ts";
import { host } from "./host-functions.ts";

export function lockFile(path: string): (() => void) | undefined {
  const locked = host.directoryLock(path);
  if (locked === "EAGAIN") return undefined;
  if (locked === "ENOSPC") throw new ZamError("Z204", { operation: "the lock file" });
  if (typeof locked === "string")
    throw new ZamError("Z211", { path, problem: `it cannot be locked (${locked})` });
  return () => host.fileClose(locked);
}

export function probeLockFile(path: string): "free" | "held" | "unusable" {
  const isHeld = host.lockHolder(path);
  if (typeof isHeld === "string") return "unusable";
  return isHeld ? "held" : "free";
}
