/**
 * Taking a node's certificates back: every key that its id was ever issued to is
 * entered into the book of revoked keys. Nobody else's certificate changes, and
 * the CA's key is not needed for it.
 *
 * Callers hold the directory's lock, as for signing.
 */
import { existsSync } from "node:fs";
import { ZamError } from "../core/errors/zam-error.ts";
import { nearest } from "../core/nearest.ts";
import { readIdentity } from "./identity.ts";
import { listIssued } from "./issued.ts";
import { nodeFiles } from "./node-files.ts";
import { appendRevoked, listRevoked } from "./revocation.ts";

export interface RevokedKeys {
  readonly nodeId: string;
  /** Keys that no longer count from now on; 0 when all of them were revoked before. */
  readonly revokedCount: number;
  /** When the last of this id's keys was revoked, ISO 8601 UTC. */
  readonly revokedAt: string;
}

/** Durable when it returns. Throws Z305, Z306, Z310, Z319, Z321, Z323, Z324; then nothing was changed, or (Z321) a repetition finishes it. */
export function revokeKeys(input: {
  readonly hubDir: string;
  readonly nodeId: string;
  readonly nowMs: number;
}): RevokedKeys {
  const { hubDir, nodeId } = input;
  const own = readIdentity(hubDir).nodeId;
  if (!existsSync(nodeFiles(hubDir).authority)) throw new ZamError("Z310", { path: hubDir });
  if (nodeId === own) throw new ZamError("Z324", { nodeId });
  const issued = listIssued(hubDir);
  const before = listRevoked(hubDir);
  const known = new Set(before.map((row) => row.fingerprint));
  const keys = new Set(issued.filter((row) => row.nodeId === nodeId).map((row) => row.fingerprint));
  if (keys.size === 0) {
    const ids = [...new Set(issued.map((row) => row.nodeId))].filter((id) => id !== own);
    throw new ZamError("Z323", { nodeId, suggestion: suggestionFor(nodeId, ids) });
  }
  const fresh = [...keys].filter((fingerprint) => !known.has(fingerprint));
  const revokedAt = new Date(input.nowMs).toISOString();
  for (const fingerprint of fresh)
    appendRevoked(hubDir, { nodeId, fingerprint, revokedAt, reason: "revoked" });
  const last = before.filter((row) => keys.has(row.fingerprint)).at(-1)?.revokedAt;
  return {
    nodeId,
    revokedCount: fresh.length,
    revokedAt: fresh.length > 0 ? revokedAt : (last ?? revokedAt),
  };
}

function suggestionFor(nodeId: string, ids: readonly string[]): string {
  const near = nearest(nodeId, ids);
  const list = "zamsync nodes lists the ids that this hub has signed; nothing was changed";
  return near === undefined ? list : `did you mean ${near}? ${list}`;
}
