/**
 * The small files that make a node itself (its name, keys, certificates, at a hub
 * the CA with its books), as one block sealed under the data key. So a snapshot
 * and the data key together are the node, and neither alone is worth anything.
 *
 * The data key is never in it; nor are tickets, which are made anew.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ByteReader, ByteWriter } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import { nodeCrypto } from "../storage/node-crypto.ts";
import { withFileFaults } from "../storage/file-faults.ts";
import { openSidecar, sealSidecar } from "../storage/sidecar.ts";

/** Name of the block in a snapshot, and what its seal is bound to. */
export const identityEntry = "identity";
/** The CA's books are the only part that grows: 200 bytes a certificate. */
export const identityBytesMax = 256 * 1024 * 1024;

const names: readonly string[] = [
  "node.json",
  "tls/node.key",
  "tls/node.csr",
  "tls/node.crt",
  "tls/ca.crt",
  "ca/ca.key",
  "ca/ca.crt",
  "ca/issued.jsonl",
  "ca/revoked.jsonl",
];

export interface IdentityFile {
  /** One of the known names. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** @throws FileFault */
export function sealIdentityFiles(dataDir: string, dataKey: Uint8Array): Uint8Array {
  const out = new ByteWriter(16 * 1024);
  const present = names.filter((name) => existsSync(join(dataDir, name)));
  out.varint(present.length);
  for (const name of present) {
    const path = join(dataDir, name);
    const bytes = withFileFaults("read", path, () => readFileSync(path));
    out.text(name);
    out.varint(bytes.length);
    out.bytes(bytes);
  }
  const input = { directory: dataDir, dataKey, crypto: nodeCrypto };
  return sealSidecar(input, identityEntry, out.view());
}

/** @throws ZamError Z301 when the key does not fit, Z224 when the block is damaged */
export function openIdentityFiles(
  path: string,
  sealed: Uint8Array,
  dataKey: Uint8Array,
): readonly IdentityFile[] {
  const damaged = (cause?: unknown): ZamError =>
    new ZamError("Z224", { path, problem: "its identity cannot be opened" }, cause);
  let content: Uint8Array;
  try {
    const input = { directory: path, dataKey, crypto: nodeCrypto };
    content = openSidecar(input, identityEntry, sealed);
  } catch (error) {
    if (error instanceof ZamError && error.code === "Z212") throw damaged(error);
    throw error;
  }
  const reader = new ByteReader(content);
  const count = reader.varint();
  const files: IdentityFile[] = [];
  for (let index = 0; index < count && !reader.failed; index++) {
    const name = reader.text(64);
    const size = reader.varint();
    if (size > reader.remaining) throw damaged();
    const bytes = reader.bytes(size).slice();
    // A later version may know more; what this one does not know, it does not place.
    if (names.includes(name)) files.push({ name, bytes });
  }
  if (!reader.finished) throw damaged();
  return files;
}
