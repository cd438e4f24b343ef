/**
 * Identity commands: a node's birth, signing at the hub, installing at the
 * clinic, and the list of nodes. What changes a hub's CA goes through the
 * hub's lock, or through the process that holds it.
 */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { ZamError } from "../core/errors/zam-error.ts";
import { epochToText } from "../core/event.ts";
import { createLog } from "../core/log/open.ts";
import {
  bundleBytesMax,
  createIdentity,
  installBundle as installIntoNode,
  nodeFiles,
  promoteToHub as promoteNode,
  readIdentity,
  revokeKeys,
  type RevokedKeys,
  signCsr,
  writeBesideCsr,
  writeBundle,
} from "../pki/index.ts";
import { nodeCrypto } from "../storage/node-crypto.ts";
import { makeLogFolder } from "./open-log.ts";
import { withDirectory } from "./ownership.ts";

export interface CreateNodeInput {
  readonly dir: string;
  /** Default: the directory's name. */
  readonly nodeId?: string | undefined;
  readonly isHub?: boolean | undefined;
  /** Where the data key goes instead of `DIR/keys/data.key`. */
  readonly keyFile?: string | undefined;
}

export interface CreatedNode {
  readonly dir: string;
  readonly nodeId: string;
  readonly epoch: string;
  readonly isHub: boolean;
  readonly csrPath: string;
  readonly keyPath: string;
}

/** `keygen`: identity, keys and an empty log. Throws Z303, Z304, Z306, Z307, Z321, Z204, Z206. */
export async function createNode(input: CreateNodeInput): Promise<CreatedNode> {
  const dir = resolve(input.dir);
  const files = nodeFiles(dir);
  const identity = await createIdentity({
    dir,
    nodeId: input.nodeId,
    role: input.isHub === true ? "hub" : "clinic",
    keyFile: input.keyFile,
    nowMs: Date.now(),
    beforeCommit: ({ nodeId, epoch }, dataKey) => {
      const store = makeLogFolder(dir);
      createLog({ store, crypto: nodeCrypto, nodeId, epoch, dataKey, wallMs: Date.now() }).close();
    },
  });
  return {
    dir,
    nodeId: identity.nodeId,
    epoch: epochToText(identity.epoch),
    isHub: input.isHub === true,
    csrPath: files.csr,
    keyPath: input.keyFile ?? files.dataKey,
  };
}

export interface SignNodeInput {
  readonly csrPath: string;
  readonly hubDir: string;
  /** Both certificates into one file, instead of beside the CSR. */
  readonly outPath?: string | undefined;
  readonly days?: number | undefined;
  readonly replace?: boolean | undefined;
}

export interface SignedNode {
  readonly nodeId: string;
  readonly serial: string;
  /** ISO 8601 UTC. */
  readonly notAfter: string;
  /** Files written. */
  readonly paths: readonly string[];
  /** Number of former keys of this id that no longer count. */
  readonly revokedCount: number;
  /** True when the signing node had never been signed itself, and became a hub by this. */
  readonly becameHub: boolean;
}

/** `sign`. Throws Z305 to Z311, Z319, Z321, Z322, Z207; then nothing was issued. */
export async function signNode(input: SignNodeInput): Promise<SignedNode> {
  const csrPem = readCsr(input.csrPath);
  // Resolved here: the owner of the directory may run elsewhere.
  const request: SignNodeInput = {
    ...input,
    csrPath: resolve(input.csrPath),
    hubDir: resolve(input.hubDir),
    ...(input.outPath === undefined ? {} : { outPath: resolve(input.outPath) }),
  };
  readIdentity(request.hubDir);
  return withDirectory(request.hubDir, {
    viaOwner: (owner) => owner.call("sign", { ...request, csrPem }),
    alone: () => signHere(request, csrPem),
  });
}

/** Signs in the process that owns the hub's directory. */
export async function signHere(input: SignNodeInput, csrPem: string): Promise<SignedNode> {
  const { csrPath, hubDir, outPath, days, replace } = input;
  const nowMs = Date.now();
  const { nodeId } = readIdentity(hubDir);
  const becameHub = await promoteNode({ dir: hubDir, nodeId, nowMs });
  const signed = await signCsr({ hubDir, csrPem, csrPath, nowMs, days, replace });
  let paths: readonly string[];
  if (outPath === undefined) paths = writeBesideCsr(csrPath, signed);
  else {
    writeBundle(outPath, signed);
    paths = [outPath];
  }
  return {
    nodeId: signed.nodeId,
    serial: signed.serial,
    notAfter: new Date(signed.notAfterMs).toISOString(),
    paths,
    revokedCount: signed.revoked.length,
    becameHub,
  };
}

export interface RevokeNodeInput {
  readonly nodeId: string;
  readonly hubDir: string;
}

/** `revoke`. Throws Z207, Z305, Z306, Z310, Z319, Z321, Z323, Z324. */
export async function revokeNode(input: RevokeNodeInput): Promise<RevokedKeys> {
  const request: RevokeNodeInput = { ...input, hubDir: resolve(input.hubDir) };
  readIdentity(request.hubDir);
  return withDirectory(request.hubDir, {
    viaOwner: (owner) => owner.call("revoke", { nodeId: request.nodeId }),
    alone: async () => revokeHere(request),
  });
}

/** Revokes in the process that owns the hub's directory. */
export function revokeHere(input: RevokeNodeInput): RevokedKeys {
  return revokeKeys({ ...input, nowMs: Date.now() });
}

function readCsr(path: string): string {
  try {
    if (statSync(path).size <= bundleBytesMax) return readFileSync(path, "utf8");
  } catch (cause) {
    throw new ZamError("Z308", { path, problem: "it cannot be read" }, cause);
  }
  throw new ZamError("Z308", { path, problem: `it is longer than ${bundleBytesMax} bytes` });
}

export interface InstalledBundle {
  readonly nodeId: string;
  readonly notAfter: string;
  readonly daysLeft: number;
}

/** `install`. Throws Z305, Z306, Z312, Z321; then nothing was changed. */
export async function installBundle(input: {
  readonly bundlePath: string;
  readonly dataDir: string;
}): Promise<InstalledBundle> {
  const { bundlePath, dataDir } = input;
  let bundlePem: string;
  try {
    const isSmall = statSync(bundlePath).size <= bundleBytesMax;
    bundlePem = isSmall ? readFileSync(bundlePath, "utf8") : "";
  } catch (cause) {
    throw new ZamError("Z312", { problem: `${bundlePath} cannot be read` }, cause);
  }
  const info = installIntoNode({ dir: dataDir, bundlePem, nowMs: Date.now() });
  const notAfter = new Date(info.notAfterMs).toISOString();
  return { nodeId: info.nodeId, notAfter, daysLeft: info.daysLeft };
}

/**
 * Makes a node that was never signed a hub; true when it just became one.
 * Throws Z305, Z311 (a signed clinic never becomes a hub), Z319, Z321, Z207.
 */
export async function promoteToHub(input: { readonly dataDir: string }): Promise<boolean> {
  const dir = resolve(input.dataDir);
  const { nodeId } = readIdentity(dir);
  return promoteNode({ dir, nodeId, nowMs: Date.now() });
}
