/**
 * Who owns a data directory: this process, by taking the lock, or another one,
 * which is then asked through its socket (RULES 21).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ZamError } from "../core/errors/zam-error.ts";
import { type DirectoryLock, tryLock } from "../storage/directory-lock.ts";
import { RpcClient } from "../storage/rpc-client.ts";

export const lockTimeoutMsDefault = 30_000;
/** Between tries, drawn at random so that waiting commands do not march in step. */
const retryMinMs = 10;
const retryMaxMs = 40;

export type Ownership =
  | { readonly kind: "mine"; readonly lock: DirectoryLock }
  | { readonly kind: "another's"; readonly owner: RpcClient };

/** One try. Undefined when the directory is locked by a process that does not answer on a socket (yet, or any more). */
async function tryOwnership(dataDir: string): Promise<Ownership | undefined> {
  const owner = await RpcClient.connect(dataDir);
  if (owner !== undefined) return { kind: "another's", owner };
  const lock = tryLock(dataDir);
  return lock === undefined ? undefined : { kind: "mine", lock };
}

/** @throws ZamError Z207 after `timeoutMs`; Z211 */
export async function resolveOwnership(
  dataDir: string,
  timeoutMs: number = lockTimeoutMsDefault,
): Promise<Ownership> {
  const startMs = performance.now();
  for (;;) {
    const ownership = await tryOwnership(dataDir);
    if (ownership !== undefined) return ownership;
    const waitedMs = Math.round(performance.now() - startMs);
    if (waitedMs >= timeoutMs) throw new ZamError("Z207", { path: dataDir, waitedMs });
    await sleep(retryMinMs + Math.random() * (retryMaxMs - retryMinMs));
  }
}

/** Does something once: in the process that owns the directory, or here while holding the lock. */
export async function withDirectory<T>(
  dataDir: string,
  ways: {
    readonly viaOwner: (owner: RpcClient) => Promise<unknown>;
    readonly alone: () => Promise<T>;
  },
): Promise<T> {
  const ownership = await resolveOwnership(dataDir);
  if (ownership.kind === "another's") {
    try {
      return (await ways.viaOwner(ownership.owner)) as T;
    } finally {
      ownership.owner.close();
    }
  }
  try {
    return await ways.alone();
  } finally {
    ownership.lock.release();
  }
}
