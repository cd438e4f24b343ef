/**
 * How TLS is spoken: 1.3 only, one cipher, one signature algorithm, because
 * every offer costs bytes on a link where a kilobyte takes a third of a second.
 *
 * A full handshake, which is rare, uses the hybrid group with ML-KEM; a
 * resumption uses plain X25519 (32 bytes instead of 1,216), and its secret is
 * mixed with the ticket's, which came from a hybrid handshake. Both sides also
 * take X25519 for full handshakes: the small device has no ML-KEM. Who has it
 * cannot be talked out of it, since the offer is part of what is signed.
 *
 * Certificates are judged by a `CertificateJudge`, not by OpenSSL, whose answer
 * would neither look at roles and revocations nor let us say why. So OpenSSL is
 * not given the CA: with it, each side would send the CA's certificate along
 * with its own, and the server the CA's name in its request for one, 850 bytes
 * in all that the other side has anyway.
 */
import type { X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import type { TlsCredentials } from "../core/session/credentials.ts";
import type { PeerVerdict } from "../core/session/peer-verdict.ts";

/** Decides about a peer by its certificate alone. Must not throw. */
export type CertificateJudge = (
  certificate: X509Certificate | undefined,
  address: string,
) => PeerVerdict;

const hybridGroup = "X25519MLKEM768";
const lightGroup = "X25519";
/** Seven days: the most that TLS 1.3 allows a ticket to live (RFC 8446, 4.6.1). */
const ticketLifetimeS = 604_800;

const tlsProfile = {
  minVersion: "TLSv1.3",
  maxVersion: "TLSv1.3",
  // The Pi's older processors have no AES instructions.
  ciphers: "TLS_CHACHA20_POLY1305_SHA256",
  sigalgs: "ecdsa_secp256r1_sha256",
} as const;

/** Empty, where leaving it out would load the web's authorities. */
const noAuthorities: string[] = [];

export function createServerContext(
  credentials: TlsCredentials,
  ticketKey: Uint8Array,
): SecureContext {
  return createSecureContext({
    ...tlsProfile,
    key: credentials.keyPem,
    cert: credentials.certificatePem,
    ca: noAuthorities,
    // A client offers one group only. Naming the lighter first saves saying so to who resumes.
    ecdhCurve: `${lightGroup}:${hybridGroup}`,
    sessionTimeout: ticketLifetimeS,
    ticketKeys: Buffer.from(ticketKey),
    // Tickets of another generation of the CA do not resume. It is part of the ticket, hence short.
    sessionIdContext: credentials.authorityFingerprint.slice(0, 8),
  });
}

export function createClientContext(
  credentials: TlsCredentials,
  input: { readonly hasTicket: boolean },
): SecureContext {
  return createSecureContext({
    ...tlsProfile,
    key: credentials.keyPem,
    cert: credentials.certificatePem,
    ca: noAuthorities,
    ecdhCurve: input.hasTicket ? lightGroup : `${hybridGroup}:${lightGroup}`,
  });
}
