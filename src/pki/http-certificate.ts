/**
 * The certificate of the hub's HTTP listener: from the hub's own CA, for the names and
 * addresses that the hub is called by, so that browsers and curl which trust `ca/ca.crt`
 * trust it. It names no node, so that nobody takes it for the hub in a sync.
 *
 * It is made again at a start when it lacks a name, comes from another CA, or has less
 * than half of its time left.
 */
import { generateKeyPairSync } from "node:crypto";
import { isIP } from "node:net";
import { type Authority, isKeyOf, readAuthority } from "./authority.ts";
import { isIssuedBy, parseCertificate } from "./certificate.ts";
import { nodeFiles } from "./node-files.ts";
import { makePrivateDirectory, readSmallFile, writePrivateFile } from "./private-file.ts";
import { createServerCertificate } from "./x509.ts";

/** Browsers refuse server certificates that are good for more than 825 days. */
const daysValid = 800;
const dayMs = 86_400_000;
const pemBytesMax = 64 * 1024;

export interface HttpsCredentials {
  readonly keyPem: string;
  /** The certificate, then its issuer. */
  readonly certificatePem: string;
}

/** `names` are host names and IP addresses. Rejects with Z310, Z319, Z321. */
export async function readOrCreateHttpsCredentials(input: {
  readonly dataDir: string;
  readonly names: readonly string[];
  readonly nowMs: number;
}): Promise<HttpsCredentials> {
  const { dataDir, names, nowMs } = input;
  const files = nodeFiles(dataDir);
  const authority = readAuthority(dataDir);
  const keyPem = readSmallFile(files.httpKey, { maxBytes: pemBytesMax });
  const certificatePem = readSmallFile(files.httpCertificate, { maxBytes: pemBytesMax });
  const chain = (pem: string): string => `${pem}${authority.certificatePem}`;
  if (keyPem !== undefined && certificatePem !== undefined)
    if (isUsable({ keyPem, certificatePem }, { authority, names, nowMs }))
      return { keyPem, certificatePem: chain(certificatePem) };
  makePrivateDirectory(files.http);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const freshKeyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const freshPem = await createServerCertificate({
    names,
    keyPem: freshKeyPem,
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + (daysValid - 1) * dayMs,
    authorityPem: authority.certificatePem,
    authorityKeyPem: authority.keyPem,
  });
  // A crash in between leaves two that do not fit, and both are made again.
  writePrivateFile(files.httpKey, freshKeyPem);
  writePrivateFile(files.httpCertificate, freshPem);
  return { keyPem: freshKeyPem, certificatePem: chain(freshPem) };
}

function isUsable(
  found: HttpsCredentials,
  wanted: {
    readonly authority: Authority;
    readonly names: readonly string[];
    readonly nowMs: number;
  },
): boolean {
  const certificate = parseCertificate(found.certificatePem);
  if (certificate === undefined || !isKeyOf(certificate, found.keyPem)) return false;
  if (!isIssuedBy(certificate, wanted.authority.certificate)) return false;
  const { nowMs } = wanted;
  const leftMs = Date.parse(certificate.validTo) - nowMs;
  if (Date.parse(certificate.validFrom) > nowMs || leftMs < (daysValid / 2) * dayMs) return false;
  return wanted.names.every((name) =>
    isIP(name) === 0
      ? certificate.checkHost(name) !== undefined
      : certificate.checkIP(name) !== undefined,
  );
}
