/*
 * zstd (RFC 8878) as core's CompressorPort has it: one frame a call, without
 * magic, content size, checksum and dictionary id, with a raw-content dictionary.
 * Contexts live for one call: between calls no memory is held.
 */
#define ZSTD_STATIC_LINKING_ONLY
#include <string.h>

#include "host.h"
#include "zstd.h"

/* Level 9, as on Node; zstd bounds what it takes of the tables. */
enum { level = 9, table_log_max = 30 };

typedef struct {
  ZSTD_cParameter name;
  int value;
} Setting;

/* RFC 8878, section 5. A dictionary that starts so is used without its first byte, on every host. */
static Bytes as_raw_dictionary(Bytes dictionary) {
  static const uint8_t magic[4] = {0x37, 0xa4, 0x30, 0xec};
  if (dictionary.size < 4 || memcmp(dictionary.data, magic, 4) != 0) return dictionary;
  return (Bytes){dictionary.data + 1, dictionary.size - 1};
}

/* compress(bytes, dictionary, windowLog, hashLog, chainLog) */
static JSValue call_compress(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes input;
  Bytes dictionary;
  if (get_bytes(ctx, argv[0], &input) < 0 || get_bytes(ctx, argv[1], &dictionary) < 0)
    return JS_EXCEPTION;
  size_t logs[3];
  for (int at = 0; at < 3; at++)
    if (get_size(ctx, argv[2 + at], table_log_max, &logs[at]) < 0) return JS_EXCEPTION;
  const Setting settings[] = {
      {ZSTD_c_format, ZSTD_f_zstd1_magicless}, {ZSTD_c_compressionLevel, level},
      {ZSTD_c_windowLog, (int)logs[0]},        {ZSTD_c_hashLog, (int)logs[1]},
      {ZSTD_c_chainLog, (int)logs[2]},         {ZSTD_c_contentSizeFlag, 0},
      {ZSTD_c_checksumFlag, 0},                {ZSTD_c_dictIDFlag, 0},
  };
  dictionary = as_raw_dictionary(dictionary);
  size_t room = ZSTD_compressBound(input.size);
  uint8_t *out = js_malloc(ctx, room);
  if (out == NULL) return JS_EXCEPTION;
  JSValue result = JS_EXCEPTION;
  ZSTD_CCtx *state = ZSTD_createCCtx();
  size_t status = state == NULL ? (size_t)-1 : 0;
  for (size_t at = 0; !ZSTD_isError(status) && at < sizeof settings / sizeof settings[0]; at++)
    status = ZSTD_CCtx_setParameter(state, settings[at].name, settings[at].value);
  /* Loaded, as on Node: as a prefix zstd searches it less well, and takes 4 % more bytes. */
  if (!ZSTD_isError(status))
    status = ZSTD_CCtx_loadDictionary_byReference(state, dictionary.data, dictionary.size);
  if (!ZSTD_isError(status)) status = ZSTD_compress2(state, out, room, input.data, input.size);
  if (ZSTD_isError(status)) JS_ThrowInternalError(ctx, "zstd: %u", (unsigned)ZSTD_getErrorCode(status));
  else result = new_bytes(ctx, out, status);
  ZSTD_freeCCtx(state);
  js_free(ctx, out);
  return result;
}

/* decompress(bytes, dictionary, size): exactly `size` bytes of one frame, or null. */
static JSValue call_decompress(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes input;
  Bytes dictionary;
  size_t size = 0;
  uint8_t *out = NULL;
  if (get_bytes(ctx, argv[0], &input) < 0 || get_bytes(ctx, argv[1], &dictionary) < 0 ||
      get_size(ctx, argv[2], 1 << 26, &size) < 0)
    return JS_EXCEPTION;
  dictionary = as_raw_dictionary(dictionary);
  JSValue array = new_empty_bytes(ctx, size, &out);
  if (JS_IsException(array)) return array;
  ZSTD_DCtx *state = ZSTD_createDCtx();
  size_t status = state == NULL ? (size_t)-1
                                : ZSTD_DCtx_setParameter(state, ZSTD_d_format,
                                                         ZSTD_f_zstd1_magicless);
  if (!ZSTD_isError(status)) status = ZSTD_DCtx_refPrefix(state, dictionary.data, dictionary.size);
  if (!ZSTD_isError(status)) status = ZSTD_decompressDCtx(state, out, size, input.data, input.size);
  ZSTD_freeDCtx(state);
  if (!ZSTD_isError(status) && status == size) return array;
  JS_FreeValue(ctx, array);
  return JS_NULL;
}

static const HostFunction functions[] = {
    {"compress", 5, call_compress},
    {"decompress", 3, call_decompress},
};

void add_compress(JSContext *ctx, JSValueConst object) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
}
