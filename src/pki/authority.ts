/**
 * The hub's CA: makes itself, signs requests, and keeps a book of what it
 * signed. A node id belongs to one key at a time; nothing here decides whether
 * a connection is accepted (see certificate.ts).
 *
 * Callers hold the directory's lock: two signers at once could give one id to
 * two keys.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from "node:crypto";
import { existsSync } from "node:fs";
import { ZamError } from "../core/errors/zam-error.ts";
import { bytesEqual } from "../core/bytes.ts";
import { isNodeId } from "../core/event.ts";
import type { Role } from "../core/session/api.ts";
import { certificateInfo, isIssuedBy, parseCertificate } from "./certificate.ts";
import { type IssuedRow, appendIssued, listIssued } from "./issued.ts";
import { nodeFiles } from "./node-files.ts";
import { makePrivateDirectory, readSmallFile, writePrivateFile } from "./private-file.ts";
import { appendRevoked, listRevoked } from "./revocation.ts";
import { createAuthorityCertificate, createNodeCertificate, readCsr } from "./x509.ts";

/** No request of a P-256 key comes near this. */
const csrBytesMax = 16 * 1024;
const daysDefault = 3650;
const daysMax = 36_500;
const pemBytesMax = 64 * 1024;
const dayMs = 86_400_000;
/** A hub whose clock says 1970 must not sign certificates that are expired by the time anyone looks. */
const issueFloorMs = Date.UTC(2026, 0, 1);

