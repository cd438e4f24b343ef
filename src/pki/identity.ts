/**
 * A node's identity on disk: `node.json` (a copy of what the log holds as
 * well), the TLS key and request, and the data key.
 *
 * An identity is complete or absent: everything is durable before `node.json`
 * gets its name. Until then the same content stands in `node.json.new`, which
 * tells an interrupted keygen, whose leftovers are worth nothing, from a node
 * that lost its `node.json`, whose keys must never be overwritten.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, renameSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { ZamError } from "../core/errors/zam-error.ts";
import { epochToText, isNodeId } from "../core/event.ts";
import type { Role } from "../core/session/api.ts";
import { promoteToHub } from "./authority.ts";
import { readOrCreateKeyFile } from "./data-key.ts";
import { nodeFiles } from "./node-files.ts";
import {
  makePrivateDirectory,
  readSmallFile,
  syncDirectory,
  writePrivateFile,
} from "./private-file.ts";
import { createCsr } from "./x509.ts";

/** What `node.json` says. */
export interface NodeIdentity {
  readonly nodeId: string;
  /** 32 bits; 8 hex digits in the file. */
  readonly epoch: number;
}

export interface CreateIdentityInput {
  readonly dir: string;
  /** Default: the directory's name. */
  readonly nodeId?: string | undefined;
  /** "hub" also makes the CA and the node's own certificate. Default "clinic". */
  readonly role?: Role | undefined;
  /** Where the data key goes instead of `DIR/keys/data.key`. A key that is there already is used as it is. */
  readonly keyFile?: string | undefined;
  readonly nowMs: number;
  /**
   * Runs when all keys are durable and before the identity exists: the place to
   * create the log. If it fails, there is no identity, and keygen can be repeated.
   */
  readonly beforeCommit?:
    | ((identity: NodeIdentity, dataKey: Uint8Array) => void | Promise<void>)
    | undefined;
}

/** Makes a node. Throws Z304, Z306, Z307, Z303, Z321. */
export async function createIdentity(input: CreateIdentityInput): Promise<NodeIdentity> {
  const dir = resolve(input.dir);
  const nodeId = input.nodeId ?? basename(dir);
  if (!isNodeId(nodeId)) {
    throw new ZamError("Z307", { nodeId, suggestion: nearestNodeId(nodeId) });
  }
  const files = nodeFiles(dir);
  clearUnfinished(dir);
  makePrivateDirectory(dir);
  const identity = { nodeId, epoch: randomBytes(4).readUInt32BE() };
  writePrivateFile(`${files.identity}.new`, encodeIdentity(identity));
  const dataKey = placeDataKey(files.dataKey, input.keyFile);
  makePrivateDirectory(files.tls);
  const keyPem = createNodeKey();
  writePrivateFile(files.key, keyPem);
  writePrivateFile(files.csr, await createCsr({ nodeId, keyPem }));
  if (input.role === "hub") await promoteToHub({ dir, nodeId, nowMs: input.nowMs });
  await input.beforeCommit?.(identity, dataKey);
  renameSync(`${files.identity}.new`, files.identity);
  syncDirectory(dir);
  return identity;
}

/** Throws Z305 (no node here) or Z306 (damaged). */
export function readIdentity(dir: string): NodeIdentity {
  const path = nodeFiles(dir).identity;
  const text = readSmallFile(path, { maxBytes: 4096 });
  if (text === undefined) {
    const problem = existsSync(dir) ? "there is no node.json" : "there is no such directory";
    throw new ZamError("Z305", { path: dir, problem });
  }
  const identity = decodeIdentity(text);
  if (identity === undefined) {
    throw new ZamError("Z306", { path, problem: "it does not hold a node id and an epoch" });
  }
  return identity;
}

/** Replaces `node.json`, when the log says that the epoch is another (RULES 13). */
export function writeIdentity(dir: string, identity: NodeIdentity): void {
  writePrivateFile(nodeFiles(dir).identity, encodeIdentity(identity));
}

/** The legal node id that looks most like `text`. */
export function nearestNodeId(text: string): string {
  const id = text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
  return isNodeId(id) ? id : "node";
}

function encodeIdentity(identity: NodeIdentity): string {
  return `${JSON.stringify({ nodeId: identity.nodeId, epoch: epochToText(identity.epoch) })}\n`;
}

function decodeIdentity(text: string): NodeIdentity | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { nodeId, epoch } = value as { nodeId?: unknown; epoch?: unknown };
  if (typeof nodeId !== "string" || !isNodeId(nodeId)) return undefined;
  if (typeof epoch !== "string" || !/^[0-9a-f]{8}$/.test(epoch)) return undefined;
  return { nodeId, epoch: Number.parseInt(epoch, 16) };
}

/** Removes what an interrupted keygen left. Throws Z304 or Z306 when there is more than that. */
function clearUnfinished(dir: string): void {
  const files = nodeFiles(dir);
  if (existsSync(files.identity)) throw new ZamError("Z304", { path: dir });
  const remains = [files.key, files.dataKey, files.authorityKey, join(dir, "log")];
  const found = remains.find((path) => existsSync(path));
  if (found === undefined) return;
  if (!existsSync(`${files.identity}.new`)) {
    const problem = `node.json is missing, and ${found} exists`;
    throw new ZamError("Z306", { path: dir, problem });
  }
  for (const name of ["tls", "keys", "ca", "log", "peers"]) {
    rmSync(join(dir, name), { recursive: true, force: true });
  }
}

function placeDataKey(ownPath: string, keyFile: string | undefined): Uint8Array {
  return readOrCreateKeyFile(keyFile ?? ownPath);
}

function createNodeKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}
