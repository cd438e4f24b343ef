/**
 * Tokens of the HTTP API: `http/tokens.jsonl`, one JSON object a line, only ever
 * appended to. A token is `zst_ID_SECRET` with a secret of 256 random bits; the book
 * holds its SHA-256 only. That is enough without salt or stretching, because a
 * random secret cannot be guessed from a list of likely ones.
 *
 * Every question looks at the file's size and time first, so a revocation counts from
 * the very next request on, also in a running hub. It fails closed: while the book
 * cannot be read, no token is accepted.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { dirname } from "node:path";
import { isNodeId } from "../core/event.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import { parseObject } from "./issued.ts";
import { nodeFiles } from "./node-files.ts";
import { appendPrivateLine, fileState, makePrivateDirectory, readLines } from "./private-file.ts";

export const tokenScopes = ["read", "push", "admin"] as const;
/** `admin` includes the other two. */
export type TokenScope = (typeof tokenScopes)[number];

export interface TokenRow {
  /** 12 hex digits; no secret. */
  readonly id: string;
  readonly label: string;
  readonly scopes: readonly TokenScope[];
  /** Node ids that it is limited to; empty: not limited. */
  readonly nodes: readonly string[];
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

interface BookEntry extends TokenRow {
  readonly secretHash: Buffer;
}

export interface CreateTokenInput {
  readonly dataDir: string;
  readonly scopes: readonly TokenScope[];
  /** Node ids that it is limited to; empty: not limited. */
  readonly nodes: readonly string[];
  readonly label: string;
  /** From now on; undefined: it does not expire. */
  readonly expiresInMs?: number | undefined;
  readonly nowMs: number;
}

export interface CreatedToken extends TokenRow {
  /** Shown this once; it is stored nowhere. */
  readonly token: string;
}

const tokenPattern = /^zst_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const secretBytes = 32;

/** Durable when it returns. Callers hold the directory's lock. Throws Z101, Z321, Z333. */
export function createToken(input: CreateTokenInput): CreatedToken {
  const { dataDir, scopes, nodes, label, nowMs, expiresInMs } = input;
  const known = readBook(dataDir);
  let id: string;
  do id = randomBytes(6).toString("hex");
  while (known.has(id));
  const secret = randomBytes(secretBytes).toString("base64url");
  const row: TokenRow = {
    id,
    label,
    scopes: [...scopes],
    nodes: [...nodes],
    createdAt: new Date(nowMs).toISOString(),
    expiresAt: expiresInMs === undefined ? null : isoTime(nowMs + expiresInMs),
    revokedAt: null,
  };
  const { revokedAt: _, ...stored } = row;
  const line = { op: "create", ...stored, secretHash: hashOf(secret).toString("hex") };
  // Never written, since with it the whole book could not be read any more.
  if (decodeEntry(line) === undefined)
    throw new ZamError("Z101", {
      problem: "a token needs a scope at least, legal node ids, and a time to expire in reach",
      suggestion: "zamsync token create --scope read",
    });
  const path = nodeFiles(dataDir).tokens;
  makePrivateDirectory(dirname(path));
  appendPrivateLine(path, JSON.stringify(line));
  return { ...row, token: `zst_${id}_${secret}` };
}

/** Oldest first, revoked and expired ones included. Throws Z321, Z333. */
export function listTokens(dataDir: string): readonly TokenRow[] {
  return [...readBook(dataDir).values()].map(withoutSecret);
}

/** Durable when it returns; one that was revoked before stays as it is. Throws Z321, Z333, Z334. */
export function revokeToken(input: {
  readonly dataDir: string;
  readonly id: string;
  readonly nowMs: number;
}): TokenRow & { readonly isRepeat: boolean } {
  const { dataDir, id, nowMs } = input;
  const found = readBook(dataDir).get(id);
  if (found === undefined) throw new ZamError("Z334", { id: id.slice(0, 64) });
  const isRepeat = found.revokedAt !== null;
  const revokedAt = found.revokedAt ?? new Date(nowMs).toISOString();
  if (!isRepeat)
    appendPrivateLine(nodeFiles(dataDir).tokens, JSON.stringify({ op: "revoke", id, revokedAt }));
  return { ...withoutSecret(found), revokedAt, isRepeat };
}

/** "valid", or why it is not. */
export function tokenState(row: TokenRow, nowMs: number): "valid" | "revoked" | "expired" {
  if (row.revokedAt !== null) return "revoked";
  return row.expiresAt !== null && nowMs >= Date.parse(row.expiresAt) ? "expired" : "valid";
}

export type TokenVerdict =
  | { readonly kind: "accepted"; readonly row: TokenRow }
  /** `isGuess`: no token of this book, as far as can be known; not one that has merely ended. */
  | { readonly kind: "refused"; readonly error: ZamError; readonly isGuess: boolean };

export interface TokenBook {
  /** Takes any text. */
  judge(token: string, nowMs: number): TokenVerdict;
  /** Again for a token that was accepted before: has it expired or been revoked since? */
  isStillValid(id: string, nowMs: number): boolean;
  /** True when at least one token is valid. Throws Z321, Z333. */
  hasValid(nowMs: number): boolean;
}

/** The book of a running hub. */
export function openTokenBook(input: {
  readonly dataDir: string;
  /** A book that became unreadable. Called once a change. */
  readonly onProblem?: (error: ZamError) => void;
}): TokenBook {
  const path = nodeFiles(input.dataDir).tokens;
  let state = "";
  let entries: ReadonlyMap<string, BookEntry> = new Map();
  let problem: ZamError | undefined;
  const refresh = (): void => {
    const now = fileState(path);
    if (now === state) return;
    state = now;
    try {
      entries = readBook(input.dataDir);
      problem = undefined;
    } catch (error) {
      if (!(error instanceof ZamError)) throw error;
      entries = new Map();
      problem = error;
      input.onProblem?.(error);
    }
  };
  const judge = (token: string, nowMs: number): TokenVerdict => {
    refresh();
    if (problem !== undefined) return { kind: "refused", error: problem, isGuess: false };
    const [, id = "", secret = ""] = tokenPattern.exec(token) ?? [];
    const entry = entries.get(id);
    // The comparison is made in any case: how long an answer takes tells nothing of what is known.
    const isSame = timingSafeEqual(entry?.secretHash ?? hashOf(""), hashOf(secret));
    if (entry === undefined || !isSame) return refused("it is unknown", true);
    const found = tokenState(entry, nowMs);
    if (found === "valid") return { kind: "accepted", row: withoutSecret(entry) };
    return refused(found === "expired" ? "it has expired" : "it was revoked", false);
  };
  return {
    judge,
    isStillValid: (id, nowMs) => {
      refresh();
      const entry = entries.get(id);
      return entry !== undefined && tokenState(entry, nowMs) === "valid";
    },
    hasValid: (nowMs) => {
      refresh();
      if (problem !== undefined) throw problem;
      return [...entries.values()].some((entry) => tokenState(entry, nowMs) === "valid");
    },
  };
}

function refused(reason: string, isGuess: boolean): TokenVerdict {
  return { kind: "refused", error: new ZamError("Z330", { reason }), isGuess };
}

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

function withoutSecret(entry: BookEntry): TokenRow {
  const { secretHash: _, ...row } = entry;
  return row;
}

function readBook(dataDir: string): Map<string, BookEntry> {
  const path = nodeFiles(dataDir).tokens;
  const entries = new Map<string, BookEntry>();
  for (const [index, line] of readLines(path).entries()) {
    if (!takeLine(entries, line))
      throw new ZamError("Z333", { path, problem: `line ${index + 1} is no token` });
  }
  return entries;
}

/** False when the line is neither a token nor a revocation of one. */
function takeLine(entries: Map<string, BookEntry>, line: string): boolean {
  const value = parseObject(line);
  if (value === undefined || typeof value.id !== "string") return false;
  if (value.op === "revoke") {
    const entry = entries.get(value.id);
    if (entry === undefined || !isTime(value.revokedAt)) return false;
    entries.set(entry.id, { ...entry, revokedAt: value.revokedAt });
    return true;
  }
  const entry = value.op === "create" ? decodeEntry(value) : undefined;
  if (entry === undefined || entries.has(entry.id)) return false;
  entries.set(entry.id, entry);
  return true;
}

function decodeEntry(value: Readonly<Record<string, unknown>>): BookEntry | undefined {
  const { id, label, scopes, nodes, createdAt, expiresAt, secretHash } = value;
  if (typeof id !== "string" || !/^[0-9a-f]{12}$/.test(id)) return undefined;
  if (typeof label !== "string" || !isTime(createdAt)) return undefined;
  if (expiresAt !== null && !isTime(expiresAt)) return undefined;
  if (!Array.isArray(scopes) || scopes.length === 0 || !scopes.every(isScope)) return undefined;
  if (!Array.isArray(nodes) || !nodes.every(isNodeIdValue)) return undefined;
  if (typeof secretHash !== "string" || !/^[0-9a-f]{64}$/.test(secretHash)) return undefined;
  const hash = Buffer.from(secretHash, "hex");
  return { id, label, scopes, nodes, createdAt, expiresAt, revokedAt: null, secretHash: hash };
}

function isScope(value: unknown): value is TokenScope {
  return tokenScopes.some((scope) => scope === value);
}

function isNodeIdValue(value: unknown): value is string {
  return typeof value === "string" && isNodeId(value);
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && Number.isFinite(Date.parse(value));
}

/** "" when it is further away than a date can be. */
function isoTime(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? "" : time.toISOString();
}
