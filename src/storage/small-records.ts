/**
 * Opens small sealed records by libsodium (WebAssembly). Node sets OpenSSL up anew for each call, which costs
 * several times what 200 bytes do; who reads a whole log feels it. libsodium takes 20 MB of memory, so it is
 * loaded only by who asks for it, and until then, and for larger records, OpenSSL opens everything.
 */
import type sodiumModule from "libsodium-wrappers";

type Sodium = typeof sodiumModule;

let sodium: Sodium | undefined;
let loading: Promise<void> | undefined;

/** Sealed bytes; beyond that OpenSSL takes less time. */
export const smallSealedBytesMax = 1024;

/** From then on `openSmall` does its work, in this thread. */
export function loadSmallRecords(): Promise<void> {
  loading ??= import("libsodium-wrappers").then(async ({ default: loaded }) => {
    await loaded.ready;
    sodium = loaded;
  });
  return loading;
}

export function areSmallRecordsLoaded(): boolean {
  return sodium !== undefined;
}

/** ChaCha20-Poly1305 (RFC 8439): the plaintext, or undefined when the tag does not fit. Needs `loadSmallRecords`. */
export function openSmall(
  rawKey: Uint8Array,
  input: { readonly nonce: Uint8Array; readonly aad: Uint8Array; readonly sealed: Uint8Array },
): Uint8Array | undefined {
  if (sodium === undefined) throw new Error("loadSmallRecords was not awaited");
  const { nonce, aad, sealed } = input;
  try {
    return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, aad, nonce, rawKey);
  } catch {
    return undefined;
  }
}
