/**
 * `snapshot`: a consistent copy of the node in one file, while it goes on working.
 *
 * Invariants: everything in it is of one moment, taken without yielding: lengths of
 * the log's growing files, which are opened there and then, so that they may be
 * replaced or removed meanwhile; all else as bytes. The file is re-read whole, by
 * hash, and its log opened and verified (CRC, seal, chain), before it gets its name.
 */
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import { openLog } from "../core/log/open.ts";
import { FileFault } from "../core/ports.ts";
import { errnoOf, faultToError, withFileFaults } from "../storage/file-faults.ts";
import { nodeCrypto } from "../storage/node-crypto.ts";
import { isTemporary } from "../storage/replace-file.ts";
import {
  SnapshotReader,
  type SnapshotSource,
  writeSnapshotFile,
} from "../storage/snapshot-file.ts";
import { SnapshotStore } from "../storage/snapshot-store.ts";
import type { SnapshotSummary } from "./api.ts";
import { identityEntry, sealIdentityFiles } from "./identity-files.ts";
import { msToIso } from "./reading.ts";

export interface SnapshotNode {
  readonly dataDir: string;
  readonly log: Log;
  readonly dataKey: Uint8Array;
}

/** @throws ZamError Z204, Z205, Z206, Z211, Z223, Z224; then there is no file */
export async function takeSnapshot(
  node: SnapshotNode,
  out: string,
  signals: { readonly signal: AbortSignal | undefined; readonly stopping: AbortSignal },
): Promise<SnapshotSummary> {
  const { log } = node;
  const { stopping } = signals;
  const signal =
    signals.signal === undefined ? stopping : AbortSignal.any([stopping, signals.signal]);
  const createdMs = Date.now();
  let checked: CheckedLog | undefined;
  try {
    const sources = takeSources(node);
    const sizeBytes = await writeSnapshotFile({
      path: out,
      nodeId: log.nodeId,
      logId: log.logId,
      createdMs,
      sources,
      signal,
      check: async (path) => {
        checked = await checkSnapshot(path, node, signal);
      },
    });
    return {
      path: out,
      nodeId: log.nodeId,
      createdAt: msToIso(createdMs),
      sizeBytes,
      files: sources.length,
      events: checked?.events ?? 0,
      problems: checked?.problems ?? 0,
    };
  } catch (error) {
    if (error instanceof FileFault) throw toError(error);
    // The next owner of the directory can do it just as well.
    if (stopping.aborted) throw new ZamError("Z210", {}, error);
    throw signal.aborted ? new ZamError("Z228", { path: out }, error) : error;
  }
}

/** A sync that failed here is the trouble of the snapshot's disk; the log goes on. */
function toError(fault: FileFault): ZamError {
  const error = faultToError(fault);
  if (error.code !== "Z205") return error;
  return new ZamError("Z206", { operation: `${fault.operation} ${fault.path}` }, fault);
}

/** All in one go: nothing may happen between the first and the last of these lines. */
function takeSources(node: SnapshotNode): readonly SnapshotSource[] {
  const { dataDir, log, dataKey } = node;
  const { files, made } = log.snapshot();
  const sources: SnapshotSource[] = [
    // First, so that a wrong key is noticed before anything else is read.
    { name: identityEntry, bytes: sealIdentityFiles(dataDir, dataKey) },
  ];
  try {
    for (const { name, bytes } of made) sources.push({ name: `log/${name}`, bytes });
    for (const name of peerNames(dataDir)) {
      const path = join(dataDir, "peers", name);
      const bytes = withFileFaults("read", path, () => readFileSync(path));
      sources.push({ name: `peers/${name}`, bytes });
    }
    for (const { name, sizeBytes } of files) {
      const path = join(dataDir, "log", name);
      const descriptor = withFileFaults("open", path, () => openSync(path, "r"));
      sources.push({ name: `log/${name}`, descriptor, sizeBytes });
    }
  } catch (error) {
    for (const source of sources) if ("descriptor" in source) closeSync(source.descriptor);
    throw error;
  }
  return sources;
}

function peerNames(dataDir: string): readonly string[] {
  try {
    return readdirSync(join(dataDir, "peers")).filter((name) => !isTemporary(name));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

export interface CheckedLog {
  readonly events: number;
  readonly problems: number;
}

/** Re-reads a snapshot whole. @throws ZamError Z224 and what opening a log throws; FileFault */
export async function checkSnapshot(
  path: string,
  node: { readonly log: Pick<Log, "nodeId">; readonly dataKey: Uint8Array },
  signal?: AbortSignal,
): Promise<CheckedLog> {
  const reader = new SnapshotReader(path);
  try {
    for (const entry of reader.header.entries) {
      await reader.copy(entry, async () => {
        signal?.throwIfAborted();
        await breathe();
      });
    }
    const { log, recovery } = openLog({
      store: new SnapshotStore(reader, "log"),
      crypto: nodeCrypto,
      nodeId: node.log.nodeId,
      dataKey: node.dataKey,
      wallMs: Date.now(),
      confirmed: [],
      readOnly: true,
    });
    if (recovery.needsWriter && recovery.reports.length === 0)
      throw new ZamError("Z224", { path, problem: "its log does not end cleanly" });
    let problems = 0;
    const run = log.verify(() => {
      problems++;
    });
    while (run.step()) {
      signal?.throwIfAborted();
      await breathe();
    }
    const events = log.recordCount;
    log.close();
    return { events, problems };
  } finally {
    reader.close();
  }
}
