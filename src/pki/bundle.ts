/**
 * The signed bundle: a node's certificate and the CA's, one after the other in
 * one PEM file; how it is written, installed, and read back for TLS.
 *
 * Nothing secret is in a bundle. The node's key never leaves its machine.
 */
import type { X509Certificate } from "node:crypto";
import { dirname, join } from "node:path";
import { ZamError } from "../core/errors/zam-error.ts";
import { isKeyOf, type SignedCertificate } from "./authority.ts";
import {
  type CertificateInfo,
  certificateInfo,
  isIssuedBy,
  parseCertificate,
} from "./certificate.ts";
import { readIdentity } from "./identity.ts";
import { nodeFiles } from "./node-files.ts";
import { makePrivateDirectory, readSmallFile, writePrivateFile } from "./private-file.ts";

/** Two P-256 certificates take about 1.2 KiB. */
export const bundleBytesMax = 64 * 1024;
const certificatesMax = 4;
const pemBytesMax = 64 * 1024;

export function encodeBundle(signed: SignedCertificate): string {
  return signed.certificatePem + signed.authorityPem;
}

/** Writes `node.crt` and `ca.crt` beside a request; returns their paths. Throws Z321. */
export function writeBesideCsr(csrPath: string, signed: SignedCertificate): readonly string[] {
  const authorityPath = join(dirname(csrPath), "ca.crt");
  const certificatePath = join(dirname(csrPath), "node.crt");
  writePrivateFile(authorityPath, signed.authorityPem);
  writePrivateFile(certificatePath, signed.certificatePem);
  return [certificatePath, authorityPath];
}

/** Writes the bundle to one file. Throws Z321. */
export function writeBundle(path: string, signed: SignedCertificate): void {
  writePrivateFile(path, encodeBundle(signed));
}

export interface InstallInput {
  readonly dir: string;
  readonly bundlePem: string;
  readonly nowMs: number;
}

/** Installs a bundle that fits this node's key and id. Throws Z305, Z306, Z312, Z321; then nothing was changed. */
export function installBundle(input: InstallInput): CertificateInfo {
  const files = nodeFiles(input.dir);
  const { nodeId } = readIdentity(input.dir);
  const keyPem = readKeyPem(files.key);
  const { certificate, authority, certificatePem, authorityPem } = decodeBundle(input.bundlePem);
  const info = certificateInfo(certificate, input.nowMs);
  if (info === undefined) throw mismatch("its certificate names no node");
  if (info.nodeId !== nodeId) throw mismatch(`it is for '${info.nodeId}', and this is '${nodeId}'`);
  if (!isKeyOf(certificate, keyPem)) throw mismatch("it was made for another key");
  if (!isIssuedBy(certificate, authority)) throw mismatch("its CA did not sign its certificate");
  const isHub = readSmallFile(files.authorityCertificate, { maxBytes: pemBytesMax }) !== undefined;
  if (isHub && info.role !== "hub") throw mismatch("this directory is a hub's");
  makePrivateDirectory(files.tls);
  writePrivateFile(files.authorityCopy, authorityPem);
  writePrivateFile(files.certificate, certificatePem);
  return info;
}

/** What TLS needs, checked to fit together. */
export interface Credentials {
  readonly info: CertificateInfo;
  readonly keyPem: string;
  readonly certificatePem: string;
  readonly authorityPem: string;
  readonly authority: X509Certificate;
  /** SHA-256 of the certificate, hex: another one after a renewal. */
  readonly certificateFingerprint: string;
  readonly authorityFingerprint: string;
}

/** Throws Z313 (not signed yet) or Z306 (damaged, or files that do not fit together). */
export function readCredentials(dir: string, nowMs: number): Credentials {
  const files = nodeFiles(dir);
  const certificatePem = readSmallFile(files.certificate, { maxBytes: pemBytesMax });
  const authorityPem = readSmallFile(files.authorityCopy, { maxBytes: pemBytesMax });
  if (certificatePem === undefined || authorityPem === undefined) {
    throw new ZamError("Z313", { path: dir });
  }
  const keyPem = readKeyPem(files.key);
  const certificate = parseCertificate(certificatePem);
  const authority = parseCertificate(authorityPem);
  const info = certificate && certificateInfo(certificate, nowMs);
  if (certificate === undefined || info === undefined) {
    throw new ZamError("Z306", { path: files.certificate, problem: "it is no node's certificate" });
  }
  if (authority === undefined || !isIssuedBy(certificate, authority)) {
    throw new ZamError("Z306", { path: files.authorityCopy, problem: "it did not sign node.crt" });
  }
  if (!isKeyOf(certificate, keyPem)) {
    throw new ZamError("Z306", { path: files.key, problem: "it is not the key of node.crt" });
  }
  return {
    info,
    keyPem,
    certificatePem,
    authorityPem,
    authority,
    certificateFingerprint: fingerprintOf(certificate),
    authorityFingerprint: fingerprintOf(authority),
  };
}

/** What the node's own certificate says, or undefined when it has none. Throws like `readCredentials`. */
export function readCertificateInfo(dir: string, nowMs: number): CertificateInfo | undefined {
  const files = nodeFiles(dir);
  if (readSmallFile(files.certificate, { maxBytes: pemBytesMax }) === undefined) return undefined;
  return readCredentials(dir, nowMs).info;
}

interface Bundle {
  readonly certificate: X509Certificate;
  readonly authority: X509Certificate;
  readonly certificatePem: string;
  readonly authorityPem: string;
}

function decodeBundle(pem: string): Bundle {
  if (pem.length > bundleBytesMax) throw mismatch(`it is longer than ${bundleBytesMax} bytes`);
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length > certificatesMax) throw mismatch("it holds too many certificates");
  let certificate: X509Certificate | undefined;
  let authority: X509Certificate | undefined;
  for (const block of blocks) {
    const parsed = parseCertificate(block);
    if (parsed === undefined) throw mismatch("a certificate in it cannot be read");
    if (parsed.ca) authority ??= parsed;
    else certificate ??= parsed;
  }
  if (certificate === undefined) throw mismatch("it holds no certificate of a node");
  if (authority === undefined) throw mismatch("it holds no CA certificate");
  return {
    certificate,
    authority,
    certificatePem: certificate.toString(),
    authorityPem: authority.toString(),
  };
}

function readKeyPem(path: string): string {
  const pem = readSmallFile(path, { maxBytes: pemBytesMax });
  if (pem === undefined) throw new ZamError("Z306", { path, problem: "it is missing" });
  return pem;
}

function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
}

function mismatch(problem: string): ZamError {
  return new ZamError("Z312", { problem });
}
