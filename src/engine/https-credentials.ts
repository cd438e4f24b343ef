/** The certificate that the hub's HTTP listener shows: the node's own, with the CA that signed it. */
import { readCredentials } from "../pki/index.ts";

export interface HttpsCredentials {
  readonly keyPem: string;
  /** The certificate, then its issuer. */
  readonly certificatePem: string;
}

/** Throws Z306, Z313. */
export function readHttpsCredentials(dataDir: string): HttpsCredentials {
  const { keyPem, certificatePem, authorityPem } = readCredentials(dataDir, Date.now());
  return { keyPem, certificatePem: `${certificatePem}${authorityPem}` };
}
