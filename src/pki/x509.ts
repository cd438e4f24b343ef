/**
 * Making certificates and requests (RFC 5280, RFC 2986), ECDSA on P-256.
 * The library behind it costs about 20 MB of memory, so it is loaded at the
 * first use: a hub that only serves never pays for it.
 *
 * Certificates start in 1970, because a device without a clock battery may
 * believe that it is 1970. A node's certificate travels in every full handshake
 * and, inside the ticket, in every resumed one, so it holds as little as can be:
 * no subject beside the name in the SAN, no key identifiers (there is one CA to
 * choose), and no key usage beside the extended one, which tells the role.
 */
import { createPrivateKey, randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import type * as X509 from "@peculiar/x509";
import { bytesToHex } from "../core/bytes.ts";
import {
  type CsrContent,
  type NodeCertificateInput,
  nodeUriPrefix,
  serialBytes,
  toSerial,
} from "../core/session/credentials.ts";
import { clientAuthOid, serverAuthOid } from "./certificate.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const notBefore = new Date(0);
/** RFC 5280, 4.1.2.5: no well-defined expiry. The CA is replaced by hand, not by a date. */
const authorityNotAfter = new Date("9999-12-31T23:59:59Z");
const subjectAltNameOid = "2.5.29.17";

let loaded: Promise<typeof X509> | undefined;

function load(): Promise<typeof X509> {
  loaded ??= import("@peculiar/x509").then((library) => {
    library.cryptoProvider.set(webcrypto as Crypto);
    return library;
  });
  return loaded;
}

interface KeyPair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

async function importKeyPair(keyPem: string): Promise<KeyPair> {
  const key = createPrivateKey(keyPem);
  const jwk = key.export({ format: "jwk" });
  const { d: _secret, ...open } = jwk;
  const [privateKey, publicKey] = await Promise.all([
    webcrypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]),
    webcrypto.subtle.importKey("jwk", open, algorithm, true, ["verify"]),
  ]);
  return { privateKey, publicKey };
}

/** A request for a certificate of `nodeId`, as PEM. `keyPem` is a P-256 private key. */
export async function createCsr(input: {
  readonly nodeId: string;
  readonly keyPem: string;
}): Promise<string> {
  const x509 = await load();
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [input.nodeId] }],
    keys: await importKeyPair(input.keyPem),
    signingAlgorithm: algorithm,
    extensions: [nodeName(x509, input.nodeId)],
  });
  return `${csr.toString("pem")}\n`;
}

/** What a request asks for, or a text that says what is wrong with it. Any bytes are safe to pass. */
export async function readCsr(pem: string): Promise<CsrContent | string> {
  const x509 = await load();
  let csr: X509.Pkcs10CertificateRequest;
  try {
    csr = new x509.Pkcs10CertificateRequest(pem);
  } catch {
    return "it cannot be read";
  }
  try {
    const key = csr.publicKey.algorithm as { name?: string; namedCurve?: string };
    if (key.name !== "ECDSA" || key.namedCurve !== "P-256") return "its key is not on P-256";
    if (!(await csr.verify())) return "its signature does not fit its key";
    const nodeId = csrNodeId(x509, csr);
    if (nodeId === undefined) return "it names no node";
    return { nodeId, spki: new Uint8Array(csr.publicKey.rawData) };
  } catch {
    return "its signature or its names cannot be read";
  }
}

function csrNodeId(x509: typeof X509, csr: X509.Pkcs10CertificateRequest): string | undefined {
  const extension = csr.getExtension(subjectAltNameOid);
  if (extension !== null && extension !== undefined) {
    if (!(extension instanceof x509.SubjectAlternativeNameExtension)) return undefined;
    const names = extension.names.items;
    const [only] = names;
    if (names.length !== 1 || only?.type !== "url") return undefined;
    return only.value.startsWith(nodeUriPrefix)
      ? only.value.slice(nodeUriPrefix.length)
      : undefined;
  }
  const common = csr.subjectName.getField("CN");
  return common.length === 1 ? common[0] : undefined;
}

/** A CA's own certificate, as PEM. */
export async function createAuthorityCertificate(input: {
  readonly name: string;
  readonly keyPem: string;
}): Promise<string> {
  const x509 = await load();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [input.name] }],
    keys: await importKeyPair(input.keyPem),
    signingAlgorithm: algorithm,
    serialNumber: createSerial(),
    notBefore,
    notAfter: authorityNotAfter,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

/** A node's certificate, signed by the CA, as PEM. */
export async function createNodeCertificate(input: NodeCertificateInput): Promise<string> {
  const x509 = await load();
  const authority = new x509.X509Certificate(input.authorityPem);
  const { privateKey } = await importKeyPair(input.authorityKeyPem);
  const usages = input.role === "hub" ? [serverAuthOid, clientAuthOid] : [clientAuthOid];
  const certificate = await x509.X509CertificateGenerator.create({
    issuer: authority.subjectName.toJSON(),
    publicKey: new x509.PublicKey(Uint8Array.from(input.spki)),
    signingKey: privateKey,
    signingAlgorithm: algorithm,
    serialNumber: createSerial(),
    notBefore,
    notAfter: new Date(input.notAfterMs),
    extensions: [
      new x509.ExtendedKeyUsageExtension(usages),
      // The subject is left empty: the name is here, and once is enough (RFC 5280, 4.2.1.6).
      nodeName(x509, input.nodeId, true),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

export interface ServerCertificateInput {
  /** Host names and IP addresses. */
  readonly names: readonly string[];
  readonly keyPem: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly authorityPem: string;
  readonly authorityKeyPem: string;
}

/** A certificate for an HTTPS server, signed by the CA, as PEM. */
export async function createServerCertificate(input: ServerCertificateInput): Promise<string> {
  const x509 = await load();
  const authority = new x509.X509Certificate(input.authorityPem);
  const { privateKey } = await importKeyPair(input.authorityKeyPem);
  const { publicKey } = await importKeyPair(input.keyPem);
  const names = input.names.map((value) => ({
    type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const),
    value,
  }));
  const certificate = await x509.X509CertificateGenerator.create({
    issuer: authority.subjectName.toJSON(),
    publicKey,
    signingKey: privateKey,
    signingAlgorithm: algorithm,
    serialNumber: createSerial(),
    notBefore: new Date(input.notBeforeMs),
    notAfter: new Date(input.notAfterMs),
    extensions: [
      new x509.ExtendedKeyUsageExtension([serverAuthOid]),
      new x509.SubjectAlternativeNameExtension(names, true),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

function nodeName(
  x509: typeof X509,
  nodeId: string,
  isCritical = false,
): X509.SubjectAlternativeNameExtension {
  const name = { type: "url" as const, value: nodeUriPrefix + nodeId };
  return new x509.SubjectAlternativeNameExtension([name], isCritical);
}

function createSerial(): string {
  return bytesToHex(toSerial(randomBytes(serialBytes)));
}
