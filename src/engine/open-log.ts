/**
 * From a data directory to an open log: identity, data key, peers' files, log.
 * Nothing is written before the key has been found to fit.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import { openLog, type RecoveryReport } from "../core/log/open.ts";
import { readDataKey, readIdentity, writeIdentity } from "../pki/index.ts";
import { nodeCrypto } from "../storage/node-crypto.ts";
import { makeDirectory, NodeStore } from "../storage/node-store.ts";
import { openSealedFolder, type SealedFolder } from "../storage/sidecar.ts";
import { buildMs } from "./build.ts";
import { PeerBook } from "./peer-book.ts";

export interface OpenedLog {
  readonly log: Log;
  readonly store: NodeStore;
  readonly book: PeerBook;
  /** `peers/`, writable unless the log was opened for reading. */
  readonly peersFolder: SealedFolder;
  readonly recovery: RecoveryReport;
  readonly dataKey: Uint8Array;
}

export interface OpenLogOptions {
  readonly dataDir: string;
  /** `--key-file`; else ZAMSYNC_KEY_FILE, a systemd credential, or `DIR/keys/data.key`. */
  readonly keyFile?: string | undefined;
  /** Writes nothing at all; see `openLog`. */
  readonly isReadOnly: boolean;
}

/** @throws ZamError Z201, Z202, Z203, Z301, Z302, Z303, Z305, Z306; then nothing was changed */
export function openDirectory(options: OpenLogOptions): OpenedLog {
  const { dataDir, keyFile, isReadOnly } = options;
  const identity = readIdentity(dataDir);
  const dataKey = readDataKey({ dir: dataDir, keyFile, env: process.env });
  const logDir = join(dataDir, "log");
  // An unmounted card shows an empty folder, or none, or whatever lies below it (RULES 13).
  if (statSync(logDir, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new ZamError("Z201", { path: dataDir });
  const store = new NodeStore(logDir);
  const peers = { directory: join(dataDir, "peers"), dataKey, crypto: nodeCrypto };
  const book = new PeerBook(openSealedFolder({ ...peers, isReadOnly: true }));
  const { log, recovery } = openLog({
    store,
    crypto: nodeCrypto,
    nodeId: identity.nodeId,
    dataKey,
    wallMs: Date.now(),
    buildTimeMs: buildMs,
    confirmed: book.confirmedHeads(),
    readOnly: isReadOnly,
  });
  const peersFolder = openSealedFolder({ ...peers, isReadOnly });
  if (!isReadOnly) book.writeTo(peersFolder);
  // The log is authoritative for the epoch; node.json is a copy (RULES 13).
  if (!isReadOnly && log.ownEpoch !== identity.epoch)
    writeIdentity(dataDir, { nodeId: identity.nodeId, epoch: log.ownEpoch });
  return { log, store, book, peersFolder, recovery, dataKey };
}

/** The folder of a new log, empty and durable. */
export function makeLogFolder(dataDir: string): NodeStore {
  const logDir = join(dataDir, "log");
  makeDirectory(logDir);
  return new NodeStore(logDir);
}
