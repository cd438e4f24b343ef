/**
 * A snapshot: files with their lengths and hashes in one file (docs/snapshot.md).
 *
 * Invariants: the file gets its name only when it is whole and durable; a reader
 * believes nothing before the header's hash holds, and no content before its own
 * does; names are a store's names, so that nothing can be written elsewhere.
 *
 * What the files mean, and whether they fit together, is not looked at here.
 */
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { ByteReader, ByteWriter, bytesEqual } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import { isNodeId } from "../core/event.ts";
import { FileFault } from "../core/ports.ts";
import { isStoreName } from "../core/store-name.ts";
import { toFileFault, withFileFaults } from "./file-faults.ts";
import { syncDirectoryNow } from "./node-store.ts";

const magic = 0x5a534e50; // ZSNP
export const snapshotVersion = 1;
const hashBytes = 32;
const fixedHeaderBytes = 12;
/** A segment has 16 MiB: this is for petabytes, and bounds what a damaged length may ask for. */
const headerBytesMax = 64 * 1024 * 1024;
const entriesMax = 1_000_000;
const nameBytesMax = 401;
const pieceBytes = 1024 * 1024;
/** While it is being written. */
const partialSuffix = ".partial";

export interface SnapshotEntry {
  /** A name in the node's directory, such as `log/manifest`. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: Uint8Array;
}

export interface SnapshotHeader {
  readonly nodeId: string;
  readonly logId: Uint8Array;
  readonly createdMs: number;
  /** In the order of their contents. */
  readonly entries: readonly SnapshotEntry[];
}

/** Where content comes from: bytes at hand, or the first part of an open file, which is closed here. */
export type SnapshotSource =
  | { readonly name: string; readonly bytes: Uint8Array }
  | { readonly name: string; readonly descriptor: number; readonly sizeBytes: number };

function encodeHeader(header: SnapshotHeader): Uint8Array {
  const out = new ByteWriter(256 + header.entries.length * 80);
  out.u32(magic);
  out.u16(snapshotVersion);
  out.u16(0);
  out.u32(0);
  out.u48(header.createdMs);
  out.bytes(header.logId);
  out.text(header.nodeId);
  out.varint(header.entries.length);
  for (const { name, sizeBytes, sha256 } of header.entries) {
    out.text(name);
    out.varint(sizeBytes);
    out.bytes(sha256);
  }
  const bytes = new Uint8Array(out.view().length + hashBytes);
  bytes.set(out.view());
  new DataView(bytes.buffer).setUint32(8, bytes.length);
  bytes.set(sha256Of(bytes.subarray(0, -hashBytes)), bytes.length - hashBytes);
  return bytes;
}

function sha256Of(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(bytes).digest());
}

export interface SnapshotWriteInput {
  readonly path: string;
  readonly nodeId: string;
  readonly logId: Uint8Array;
  readonly createdMs: number;
  readonly sources: readonly SnapshotSource[];
  readonly signal?: AbortSignal;
  /** Looks at the whole, durable file before it gets its name; what it throws takes the file away again. */
  readonly check: (partialPath: string) => Promise<void>;
}

/** Size in bytes. @throws ZamError Z223; FileFault; what `check` or the signal throws. Then there is no file. */
export async function writeSnapshotFile(input: SnapshotWriteInput): Promise<number> {
  const { path, sources } = input;
  const partial = path + partialSuffix;
  let isPartialOurs = false;
  try {
    if (existsSync(path)) throw new ZamError("Z223", { path });
    const file = await faulty("open", partial, () => open(partial, "w", 0o600));
    isPartialOurs = true;
    let sizeBytes: number;
    try {
      sizeBytes = await writeContents(file, partial, input);
    } finally {
      await file.close();
    }
    await input.check(partial);
    if (existsSync(path)) throw new ZamError("Z223", { path });
    await faulty("rename", path, () => rename(partial, path));
    isPartialOurs = false;
    syncDirectoryNow(dirname(path));
    return sizeBytes;
  } finally {
    for (const source of sources) if ("descriptor" in source) closeSync(source.descriptor);
    if (isPartialOurs) await rm(partial, { force: true });
  }
}

