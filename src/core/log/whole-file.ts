/** Reading small sealed files whole, as far as the disk gives them, and judging their headers. */
import { ZamError } from "../errors/zam-error.ts";
import { FileFault, type FileStore, type StoreFile } from "../ports.ts";
import { decodeFileHeader, type FileHeader, headerVersion } from "./file-header.ts";
import { type FileKind, fileHeaderBytes, formatVersion } from "./format.ts";

/** The whole of a small file; undefined when it does not exist. Unreadable bytes are zeros. */
export function readWhole(store: FileStore, name: string): Uint8Array | undefined {
  if (!store.exists(name)) return undefined;
  const file = store.open(name, "read");
  const bytes = new Uint8Array(file.size());
  const count = readQuietly(file, bytes);
  file.close();
  return bytes.subarray(0, count);
}

/** The header's bytes, or fewer; undefined when there is no such file. */
export function readHead(store: FileStore, name: string): Uint8Array | undefined {
  if (!store.exists(name)) return undefined;
  const file = store.open(name, "read");
  const bytes = new Uint8Array(fileHeaderBytes);
  const count = readQuietly(file, bytes);
  file.close();
  return bytes.subarray(0, count);
}

/** The first bytes of a file; none where the disk refuses. */
export function readQuietly(file: StoreFile, out: Uint8Array): number {
  try {
    return file.read(0, out);
  } catch (fault) {
    if (fault instanceof FileFault && fault.kind === "io") return 0;
    throw fault;
  }
}

/** Undefined when damaged; throws Z203 for a format that we do not know. */
export function decodeHeader(
  kind: FileKind,
  path: string,
  bytes: Uint8Array,
): FileHeader | undefined {
  const header = decodeFileHeader(kind, bytes);
  if (header === "unsupported") {
    const found = headerVersion(bytes);
    throw new ZamError("Z203", { path, found, supported: formatVersion });
  }
  return header === "damaged" ? undefined : header;
}
