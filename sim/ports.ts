/** The real byte work (AEAD, hash, zstd), with randomness that the seed decides. */
import type { CryptoPort } from "../src/core/ports.ts";
import { nodeCrypto } from "../src/storage/node-crypto.ts";
import type { SeededRandom } from "../src/testing/seeded-random.ts";

export { nodeCompressor } from "../src/storage/node-compressor.ts";

export function createSeededCrypto(random: SeededRandom): CryptoPort {
  return { ...nodeCrypto, randomBytes: (sizeBytes) => random.bytes(sizeBytes) };
}

/** A data key of a node: 32 bytes that only its name and the key's number decide. */
export function dataKeyOf(nodeId: string, keyNumber: number): Uint8Array {
  return nodeCrypto.sha256(new TextEncoder().encode(`data key ${keyNumber} of ${nodeId}`));
}

export function fingerprintOf(nodeId: string, keyNumber: number): Uint8Array {
  return nodeCrypto.sha256(new TextEncoder().encode(`public key ${keyNumber} of ${nodeId}`));
}
