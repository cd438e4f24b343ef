/**
 * Small sealed files beside the log: what a node knows about its peers.
 *
 * Invariants: a file is replaced whole and durably, or not at all; its bytes are
 * bound to its name, so that one peer's file put in another's place is refused;
 * every writing draws a fresh salt, hence a fresh key. Rollback to an older file
 * cannot be told from here.
 *
 * | offset | size | field | meaning |
 * | --- | --- | --- | --- |
 * | 0 | 4 | magic | "ZSSC" |
 * | 4 | 1 | version | 1 |
 * | 5 | 3 | reserved | zero |
 * | 8 | 16 | salt | random, new with each writing |
 * | 24 | 8 | key id | HKDF-SHA256(data key, salt, "check"), as in a segment |
 * | 32 | 12 | nonce | random |
 * | 44 | 4 | header CRC | CRC-32 of the 44 bytes before |
 * | 48 | n + 16 | sealed | ChaCha20-Poly1305 of the content, and its tag |
 *
 * The key is HKDF-SHA256(data key, salt, "sidecar" + name); the additional data
 * are the 48 bytes of the header, then the name. Integers are big-endian.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { ByteReader, ByteWriter, bytesEqual, textToUtf8 } from "../core/bytes.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import { type AeadKey, aeadTagBytes, type CryptoPort, FileFault } from "../core/ports.ts";
import { assertFolderName } from "../core/store-name.ts";
import { errnoOf, faultToError, toFileFault, withFileFaults } from "./file-faults.ts";
import { makeDirectoryInside, syncDirectoryNow } from "./node-store.ts";
import {
  isTemporary,
  removeStaleTemporaries,
  replaceFile,
  replaceFileNow,
} from "./replace-file.ts";

const magic = 0x5a535343;
const version = 1;
const saltBytes = 16;
const keyIdBytes = 8;
const nonceBytes = 12;
const headerBytes = 48;
const checkInfo = textToUtf8("check");

/** A vector of 10,000 streams takes about 1 MB; what is larger was not written by us. */
const sidecarBytesMax = 16 * 1024 * 1024;

export interface SealedFolderOptions {
  /** Made (0700) when the first file is written. */
  readonly directory: string;
  /** 32 bytes. */
  readonly dataKey: Uint8Array;
  /** While a rekey is under way: files that are not sealed anew yet are under this one. */
  readonly formerKey?: Uint8Array | undefined;
  readonly crypto: CryptoPort;
  /** Touches nothing, not even stale temporary files; `write` and `remove` throw Z208. */
  readonly isReadOnly: boolean;
}

export interface SealedFolder {
  list(): readonly string[];
  /** Undefined when there is none. @throws ZamError Z203, Z205, Z206, Z211, Z212, Z301 */
  read(name: string): Uint8Array | undefined;
  /** Durable when it resolves; writings of one name follow one another. @throws ZamError Z204, Z205, Z206, Z208, Z211 */
  write(name: string, content: Uint8Array): Promise<void>;
  /** The blocking form. */
  writeNow(name: string, content: Uint8Array): void;
  remove(name: string): void;
  /** From now on. */
  useKeys(keys: Pick<SealedFolderOptions, "dataKey" | "formerKey">): void;
  /** Writes every file again, each between two other writings of it; what cannot be opened stays as it is. */
  sealAnew(): Promise<void>;
}

export function openSealedFolder(input: SealedFolderOptions): SealedFolder {
  let options = input;
  const { directory, isReadOnly } = options;
  const lastWrites = new Map<string, Promise<void>>();
  if (!isReadOnly) removeStaleTemporaries(directory);

  function prepare(name: string, content: Uint8Array): Uint8Array {
    assertWritable(options);
    makeDirectoryInside(directory);
    return sealSidecar(options, name, content);
  }

  const folder: SealedFolder = {
    list: () => namesIn(directory).filter((name) => !isTemporary(name)),
    read(name) {
      const path = pathOf(directory, name);
      const bytes = asUserErrors(() => readWhole(path));
      return bytes === undefined ? undefined : openSidecar(options, name, bytes);
    },
    async write(name, content) {
      const bytes = asUserErrors(() => prepare(name, content));
      const before = lastWrites.get(name) ?? Promise.resolve();
      const write = before
        .catch(() => undefined)
        .then(() => replaceFile(pathOf(directory, name), bytes));
      lastWrites.set(name, write);
      try {
        await write;
      } catch (error) {
        throw error instanceof FileFault ? faultToError(error) : error;
      } finally {
        if (lastWrites.get(name) === write) lastWrites.delete(name);
      }
    },
    writeNow(name, content) {
      asUserErrors(() => replaceFileNow(pathOf(directory, name), prepare(name, content)));
    },
    remove(name) {
      assertWritable(options);
      const path = pathOf(directory, name);
      asUserErrors(() => {
        withFileFaults("remove", path, () => rmSync(path, { force: true }));
        syncDirectoryNow(directory);
      });
    },
    useKeys({ dataKey, formerKey }) {
      options = { ...options, dataKey, formerKey };
    },
    async sealAnew() {
      for (const name of folder.list()) {
        for (;;) {
          await breathe();
          const pending = lastWrites.get(name);
          if (pending === undefined) break;
          await pending.catch(() => undefined);
        }
        const content = readOpenable(folder, name);
        if (content !== undefined) folder.writeNow(name, content);
      }
    },
  };
  return folder;
}

