/** The certificate of a node, if it has one; one that cannot be read is a problem to be told, not the node's end. */
import { ZamError } from "../core/errors/zam-error.ts";
import { readCertificateInfo } from "../pki/index.ts";

export function ownCertificate(dataDir: string): {
  readonly info: ReturnType<typeof readCertificateInfo>;
  readonly error: ZamError | undefined;
} {
  try {
    return { info: readCertificateInfo(dataDir, Date.now()), error: undefined };
  } catch (error) {
    if (error instanceof ZamError) return { info: undefined, error };
    throw error;
  }
}
