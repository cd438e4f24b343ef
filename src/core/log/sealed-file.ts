/**
 * Sidecars (manifest, checkpoints, indexes): a file header, then blocks that
 * are each sealed with the header and their own offset as additional data.
 * A block is nonce, ciphertext, tag, CRC; in a plaintext log bytes and CRC.
 */
import { ByteWriter, textToUtf8 } from "../bytes.ts";
import type { AeadKey, CryptoPort } from "../ports.ts";
import { aeadNonceBytes, aeadTagBytes } from "../ports.ts";
import {
  type DataKeys,
  encodeFileHeader,
  type FileHeader,
  keyIdFor,
  keyOf,
} from "./file-header.ts";
import { type FileKind, fileHeaderBytes, keyIdBytes, saltBytes } from "./format.ts";

const sidecarInfo = textToUtf8("sidecar");

/** What seals the files of one log. */
export interface FileSeal extends DataKeys {
  readonly logId: Uint8Array;
}

/** Bytes that sealing adds to a block. */
export function blockOverhead(isEncrypted: boolean): number {
  return 4 + (isEncrypted ? aeadNonceBytes + aeadTagBytes : 0);
}

/** The whole file: the first block is the body, others (of an index) follow. */
export function sealFile(
  seal: FileSeal,
  file: { readonly kind: FileKind; readonly number: number; readonly generation: number },
  blocks: readonly Uint8Array[],
): Uint8Array {
  const { crypto, dataKey } = seal;
  const isEncrypted = dataKey !== undefined;
  const salt = crypto.randomBytes(saltBytes);
  const first = blocks[0];
  const header = encodeFileHeader({
    kind: file.kind,
    isEncrypted,
    number: file.number,
    generation: file.generation,
    logId: seal.logId,
    salt,
    keyId: isEncrypted ? keyIdFor(crypto, dataKey, salt) : new Uint8Array(keyIdBytes),
    bodyBytes: (first?.length ?? 0) + blockOverhead(isEncrypted),
  });
  let total = header.length;
  for (const block of blocks) total += block.length + blockOverhead(isEncrypted);
  const out = new Uint8Array(total);
  out.set(header);
  const key = isEncrypted ? sidecarKey(crypto, dataKey, salt) : undefined;
  let at = header.length;
  for (const block of blocks) at = sealBlock(crypto, key, header, block, out, at);
  return out;
}

function sealBlock(
  crypto: CryptoPort,
  key: AeadKey | undefined,
  header: Uint8Array,
  block: Uint8Array,
  out: Uint8Array,
  start: number,
): number {
  let at = start;
  if (key === undefined) {
    out.set(block, at);
    at += block.length;
  } else {
    const nonce = crypto.randomBytes(aeadNonceBytes);
    out.set(nonce, at);
    at += aeadNonceBytes;
    crypto.seal(key, { nonce, aad: blockAad(header, start), plaintext: block }, out, at);
    at += block.length + aeadTagBytes;
  }
  const crc = crypto.crc32(out.subarray(start, at), crypto.crc32(blockAad(header, start)));
  new DataView(out.buffer).setUint32(at, crc);
  return at + 4;
}

/** Opens the block at `offset` of a file; `bytes` is that block, whole. Undefined when it does not verify. */
export function openBlock(
  seal: FileSeal,
  header: FileHeader,
  bytes: Uint8Array,
  offset: number,
): Uint8Array | undefined {
  const { crypto } = seal;
  const dataKey = header.isEncrypted ? keyOf(seal, header) : seal.dataKey;
  const aad = blockAad(encodeFileHeader(header), offset);
  const end = bytes.length - 4;
  if (end < blockOverhead(header.isEncrypted) - 4) return undefined;
  const crc = new DataView(bytes.buffer, bytes.byteOffset + end, 4).getUint32(0);
  if (crypto.crc32(bytes.subarray(0, end), crypto.crc32(aad)) !== crc) return undefined;
  if (!header.isEncrypted || dataKey === undefined) {
    return header.isEncrypted || dataKey !== undefined ? undefined : bytes.subarray(0, end);
  }
  return crypto.open(sidecarKey(crypto, dataKey, header.salt), {
    nonce: bytes.subarray(0, aeadNonceBytes),
    aad,
    sealed: bytes.subarray(aeadNonceBytes, end),
  });
}

function blockAad(header: Uint8Array, offset: number): Uint8Array {
  const aad = new ByteWriter(fileHeaderBytes + 4);
  aad.bytes(header);
  aad.u32(offset);
  return aad.take();
}

function sidecarKey(crypto: CryptoPort, dataKey: Uint8Array, salt: Uint8Array): AeadKey {
  return crypto.importKey(crypto.hkdfSha256(dataKey, { salt, info: sidecarInfo, sizeBytes: 32 }));
}
