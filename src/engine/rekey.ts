/**
 * `rekey`: the log does its own part in steps (core/log/rekey.ts); this puts the new
 * key where the next opening looks for it, and seals the peers' files anew.
 *
 * Invariant: the new key is durable in a file (beside the one whose place it takes, or
 * where the operator wants it) before the log learns of it. So whatever interrupts,
 * the key that is then in force can be found (open-log.ts), and the next run goes on.
 */
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { bytesEqual } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log, RekeyStep, RekeyWork } from "../core/log/api.ts";
import {
  createDataKey,
  installStagedKey,
  isCredential,
  nodeFiles,
  readKeyFile,
  readOrCreateKeyFile,
  removeStagedKey,
  stageDataKey,
  stagedKeyPath,
} from "../pki/index.ts";
import type { SealedFolder } from "../storage/sidecar.ts";
import type { RekeyInput, RekeySummary } from "./api.ts";
import type { HeldKey } from "./open-log.ts";

export interface RekeyNode {
  readonly dataDir: string;
  readonly log: Log;
  readonly key: HeldKey;
  readonly peersFolder: SealedFolder;
}

/** A key file that was named, and the key in it; neither when the new key takes the present one's place. */
export interface NewKey {
  readonly newKeyFile?: string | undefined;
  readonly newKey?: Uint8Array | undefined;
}

/** Reads the named key file, or makes it. Throws Z303, Z321. */
export function takeNewKey({ newKeyFile }: RekeyInput): NewKey {
  if (newKeyFile === undefined) return {};
  const path = resolve(newKeyFile);
  return { newKeyFile: path, newKey: readOrCreateKeyFile(path) };
}

/** @throws ZamError Z204, Z205, Z206, Z229, Z321, Z328; run it again to go on */
export async function rekey(node: RekeyNode, wanted: NewKey): Promise<RekeySummary> {
  const { log, key } = node;
  const resumed = log.isRekeying;
  let segments = 0;
  if (resumed) {
    if (isStaged(key)) installStagedKey(key.path);
    segments += await run(node, log.rekey(), () => undefined);
  }
  const { newKeyFile, newKey } = wanted;
  if (newKeyFile !== undefined && newKey !== undefined) {
    if (!bytesEqual(newKey, key.bytes)) segments += await toNamedKey(node, newKeyFile, newKey);
    key.path = newKeyFile;
  } else if (!resumed) segments += await inPlace(node);
  return { keyPath: key.path, segments, resumed };
}

async function inPlace(node: RekeyNode): Promise<number> {
  const { log, key } = node;
  if (isCredential(key.path, process.env)) throw new ZamError("Z328");
  const bytes = createDataKey();
  stageDataKey(key.path, bytes);
  try {
    return await run(node, log.rekey(bytes), () => {
      takeUp(node, bytes);
      installStagedKey(key.path);
    });
  } catch (error) {
    // When the disk failed to sync, nobody knows which key is in force.
    if (!log.isRekeying && log.readOnlyReason === undefined) removeStagedKey(key.path);
    throw error;
  }
}

async function toNamedKey(node: RekeyNode, path: string, bytes: Uint8Array): Promise<number> {
  const { log, key, dataDir } = node;
  const former = key.path;
  const segments = await run(node, log.rekey(bytes), () => {
    takeUp(node, bytes);
    key.path = path;
  });
  // Where it would be found first, and open nothing.
  if (resolve(former) === nodeFiles(dataDir).dataKey) rmSync(former, { force: true });
  return segments;
}

/** What this process seals from now on is under the new key. */
function takeUp({ key, peersFolder }: RekeyNode, bytes: Uint8Array): void {
  peersFolder.useKeys({ dataKey: bytes, formerKey: key.bytes });
  key.bytes = bytes;
}

/** Its putting in place failed, in this very process. */
function isStaged({ path, bytes }: HeldKey): boolean {
  const staged = readKeyFile(stagedKeyPath(path));
  return staged !== undefined && bytesEqual(staged, bytes);
}

/** Returns how many segments were sealed anew. */
async function run(node: RekeyNode, work: RekeyWork, install: () => void): Promise<number> {
  const { key, peersFolder } = node;
  for (;;) {
    const step = await new Promise<RekeyStep>((resolveStep) => {
      work.step(resolveStep);
    });
    if (step instanceof ZamError) throw step;
    if (step === "install") install();
    else if (step === "sealSidecars") await peersFolder.sealAnew();
    else if (step === "done") {
      peersFolder.useKeys({ dataKey: key.bytes });
      return work.resealedSegments;
    } else await breathe();
  }
}
