/**
 * `CryptoPort` on Node: ChaCha20-Poly1305 (RFC 8439), SHA-256, HKDF (RFC 5869),
 * CRC-32 and randomness, by Node's own modules; small records are opened by libsodium once it is loaded.
 *
 * What it returns are plain `Uint8Array`s, never `Buffer`s: the core calls
 * `slice` and means a copy, where `Buffer.slice` lends.
 *
 * It holds no keys and keeps no state except a pool of random bytes, each of
 * which is handed out once and wiped.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
  randomFillSync,
} from "node:crypto";
import { crc32 } from "node:zlib";
import type { AeadKey, CryptoPort, Sha256 } from "../core/ports.ts";
import { aeadTagBytes } from "../core/ports.ts";
import { areSmallRecordsLoaded, openSmall, smallSealedBytesMax } from "./small-records.ts";

const cipherName = "chacha20-poly1305";
const cipherOptions = { authTagLength: aeadTagBytes } as const;
const keyBytes = 32;

/** One system call for about 680 nonces. */
const randomPoolBytes = 8192;
/** Larger requests go to the system directly. */
const pooledRequestBytesMax = 256;
const randomPool = new Uint8Array(randomPoolBytes);
let randomPoolUsed = randomPoolBytes;

export const nodeCrypto: CryptoPort = {
  sha256: (bytes) => lend(hash("sha256", bytes, "buffer")),
  createSha256,
  hkdfSha256(key, input) {
    return new Uint8Array(hkdfSync("sha256", key, input.salt, input.info, input.sizeBytes));
  },
  importKey(raw) {
    if (raw.length !== keyBytes) throw new RangeError(`a key has ${keyBytes} bytes`);
    const key: NodeKey = { forOpenSsl: createSecretKey(raw), forSodium: undefined };
    return key as unknown as AeadKey;
  },
  seal(key, input, out, outOffset) {
    const cipher = createCipheriv(cipherName, keyOf(key).forOpenSsl, input.nonce, cipherOptions);
    cipher.setAAD(input.aad);
    out.set(cipher.update(input.plaintext), outOffset);
    cipher.final();
    out.set(cipher.getAuthTag(), outOffset + input.plaintext.length);
  },
  open(key, input) {
    const bodyBytes = input.sealed.length - aeadTagBytes;
    if (bodyBytes < 0) return undefined;
    const forHost = keyOf(key);
    if (areSmallRecordsLoaded() && input.sealed.length <= smallSealedBytesMax) {
      forHost.forSodium ??= lend(forHost.forOpenSsl.export());
      return openSmall(forHost.forSodium, input);
    }
    const decipher = createDecipheriv(cipherName, forHost.forOpenSsl, input.nonce, cipherOptions);
    decipher.setAAD(input.aad);
    decipher.setAuthTag(input.sealed.subarray(bodyBytes));
    const plaintext = decipher.update(input.sealed.subarray(0, bodyBytes));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return lend(plaintext);
  },
  crc32: (bytes, seed = 0) => crc32(bytes, seed),
  randomBytes(sizeBytes) {
    if (sizeBytes > pooledRequestBytesMax) return randomFillSync(new Uint8Array(sizeBytes));
    if (randomPoolUsed + sizeBytes > randomPoolBytes) {
      randomFillSync(randomPool);
      randomPoolUsed = 0;
    }
    const end = randomPoolUsed + sizeBytes;
    const bytes = randomPool.slice(randomPoolUsed, end);
    randomPool.fill(0, randomPoolUsed, end);
    randomPoolUsed = end;
    return bytes;
  },
};

function createSha256(): Sha256 {
  const state = createHash("sha256");
  return {
    update: (bytes) => {
      state.update(bytes);
    },
    digest: () => lend(state.digest()),
  };
}

/** The same memory without Buffer's methods. */
function lend(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** What an `AeadKey` is here, which the core cannot look into: this and `importKey` are the seam. */
interface NodeKey {
  readonly forOpenSsl: KeyObject;
  /** Its bytes, once they are needed. */
  forSodium: Uint8Array | undefined;
}

function keyOf(key: AeadKey): NodeKey {
  return key as unknown as NodeKey;
}
