/**
 * Certificates for the peers that speak TLS: those of a ZamSync hub, so that all of
 * them are of the same kind and size (ECDSA P-256, one CA).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runOk } from "../command.ts";

/** Makes a CA and a server certificate in `dir`; returns the folder to give to the two below. */
export async function makeTlsFiles(dir: string): Promise<string> {
  const folder = join(dir, "tls-identity");
  await runOk(["keygen", folder, "--hub"]);
  return folder;
}

export function serverTls(folder: string) {
  return {
    key: readFileSync(join(folder, "tls", "node.key")),
    cert: readFileSync(join(folder, "tls", "node.crt")),
    minVersion: "TLSv1.3",
  } as const;
}

/** The certificate names a node and no host: the chain alone is checked. */
export function clientTls(folder: string) {
  return {
    ca: readFileSync(join(folder, "tls", "ca.crt")),
    checkServerIdentity: () => undefined,
  } as const;
}
