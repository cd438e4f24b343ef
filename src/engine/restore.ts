/**
 * `restore`: a node from a snapshot, in a new or empty directory, or in one that
 * has its identity and lost its log.
 *
 * Invariants: nothing is placed before everything is verified and durable (in
 * `restore.new`, which becomes `restore.ready` in one step); what is placed goes by
 * renames, the log and then `node.json` last, so that an unfinished restore is no
 * node yet; running it again with the same snapshot finishes it. Nothing that is
 * there is replaced.
 *
 * The restored log opens a fresh epoch before it is placed (RULES 22): peers may
 * hold events that the lost disk issued after the snapshot.
 */
import { existsSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { bytesToHex } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import { epochToText } from "../core/event.ts";
import type { Log, Mark } from "../core/log/api.ts";
import { restoredAlarmId } from "../core/log/restored.ts";
import { FileFault } from "../core/ports.ts";
import { storeFolderOf } from "../core/store-name.ts";
import { dataKeyPath, readDataKey, readIdentity, writeIdentity } from "../pki/index.ts";
import { acquireLock } from "../storage/directory-lock.ts";
import { faultToError, toFileFault } from "../storage/file-faults.ts";
import { makeDirectory, syncDirectoryNow } from "../storage/node-store.ts";
import { SnapshotReader } from "../storage/snapshot-file.ts";
import type { RestoredNode } from "./api.ts";
import { identityBytesMax, identityEntry, openIdentityFiles } from "./identity-files.ts";
import { openDirectory } from "./open-log.ts";
import { lockTimeoutMsDefault } from "./ownership.ts";
import { msToIso } from "./reading.ts";
import { verifyLog } from "./verifying.ts";

export interface RestoreInput {
  /** The snapshot. */
  readonly path: string;
  readonly dataDir: string;
  readonly keyFile?: string | undefined;
  readonly lockTimeoutMs?: number | undefined;
}

const stagingName = "restore.new";
const readyName = "restore.ready";
/** In the staging folder: which snapshot, and what came of it. */
const receiptName = "receipt.json";
/** What is placed, in this order; the last one that was missing makes it a node. */
const placedNames = ["tls", "ca", "peers", "log", "node.json"];
/** What an empty directory may have in it: the key put there for this, and traces of this command. */
const harmlessNames = new Set([
  "keys",
  "lock",
  "lost+found",
  "socket",
  "zamsync.sock",
  stagingName,
  readyName,
]);

/** @throws ZamError Z201 to Z212, Z224 to Z226, Z301 to Z303; then nothing was placed */
export async function restoreNode(input: RestoreInput): Promise<RestoredNode> {
  const dir = resolve(input.dataDir);
  try {
    const reader = new SnapshotReader(resolve(input.path));
    try {
      return await restoreFrom(reader, dir, input);
    } finally {
      reader.close();
    }
  } catch (error) {
    throw error instanceof FileFault ? faultToError(error) : error;
  }
}

async function restoreFrom(
  reader: SnapshotReader,
  dir: string,
  input: RestoreInput,
): Promise<RestoredNode> {
  const { keyFile } = input;
  assertTarget(dir, reader);
  const dataKey = readDataKey({ dir, keyFile, env: process.env });
  const sealed = reader.read(identityEntry, identityBytesMax);
  if (sealed === undefined)
    throw new ZamError("Z224", { path: reader.path, problem: "it holds no identity" });
  const identity = openIdentityFiles(reader.path, sealed, dataKey);
  assertSpace(dir, reader);
  const isNew = !existsSync(dir);
  makeDirectory(dir);
  const timeoutMs = input.lockTimeoutMs ?? lockTimeoutMsDefault;
  const lock = await acquireLock(dir, { timeoutMs });
  let isDone = false;
  try {
    assertTarget(dir, reader);
    if (!existsSync(join(dir, readyName))) {
      await rm(join(dir, stagingName), { recursive: true, force: true });
      await stage(reader, dir, { identity, keyFile });
    }
    const restored = await place(dir);
    isDone = true;
    return { ...restored, dir, keyPath: dataKeyPath({ dir, keyFile, env: process.env }) };
  } finally {
    try {
      if (!isDone && !existsSync(join(dir, readyName)))
        await rm(join(dir, stagingName), { recursive: true, force: true });
    } finally {
      lock.release();
    }
    if (!isDone && isNew && !existsSync(join(dir, readyName)))
      await rm(dir, { recursive: true, force: true });
  }
}

/** @throws ZamError Z225, Z226: this directory has something that must not be mixed with a restored node */
function assertTarget(dir: string, reader: SnapshotReader): void {
  if (!existsSync(dir)) return;
  const occupied = (problem: string): ZamError => new ZamError("Z225", { path: dir, problem });
  const ready = receiptOf(dir);
  if (ready !== undefined) {
    if (ready.snapshot !== snapshotName(reader)) throw new ZamError("Z226", { path: dir });
    return;
  }
  const names = readdirSync(dir).filter((name) => !harmlessNames.has(name));
  if (names.length === 0) return;
  if (!names.includes("node.json")) throw occupied(`it holds ${names[0] ?? "files"}, and no node`);
  const { nodeId } = readIdentity(dir);
  if (nodeId !== reader.header.nodeId)
    throw occupied(`it is the node '${nodeId}', and the snapshot is of '${reader.header.nodeId}'`);
  const log = join(dir, "log");
  if (existsSync(log) && readdirSync(log).length > 0)
    throw occupied("its log is there; move it away if it is worthless");
}

function assertSpace(dir: string, reader: SnapshotReader): void {
  let place = dir;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  const { bavail, bsize } = statfsSync(place);
  const total = reader.header.entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (bavail * bsize < total) throw new ZamError("Z204", { operation: `restoring ${total} bytes` });
}

/** Tells snapshots apart: hashes of everything are in the header. */
export function snapshotName(reader: SnapshotReader): string {
  const { nodeId, createdMs, logId, entries } = reader.header;
  const first = entries[0];
  return `${nodeId} ${createdMs} ${bytesToHex(logId)} ${first === undefined ? "" : bytesToHex(first.sha256)}`;
}

type Outcome = Omit<RestoredNode, "dir" | "keyPath">;
type Receipt = Outcome & { readonly snapshot: string };

function receiptOf(dir: string): Receipt | undefined {
  const path = join(dir, readyName, receiptName);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Receipt) : undefined;
}

