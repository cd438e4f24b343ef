/** In the place of src/pki/key-fingerprint.ts. */
import type { X509Certificate } from "./node/crypto.ts";

export function keyFingerprintOf(certificate: X509Certificate): Uint8Array {
  return certificate.facts.keyFingerprint;
}
