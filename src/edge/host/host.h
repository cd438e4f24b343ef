/*
 * The small device's host: what QuickJS does not have, as plain functions in
 * the global object `host`. It moves bytes and decides nothing; what may be
 * decided stands in src/core, in TypeScript. src/edge/host-functions.ts has the
 * same list with types.
 *
 * Conventions: bytes are Uint8Arrays, and no function keeps one. What can fail
 * answers its value, or the name of its errno as text ("ENOSPC").
 * Anything that only a defect of our own can cause throws a TypeError.
 */
#ifndef ZAMSYNC_HOST_H
#define ZAMSYNC_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quickjs.h"

typedef struct {
  uint8_t *data;
  size_t size;
} Bytes;

typedef JSValue HostCall(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv);

typedef struct {
  const char *name;
  int argc;
  HostCall *call;
} HostFunction;

/* Arguments: 0, or -1 with an exception pending. Views stay valid until JavaScript runs again. */
int get_bytes(JSContext *ctx, JSValueConst value, Bytes *out);
int get_bytes_of(JSContext *ctx, JSValueConst value, size_t size, Bytes *out);
int get_size(JSContext *ctx, JSValueConst value, size_t max, size_t *out);
/* Text without a NUL inside; free with JS_FreeCString. NULL with an exception pending. */
const char *get_path(JSContext *ctx, JSValueConst value);

/* A new Uint8Array with a copy of the bytes. */
JSValue new_bytes(JSContext *ctx, const uint8_t *data, size_t size);
/* A new Uint8Array of `size` bytes to be filled; *data is valid until JavaScript runs again. */
JSValue new_empty_bytes(JSContext *ctx, size_t size, uint8_t **data);

/* As Node calls it ("ENOENT"); one that nobody here expects is "EOTHER". */
const char *errno_name(int error_number);
JSValue fault(JSContext *ctx, int error_number);

void add_functions(JSContext *ctx, JSValueConst object, const HostFunction *list, size_t count);

/* Fills `out` from the kernel; ends the process if it cannot (RFC 4086: never guess). */
void random_bytes(uint8_t *out, size_t size);
/* The same as mbedTLS asks for it. */
int fill_random(void *unused, unsigned char *out, size_t size);

/* Where QuickJS gets its memory. */
extern const JSMallocFunctions script_memory;

/* Each adds its functions to `object`. */
void add_crypto(JSContext *ctx, JSValueConst object);
void add_compress(JSContext *ctx, JSValueConst object);
void add_files(JSContext *ctx, JSValueConst object);
/* In C that is made of TypeScript, see native.h. */
void add_event_coder(JSContext *ctx, JSValueConst object);
void add_native_example(JSContext *ctx, JSValueConst object);
void add_text(JSContext *ctx, JSValueConst object);
/* `name` is what the process was called as; the arguments are without it. */
void add_process(JSContext *ctx, JSValueConst object, const char *name, int argc, char **argv);

#endif
