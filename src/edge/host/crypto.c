/*
 * Hashes, key derivation, AEAD, CRC and random bytes: core's CryptoPort.
 * ChaCha20-Poly1305 by RFC 8439, HKDF by RFC 5869, both from mbedTLS.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "host.h"
#include "mbedtls/chachapoly.h"
#include "mbedtls/hkdf.h"
#include "mbedtls/md.h"
#include "mbedtls/sha256.h"

enum { key_bytes = 32, nonce_bytes = 12, tag_bytes = 16, hash_bytes = 32 };
/* RFC 5869, 2.3: 255 blocks of the hash. */
enum { hkdf_bytes_max = 255 * hash_bytes };

void random_bytes(uint8_t *out, size_t size) {
  while (size > 0) {
    ssize_t got = getrandom(out, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) abort();
    out += got;
    size -= (size_t)got;
  }
}

static JSValue call_random_bytes(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  size_t size = 0;
  uint8_t *out = NULL;
  if (get_size(ctx, argv[0], 1 << 20, &size) < 0) return JS_EXCEPTION;
  JSValue array = new_empty_bytes(ctx, size, &out);
  if (!JS_IsException(array)) random_bytes(out, size);
  return array;
}

static JSValue call_sha256(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes input;
  uint8_t hash[hash_bytes];
  if (get_bytes(ctx, argv[0], &input) < 0) return JS_EXCEPTION;
  if (mbedtls_sha256(input.data, input.size, hash, 0) != 0)
    return JS_ThrowInternalError(ctx, "SHA-256");
  return new_bytes(ctx, hash, sizeof hash);
}

/* A running hash is its context's bytes, kept by JavaScript: nothing here to leak. */
static JSValue call_sha256_start(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc; (void)argv;
  mbedtls_sha256_context state;
  mbedtls_sha256_init(&state);
  if (mbedtls_sha256_starts(&state, 0) != 0) return JS_ThrowInternalError(ctx, "SHA-256");
  return new_bytes(ctx, (const uint8_t *)&state, sizeof state);
}

static JSValue call_sha256_update(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes kept;
  Bytes input;
  mbedtls_sha256_context state;
  if (get_bytes_of(ctx, argv[0], sizeof state, &kept) < 0) return JS_EXCEPTION;
  if (get_bytes(ctx, argv[1], &input) < 0) return JS_EXCEPTION;
  memcpy(&state, kept.data, sizeof state);
  if (mbedtls_sha256_update(&state, input.data, input.size) != 0)
    return JS_ThrowInternalError(ctx, "SHA-256");
  memcpy(kept.data, &state, sizeof state);
  return JS_UNDEFINED;
}

static JSValue call_sha256_digest(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes kept;
  uint8_t hash[hash_bytes];
  mbedtls_sha256_context state;
  if (get_bytes_of(ctx, argv[0], sizeof state, &kept) < 0) return JS_EXCEPTION;
  memcpy(&state, kept.data, sizeof state);
  if (mbedtls_sha256_finish(&state, hash) != 0) return JS_ThrowInternalError(ctx, "SHA-256");
  return new_bytes(ctx, hash, sizeof hash);
}

static JSValue call_hkdf(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes key;
  Bytes salt;
  Bytes info;
  size_t size = 0;
  uint8_t *out = NULL;
  if (get_bytes(ctx, argv[0], &key) < 0 || get_bytes(ctx, argv[1], &salt) < 0 ||
      get_bytes(ctx, argv[2], &info) < 0 || get_size(ctx, argv[3], hkdf_bytes_max, &size) < 0)
    return JS_EXCEPTION;
  JSValue array = new_empty_bytes(ctx, size, &out);
  if (JS_IsException(array)) return array;
  const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
  if (mbedtls_hkdf(sha256, salt.data, salt.size, key.data, key.size, info.data, info.size, out,
                   size) == 0)
    return array;
  JS_FreeValue(ctx, array);
  return JS_ThrowInternalError(ctx, "HKDF");
}