export interface Authority {
  readonly certificate: X509Certificate;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Makes the CA of a hub, or finishes one that was interrupted. Leaves a whole one as it is. Throws Z319, Z321. */
export async function createAuthority(dir: string): Promise<Authority> {
  const files = nodeFiles(dir);
  makePrivateDirectory(files.authority);
  if (!existsSync(files.authorityKey)) {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    writePrivateFile(files.authorityKey, pem);
  }
  if (!existsSync(files.authorityCertificate)) {
    const keyPem = readSmallFile(files.authorityKey, { maxBytes: pemBytesMax }) ?? "";
    const pem = await createAuthorityCertificate({
      name: authorityName(files.authorityKey, keyPem),
      keyPem,
    });
    writePrivateFile(files.authorityCertificate, pem);
  }
  return readAuthority(dir);
}

/** Throws Z310 (no CA here) or Z319 (damaged). */
export function readAuthority(dir: string): Authority {
  const files = nodeFiles(dir);
  const keyPem = readSmallFile(files.authorityKey, { maxBytes: pemBytesMax });
  const certificatePem = readSmallFile(files.authorityCertificate, { maxBytes: pemBytesMax });
  if (keyPem === undefined || certificatePem === undefined) {
    throw new ZamError("Z310", { path: dir });
  }
  const certificate = parseCertificate(certificatePem);
  if (certificate === undefined || !certificate.ca) {
    const path = files.authorityCertificate;
    throw new ZamError("Z319", { path, problem: "it is no CA certificate" });
  }
  if (!isKeyOf(certificate, keyPem)) {
    const path = files.authorityKey;
    throw new ZamError("Z319", { path, problem: "it is not the key of ca.crt" });
  }
  return { certificate, certificatePem, keyPem };
}

/** What a signature gives: both PEM texts, and what they say. */
export interface SignedCertificate {
  readonly nodeId: string;
  readonly role: Role;
  readonly serial: string;
  readonly notAfterMs: number;
  readonly certificatePem: string;
  readonly authorityPem: string;
  /** Fingerprints (hex) that `replace` revoked. */
  readonly revoked: readonly string[];
}

export interface SignCsrInput {
  readonly hubDir: string;
  readonly csrPem: string;
  /** For messages. */
  readonly csrPath: string;
  readonly nowMs: number;
  /** 1 to `daysMax`; default `daysDefault`. */
  readonly days?: number | undefined;
  /** Revokes another key that holds the id. Never the hub's own. */
  readonly replace?: boolean | undefined;
  /** Default "clinic". */
  readonly role?: Role | undefined;
}

/** Signs a request. Throws Z307, Z308, Z309, Z310, Z319, Z321, Z322; then nothing was issued. */
export async function signCsr(input: SignCsrInput): Promise<SignedCertificate> {
  const authority = readAuthority(input.hubDir);
  const { nodeId, spki } = await checkCsr(input);
  const fingerprint = createHash("sha256").update(spki).digest("hex");
  const revokedBefore = new Set(listRevoked(input.hubDir).map((row) => row.fingerprint));
  if (revokedBefore.has(fingerprint)) throw new ZamError("Z322", { nodeId });
  const holders = listIssued(input.hubDir).filter(
    (row) =>
      row.nodeId === nodeId &&
      row.fingerprint !== fingerprint &&
      !revokedBefore.has(row.fingerprint),
  );
  const isHubs = holders.some((row) => row.role === "hub");
  if (holders.length > 0 && (input.replace !== true || isHubs)) {
    throw new ZamError("Z309", { nodeId });
  }
  const signed = await issue({ ...input, authority, nodeId, spki, role: input.role ?? "clinic" });
  // The old key goes first: a power cut in between leaves nobody with two.
  const revoked = [...new Set(holders.map((row) => row.fingerprint))];
  for (const old of revoked) {
    const revokedAt = new Date(input.nowMs).toISOString();
    appendRevoked(input.hubDir, { nodeId, fingerprint: old, revokedAt, reason: "replaced" });
  }
  appendIssued(input.hubDir, issuedRow(signed, { fingerprint, nowMs: input.nowMs }));
  return { ...signed, revoked };
}

export interface PromoteInput {
  readonly dir: string;
  readonly nodeId: string;
  readonly nowMs: number;
}

/**
 * Makes a node that was never signed into a hub: CA and own certificate.
 * True when it just became one, false when it was one already.
 * Throws Z311 for a signed clinic, which never becomes a hub.
 */
export async function promoteToHub(input: PromoteInput): Promise<boolean> {
  const files = nodeFiles(input.dir);
  const present = readSmallFile(files.certificate, { maxBytes: pemBytesMax });
  if (present !== undefined) {
    const certificate = parseCertificate(present);
    const info = certificate && certificateInfo(certificate, input.nowMs);
    if (info === undefined) {
      throw new ZamError("Z306", { path: files.certificate, problem: "it is no certificate" });
    }
    if (info.role !== "hub") throw new ZamError("Z311", { path: input.dir, nodeId: info.nodeId });
    return false;
  }
  await createAuthority(input.dir);
  const csrPem = readSmallFile(files.csr, { maxBytes: csrBytesMax });
  if (csrPem === undefined) {
    throw new ZamError("Z306", { path: files.csr, problem: "it is missing" });
  }
  const { dir: hubDir, nowMs } = input;
  const signed = await signCsr({ hubDir, csrPem, csrPath: files.csr, nowMs, role: "hub" });
  writePrivateFile(files.authorityCopy, signed.authorityPem);
  writePrivateFile(files.certificate, signed.certificatePem);
  return true;
}

/** Names each CA differently, so that a certificate of another hub is told at a glance. */
function authorityName(path: string, keyPem: string): string {
  try {
    const spki = createPublicKey(keyPem).export({ type: "spki", format: "der" });
    return `zamsync ${createHash("sha256").update(spki).digest("hex").slice(0, 8)}`;
  } catch (cause) {
    throw new ZamError("Z319", { path, problem: "it is no private key" }, cause);
  }
}

/** True when `keyPem` is the private key of the certificate. */
export function isKeyOf(certificate: X509Certificate, keyPem: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

async function checkCsr(input: SignCsrInput): Promise<{ nodeId: string; spki: Uint8Array }> {
  const path = input.csrPath;
  if (input.csrPem.length > csrBytesMax) {
    throw new ZamError("Z308", { path, problem: `it is longer than ${csrBytesMax} bytes` });
  }
  const content = await readCsr(input.csrPem);
  if (typeof content === "string") throw new ZamError("Z308", { path, problem: content });
  const { nodeId, spki } = content;
  if (!isNodeId(nodeId)) {
    throw new ZamError("Z307", {
      nodeId: nodeId.slice(0, 80).replace(/[^ -~]/g, "?"),
      suggestion: "clinic-1",
    });
  }
  return { nodeId, spki };
}

async function issue(
  input: SignCsrInput & {
    readonly authority: Authority;
    readonly nodeId: string;
    readonly spki: Uint8Array;
    readonly role: Role;
  },
): Promise<SignedCertificate> {
  const days = input.days ?? daysDefault;
  if (!Number.isInteger(days) || days < 1 || days > daysMax) {
    throw new ZamError("Z102", {
      flag: "--days",
      value: String(days),
      suggestion: `a whole number from 1 to ${daysMax}`,
    });
  }
  const { authority, nodeId, spki, role } = input;
  const certificatePem = await createNodeCertificate({
    nodeId,
    role,
    spki,
    notAfterMs: Math.max(input.nowMs, issueFloorMs) + days * dayMs,
    authorityPem: authority.certificatePem,
    authorityKeyPem: authority.keyPem,
  });
  const certificate = new X509Certificate(certificatePem);
  const info = certificateInfo(certificate, input.nowMs);
  const isWhole =
    info !== undefined &&
    info.nodeId === nodeId &&
    info.role === role &&
    bytesEqual(info.keyFingerprint, createHash("sha256").update(spki).digest()) &&
    isIssuedBy(certificate, authority.certificate);
  if (!isWhole) throw new ZamError("Z199", { problem: "a certificate came out wrong" });
  const { serial, notAfterMs } = info;
  const authorityPem = authority.certificatePem;
  return { nodeId, role, serial, notAfterMs, certificatePem, authorityPem, revoked: [] };
}

function issuedRow(
  signed: SignedCertificate,
  input: { readonly fingerprint: string; readonly nowMs: number },
): IssuedRow {
  return {
    nodeId: signed.nodeId,
    serial: signed.serial,
    fingerprint: input.fingerprint,
    role: signed.role,
    notAfter: new Date(signed.notAfterMs).toISOString(),
    issuedAt: new Date(input.nowMs).toISOString(),
  };
}
