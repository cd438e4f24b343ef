/**
 * The data key: 32 bytes that seal the log, kept as one line of text with a
 * checksum, so that a key copied by hand or cut short is told from a wrong one.
 *
 *     zamsync-key-1 <43 characters base64url> <CRC-32 of all before it, 8 hex digits>
 */
import { randomBytes } from "node:crypto";
import { existsSync, realpathSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import { ZamError } from "../core/errors/zam-error.ts";
import {
  makePrivateDirectory,
  readSmallFile,
  syncDirectory,
  systemCode,
  writePrivateFile,
} from "./private-file.ts";

const dataKeyBytes = 32;
/** The name of a systemd credential that holds the key (systemd.exec(5), LoadCredential=). */
const credentialName = "zamsync-key";
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
    if (existsSync(path)) return path;
  }
  return join(source.dir, "keys", "data.key");
}

/** The 32 bytes. Throws Z302 (no such file), Z303 (not a key) or Z321. */
export function readDataKey(source: DataKeySource): Uint8Array {
  return requireKeyFile(dataKeyPath(source));
}

/** Throws Z302 (no such file), Z303 (not a key) or Z321. */
export function requireKeyFile(path: string): Uint8Array {
  const key = readKeyFile(path);
  if (key === undefined) throw new ZamError("Z302", { path });
  return key;
}

/** The key in a file, made durably when there is none. Throws Z303, Z321. */
export function readOrCreateKeyFile(path: string): Uint8Array {
  const present = readKeyFile(path);
  if (present !== undefined) return present;
  const key = createDataKey();
  makePrivateDirectory(dirname(resolve(path)));
  writePrivateFile(path, encodeDataKey(key));
  return key;
}

/** Where the key that is to replace the one at `path` waits, durably, for the log to take it. */
export function stagedKeyPath(path: string): string {
  return `${existsSync(path) ? realpathSync(path) : path}.new`;
}

/** Throws Z321. */
export function stageDataKey(path: string, key: Uint8Array): void {
  writePrivateFile(stagedKeyPath(path), encodeDataKey(key));
}

/** The staged key takes its place, durably. Throws Z321. */
export function installStagedKey(path: string): void {
  const staged = stagedKeyPath(path);
  try {
    renameSync(staged, staged.slice(0, -".new".length));
  } catch (cause) {
    throw new ZamError("Z321", { operation: "writing", path, reason: String(cause) }, cause);
  }
  syncDirectory(dirname(staged));
}

export function removeStagedKey(path: string): void {
  rmSync(stagedKeyPath(path), { force: true });
}

/** systemd gives a credential to read, not to replace. */
export function isCredential(path: string, env: DataKeySource["env"]): boolean {
  const directory = env?.CREDENTIALS_DIRECTORY;
  return (
    directory !== undefined && directory !== "" && dirname(resolve(path)) === resolve(directory)
  );
}

/** The key in a file, or undefined when there is no such file. Throws Z303; Z321 when the system does not let it be read. */
export function readKeyFile(path: string): Uint8Array | undefined {
  let text: string | undefined;
  try {
    text = readSmallFile(path, { maxBytes: keyFileBytesMax });
  } catch (cause) {
    if (!(cause instanceof ZamError) || systemCode(cause.cause) !== "") throw cause;
    throw malformed(path, String(cause.context.reason));
  }
  return text === undefined ? undefined : decodeDataKey(text, path);
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

function malformed(path: string, problem: string): ZamError {
  return new ZamError("Z303", { path, problem });
}
