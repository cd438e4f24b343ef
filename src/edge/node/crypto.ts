/** node:crypto, as far as the engine uses it: SHA-256, random bytes, P-256 keys and what certificates say. */
import { bytesToHex } from "../../core/bytes.ts";
import { type CertificateFacts, host, type PeerFacts } from "../host-functions.ts";
import { SmallBuffer } from "./buffer.ts";

export function randomBytes(sizeBytes: number): SmallBuffer & { readUInt32BE(): number } {
  const bytes = SmallBuffer.from(host.randomBytes(sizeBytes));
  const readUInt32BE = (): number => new DataView(bytes.buffer).getUint32(0);
  return Object.assign(bytes, { readUInt32BE });
}

/** RFC 9562, version 4. */
export function randomUUID(): string {
  const bytes = host.randomBytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytesToHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

class Hash {
  private readonly state = host.sha256Start();

  update(part: string | Uint8Array): this {
    host.sha256Update(this.state, typeof part === "string" ? host.textToUtf8(part) : part);
    return this;
  }

  digest(): SmallBuffer;
  digest(encoding: "hex"): string;
  digest(encoding?: "hex"): SmallBuffer | string {
    const hash = host.sha256Digest(this.state);
    return encoding === undefined ? SmallBuffer.from(hash) : bytesToHex(hash);
  }
}

export function createHash(_algorithm: "sha256"): Hash {
  return new Hash();
}

/** A private key on P-256, or the public half of one. */
class KeyObject {
  private readonly pem: string;
  private readonly spki: Uint8Array;

  constructor(pem: string) {
    const spki = host.keyToSpki(pem);
    if (spki === null) throw new TypeError("no private key");
    this.pem = pem;
    this.spki = spki;
  }

  export(options: { readonly format: "pem" | "der" }): SmallBuffer | string {
    return options.format === "pem" ? this.pem : SmallBuffer.from(this.spki);
  }
}

export const createPrivateKey = (pem: string): KeyObject => new KeyObject(pem);
export const createPublicKey = createPrivateKey;

export function generateKeyPairSync(
  _type: "ec",
  _options: { readonly namedCurve: "P-256" },
): { readonly privateKey: KeyObject } {
  return { privateKey: new KeyObject(host.keyMake()) };
}

/** Extended key usages (RFC 5280, 4.2.1.12). */
const serverAuthOid = "1.3.6.1.5.5.7.3.1";
const clientAuthOid = "1.3.6.1.5.5.7.3.2";

/**
 * A certificate: from PEM, or one that a TLS peer has shown, whose chain the TLS
 * library has looked at and of which only the facts are left, as on a resumed session.
 */
export class X509Certificate {
  readonly facts: PeerFacts;
  private readonly pem: string | undefined;

  constructor(source: string | PeerFacts) {
    this.pem = typeof source === "string" ? onlyBlock(source) : undefined;
    const facts = typeof source === "string" ? host.certificateFacts(this.pem ?? "") : source;
    if (facts === null) throw new TypeError("no certificate");
    this.facts = facts;
  }

  get ca(): boolean {
    return this.facts.isAuthority;
  }

  get subjectAltName(): string | undefined {
    return this.facts.uri === "" ? undefined : `URI:${this.facts.uri}`;
  }

  /** Node's name for the extended key usages. */
  get keyUsage(): string[] {
    const { isServer, isClient } = this.facts;
    return [...(isServer ? [serverAuthOid] : []), ...(isClient ? [clientAuthOid] : [])];
  }

  get validTo(): string {
    return new Date(this.facts.notAfterMs).toISOString();
  }

  /** "" of a peer's, since a ticket does not keep it. */
  get serialNumber(): string {
    return this.pem === undefined ? "" : bytesToHex(this.own.serial);
  }

  get fingerprint256(): string {
    return bytesToHex(this.own.fingerprint);
  }

  /** By names and signature in one. */
  checkIssued(authority: X509Certificate): boolean {
    if (this.pem === undefined) return this !== authority && this.facts.isIssued;
    return host.certificateIsIssuedBy(this.pem, authority.toString());
  }

  /** `checkIssued` has looked at the signature as well. */
  verify(_key: unknown): boolean {
    return true;
  }

  get publicKey(): null {
    return null;
  }

  checkPrivateKey(key: KeyObject): boolean {
    return bytesToHex(this.own.spki) === key.export({ format: "der" }).toString("hex");
  }

  toString(): string {
    return this.pem ?? "";
  }

  private get own(): CertificateFacts {
    if (this.pem === undefined) throw new TypeError("of a peer's certificate this is not kept");
    return this.facts as CertificateFacts;
  }
}

/** As Node prints a certificate: its first block, with one line break at its end. */
function onlyBlock(pem: string): string {
  const block = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(pem);
  return block === null ? "" : `${block[0]}\n`;
}

/** Of two texts of bytes of the same length; takes as long whatever they hold. */
export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) throw new RangeError("texts of different lengths");
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}
