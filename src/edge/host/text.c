/* Between text and bytes: UTF-8 (RFC 3629), Latin-1, base64 (RFC 4648). */
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "mbedtls/base64.h"

/* Bytes of the character at `at`, or 0 when it is none: no overlong form, no surrogate, nothing above U+10FFFF. */
static size_t character_size(const uint8_t *at, size_t left) {
  uint8_t first = at[0];
  if (first < 0x80) return 1;
  size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || left < size) return 0;
  for (size_t next = 1; next < size; next++)
    if ((at[next] & 0xc0) != 0x80) return 0;
  if (first == 0xe0 && at[1] < 0xa0) return 0;
  if (first == 0xed && at[1] > 0x9f) return 0;
  if (first == 0xf0 && at[1] < 0x90) return 0;
  if (first == 0xf4 && at[1] > 0x8f) return 0;
  return size;
}

static bool is_utf8(Bytes bytes) {
  for (size_t at = 0; at < bytes.size;) {
    size_t size = character_size(bytes.data + at, bytes.size - at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

/* isUtf8(bytes) */
static JSValue call_is_utf8(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes bytes;
  if (get_bytes(ctx, argv[0], &bytes) < 0) return JS_EXCEPTION;
  return JS_NewBool(ctx, is_utf8(bytes));
}

/* utf8ToText(bytes): null when they are no UTF-8. */
static JSValue call_decode(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes bytes;
  if (get_bytes(ctx, argv[0], &bytes) < 0) return JS_EXCEPTION;
  if (!is_utf8(bytes)) return JS_NULL;
  return JS_NewStringLen(ctx, (const char *)bytes.data, bytes.size);
}

/* textToUtf8(text): a half of a surrogate pair becomes U+FFFD, as in TextEncoder. */
static JSValue call_encode(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  size_t size = 0;
  const char *text = JS_ToCStringLen(ctx, &size, argv[0]);
  if (text == NULL) return JS_EXCEPTION;
  uint8_t *out = NULL;
  JSValue array = new_empty_bytes(ctx, size, &out);
  if (!JS_IsException(array) && size > 0) {
    memcpy(out, text, size);
    for (size_t at = 0; at + 2 < size; at++) {
      if (out[at] != 0xed || out[at + 1] < 0xa0) continue;
      out[at] = 0xef;
      out[at + 1] = 0xbf;
      out[at + 2] = 0xbd;
    }
  }
  JS_FreeCString(ctx, text);
  return array;
}

/* latin1ToText(bytes): a character a byte. */
static JSValue call_latin1(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes bytes;
  if (get_bytes(ctx, argv[0], &bytes) < 0) return JS_EXCEPTION;
  uint8_t *utf8 = js_malloc(ctx, bytes.size * 2 + 1);
  if (utf8 == NULL) return JS_EXCEPTION;
  size_t size = 0;
  for (size_t at = 0; at < bytes.size; at++) {
    uint8_t byte = bytes.data[at];
    if (byte >= 0x80) utf8[size++] = (uint8_t)(0xc0 | byte >> 6);
    utf8[size++] = byte < 0x80 ? byte : (uint8_t)(0x80 | (byte & 0x3f));
  }
  JSValue text = JS_NewStringLen(ctx, (const char *)utf8, size);
  js_free(ctx, utf8);
  return text;
}

/* bytesToBase64(bytes) */
static JSValue call_to_base64(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes bytes;
  if (get_bytes(ctx, argv[0], &bytes) < 0) return JS_EXCEPTION;
  size_t room = bytes.size / 3 * 4 + 5;
  size_t size = 0;
  uint8_t *text = js_malloc(ctx, room);
  if (text == NULL) return JS_EXCEPTION;
  JSValue result = mbedtls_base64_encode(text, room, &size, bytes.data, bytes.size) == 0
                       ? JS_NewStringLen(ctx, (const char *)text, size)
                       : JS_ThrowInternalError(ctx, "base64");
  js_free(ctx, text);
  return result;
}

/* base64ToBytes(text): null when it is none. */
static JSValue call_from_base64(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  size_t size = 0;
  size_t written = 0;
  const char *text = JS_ToCStringLen(ctx, &size, argv[0]);
  if (text == NULL) return JS_EXCEPTION;
  uint8_t *out = js_malloc(ctx, size + 1);
  JSValue result = JS_EXCEPTION;
  if (out != NULL) {
    int status = mbedtls_base64_decode(out, size, &written, (const uint8_t *)text, size);
    result = status == 0 ? new_bytes(ctx, out, written) : JS_NULL;
  }
  js_free(ctx, out);
  JS_FreeCString(ctx, text);
  return result;
}

static const HostFunction functions[] = {
    {"isUtf8", 1, call_is_utf8},
    {"utf8ToText", 1, call_decode},
    {"textToUtf8", 1, call_encode},
    {"latin1ToText", 1, call_latin1},
    {"bytesToBase64", 1, call_to_base64},
    {"base64ToBytes", 1, call_from_base64},
};

void add_text(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