function readOpenable(folder: SealedFolder, name: string): Uint8Array | undefined {
  try {
    return folder.read(name);
  } catch (error) {
    if (error instanceof ZamError) return undefined;
    throw error;
  }
}

type SealInput = Pick<SealedFolderOptions, "directory" | "dataKey" | "formerKey" | "crypto">;

export function sealSidecar(input: SealInput, name: string, content: Uint8Array): Uint8Array {
  const { crypto } = input;
  const salt = crypto.randomBytes(saltBytes);
  const nonce = crypto.randomBytes(nonceBytes);
  const writer = new ByteWriter(headerBytes);
  writer.u32(magic);
  writer.u8(version);
  writer.bytes(new Uint8Array(3));
  writer.bytes(salt);
  writer.bytes(keyIdOf(input, salt));
  writer.bytes(nonce);
  writer.u32(crypto.crc32(writer.view()));
  const out = new Uint8Array(headerBytes + content.length + aeadTagBytes);
  out.set(writer.view());
  const aad = additionalData(out, name);
  crypto.seal(sidecarKey(input, salt, name), { nonce, aad, plaintext: content }, out, headerBytes);
  return out;
}

/** @throws ZamError Z203, Z212, Z301 */
export function openSidecar(input: SealInput, name: string, bytes: Uint8Array): Uint8Array {
  const { crypto } = input;
  const path = pathOf(input.directory, name);
  const reader = new ByteReader(bytes);
  const foundMagic = reader.u32();
  const foundVersion = reader.u8();
  reader.bytes(3);
  const salt = reader.bytes(saltBytes);
  const keyId = reader.bytes(keyIdBytes);
  const nonce = reader.bytes(nonceBytes);
  const crc = reader.u32();
  if (reader.failed) throw damaged(path, "it is too short");
  if (foundMagic !== magic) throw damaged(path, "it is no sealed file of zamsync");
  if (crypto.crc32(bytes.subarray(0, headerBytes - 4)) !== crc) {
    throw damaged(path, "its header is damaged");
  }
  if (foundVersion !== version) {
    throw new ZamError("Z203", { path, found: foundVersion, supported: version });
  }
  if (!bytesEqual(keyId, keyIdOf(input, salt))) {
    const { formerKey, ...rest } = input;
    if (formerKey === undefined) throw new ZamError("Z301", { path });
    return openSidecar({ ...rest, dataKey: formerKey }, name, bytes);
  }
  const aad = additionalData(bytes, name);
  const sealed = bytes.subarray(headerBytes);
  const content = crypto.open(sidecarKey(input, salt, name), { nonce, aad, sealed });
  if (content === undefined) throw damaged(path, "its content is damaged or belongs elsewhere");
  return content;
}

function keyIdOf(input: SealInput, salt: Uint8Array): Uint8Array {
  return input.crypto.hkdfSha256(input.dataKey, { salt, info: checkInfo, sizeBytes: keyIdBytes });
}

function sidecarKey(input: SealInput, salt: Uint8Array, name: string): AeadKey {
  const info = textToUtf8(`sidecar${name}`);
  return input.crypto.importKey(
    input.crypto.hkdfSha256(input.dataKey, { salt, info, sizeBytes: 32 }),
  );
}

function additionalData(header: Uint8Array, name: string): Uint8Array {
  const writer = new ByteWriter(headerBytes + name.length);
  writer.bytes(header.subarray(0, headerBytes));
  writer.bytes(textToUtf8(name));
  return writer.view();
}

function pathOf(directory: string, name: string): string {
  assertFolderName(name);
  return join(directory, name);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw new ZamError("Z211", { path: directory, problem: "it cannot be listed" }, error);
  }
}

function readWhole(path: string): Uint8Array | undefined {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw toFileFault(error, "open", path);
  }
  try {
    return withFileFaults("read", path, () => {
      const stats = fstatSync(fd);
      if (!stats.isFile() || stats.size > sidecarBytesMax) {
        throw damaged(path, "it is no small file");
      }
      const bytes = new Uint8Array(stats.size);
      let done = 0;
      while (done < bytes.length) {
        const count = readSync(fd, bytes, done, bytes.length - done, done);
        if (count === 0) break;
        done += count;
      }
      return bytes.subarray(0, done);
    });
  } finally {
    closeSync(fd);
  }
}

function assertWritable(options: SealedFolderOptions): void {
  if (options.isReadOnly) throw new ZamError("Z208", { reason: "it was opened for reading" });
}

function damaged(path: string, problem: string): ZamError {
  return new ZamError("Z212", { path, problem });
}

function asUserErrors<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw error instanceof FileFault ? faultToError(error) : error;
  }
}
