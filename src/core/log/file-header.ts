/**
 * The clear header that every file of the log begins with: segments, manifest,
 * checkpoints and indexes. It names the log, salts the keys, and holds the key
 * id by which a wrong key is told from damage before anything else is looked at
 * (RULES 11).
 */
import { bytesEqual } from "../bytes.ts";
import type { CryptoPort } from "../ports.ts";
import {
  type FileKind,
  fileHeaderBytes,
  fileMagic,
  formatVersion,
  keyIdBytes,
  logIdBytes,
  saltBytes,
} from "./format.ts";
import { smallCrc } from "./small-crc.ts";

export interface FileHeader {
  readonly kind: FileKind;
  readonly isEncrypted: boolean;
  /** Segment number of a segment or an index, else 0. */
  readonly number: number;
  /** Counts rewrites of a manifest or checkpoint; 0 in segments and indexes. */
  readonly generation: number;
  readonly logId: Uint8Array;
  readonly salt: Uint8Array;
  /** Zeros in a plaintext log. */
  readonly keyId: Uint8Array;
  /** Bytes of the first block after the header (nonce, sealed bytes, CRC); 0 in segments. */
  readonly bodyBytes: number;
}

export type HeaderProblem =
  /** CRC or magic do not fit. */
  | "damaged"
  /** CRC fits, but the format version is not ours. */
  | "unsupported";

const flagEncrypted = 1;

export function encodeFileHeader(header: FileHeader): Uint8Array {
  const bytes = new Uint8Array(fileHeaderBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, fileMagic[header.kind]);
  view.setUint16(4, formatVersion);
  view.setUint16(6, header.isEncrypted ? flagEncrypted : 0);
  view.setUint32(8, header.number);
  view.setUint32(12, header.generation);
  bytes.set(header.logId, 16);
  bytes.set(header.salt, 32);
  bytes.set(header.keyId, 48);
  view.setUint32(56, header.bodyBytes);
  view.setUint32(60, smallCrc(bytes, 0, 60, 0));
  return bytes;
}

export function decodeFileHeader(kind: FileKind, bytes: Uint8Array): FileHeader | HeaderProblem {
  if (bytes.length < fileHeaderBytes) return "damaged";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(60) !== smallCrc(bytes, 0, 60, 0)) return "damaged";
  if (view.getUint32(0) !== fileMagic[kind]) return "damaged";
  const flags = view.getUint16(6);
  if (view.getUint16(4) !== formatVersion || flags > flagEncrypted) return "unsupported";
  return {
    kind,
    isEncrypted: flags === flagEncrypted,
    number: view.getUint32(8),
    generation: view.getUint32(12),
    logId: bytes.slice(16, 16 + logIdBytes),
    salt: bytes.slice(32, 32 + saltBytes),
    keyId: bytes.slice(48, 48 + keyIdBytes),
    bodyBytes: view.getUint32(56),
  };
}

/** Version number in a header that was called "unsupported". */
export function headerVersion(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint16(4);
}

export type KeyFit = "fits" | "wrongKey" | "needsKey" | "isPlaintext";

/** Whether a data key at hand is the one that the file was written with. */
export function keyFit(
  keys: DataKeys,
  header: { readonly isEncrypted: boolean; readonly salt: Uint8Array; readonly keyId: Uint8Array },
): KeyFit {
  const { crypto, dataKey } = keys;
  if (!header.isEncrypted) return dataKey === undefined ? "fits" : "isPlaintext";
  if (dataKey === undefined) return "needsKey";
  if (bytesEqual(keyIdFor(crypto, dataKey, header.salt), header.keyId)) return "fits";
  return isUnderFormerKey(keys, header) ? "fits" : "wrongKey";
}

/** The data keys at hand: a log that is being rekeyed still has files under the former one (RULES 17). */
export interface DataKeys {
  readonly crypto: CryptoPort;
  /** Seals everything new. Undefined in a plaintext log. */
  readonly dataKey: Uint8Array | undefined;
  /** Only while a rekey is under way. */
  readonly formerKey?: Uint8Array | undefined;
}

/** Which of the keys a file was sealed with. */
export function keyOf(
  keys: DataKeys,
  file: { readonly salt: Uint8Array; readonly keyId: Uint8Array },
): Uint8Array | undefined {
  return isUnderFormerKey(keys, file) ? keys.formerKey : keys.dataKey;
}

export function isUnderFormerKey(
  { crypto, formerKey }: DataKeys,
  { salt, keyId }: { readonly salt: Uint8Array; readonly keyId: Uint8Array },
): boolean {
  return formerKey !== undefined && bytesEqual(keyIdFor(crypto, formerKey, salt), keyId);
}

const checkInfo = Uint8Array.from([0x63, 0x68, 0x65, 0x63, 0x6b]); // "check"

export function keyIdFor(crypto: CryptoPort, dataKey: Uint8Array, salt: Uint8Array): Uint8Array {
  return crypto.hkdfSha256(dataKey, { salt, info: checkInfo, sizeBytes: keyIdBytes });
}
