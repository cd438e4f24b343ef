/** Core's crypto and compressor ports over the C host. */
import type { AeadKey, CompressorPort, CryptoPort, Sha256 } from "../core/ports.ts";
import { host } from "./host-functions.ts";

/** Here a key is its bytes: the host sets it up anew for each call, which costs a copy of 32 bytes. */
function keyBytes(key: AeadKey): Uint8Array {
  return key as unknown as Uint8Array;
}

const keyBytesCount = 32;

export const hostCrypto: CryptoPort = {
  sha256: (bytes) => host.sha256(bytes),
  createSha256(): Sha256 {
    const state = host.sha256Start();
    return {
      update: (bytes) => host.sha256Update(state, bytes),
      digest: () => host.sha256Digest(state),
    };
  },
  hkdfSha256: (key, input) => host.hkdfSha256(key, input.salt, input.info, input.sizeBytes),
  importKey(raw) {
    if (raw.length !== keyBytesCount) throw new RangeError(`a key of ${raw.length} bytes`);
    return raw.slice() as unknown as AeadKey;
  },
  seal: (key, input, out, outOffset) =>
    host.seal(keyBytes(key), input.nonce, input.aad, input.plaintext, out, outOffset),
  open: (key, input) => host.open(keyBytes(key), input.nonce, input.aad, input.sealed) ?? undefined,
  crc32: (bytes, seed = 0) => host.crc32(bytes, seed, 0, bytes.length),
  randomBytes: (sizeBytes) => host.randomBytes(sizeBytes),
};

export const hostCompressor: CompressorPort = {
  compress: (bytes, dictionary, { windowLog, hashLog, chainLog }) =>
    host.compress(bytes, dictionary, windowLog, hashLog, chainLog),
  decompress: (bytes, input) =>
    host.decompress(bytes, input.dictionary, input.sizeBytes) ?? undefined,
};