async function writeContents(
  file: FileHandle,
  path: string,
  input: SnapshotWriteInput,
): Promise<number> {
  const { nodeId, logId, createdMs, sources } = input;
  const entries: SnapshotEntry[] = sources.map((source) => ({
    name: source.name,
    sizeBytes: "bytes" in source ? source.bytes.length : source.sizeBytes,
    sha256: new Uint8Array(hashBytes),
  }));
  // The header's length does not depend on the hashes, which come last.
  let at = encodeHeader({ nodeId, logId, createdMs, entries }).length;
  for (const [index, source] of sources.entries()) {
    const entry = entries[index];
    if (entry === undefined) continue;
    const hash = createHash("sha256");
    for await (const piece of piecesOf(source)) {
      input.signal?.throwIfAborted();
      hash.update(piece);
      await writeAll(file, path, piece, at);
      at += piece.length;
    }
    entries[index] = { ...entry, sha256: Uint8Array.from(hash.digest()) };
  }
  await writeAll(file, path, encodeHeader({ nodeId, logId, createdMs, entries }), 0);
  await faulty("sync", path, () => file.sync());
  return at;
}

async function* piecesOf(source: SnapshotSource): AsyncGenerator<Uint8Array> {
  if ("bytes" in source) {
    if (source.bytes.length > 0) yield source.bytes;
    return;
  }
  const { name, descriptor, sizeBytes } = source;
  const piece = new Uint8Array(Math.min(pieceBytes, Math.max(1, sizeBytes)));
  for (let at = 0; at < sizeBytes; ) {
    const part = piece.subarray(0, Math.min(piece.length, sizeBytes - at));
    const count = withFileFaults("read", name, () =>
      readSync(descriptor, part, 0, part.length, at),
    );
    if (count === 0) throw new FileFault("io", "read", name, "the file is shorter than it was");
    yield part.subarray(0, count);
    at += count;
  }
}

async function writeAll(
  file: FileHandle,
  path: string,
  bytes: Uint8Array,
  at: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await faulty("write", path, () =>
      file.write(bytes, done, bytes.length - done, at + done),
    );
    done += bytesWritten;
  }
}

async function faulty<T>(operation: string, path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toFileFault(error, operation, path);
  }
}

/** A snapshot file whose header holds, and whose length is what the header says. */
export class SnapshotReader {
  readonly path: string;
  readonly header: SnapshotHeader;
  private readonly descriptor: number;
  private readonly offsets = new Map<
    string,
    { readonly offset: number; readonly entry: SnapshotEntry }
  >();

