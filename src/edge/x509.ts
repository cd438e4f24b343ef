/** In the place of src/pki/x509.ts: the same certificates and requests, by mbedTLS. */
import {
  type CsrContent,
  type NodeCertificateInput,
  nodeUriPrefix,
  serialBytes,
  toSerial,
} from "../core/session/credentials.ts";
import { host } from "./host-functions.ts";

/** RFC 5280, 4.1.2.5: no well-defined expiry. */
const authorityNotAfter = "99991231235959";

export async function createCsr(input: {
  readonly nodeId: string;
  readonly keyPem: string;
}): Promise<string> {
  const { nodeId, keyPem } = input;
  return host.requestMake(`CN=${nodeId}`, nodeUriPrefix + nodeId, keyPem);
}

/** What a request asks for, or a text that says what is wrong with it. */
export async function readCsr(pem: string): Promise<CsrContent | string> {
  const found = host.requestRead(pem);
  if (found === null) return "it cannot be read";
  if (!found.isP256) return "its key is not on P-256";
  if (!found.isSigned) return "its signature does not fit its key";
  const { uri, commonName, spki } = found;
  const named = uri === null ? nodeUriPrefix + commonName : uri;
  if (!named.startsWith(nodeUriPrefix) || named === nodeUriPrefix) return "it names no node";
  return { nodeId: named.slice(nodeUriPrefix.length), spki };
}

export async function createAuthorityCertificate(input: {
  readonly name: string;
  readonly keyPem: string;
}): Promise<string> {
  return host.authorityMake(`CN=${input.name}`, createSerial(), authorityNotAfter, input.keyPem);
}

export async function createNodeCertificate(input: NodeCertificateInput): Promise<string> {
  const { nodeId, role, spki, notAfterMs, authorityPem, authorityKeyPem } = input;
  // YYYYMMDDhhmmss.
  const notAfter = new Date(notAfterMs).toISOString().replace(/\D/g, "").slice(0, 14);
  return host.certificateMake(
    nodeUriPrefix + nodeId,
    role === "hub",
    createSerial(),
    notAfter,
    spki,
    authorityPem,
    authorityKeyPem,
  );
}

function createSerial(): Uint8Array {
  return toSerial(host.randomBytes(serialBytes));
}
