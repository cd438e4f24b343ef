/**
 * What a node proves itself with, as data: what the adapters that make certificates and those
 * that speak TLS have in common, on Node and on the small device.
 */
import type { Role } from "./api.ts";

/** In front of a node's id, in the SAN of its certificate and of its request for one. */
export const nodeUriPrefix = "urn:zamsync:node:";

/** PEM texts, and what tells two generations of them apart. */
export interface TlsCredentials {
  readonly keyPem: string;
  readonly certificatePem: string;
  readonly authorityPem: string;
  /** Hex. */
  readonly certificateFingerprint: string;
  /** Hex. */
  readonly authorityFingerprint: string;
}

/** What a request for a certificate asks for. */
export interface CsrContent {
  /** As written in the request: not checked for being a legal node id. */
  readonly nodeId: string;
  /** DER. */
  readonly spki: Uint8Array;
}

export interface NodeCertificateInput {
  readonly nodeId: string;
  readonly role: Role;
  /** DER. */
  readonly spki: Uint8Array;
  readonly notAfterMs: number;
  readonly authorityPem: string;
  readonly authorityKeyPem: string;
}

export const serialBytes = 8;

/** A certificate's serial number from `serialBytes` random ones: positive, and never shorter (RFC 5280, 4.1.2.2). */
export function toSerial(random: Uint8Array): Uint8Array {
  const serial = Uint8Array.from(random);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}
