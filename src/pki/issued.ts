/** The CA's book of what it signed: `ca/issued.jsonl`, one JSON object a line, only ever appended to. */
import { isNodeId } from "../core/event.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Role } from "../core/session/api.ts";
import { nodeFiles } from "./node-files.ts";
import { appendPrivateLine, readLines } from "./private-file.ts";

export interface IssuedRow {
  readonly nodeId: string;
  /** Hex. */
  readonly serial: string;
  /** SHA-256 of the public key (SPKI), 64 hex digits. */
  readonly fingerprint: string;
  readonly role: Role;
  /** ISO 8601 UTC. */
  readonly notAfter: string;
  readonly issuedAt: string;
}

/** In the order of signing. A hub without a CA has issued nothing. Throws Z319, Z321. */
export function listIssued(hubDir: string): readonly IssuedRow[] {
  const path = nodeFiles(hubDir).issued;
  return readLines(path).map((line, index) => {
    const row = decodeRow(line);
    if (row === undefined) {
      throw new ZamError("Z319", { path, problem: `line ${index + 1} cannot be read` });
    }
    return row;
  });
}

export function appendIssued(hubDir: string, row: IssuedRow): void {
  appendPrivateLine(nodeFiles(hubDir).issued, JSON.stringify(row));
}

function decodeRow(line: string): IssuedRow | undefined {
  const value = parseObject(line);
  if (value === undefined) return undefined;
  const { nodeId, serial, fingerprint, role, notAfter, issuedAt } = value;
  if (typeof nodeId !== "string" || !isNodeId(nodeId)) return undefined;
  if (!isFingerprint(fingerprint) || typeof serial !== "string") return undefined;
  if (role !== "hub" && role !== "clinic") return undefined;
  if (typeof notAfter !== "string" || typeof issuedAt !== "string") return undefined;
  return { nodeId, serial, fingerprint, role, notAfter, issuedAt };
}

export function isFingerprint(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

export function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return undefined;
    return value as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