/** Everything into `restore.new`, verified and durable; then it is `restore.ready`. */
async function stage(
  reader: SnapshotReader,
  dir: string,
  input: {
    readonly identity: ReturnType<typeof openIdentityFiles>;
    readonly keyFile: string | undefined;
  },
): Promise<void> {
  const staging = join(dir, stagingName);
  await mkdir(staging, { mode: 0o700 });
  for (const folder of ["log", "peers", "tls", "ca"])
    await mkdir(join(staging, folder), { mode: 0o700 });
  for (const { name, bytes } of input.identity)
    await writeDurably(join(staging, name), async (write) => write(bytes));
  for (const entry of reader.header.entries) {
    const folder = storeFolderOf(entry.name);
    if (folder !== "log" && folder !== "peers") continue;
    await writeDurably(join(staging, entry.name), (write) => reader.copy(entry, write));
  }
  if (!existsSync(join(staging, "ca", "ca.crt")))
    await rm(join(staging, "ca"), { recursive: true });
  for (const entry of readdirSync(staging, { withFileTypes: true }))
    if (entry.isDirectory()) syncDirectoryNow(join(staging, entry.name));
  const keyFile = dataKeyPath({ dir, keyFile: input.keyFile, env: process.env });
  const isHub = existsSync(join(staging, "ca", "ca.crt"));
  const outcome = { ...(await beginEpoch(staging, resolve(keyFile), reader)), isHub };
  const receipt: Receipt = { ...outcome, snapshot: snapshotName(reader) };
  await writeDurably(join(staging, receiptName), (write) =>
    write(Buffer.from(`${JSON.stringify(receipt)}\n`)),
  );
  syncDirectoryNow(staging);
  await rename(staging, join(dir, readyName));
  syncDirectoryNow(dir);
}

/** Opens the copied log as its owner: checks all of it, and ends the epoch that the lost disk wrote in. */
async function beginEpoch(
  staging: string,
  keyFile: string,
  reader: SnapshotReader,
): Promise<Omit<Outcome, "isHub">> {
  const createdAt = msToIso(reader.header.createdMs);
  const { log, recovery } = openDirectory({ dataDir: staging, keyFile, isReadOnly: false });
  try {
    const { problems } = await verifyLog(log);
    const restored = new ZamError("Z227", { createdAt });
    const id = restoredAlarmId(epochToText(log.ownEpoch));
    await durably(log, { kind: "newEpoch", reason: restored.code });
    await durably(log, { kind: "alarm", id, code: restored.code, text: restored.message });
    writeIdentity(staging, { nodeId: log.nodeId, epoch: log.ownEpoch });
    return {
      nodeId: log.nodeId,
      epoch: epochToText(log.ownEpoch),
      createdAt,
      events: log.recordCount,
      problems: problems.length,
      reports: recovery.reports.map(({ code, message }) => ({ code, message })),
    };
  } finally {
    log.close();
  }
}

function durably(log: Log, mark: Mark): Promise<void> {
  return new Promise((done, fail) => {
    log.mark(mark, Date.now(), (error) => {
      if (error === undefined) done();
      else fail(error);
    });
  });
}

/** Moves what is not there yet into its place. May be interrupted anywhere, and repeated. */
async function place(dir: string): Promise<Outcome> {
  const ready = join(dir, readyName);
  const receipt = receiptOf(dir);
  if (receipt === undefined) throw new ZamError("Z226", { path: dir });
  for (const name of placedNames) {
    const from = join(ready, name);
    const to = join(dir, name);
    if (!existsSync(from) || isTaken(to)) continue;
    await renameDurably(from, to, dir);
  }
  await rm(ready, { recursive: true, force: true });
  syncDirectoryNow(dir);
  const { snapshot: _snapshot, ...outcome } = receipt;
  return outcome;
}

/** An empty folder is as good as none: a rename takes its place. */
function isTaken(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    return readdirSync(path).length > 0;
  } catch {
    return true;
  }
}

async function renameDurably(from: string, to: string, dir: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    throw toFileFault(error, "rename", to);
  }
  syncDirectoryNow(dir);
}

async function writeDurably(
  path: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  let step = "write";
  try {
    const file = await open(path, "wx", 0o600);
    try {
      await fill(async (bytes) => {
        await file.writeFile(bytes);
      });
      step = "sync";
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof ZamError ? error : toFileFault(error, step, path);
  }
}