/* seal(key, nonce, aad, plaintext, out, outOffset): ciphertext and tag. */
static JSValue call_seal(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes key;
  Bytes nonce;
  Bytes aad;
  Bytes plain;
  Bytes out;
  size_t offset = 0;
  if (get_bytes_of(ctx, argv[0], key_bytes, &key) < 0 ||
      get_bytes_of(ctx, argv[1], nonce_bytes, &nonce) < 0 || get_bytes(ctx, argv[2], &aad) < 0 ||
      get_bytes(ctx, argv[3], &plain) < 0 || get_bytes(ctx, argv[4], &out) < 0 ||
      get_size(ctx, argv[5], out.size, &offset) < 0)
    return JS_EXCEPTION;
  if (out.size - offset < tag_bytes || out.size - offset - tag_bytes < plain.size)
    return JS_ThrowTypeError(ctx, "no room for the sealed bytes");
  mbedtls_chachapoly_context state;
  mbedtls_chachapoly_init(&state);
  uint8_t *sealed = out.data + offset;
  int failed = mbedtls_chachapoly_setkey(&state, key.data) != 0 ||
               mbedtls_chachapoly_encrypt_and_tag(&state, plain.size, nonce.data, aad.data,
                                                  aad.size, plain.data, sealed,
                                                  sealed + plain.size) != 0;
  mbedtls_chachapoly_free(&state);
  return failed ? JS_ThrowInternalError(ctx, "AEAD") : JS_UNDEFINED;
}

/* open(key, nonce, aad, sealed): the plaintext, or null when the tag does not fit. */
static JSValue call_open(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes key;
  Bytes nonce;
  Bytes aad;
  Bytes sealed;
  uint8_t *plain = NULL;
  if (get_bytes_of(ctx, argv[0], key_bytes, &key) < 0 ||
      get_bytes_of(ctx, argv[1], nonce_bytes, &nonce) < 0 || get_bytes(ctx, argv[2], &aad) < 0 ||
      get_bytes(ctx, argv[3], &sealed) < 0)
    return JS_EXCEPTION;
  if (sealed.size < tag_bytes) return JS_NULL;
  size_t size = sealed.size - tag_bytes;
  JSValue array = new_empty_bytes(ctx, size, &plain);
  if (JS_IsException(array)) return array;
  mbedtls_chachapoly_context state;
  mbedtls_chachapoly_init(&state);
  int failed = mbedtls_chachapoly_setkey(&state, key.data) != 0 ||
               mbedtls_chachapoly_auth_decrypt(&state, size, nonce.data, aad.data, aad.size,
                                               sealed.data + size, sealed.data, plain) != 0;
  mbedtls_chachapoly_free(&state);
  if (!failed) return array;
  JS_FreeValue(ctx, array);
  return JS_NULL;
}

/* CRC-32 of ISO 3309, reflected, four bits at a step: 64 bytes of table. */
static uint32_t crc32_of(uint32_t seed, const uint8_t *data, size_t size) {
  static const uint32_t nibbles[16] = {
      0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
      0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
      0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  uint32_t crc = ~seed;
  for (size_t at = 0; at < size; at++) {
    crc ^= data[at];
    crc = nibbles[crc & 15] ^ (crc >> 4);
    crc = nibbles[crc & 15] ^ (crc >> 4);
  }
  return ~crc;
}

/* crc32(bytes, seed, from, to): of bytes[from..to). */
static JSValue call_crc32(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes input;
  uint32_t seed = 0;
  size_t from = 0;
  size_t to = 0;
  if (get_bytes(ctx, argv[0], &input) < 0 || JS_ToUint32(ctx, &seed, argv[1]) < 0 ||
      get_size(ctx, argv[3], input.size, &to) < 0 || get_size(ctx, argv[2], to, &from) < 0)
    return JS_EXCEPTION;
  return JS_NewUint32(ctx, crc32_of(seed, input.data + from, to - from));
}

static const HostFunction functions[] = {
    {"randomBytes", 1, call_random_bytes},   {"sha256", 1, call_sha256},
    {"sha256Start", 0, call_sha256_start},   {"sha256Update", 2, call_sha256_update},
    {"sha256Digest", 1, call_sha256_digest}, {"hkdfSha256", 4, call_hkdf},
    {"seal", 6, call_seal},                  {"open", 4, call_open},
    {"crc32", 4, call_crc32},
};

void add_crypto(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
