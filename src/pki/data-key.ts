/**
 * The data key: 32 bytes that seal the log, kept as one line of text with a
 * checksum, so that a key copied by hand or cut short is told from a wrong one.
 *
 *     zamsync-key-1 <43 characters base64url> <CRC-32 of all before it, 8 hex digits>
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { ZamError } from "../core/errors/zam-error.ts";
import { readSmallFile } from "./private-file.ts";

export const dataKeyBytes = 32;
/** The name of a systemd credential that holds the key. */
export const credentialName = "zamsync-key";
const label = "zamsync-key-1";
const keyFileBytesMax = 4096;

export function createDataKey(): Uint8Array {
  return Uint8Array.from(randomBytes(dataKeyBytes));
}

export function encodeDataKey(key: Uint8Array): string {
  const head = `${label} ${Buffer.from(key).toString("base64url")}`;
  return `${head} ${checksum(head)}\n`;
}

/** The key in `text`. Throws Z303; `path` is for the message only. */
export function decodeDataKey(text: string, path: string): Uint8Array {
  const parts = text.trim().split(/\s+/);
  const [found, encoded, sum] = parts;
  if (found !== label) throw malformed(path, `it does not start with ${label}`);
  if (encoded === undefined || sum === undefined || parts.length !== 3) {
    throw malformed(path, "it does not have three parts");
  }
  if (checksum(`${label} ${encoded}`) !== sum) throw malformed(path, "its checksum does not fit");
  const bytes = /^[A-Za-z0-9_-]{43}$/.test(encoded) ? Buffer.from(encoded, "base64url") : undefined;
  if (bytes?.length !== dataKeyBytes)
    throw malformed(path, `it does not hold ${dataKeyBytes} bytes`);
  return Uint8Array.from(bytes);
}

export interface DataKeySource {
  readonly dir: string;
  /** `--key-file`. Goes before everything else. */
  readonly keyFile?: string | undefined;
  /** `ZAMSYNC_KEY_FILE` and `CREDENTIALS_DIRECTORY` are looked up here, in this order. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Where the data key of a node is expected. A key that was named is never silently replaced by another. */
export function dataKeyPath(source: DataKeySource): string {
  if (source.keyFile !== undefined) return source.keyFile;
  const named = source.env?.ZAMSYNC_KEY_FILE;
  if (named !== undefined && named !== "") return named;
  const credentials = source.env?.CREDENTIALS_DIRECTORY;
  if (credentials !== undefined && credentials !== "") {
    const path = join(credentials, credentialName);
    if (readSmallFile(path, { maxBytes: keyFileBytesMax }) !== undefined) return path;
  }
  return join(source.dir, "keys", "data.key");
}

/** The 32 bytes. Throws Z302 (no such file) or Z303 (not a key). */
export function readDataKey(source: DataKeySource): Uint8Array {
  const path = dataKeyPath(source);
  const key = readKeyFile(path);
  if (key === undefined) throw new ZamError("Z302", { path });
  return key;
}

/** The key in a file, or undefined when there is no such file. Throws Z303. */
export function readKeyFile(path: string): Uint8Array | undefined {
  let text: string | undefined;
  try {
    text = readSmallFile(path, { maxBytes: keyFileBytesMax });
  } catch (cause) {
    const reason = cause instanceof ZamError ? String(cause.context.reason) : String(cause);
    throw malformed(path, reason);
  }
  return text === undefined ? undefined : decodeDataKey(text, path);
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

function malformed(path: string, problem: string): ZamError {
  return new ZamError("Z303", { path, problem });
}
