/* Between JavaScript's values and C's. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "host.h"

int get_bytes(JSContext *ctx, JSValueConst value, Bytes *out) {
  size_t offset = 0;
  size_t size = 0;
  size_t buffer_size = 0;
  JSValue buffer = JS_GetTypedArrayBuffer(ctx, value, &offset, &size, NULL);
  if (JS_IsException(buffer)) return -1;
  uint8_t *data = JS_GetArrayBuffer(ctx, &buffer_size, buffer);
  JS_FreeValue(ctx, buffer);
  if (data == NULL && size > 0) return -1;
  if (size > 0 && (offset > buffer_size || size > buffer_size - offset)) {
    JS_ThrowTypeError(ctx, "bytes outside their buffer");
    return -1;
  }
  static uint8_t nothing[1];
  out->data = size == 0 ? nothing : data + offset;
  out->size = size;
  return 0;
}

int get_bytes_of(JSContext *ctx, JSValueConst value, size_t size, Bytes *out) {
  if (get_bytes(ctx, value, out) < 0) return -1;
  if (out->size == size) return 0;
  JS_ThrowTypeError(ctx, "%zu bytes instead of %zu", out->size, size);
  return -1;
}

int get_size(JSContext *ctx, JSValueConst value, size_t max, size_t *out) {
  double number = 0;
  if (JS_ToFloat64(ctx, &number, value) < 0) return -1;
  if (!(number >= 0) || number > (double)max || number != floor(number)) {
    JS_ThrowTypeError(ctx, "no size: %f", number);
    return -1;
  }
  *out = (size_t)number;
  return 0;
}

const char *get_path(JSContext *ctx, JSValueConst value) {
  size_t size = 0;
  const char *text = JS_ToCStringLen(ctx, &size, value);
  if (text == NULL || strlen(text) == size) return text;
  JS_FreeCString(ctx, text);
  JS_ThrowTypeError(ctx, "a path with a NUL inside");
  return NULL;
}

JSValue new_empty_bytes(JSContext *ctx, size_t size, uint8_t **data) {
  JSValue length = JS_NewInt64(ctx, (int64_t)size);
  JSValue array = JS_NewTypedArray(ctx, 1, (JSValueConst *)&length, JS_TYPED_ARRAY_UINT8);
  if (JS_IsException(array)) return array;
  Bytes bytes;
  if (get_bytes(ctx, array, &bytes) < 0) {
    JS_FreeValue(ctx, array);
    return JS_EXCEPTION;
  }
  *data = bytes.data;
  return array;
}

JSValue new_bytes(JSContext *ctx, const uint8_t *data, size_t size) {
  uint8_t *copy = NULL;
  JSValue array = new_empty_bytes(ctx, size, &copy);
  if (!JS_IsException(array) && size > 0) memcpy(copy, data, size);
  return array;
}

const char *errno_name(int error_number) {
  static const struct { int number; const char *name; } names[] = {
      {EACCES, "EACCES"},         {EADDRINUSE, "EADDRINUSE"}, {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
      {EAGAIN, "EAGAIN"},         {EBADF, "EBADF"},           {EBUSY, "EBUSY"},
      {ECONNABORTED, "ECONNABORTED"}, {ECONNREFUSED, "ECONNREFUSED"}, {ECONNRESET, "ECONNRESET"},
      {EDQUOT, "EDQUOT"},         {EEXIST, "EEXIST"},         {EFBIG, "EFBIG"},
      {EHOSTDOWN, "EHOSTDOWN"},   {EHOSTUNREACH, "EHOSTUNREACH"}, {EINTR, "EINTR"},
      {EINVAL, "EINVAL"},         {EIO, "EIO"},               {EISDIR, "EISDIR"},
      {ELOOP, "ELOOP"},           {EMFILE, "EMFILE"},         {ENAMETOOLONG, "ENAMETOOLONG"},
      {ENETDOWN, "ENETDOWN"},     {ENETUNREACH, "ENETUNREACH"}, {ENFILE, "ENFILE"},
      {ENOENT, "ENOENT"},         {ENOLCK, "ENOLCK"},         {ENOMEM, "ENOMEM"},
      {ENOSPC, "ENOSPC"},         {ENOTDIR, "ENOTDIR"},       {ENOTEMPTY, "ENOTEMPTY"},
      {ENOTSOCK, "ENOTSOCK"},     {ENOTSUP, "ENOTSUP"},       {ENXIO, "ENXIO"},
      {EPERM, "EPERM"},           {EPIPE, "EPIPE"},           {EROFS, "EROFS"},
      {ETIMEDOUT, "ETIMEDOUT"},   {ETXTBSY, "ETXTBSY"},       {EUCLEAN, "EUCLEAN"},
      {EXDEV, "EXDEV"}};
  for (size_t at = 0; at < sizeof names / sizeof names[0]; at++)
    if (names[at].number == error_number) return names[at].name;
  return "EOTHER";
}

JSValue fault(JSContext *ctx, int error_number) {
  return JS_NewString(ctx, errno_name(error_number));
}

void add_functions(JSContext *ctx, JSValueConst object, const HostFunction *list, size_t count) {
  for (size_t at = 0; at < count; at++) {
    JSValue call = JS_NewCFunction(ctx, list[at].call, list[at].name, list[at].argc);
    JS_SetPropertyStr(ctx, object, list[at].name, call);
  }
}
