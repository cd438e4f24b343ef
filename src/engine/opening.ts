/** Ways to a node: owning it, or using it for one command, whoever owns it. */
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ZamError } from "../core/errors/zam-error.ts";
import { readIdentity } from "../pki/index.ts";
import { acquireLock, type DirectoryLock, tryLock } from "../storage/directory-lock.ts";
import { RpcClient } from "../storage/rpc-client.ts";
import type { NodeApi } from "./api.ts";
import type { DaemonInput } from "./daemon.ts";
import { LocalNode } from "./local-node.ts";
import { openDirectory } from "./open-log.ts";
import { lockTimeoutMsDefault, resolveOwnership } from "./ownership.ts";
import { RemoteNode } from "./remote-node.ts";
import { type FoundNode, SharedNode } from "./shared-node.ts";

export interface OpenOptions {
  readonly dataDir: string;
  /** Default: ZAMSYNC_KEY_FILE, a systemd credential named `zamsync-key`, or `DIR/keys/data.key`. */
  readonly keyFile?: string | undefined;
  /** Of `rekey`: where the key is, if an earlier run got so far. */
  readonly newKeyFile?: string | undefined;
  /** How long to wait for another process to let the directory go. Default 30 s. */
  readonly lockTimeoutMs?: number | undefined;
}

/**
 * Opens a node in this process, which then owns its log until `close`.
 *
 * @throws ZamError Z2xx or Z3xx; then nothing was changed
 * @example
 * const node = await openNode({ dataDir: "clinic_a" });
 * await node.push([{ payload: new TextEncoder().encode('{"pulse":72}') }]);
 * await node.close();
 */
export async function openNode(options: OpenOptions): Promise<LocalNode> {
  const dataDir = resolve(options.dataDir);
  // Before the lock file is made: a wrong directory is left as it was.
  readIdentity(dataDir);
  const timeoutMs = options.lockTimeoutMs ?? lockTimeoutMsDefault;
  return openOwned(options, await acquireLock(dataDir, { timeoutMs }));
}

function openOwned(options: OpenOptions, lock: DirectoryLock): LocalNode {
  const dataDir = resolve(options.dataDir);
  try {
    const { keyFile, newKeyFile } = options;
    const opened = openDirectory({ dataDir, keyFile, newKeyFile, isReadOnly: false });
    return new LocalNode(dataDir, opened, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Speaks to the process that owns the node. @throws ZamError Z414 when there is none */
export async function connectNode(options: Pick<OpenOptions, "dataDir">): Promise<NodeApi> {
  const dataDir = resolve(options.dataDir);
  const owner = await RpcClient.connect(dataDir);
  if (owner === undefined) throw new ZamError("Z414", { path: dataDir });
  return new RemoteNode(owner);
}

/**
 * A node for one command: through the process that owns it, or opened here. A
 * node opened here serves the socket meanwhile, so that nobody has to wait.
 */
export async function useNode(
  options: OpenOptions & { readonly readOnly?: boolean | undefined },
): Promise<NodeApi> {
  readIdentity(options.dataDir);
  const find =
    options.readOnly === true ? () => findForReading(options) : () => findForWriting(options);
  return new SharedNode(find, await find());
}

async function findForWriting(options: OpenOptions): Promise<FoundNode> {
  const dataDir = resolve(options.dataDir);
  const ownership = await resolveOwnership(dataDir, options.lockTimeoutMs);
  if (ownership.kind === "another's")
    return { node: new RemoteNode(ownership.owner), isOwned: false };
  const node = openOwned(options, ownership.lock);
  await node.serveSocket();
  return { node, isOwned: true };
}

/**
 * Readers take no lock (RULES 21). Only after an unclean stop one does, because
 * what the last group held must be made durable before it is shown.
 */
export async function findForReading(options: OpenOptions): Promise<FoundNode> {
  const dataDir = resolve(options.dataDir);
  const { keyFile, lockTimeoutMs = lockTimeoutMsDefault } = options;
  const startMs = performance.now();
  for (;;) {
    const owner = await RpcClient.connect(dataDir);
    if (owner !== undefined) return { node: new RemoteNode(owner), isOwned: false };
    const isLate = performance.now() - startMs > lockTimeoutMs;
    try {
      const opened = openDirectory({ dataDir, keyFile, isReadOnly: true });
      if (!opened.recovery.needsWriter || isLate)
        return { node: new LocalNode(dataDir, opened, undefined), isOwned: true };
      opened.log.close();
    } catch (error) {
      // A writer may have been in the middle of a step: then its lock is taken.
      const lock = tryLockIfWritable(dataDir);
      lock?.release();
      if (lock !== undefined || isLate || !(error instanceof ZamError)) throw error;
    }
    const lock = tryLockIfWritable(dataDir);
    if (lock !== undefined) return { node: openOwned(options, lock), isOwned: true };
    await sleep(25);
  }
}

/** A directory on a read-only card has no lock, and no writer either. */
function tryLockIfWritable(dataDir: string): DirectoryLock | undefined {
  try {
    return tryLock(dataDir);
  } catch (error) {
    if (error instanceof ZamError) return undefined;
    throw error;
  }
}

/** `daemon`: owns the node, serves its socket, and syncs until the signal aborts. */
export async function runDaemon(options: OpenOptions & DaemonInput): Promise<void> {
  const { dataDir, keyFile, lockTimeoutMs, ...input } = options;
  const node = await openNode({ dataDir, keyFile, lockTimeoutMs });
  try {
    await node.serveSocket();
    await node.daemon(input);
  } finally {
    await node.close();
  }
}
