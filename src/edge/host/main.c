/*
 * Runs the file of bytecode that the first argument names; the others are the
 * program's own.
 *
 * The program sets `host.exitStatus` and may leave promises behind; the process
 * ends when none of them can go on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"

static uint8_t *read_program(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  uint8_t *bytes = NULL;
  if (fseek(file, 0, SEEK_END) == 0) {
    long length = ftell(file);
    rewind(file);
    bytes = length > 0 ? malloc((size_t)length) : NULL;
    if (bytes != NULL && fread(bytes, 1, (size_t)length, file) == (size_t)length)
      *size = (size_t)length;
  }
  fclose(file);
  return bytes;
}

/* QuickJS's own default of 256 KB is more than our deepest call needs; a Pi's thread has 8 MB. */
enum { stack_bytes_max = 512 * 1024 };
/* Collect cycles seldom: nearly everything goes by reference counts. */
enum { gc_threshold_bytes = 1024 * 1024 };

/* Only what core and the commands use: no Proxy, no Symbol.asyncIterator helpers to pay for. */
static JSContext *new_context(JSRuntime *runtime) {
  JSContext *ctx = JS_NewContextRaw(runtime);
  if (ctx == NULL) return NULL;
  JS_AddIntrinsicBaseObjects(ctx);
  JS_AddIntrinsicDate(ctx);
  JS_AddIntrinsicStringNormalize(ctx);
  JS_AddIntrinsicRegExp(ctx);
  JS_AddIntrinsicJSON(ctx);
  JS_AddIntrinsicMapSet(ctx);
  JS_AddIntrinsicTypedArrays(ctx);
  JS_AddIntrinsicPromise(ctx);
  JS_AddIntrinsicWeakRef(ctx);
  /* Libraries that only tests load look for these. */
  JS_AddIntrinsicProxy(ctx);
  JS_AddIntrinsicEval(ctx);
  JS_AddIntrinsicRegExpCompiler(ctx);
  return ctx;
}

static void print_exception(JSContext *ctx) {
  JSValue error = JS_GetException(ctx);
  const char *text = JS_ToCString(ctx, error);
  fprintf(stderr, "%s\n", text == NULL ? "an exception without a text" : text);
  JS_FreeCString(ctx, text);
  if (JS_IsError(ctx, error)) {
    JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
    const char *lines = JS_ToCString(ctx, stack);
    if (lines != NULL) fputs(lines, stderr);
    JS_FreeCString(ctx, lines);
    JS_FreeValue(ctx, stack);
  }
  JS_FreeValue(ctx, error);
}

/* Jobs of promises, until none is left. Negative when one of them threw. */
static int run_jobs(JSRuntime *runtime) {
  JSContext *ctx = NULL;
  int status = 1;
  while (status > 0) status = JS_ExecutePendingJob(runtime, &ctx);
  if (status < 0) print_exception(ctx);
  return status;
}

static int run(JSRuntime *runtime, JSContext *ctx, const uint8_t *program, size_t size) {
  JSValue script = JS_ReadObject(ctx, program, size, JS_READ_OBJ_BYTECODE);
  JSValue result = JS_IsException(script) ? script : JS_EvalFunction(ctx, script);
  int failed = JS_IsException(result);
  if (failed) print_exception(ctx);
  JS_FreeValue(ctx, result);
  return failed || run_jobs(runtime) < 0 ? 70 : 0;
}

int main(int argc, char **argv) {
  JSRuntime *runtime = JS_NewRuntime();
  JSContext *ctx = runtime == NULL ? NULL : new_context(runtime);
  if (ctx == NULL) {
    fputs("zamsync-edge: not enough memory to start\n", stderr);
    return 70;
  }
  JS_SetMaxStackSize(runtime, stack_bytes_max);
  JS_SetGCThreshold(runtime, gc_threshold_bytes);
  JSValue global = JS_GetGlobalObject(ctx);
  JSValue host = JS_NewObject(ctx);
  add_crypto(ctx, host);
  add_compress(ctx, host);
  add_files(ctx, host);
  add_certificates(ctx, host);
  add_addresses(ctx, host);
  add_connections(ctx, host);
  add_tls(ctx, host);
  size_t program_size = 0;
  uint8_t *program = argc < 2 ? NULL : read_program(argv[1], &program_size);
  if (program_size == 0) {
    fputs("usage: zamsync-edge-runner PROGRAM [ARGUMENT...]\n", stderr);
    return 70;
  }
  add_process(ctx, host, argc - 2, argv + 2);
  JS_SetPropertyStr(ctx, global, "host", JS_DupValue(ctx, host));
  int status = run(runtime, ctx, program, program_size);
  JSValue asked = JS_GetPropertyStr(ctx, host, "exitStatus");
  int32_t exit_status = 0;
  if (status == 0 && JS_ToInt32(ctx, &exit_status, asked) == 0) status = exit_status;
  JS_FreeValue(ctx, asked);
  JS_FreeValue(ctx, host);
  JS_FreeValue(ctx, global);
  JS_FreeContext(ctx);
  JS_FreeRuntime(runtime);
  free(program);
  return status;
}