  /** @throws ZamError Z203, Z224; FileFault */
  constructor(path: string) {
    this.path = path;
    this.descriptor = withFileFaults("open", path, () => openSync(path, "r"));
    try {
      const { header, headerBytes } = readHeader(path, (at, out) => this.readPart(at, out));
      this.header = header;
      let offset = headerBytes;
      for (const entry of header.entries) {
        this.offsets.set(entry.name, { offset, entry });
        offset += entry.sizeBytes;
      }
      if (this.offsets.size !== header.entries.length) throw damaged(path, "a name is in it twice");
      if (!this.endsAt(offset)) throw damaged(path, `it should have ${offset} bytes`);
    } catch (error) {
      closeSync(this.descriptor);
      throw error;
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** The whole of a small file, checked; undefined when there is none. @throws ZamError Z224 */
  read(name: string, sizeBytesMax: number): Uint8Array | undefined {
    const found = this.offsets.get(name);
    if (found === undefined) return undefined;
    const { entry, offset } = found;
    if (entry.sizeBytes > sizeBytesMax) throw damaged(this.path, `${name} is too large`);
    const bytes = new Uint8Array(entry.sizeBytes);
    if (this.readPart(offset, bytes) < bytes.length) throw damaged(this.path, `${name} is cut`);
    if (!bytesEqual(sha256Of(bytes), entry.sha256)) throw this.contentDamaged(name);
    return bytes;
  }

  /** Passes a file's bytes on in pieces; throws at the end when they are not what the header says. */
  async copy(entry: SnapshotEntry, take: (piece: Uint8Array) => Promise<void>): Promise<void> {
    const found = this.offsets.get(entry.name);
    if (found === undefined) throw damaged(this.path, `${entry.name} is missing`);
    const hash = createHash("sha256");
    const piece = new Uint8Array(Math.min(pieceBytes, Math.max(1, entry.sizeBytes)));
    for (let at = 0; at < entry.sizeBytes; ) {
      const part = piece.subarray(0, Math.min(piece.length, entry.sizeBytes - at));
      const count = this.readPart(found.offset + at, part);
      if (count === 0) throw damaged(this.path, `${entry.name} is cut`);
      hash.update(part.subarray(0, count));
      await take(part.subarray(0, count));
      at += count;
    }
    if (!bytesEqual(Uint8Array.from(hash.digest()), entry.sha256))
      throw this.contentDamaged(entry.name);
  }

  /** Where a file lies. */
  find(name: string): { readonly offset: number; readonly entry: SnapshotEntry } | undefined {
    return this.offsets.get(name);
  }

  readPart(offset: number, out: Uint8Array): number {
    return withFileFaults("read", this.path, () => {
      let done = 0;
      while (done < out.length) {
        const count = readSync(this.descriptor, out, done, out.length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  private endsAt(offset: number): boolean {
    const two = new Uint8Array(2);
    return this.readPart(offset - 1, two) === 1;
  }

  private contentDamaged(name: string): ZamError {
    return damaged(this.path, `the content of ${name} does not fit its hash`);
  }
}

function readHeader(
  path: string,
  read: (offset: number, out: Uint8Array) => number,
): { readonly header: SnapshotHeader; readonly headerBytes: number } {
  const head = new Uint8Array(fixedHeaderBytes);
  if (read(0, head) < head.length) throw damaged(path, "it is too short");
  const view = new DataView(head.buffer);
  if (view.getUint32(0) !== magic) throw damaged(path, "it does not begin like one");
  const found = view.getUint16(4);
  if (found !== snapshotVersion)
    throw new ZamError("Z203", { path, found, supported: snapshotVersion });
  const headerBytes = view.getUint32(8);
  if (headerBytes <= fixedHeaderBytes + hashBytes || headerBytes > headerBytesMax)
    throw damaged(path, "its header is damaged");
  const bytes = new Uint8Array(headerBytes);
  if (read(0, bytes) < headerBytes) throw damaged(path, "it is too short");
  const content = bytes.subarray(0, -hashBytes);
  if (!bytesEqual(sha256Of(content), bytes.subarray(-hashBytes)))
    throw damaged(path, "its header is damaged");
  const header = decodeHeader(content.subarray(fixedHeaderBytes));
  if (header === undefined) throw damaged(path, "its header cannot be read");
  return { header, headerBytes };
}

function decodeHeader(bytes: Uint8Array): SnapshotHeader | undefined {
  const reader = new ByteReader(bytes);
  const createdMs = reader.u48();
  const logId = reader.bytes(16).slice();
  const nodeId = reader.text(63);
  const count = reader.varint();
  if (reader.failed || !isNodeId(nodeId) || count > entriesMax) return undefined;
  const entries: SnapshotEntry[] = [];
  for (let index = 0; index < count; index++) {
    const name = reader.text(nameBytesMax);
    const sizeBytes = reader.varint();
    const sha256 = reader.bytes(hashBytes).slice();
    if (reader.failed || !isStoreName(name)) return undefined;
    entries.push({ name, sizeBytes, sha256 });
  }
  return reader.finished ? { nodeId, logId, createdMs, entries } : undefined;
}

function damaged(path: string, problem: string): ZamError {
  return new ZamError("Z224", { path, problem });
}
