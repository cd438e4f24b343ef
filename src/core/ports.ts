/**
 * The ports: everything the core needs from the world, declared here and
 * implemented by adapters (Node in `storage/`, the simulator, the small device).
 *
 * All calls are synchronous, except that `sync` completes by callback: Node runs
 * it off the main thread and commits groups, a small device simply blocks and
 * calls back before returning. The core never assumes which.
 */

/** What went wrong in the file layer. The core decides on `kind`, never on text. */
export type FileFaultKind =
  | "notFound"
  | "exists"
  | "noSpace"
  | "io"
  | "readOnly"
  | "permission"
  | "other";

/** Thrown by every file port call that fails, and passed to `sync` callbacks. */
export class FileFault extends Error {
  readonly kind: FileFaultKind;
  readonly operation: string;
  readonly path: string;
  readonly cause: unknown;

  constructor(kind: FileFaultKind, operation: string, path: string, cause?: unknown) {
    super(`${operation} ${path}: ${kind}`);
    this.name = "FileFault";
    this.kind = kind;
    this.operation = operation;
    this.path = path;
    this.cause = cause;
  }
}

export type SyncDone = (fault?: FileFault) => void;

/** An open file. Offsets and sizes are in bytes. */
export interface StoreFile {
  /** Reads up to `out.length` bytes at `offset`; returns how many (short only at end of file). */
  read(offset: number, out: Uint8Array): number;
  /** Writes all of `bytes` at `offset`, or throws; a throw may leave any part of it written. */
  write(offset: number, bytes: Uint8Array): void;
  truncate(sizeBytes: number): void;
  size(): number;
  /** Makes what was written durable (fdatasync); calls `done` once, perhaps before returning. */
  sync(done: SyncDone): void;
  /** The blocking form, for opening and closing only. Throws FileFault. */
  syncNow(): void;
  /** Closing twice is allowed. Does not make anything durable. */
  close(): void;
}

export type OpenMode =
  /** must exist; writing throws */
  | "read"
  /** must exist */
  | "write"
  /** created empty; must not exist */
  | "create"
  /** created, or emptied if it exists */
  | "replace";

/** One directory of files. Names may hold one level of folder (`set-aside/3-4096`). */
export interface FileStore {
  /** Names of the files directly inside, or inside `folder`; no order promised; a missing folder is empty. */
  list(folder?: string): readonly string[];
  open(name: string, mode: OpenMode): StoreFile;
  exists(name: string): boolean;
  /** Atomic; replaces `to` if it exists. Durable only after `sync` of the directory. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  makeFolder(name: string): void;
  /** Makes creations, renames and removals in this directory (and its folders) durable. */
  sync(done: SyncDone): void;
  syncNow(): void;
  /** Bytes that may still be written, as far as the file system tells. */
  freeBytes(): number;
}

declare const aeadKeyBrand: unique symbol;
/** A key handed to the host once (on Node a KeyObject); opaque to the core. */
export interface AeadKey {
  readonly [aeadKeyBrand]: true;
}

export interface Sha256 {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}

/** Bytes of a ChaCha20-Poly1305 tag (RFC 8439, section 2.8). */
export const aeadTagBytes = 16;
export const aeadNonceBytes = 12;

/** Byte work done by the host. None of these keeps or changes the arrays it is given. */
export interface CryptoPort {
  /** 32 bytes. */
  sha256(bytes: Uint8Array): Uint8Array;
  createSha256(): Sha256;
  /** RFC 5869. */
  hkdfSha256(
    key: Uint8Array,
    input: { readonly salt: Uint8Array; readonly info: Uint8Array; readonly sizeBytes: number },
  ): Uint8Array;
  /** Imports 32 bytes as a ChaCha20-Poly1305 key. */
  importKey(raw: Uint8Array): AeadKey;
  /** Writes ciphertext and tag (`plaintext.length + 16` bytes) into `out` at `outOffset`. */
  seal(
    key: AeadKey,
    input: { readonly nonce: Uint8Array; readonly aad: Uint8Array; readonly plaintext: Uint8Array },
    out: Uint8Array,
    outOffset: number,
  ): void;
  /** The plaintext, or undefined when the tag does not fit. */
  open(
    key: AeadKey,
    input: { readonly nonce: Uint8Array; readonly aad: Uint8Array; readonly sealed: Uint8Array },
  ): Uint8Array | undefined;
  /** CRC-32 (IEEE), continued from `seed` (default 0), as an unsigned number. */
  crc32(bytes: Uint8Array, seed?: number): number;
  /** Cryptographically strong. */
  randomBytes(sizeBytes: number): Uint8Array;
}

/** What bounds a compressor's memory, as powers of two: zstd's parameters of these names. */
export interface ZstdTables {
  readonly windowLog: number;
  readonly hashLog: number;
  readonly chainLog: number;
}

/** One-shot zstd with a raw-content dictionary; no state between calls. */
export interface CompressorPort {
  /**
   * A zstd frame without the 4-byte magic and without content size and checksum. The
   * tables are the sender's own affair: no receiver needs to know them.
   */
  compress(bytes: Uint8Array, dictionary: Uint8Array, tables: ZstdTables): Uint8Array;
  /** Exactly `sizeBytes` bytes, or undefined for anything else (malformed, shorter, longer). Never allocates much more. */
  decompress(
    bytes: Uint8Array,
    input: { readonly dictionary: Uint8Array; readonly sizeBytes: number },
  ): Uint8Array | undefined;
}
