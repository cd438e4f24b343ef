/**
 * Revoked keys: `ca/revoked.jsonl`, one JSON object a line. Every question
 * looks at the file's size and time first, so a revocation counts from the very
 * next connection on, also in a running hub, and also for resumed sessions.
 *
 * It fails closed: a book that cannot be read at the start is an error, and one
 * that becomes unreadable later leaves what was known in force, and is reported.
 */
import { bytesToHex } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import { isFingerprint, parseObject } from "./issued.ts";
import { nodeFiles } from "./node-files.ts";
import { appendPrivateLine, fileState, readLines } from "./private-file.ts";

export interface RevokedRow {
  readonly nodeId: string;
  /** SHA-256 of the public key (SPKI), 64 hex digits. */
  readonly fingerprint: string;
  /** ISO 8601 UTC. */
  readonly revokedAt: string;
  readonly reason: string;
}

/** In the order of revoking. Throws Z319, Z321. */
export function listRevoked(hubDir: string): readonly RevokedRow[] {
  const path = nodeFiles(hubDir).revoked;
  return readLines(path).map((line, index) => {
    const row = decodeRow(line);
    if (row === undefined) {
      throw new ZamError("Z319", { path, problem: `line ${index + 1} cannot be read` });
    }
    return row;
  });
}

/** Durable when it returns. Throws Z321. */
export function appendRevoked(hubDir: string, row: RevokedRow): void {
  appendPrivateLine(nodeFiles(hubDir).revoked, JSON.stringify(row));
}

export interface RevocationList {
  /** Looks at the file again when it has changed. */
  isRevoked(keyFingerprint: Uint8Array): boolean;
  /** True once after each change of the file: the time to look at live sessions again. */
  hasChanged(): boolean;
}

export interface RevocationListOptions {
  readonly hubDir: string;
  /** A book that became unreadable while running. Called once a change. */
  readonly onProblem?: (error: ZamError) => void;
}

/** Throws Z319 or Z321 when the book cannot be read. */
export function openRevocationList(options: RevocationListOptions): RevocationList {
  const path = nodeFiles(options.hubDir).revoked;
  let state = fileState(path);
  let fingerprints = readFingerprints(options.hubDir);
  let isNews = false;
  const refresh = (): void => {
    const now = fileState(path);
    if (now === state) return;
    state = now;
    try {
      const fresh = readFingerprints(options.hubDir);
      // A revocation is never taken back, not even by a file that was emptied.
      for (const known of fingerprints) fresh.add(known);
      fingerprints = fresh;
      isNews = true;
    } catch (error) {
      if (!(error instanceof ZamError)) throw error;
      options.onProblem?.(error);
    }
  };
  return {
    isRevoked(keyFingerprint) {
      refresh();
      return fingerprints.has(bytesToHex(keyFingerprint));
    },
    hasChanged() {
      refresh();
      const answer = isNews;
      isNews = false;
      return answer;
    },
  };
}

function readFingerprints(hubDir: string): Set<string> {
  return new Set(listRevoked(hubDir).map((row) => row.fingerprint));
}

function decodeRow(line: string): RevokedRow | undefined {
  const value = parseObject(line);
  if (value === undefined) return undefined;
  const { nodeId, fingerprint, revokedAt, reason } = value;
  if (typeof nodeId !== "string" || !isFingerprint(fingerprint)) return undefined;
  if (typeof revokedAt !== "string" || typeof reason !== "string") return undefined;
  return { nodeId, fingerprint, revokedAt, reason };
}
