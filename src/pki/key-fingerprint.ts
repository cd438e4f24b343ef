/** What a key is known by, apart from any certificate. */
import { createHash, type X509Certificate } from "node:crypto";

/** SHA-256 of the public key (SPKI), 32 bytes. Throws when the key cannot be read. */
export function keyFingerprintOf(certificate: X509Certificate): Uint8Array {
  const spki = certificate.publicKey.export({ type: "spki", format: "der" });
  return Uint8Array.from(createHash("sha256").update(spki).digest());
}
