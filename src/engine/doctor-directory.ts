/** The part of `doctor` around the log: identity, keys, certificates, peers' sidecars, disk. */
import { existsSync, lstatSync, readdirSync, type Stats, statfsSync } from "node:fs";
import { join } from "node:path";
import { counted } from "../core/counted.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import {
  listIssued,
  listRevoked,
  nodeFiles,
  readAuthority,
  readCredentials,
} from "../pki/index.ts";
import { withFileFaults } from "../storage/file-faults.ts";
import { nodeCrypto } from "../storage/node-crypto.ts";
import { isTemporary } from "../storage/replace-file.ts";
import { openSealedFolder } from "../storage/sidecar.ts";
import type { Findings } from "./doctor-findings.ts";
import { diskFreeBytesMin } from "./health.ts";
import { isYoung } from "./doctor-files.ts";
import { PeerBook } from "./peer-book.ts";

/** A certificate with fewer days left needs a person, as `status` has it. */
const certDaysMin = 30;
/** What keygen and restore leave when they are interrupted. */
const leftoverNames = new Set(["node.json.new", "restore.new", "restore.ready"]);
/** Anything for group or others. */
const openModeMask = 0o077;

export function examineIdentity(dataDir: string, found: Findings): void {
  const files = nodeFiles(dataDir);
  const nowMs = Date.now();
  const isHub = existsSync(files.authority);
  try {
    const { info } = readCredentials(dataDir, nowMs);
    const { nodeId, daysLeft, notAfterMs } = info;
    const notAfter = new Date(notAfterMs).toISOString().slice(0, 10);
    if (daysLeft < 0) found.error("attention", new ZamError("Z314", { nodeId, notAfter }));
    else if (daysLeft < certDaysMin)
      found.error("attention", new ZamError("Z326", { nodeId, daysLeft }));
    found.checked("certificate", `${info.role}, ${counted(daysLeft, "day")} left`);
  } catch (error) {
    if (!(error instanceof ZamError)) throw error;
    // A node that was just made has no certificate yet; that hinders nothing but sync.
    found.error(error.code === "Z313" ? "note" : "attention", error);
    found.checked("certificate", error.code === "Z313" ? "none yet" : "cannot be used");
  }
  if (isHub) {
    found.attempt("attention", () => readAuthority(dataDir));
    const issued = found.attempt("attention", () => listIssued(dataDir))?.length;
    const revoked = found.attempt("attention", () => listRevoked(dataDir))?.length;
    found.checked("certificate authority", `${issued ?? "?"} issued, ${revoked ?? "?"} revoked`);
  }
  const secrets = [files.dataKey, files.key, files.authorityKey, files.ticketKey];
  for (const path of secrets) {
    const stat = found.attempt("attention", () => fileAt(path));
    if (stat !== undefined && (stat.mode & openModeMask) !== 0)
      found.error("attention", new ZamError("Z325", { path }));
  }
}

function fileAt(path: string): Stats | undefined {
  return withFileFaults("look at", path, () => lstatSync(path, { throwIfNoEntry: false }));
}

export function examinePeers(
  dataDir: string,
  keys: { readonly dataKey: Uint8Array; readonly formerKey: Uint8Array | undefined },
  found: Findings,
): void {
  const directory = join(dataDir, "peers");
  const folder = openSealedFolder({ directory, ...keys, crypto: nodeCrypto, isReadOnly: true });
  const book = found.attempt("attention", () => new PeerBook(folder));
  if (book === undefined) return;
  for (const problem of book.problems) found.error("attention", problem);
  found.checked("peers", `${book.all.length} known`);
}

export function examineDisk(
  dataDir: string,
  state: { readonly isRunning: boolean },
  found: Findings,
): void {
  const { bavail, bsize } = statfsSync(dataDir);
  const freeBytes = bavail * bsize;
  if (freeBytes < diskFreeBytesMin)
    found.error("attention", new ZamError("Z220", { path: dataDir, freeBytes }));
  found.checked("disk", `${counted(freeBytes, "byte")} free`);
  for (const folder of ["", "tls", "ca", "keys", "peers"]) {
    for (const name of namesIn(join(dataDir, folder))) {
      const isLeftover = isTemporary(name) || name.endsWith(".tmp") || leftoverNames.has(name);
      const path = join(folder, name);
      if (isLeftover && !(state.isRunning && isYoung(join(dataDir, path))))
        found.error("note", new ZamError("Z217", { path }));
    }
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
