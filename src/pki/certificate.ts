/**
 * Reading certificates and judging them. A certificate is a peer's whole
 * identity: node id from the SAN URI, role from the extended key usage, key by
 * its SPKI's SHA-256. The judges below are the only places that decide whether
 * a peer is trusted, on full handshakes and resumptions alike (RULES 36).
 *
 * Chains are one link long: every certificate comes from the hub's CA itself.
 */
import { X509Certificate } from "node:crypto";
import { ZamError } from "../core/errors/zam-error.ts";
import { isNodeId } from "../core/event.ts";
import type { Role } from "../core/session/api.ts";
import { nodeUriPrefix } from "../core/session/credentials.ts";
import type { PeerVerdict } from "../core/session/peer-verdict.ts";
import { keyFingerprintOf } from "./key-fingerprint.ts";

export const serverAuthOid = "1.3.6.1.5.5.7.3.1";
export const clientAuthOid = "1.3.6.1.5.5.7.3.2";
const dayMs = 86_400_000;

/** What one of our certificates says. */
export interface CertificateInfo {
  readonly nodeId: string;
  readonly role: Role;
  readonly notAfterMs: number;
  /** Whole days until it expires; negative when it has. */
  readonly daysLeft: number;
  /** SHA-256 of the public key (SPKI), 32 bytes. */
  readonly keyFingerprint: Uint8Array;
  /** Hex, as issued. */
  readonly serial: string;
}

/** The certificate in a PEM text, or undefined for anything else. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/**
 * What the certificate says, or undefined when it names no node or no role of ours, or its key
 * cannot be read. Who signed it is not looked at.
 */
export function certificateInfo(
  certificate: X509Certificate,
  nowMs: number,
): CertificateInfo | undefined {
  const nodeId = nodeIdOf(certificate);
  const role = roleOf(certificate);
  if (nodeId === undefined || role === undefined) return undefined;
  const notAfterMs = Date.parse(certificate.validTo);
  if (Number.isNaN(notAfterMs)) return undefined;
  let keyFingerprint: Uint8Array;
  try {
    keyFingerprint = keyFingerprintOf(certificate);
  } catch {
    // Not a point on its curve, or no curve that we know.
    return undefined;
  }
  return {
    nodeId,
    role,
    notAfterMs,
    daysLeft: Math.floor((notAfterMs - nowMs) / dayMs),
    keyFingerprint,
    serial: certificate.serialNumber.toLowerCase(),
  };
}

/** True when `authority` signed `certificate`, and `certificate` is no CA itself. */
export function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  try {
    return (
      !certificate.ca &&
      certificate.checkIssued(authority) &&
      certificate.verify(authority.publicKey)
    );
  } catch {
    return false;
  }
}

export type CertificateJudge = (
  certificate: X509Certificate | undefined,
  address: string,
) => PeerVerdict;

export interface AcceptingJudgeOptions {
  readonly authority: X509Certificate;
  /** The hub's own idea of the time decides about validity. */
  readonly nowMs: () => number;
  readonly isRevoked: (keyFingerprint: Uint8Array) => boolean;
}

/** Decides, at a hub, about who connects. */
export function createAcceptingJudge(options: AcceptingJudgeOptions): CertificateJudge {
  return (certificate, address) => {
    const nowMs = options.nowMs();
    const found = examine(certificate, { authority: options.authority, address, nowMs });
    if (found instanceof ZamError) return { kind: "stranger", error: found };
    const { nodeId } = found;
    if (options.isRevoked(found.keyFingerprint)) {
      return { kind: "refused", nodeId, error: new ZamError("Z315", { nodeId }) };
    }
    if (found.notAfterMs < nowMs) {
      const notAfter = new Date(found.notAfterMs).toISOString().slice(0, 10);
      return { kind: "refused", nodeId, error: new ZamError("Z314", { nodeId, notAfter }) };
    }
    return trusted(found);
  };
}

export interface ConnectingJudgeOptions {
  readonly authority: X509Certificate;
  /** For `certDaysLeft` only: this clock may say 1970, so it never refuses a hub. */
  readonly nowMs: () => number;
  /** Any hub of the CA when undefined. */
  readonly expectedHubId?: string | undefined;
}

/** Decides, at a clinic, about the hub it has reached. */
export function createConnectingJudge(options: ConnectingJudgeOptions): CertificateJudge {
  return (certificate, address) => {
    const found = examine(certificate, {
      authority: options.authority,
      address,
      nowMs: options.nowMs(),
    });
    if (found instanceof ZamError) return { kind: "stranger", error: found };
    const { nodeId } = found;
    if (found.role !== "hub") {
      return { kind: "refused", nodeId, error: new ZamError("Z317", { nodeId, address }) };
    }
    const expected = options.expectedHubId;
    if (expected !== undefined && expected !== nodeId) {
      return {
        kind: "refused",
        nodeId,
        error: new ZamError("Z318", { nodeId, address, expected }),
      };
    }
    return trusted(found);
  };
}

function trusted(info: CertificateInfo): PeerVerdict {
  const { nodeId, role, keyFingerprint, daysLeft } = info;
  return { kind: "trusted", peer: { nodeId, role, keyFingerprint }, certDaysLeft: daysLeft };
}

interface Examination {
  readonly authority: X509Certificate;
  readonly address: string;
  readonly nowMs: number;
}

function examine(
  certificate: X509Certificate | undefined,
  examination: Examination,
): CertificateInfo | ZamError {
  const { authority, address, nowMs } = examination;
  if (certificate === undefined) return stranger(address, "it showed no certificate");
  if (!isIssuedBy(certificate, authority)) {
    const isSelfSigned = certificate.checkIssued(certificate);
    return stranger(
      address,
      isSelfSigned ? "its certificate is self-signed" : "its certificate comes from another CA",
    );
  }
  try {
    const info = certificateInfo(certificate, nowMs);
    return info ?? stranger(address, "its certificate names no node");
  } catch {
    return stranger(address, "its certificate cannot be read");
  }
}

function stranger(address: string, problem: string): ZamError {
  return new ZamError("Z316", { address, problem });
}

/** Exactly one SAN, and exactly our URI: nothing else is guessed at. */
function nodeIdOf(certificate: X509Certificate): string | undefined {
  const prefix = `URI:${nodeUriPrefix}`;
  const names = certificate.subjectAltName;
  if (names === undefined || !names.startsWith(prefix)) return undefined;
  const id = names.slice(prefix.length);
  return isNodeId(id) ? id : undefined;
}

function roleOf(certificate: X509Certificate): Role | undefined {
  const usages = extendedKeyUsages(certificate);
  if (!usages.includes(clientAuthOid)) return undefined;
  return usages.includes(serverAuthOid) ? "hub" : "clinic";
}

function extendedKeyUsages(certificate: X509Certificate): readonly string[] {
  // `keyUsage` is what Node calls the extended key usages; absent ones give undefined.
  const usages: readonly string[] | undefined = certificate.keyUsage;
  return usages ?? [];
}
