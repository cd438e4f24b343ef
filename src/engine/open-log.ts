/**
 * From a data directory to an open log: identity, data key, peers' files, log.
 * Nothing is written before the key has been found to fit.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import { discover } from "../core/log/discover.ts";
import { type AwaitedRoom, openLog, type RecoveryReport } from "../core/log/open.ts";
import { FileFault } from "../core/ports.ts";
import {
  dataKeyPath,
  installStagedKey,
  readIdentity,
  requireKeyFile,
  stagedKeyPath,
  writeIdentity,
} from "../pki/index.ts";
import { faultToError } from "../storage/file-faults.ts";
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
  /** While the log can only be read because the disk is full. */
  readonly awaitedRoom?: AwaitedRoom | undefined;
  readonly key: HeldKey;
}

/** The data key in force, and where it is kept; a rekey puts another one here. */
export interface HeldKey {
  bytes: Uint8Array;
  path: string;
}

export interface OpenLogOptions {
  readonly dataDir: string;
  /** `--key-file`; else ZAMSYNC_KEY_FILE, a systemd credential, or `DIR/keys/data.key`. */
  readonly keyFile?: string | undefined;
  /** Of `rekey`: where the key is, if an earlier run got so far. */
  readonly newKeyFile?: string | undefined;
  /** Writes nothing at all; see `openLog`. */
  readonly isReadOnly: boolean;
}

/** @throws ZamError Z201, Z202, Z203, Z206, Z211, Z301, Z302, Z303, Z305, Z306, Z321; then nothing was changed */
export function openDirectory(options: OpenLogOptions): OpenedLog {
  try {
    return openFolders(options);
  } catch (error) {
    throw error instanceof FileFault ? faultToError(error) : error;
  }
}

function openFolders(options: OpenLogOptions): OpenedLog {
  const { dataDir, isReadOnly } = options;
  const identity = readIdentity(dataDir);
  const logDir = join(dataDir, "log");
  // An unmounted card shows an empty folder, or none, or whatever lies below it (RULES 13).
  if (statSync(logDir, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new ZamError("Z201", { path: dataDir });
  const store = new NodeStore(logDir);
  const {
    bytes: dataKey,
    path,
    isStaged,
    formerKey,
  } = findDataKey(options, store, identity.nodeId);
  const sealed = { directory: join(dataDir, "peers"), dataKey, formerKey, crypto: nodeCrypto };
  const book = new PeerBook(openSealedFolder({ ...sealed, isReadOnly: true }));
  const { log, recovery, awaitedRoom } = openLog({
    store,
    crypto: nodeCrypto,
    nodeId: identity.nodeId,
    dataKey,
    wallMs: Date.now(),
    buildTimeMs: buildMs,
    confirmed: book.confirmedHeads(),
    readOnly: isReadOnly,
  });
  const peersFolder = openSealedFolder({ ...sealed, isReadOnly });
  if (!isReadOnly) {
    if (isStaged) installStagedKey(path);
    book.writeTo(peersFolder);
  }
  if (log.readOnlyReason === undefined) copyEpoch(dataDir, log);
  return { log, store, book, peersFolder, recovery, awaitedRoom, key: { bytes: dataKey, path } };
}

/** The log is authoritative for the epoch; node.json is a copy (RULES 13). */
export function copyEpoch(dataDir: string, log: Log): void {
  const { nodeId, epoch } = readIdentity(dataDir);
  if (log.ownEpoch !== epoch) writeIdentity(dataDir, { nodeId, epoch: log.ownEpoch });
}

interface FoundKey extends HeldKey {
  /** It is the new key of an interrupted rekey, and has not taken its place yet. */
  readonly isStaged: boolean;
  readonly formerKey: Uint8Array | undefined;
}

/**
 * The key that fits, of those that may: where the key is kept, one that was to take its
 * place when a rekey was interrupted, and the one that is named for a rekey. No other
 * than a key that fits the log is ever believed.
 */
export function findDataKey(
  options: Pick<OpenLogOptions, "dataDir" | "keyFile" | "newKeyFile">,
  store: NodeStore,
  nodeId: string,
): FoundKey {
  const { dataDir, keyFile, newKeyFile } = options;
  const path = dataKeyPath({ dir: dataDir, keyFile, env: process.env });
  const staged = stagedKeyPath(path);
  const places = [path, staged, ...(newKeyFile === undefined ? [] : [newKeyFile])];
  let reason: ZamError | undefined;
  for (const place of places) {
    try {
      const bytes = requireKeyFile(place);
      const { formerKey } = discover({ store, crypto: nodeCrypto, nodeId, dataKey: bytes });
      const isStaged = place === staged;
      return { bytes, path: isStaged ? path : place, isStaged, formerKey };
    } catch (error) {
      if (error instanceof FileFault) throw faultToError(error);
      if (!(error instanceof ZamError) || !wrongKeyCodes.has(error.code)) throw error;
      reason ??= error;
    }
  }
  throw reason ?? new ZamError("Z302", { path });
}

const wrongKeyCodes: ReadonlySet<string> = new Set(["Z301", "Z302", "Z303"]);

/** The folder of a new log, empty and durable. */
export function makeLogFolder(dataDir: string): NodeStore {
  const logDir = join(dataDir, "log");
  makeDirectory(logDir);
  return new NodeStore(logDir);
}
