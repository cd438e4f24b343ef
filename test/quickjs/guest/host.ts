/**
 * The guest's side of the bridge: core's crypto and compressor ports, and a
 * read-only or writable file store, over the functions that `host.ts` puts into
 * `globalThis.host`. Bytes cross as exact-size ArrayBuffers, copied both ways;
 * what comes back is copied into an array of the guest's own, so that it counts
 * against the guest's memory limit.
 */
import {
  type AeadKey,
  type CompressorPort,
  type CryptoPort,
  FileFault,
  type FileFaultKind,
  type FileStore,
  type OpenMode,
  type Sha256,
  type StoreFile,
} from "../../../src/core/ports.ts";

/** Implemented in `host.ts`; numbers name keys, hash states and files there. */
export interface HostFunctions {
  sha256(bytes: ArrayBuffer): ArrayBuffer;
  shaCreate(): number;
  shaUpdate(state: number, bytes: ArrayBuffer): void;
  shaDigest(state: number): ArrayBuffer;
  hkdf(key: ArrayBuffer, salt: ArrayBuffer, info: ArrayBuffer, sizeBytes: number): ArrayBuffer;
  importKey(raw: ArrayBuffer): number;
  seal(key: number, nonce: ArrayBuffer, aad: ArrayBuffer, plaintext: ArrayBuffer): ArrayBuffer;
  /** Null when the tag does not fit. */
  open(key: number, nonce: ArrayBuffer, aad: ArrayBuffer, sealed: ArrayBuffer): ArrayBuffer | null;
  crc32(bytes: ArrayBuffer, seed: number): number;
  randomBytes(sizeBytes: number): ArrayBuffer;
  compress(
    bytes: ArrayBuffer,
    dictionary: ArrayBuffer,
    windowLog: number,
    hashLog: number,
    chainLog: number,
  ): ArrayBuffer;
  decompress(bytes: ArrayBuffer, dictionary: ArrayBuffer, sizeBytes: number): ArrayBuffer | null;
  /** File calls answer a FileFaultKind as text when they fail. */
  fileList(folder: string): string;
  fileOpen(name: string, mode: string): number | string;
  fileRead(file: number, offset: number, sizeBytes: number): ArrayBuffer | string;
  fileWrite(file: number, offset: number, bytes: ArrayBuffer): string;
  fileTruncate(file: number, sizeBytes: number): string;
  fileSize(file: number): number | string;
  fileSync(file: number): string;
  fileClose(file: number): void;
  storeExists(name: string): boolean;
  storeRename(from: string, to: string): string;
  storeRemove(name: string): string;
  storeMakeFolder(name: string): string;
  storeSync(): string;
  storeFreeBytes(): number;
  print(text: string): void;
}

export const host = (globalThis as unknown as { host: HostFunctions }).host;

/** The array's bytes as a buffer of exactly their size. */
function bare(bytes: Uint8Array): ArrayBuffer {
  const isWhole = bytes.byteLength === bytes.buffer.byteLength;
  return (isWhole ? bytes.buffer : bytes.slice().buffer) as ArrayBuffer;
}

function own(buffer: ArrayBuffer): Uint8Array {
  return new Uint8Array(buffer).slice();
}

/** Named as Node's, because a bundle for the guest puts it in that one's place. */
export const nodeCrypto: CryptoPort = {
  sha256: (bytes) => own(host.sha256(bare(bytes))),
  createSha256(): Sha256 {
    const state = host.shaCreate();
    return {
      update: (bytes) => host.shaUpdate(state, bare(bytes)),
      digest: () => own(host.shaDigest(state)),
    };
  },
  hkdfSha256: (key, input) =>
    own(host.hkdf(bare(key), bare(input.salt), bare(input.info), input.sizeBytes)),
  importKey: (raw) => host.importKey(bare(raw)) as unknown as AeadKey,
  seal(key, input, out, outOffset) {
    const sealed = host.seal(
      key as unknown as number,
      bare(input.nonce),
      bare(input.aad),
      bare(input.plaintext),
    );
    out.set(new Uint8Array(sealed), outOffset);
  },
  open(key, input) {
    const opened = host.open(
      key as unknown as number,
      bare(input.nonce),
      bare(input.aad),
      bare(input.sealed),
    );
    return opened === null ? undefined : own(opened);
  },
  crc32: (bytes, seed = 0) => host.crc32(bare(bytes), seed),
  randomBytes: (sizeBytes) => own(host.randomBytes(sizeBytes)),
};

export const nodeCompressor: CompressorPort = {
  compress: (bytes, dictionary, { windowLog, hashLog, chainLog }) =>
    own(host.compress(bare(bytes), bare(dictionary), windowLog, hashLog, chainLog)),
  decompress(bytes, input) {
    const out = host.decompress(bare(bytes), bare(input.dictionary), input.sizeBytes);
    return out === null ? undefined : own(out);
  },
};

function check<T>(answer: T | string, operation: string, path: string): T {
  if (typeof answer === "string" && answer !== "") {
    throw new FileFault(answer as FileFaultKind, operation, path);
  }
  return answer as T;
}

class HostFile implements StoreFile {
  private readonly name: string;
  private readonly file: number;

  constructor(name: string, file: number) {
    this.name = name;
    this.file = file;
  }

  read(offset: number, out: Uint8Array): number {
    const bytes = check(host.fileRead(this.file, offset, out.length), "read", this.name);
    out.set(new Uint8Array(bytes));
    return bytes.byteLength;
  }

  write(offset: number, bytes: Uint8Array): void {
    check(host.fileWrite(this.file, offset, bare(bytes)), "write", this.name);
  }

  truncate(sizeBytes: number): void {
    check(host.fileTruncate(this.file, sizeBytes), "truncate", this.name);
  }

  size(): number {
    return check(host.fileSize(this.file), "size", this.name);
  }

  sync(done: (fault?: FileFault) => void): void {
    const kind = host.fileSync(this.file);
    if (kind === "") done();
    else done(new FileFault(kind as FileFaultKind, "sync", this.name));
  }

  syncNow(): void {
    check(host.fileSync(this.file), "sync", this.name);
  }

  close(): void {
    host.fileClose(this.file);
  }
}

/** The store that the host was given; like a small device, it blocks while it syncs. */
export const hostStore: FileStore = {
  list: (folder = "") => JSON.parse(host.fileList(folder)) as string[],
  open: (name: string, mode: OpenMode) =>
    new HostFile(name, check(host.fileOpen(name, mode), "open", name)),
  exists: (name) => host.storeExists(name),
  rename: (from, to) => void check(host.storeRename(from, to), "rename", from),
  remove: (name) => void check(host.storeRemove(name), "remove", name),
  makeFolder: (name) => void check(host.storeMakeFolder(name), "make folder", name),
  sync(done) {
    const kind = host.storeSync();
    if (kind === "") done();
    else done(new FileFault(kind as FileFaultKind, "sync", "."));
  },
  syncNow: () => void check(host.storeSync(), "sync", "."),
  freeBytes: () => host.storeFreeBytes(),
};
