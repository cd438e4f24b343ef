/*
 * Runs a program of QuickJS bytecode: the one that is part of the executable, or, in the
 * tests' runner, the file that the first argument names. It is made of scripts (compile.c has
 * the layout), of which the first is run; the others are loaded when one asks for them.
 *
 * After the program's own run the process belongs to `host.turn`: each call lets it do one
 * thing that is due, and between two calls all that promises have to do is done. It answers
 * false when nothing is left to wait for. A promise that was refused and that nobody handles
 * is told to `host.onRejected`. The process's exit status is `host.exitStatus`.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "connection.h"

typedef struct {
  const uint8_t *bytes;
  size_t size;
  int argc;
  char **argv;
} Program;

typedef struct {
  const char *name;
  size_t name_size;
  const uint8_t *bytes;
  size_t size;
} Script;

static size_t length_at(const uint8_t *bytes) {
  return bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
}

/* The script at `*at`, which moves on to the next; false at the end, and where there is none. */
static bool next_script(const Program *program, size_t *at, Script *out) {
  if (program->size - *at < 8) return false;
  const uint8_t *start = program->bytes + *at;
  size_t name_size = length_at(start);
  size_t size = length_at(start + 4);
  size_t left = program->size - *at - 8;
  if (name_size > left || size > left - name_size) return false;
  *out = (Script){(const char *)start + 8, name_size, start + 8 + name_size, size};
  *at += 8 + name_size + size;
  return true;
}

#ifdef ZAMSYNC_RUNNER
static bool find_program(int argc, char **argv, Program *out) {
  FILE *file = argc < 2 ? NULL : fopen(argv[1], "rb");
  if (file == NULL) return false;
  long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;
  rewind(file);
  uint8_t *bytes = length > 0 ? malloc((size_t)length) : NULL;
  bool is_read = bytes != NULL && fread(bytes, 1, (size_t)length, file) == (size_t)length;
  fclose(file);
  *out = (Program){bytes, (size_t)length, argc - 2, argv + 2};
  return is_read;
}

static void forget_script(const Script *script) { (void)script; }
#else
extern const uint8_t program_start[];
extern const uint8_t program_end[];

static bool find_program(int argc, char **argv, Program *out) {
  *out = (Program){program_start, (size_t)(program_end - program_start), argc - 1, argv + 1};
  return true;
}

/* QuickJS has its own copy now: the pages of this one may go. */
static void forget_script(const Script *script) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t from = ((uintptr_t)script->bytes + page - 1) / page * page;
  uintptr_t to = ((uintptr_t)script->bytes + script->size) / page * page;
  if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
}
#endif

/* QuickJS's own default of 256 KB is less than our deepest call needs; a Pi's thread has 8 MB. */
enum { stack_bytes_max = 512 * 1024 };
/*
 * Collect cycles seldom: nearly everything goes by reference counts. The program itself takes
 * 2 MB and has none before it runs; from then on QuickJS waits for half as much again.
 */
enum { gc_threshold_bytes = 3 * 1024 * 1024 };
/* EX_SOFTWARE of sysexits.h: a defect of ours that not even TypeScript could report. */
enum { status_defect = 70 };

/* Only what core and the commands use. */
static JSContext *new_context(JSRuntime *runtime) {
  JSContext *ctx = JS_NewContextRaw(runtime);
  if (ctx == NULL) return NULL;
  JS_AddIntrinsicBaseObjects(ctx);
  JS_AddIntrinsicDate(ctx);
  JS_AddIntrinsicStringNormalize(ctx);
  JS_AddIntrinsicRegExp(ctx);
  JS_AddIntrinsicRegExpCompiler(ctx);
  JS_AddIntrinsicJSON(ctx);
  JS_AddIntrinsicMapSet(ctx);
  JS_AddIntrinsicTypedArrays(ctx);
  JS_AddIntrinsicPromise(ctx);
  JS_AddIntrinsicWeakRef(ctx);
#ifdef ZAMSYNC_RUNNER
  /* Libraries that only tests load look for these. */
  JS_AddIntrinsicProxy(ctx);
  JS_AddIntrinsicEval(ctx);
#endif
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

/* Promises that were refused, until somebody handles them. */
enum { rejected_max = 64 };
static struct { JSValue promise; JSValue reason; } rejected[rejected_max];
static size_t rejected_count;

static void forget_rejected(JSContext *ctx, size_t at) {
  JS_FreeValue(ctx, rejected[at].promise);
  JS_FreeValue(ctx, rejected[at].reason);
  rejected[at] = rejected[--rejected_count];
}

static void note_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason,
                           JS_BOOL is_handled, void *unused) {
  (void)unused;
  if (!is_handled && rejected_count < rejected_max) {
    rejected[rejected_count].promise = JS_DupValue(ctx, promise);
    rejected[rejected_count++].reason = JS_DupValue(ctx, reason);
    return;
  }
  for (size_t at = 0; is_handled && at < rejected_count; at++)
    if (JS_VALUE_GET_PTR(rejected[at].promise) == JS_VALUE_GET_PTR(promise)) {
      forget_rejected(ctx, at);
      return;
    }
}

/* Calls a function of `host`; undefined when there is none. */
static JSValue call_host(JSContext *ctx, JSValueConst host, const char *name, int argc,
                         JSValueConst *argv) {
  JSValue function = JS_GetPropertyStr(ctx, host, name);
  JSValue result =
      JS_IsFunction(ctx, function) ? JS_Call(ctx, function, host, argc, argv) : JS_UNDEFINED;
  JS_FreeValue(ctx, function);
  return result;
}

/* Jobs of promises, until none is left; then refusals that nobody handled. False when one of them threw. */
static bool run_jobs(JSRuntime *runtime, JSContext *ctx, JSValueConst host) {
  JSContext *failed = NULL;
  int status = 1;
  while (status > 0) status = JS_ExecutePendingJob(runtime, &failed);
  if (status < 0) {
    print_exception(failed);
    return false;
  }
  while (rejected_count > 0) {
    JSValue reason = JS_DupValue(ctx, rejected[0].reason);
    forget_rejected(ctx, 0);
    JSValue result = call_host(ctx, host, "onRejected", 1, (JSValueConst *)&reason);
    JS_FreeValue(ctx, reason);
    if (JS_IsException(result)) {
      print_exception(ctx);
      return false;
    }
    JS_FreeValue(ctx, result);
  }
  return true;
}

static bool take_turns(JSRuntime *runtime, JSContext *ctx, JSValueConst host) {
  for (;;) {
    if (!run_jobs(runtime, ctx, host)) return false;
    JSValue result = call_host(ctx, host, "turn", 0, NULL);
    if (JS_IsException(result)) {
      print_exception(ctx);
      return false;
    }
    bool is_over = JS_ToBool(ctx, result) != 1;
    JS_FreeValue(ctx, result);
    if (is_over) return run_jobs(runtime, ctx, host);
  }
}

static JSValue read_script(JSContext *ctx, const Script *script) {
  JSValue result = JS_ReadObject(ctx, script->bytes, script->size, JS_READ_OBJ_BYTECODE);
  forget_script(script);
  return result;
}

/* A module that another one imports. */
static JSModuleDef *load_module(JSContext *ctx, const char *name, void *opaque) {
  const Program *program = opaque;
  Script found;
  for (size_t at = 0; next_script(program, &at, &found);) {
    if (strlen(name) != found.name_size || memcmp(name, found.name, found.name_size) != 0)
      continue;
    JSValue script = read_script(ctx, &found);
    if (JS_IsException(script)) return NULL;
    /* QuickJS keeps all modules; this was one more reference. */
    JSModuleDef *module = JS_VALUE_GET_PTR(script);
    JS_FreeValue(ctx, script);
    return module;
  }
  JS_ThrowReferenceError(ctx, "no script %s", name);
  return NULL;
}

/* load(name): a promise of the module's exports. */
static JSValue call_load(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  const char *name = JS_ToCString(ctx, argv[0]);
  if (name == NULL) return JS_EXCEPTION;
  JSValue promise = JS_LoadModule(ctx, "", name);
  JS_FreeCString(ctx, name);
  return promise;
}

static const HostFunction functions[] = {{"load", 1, call_load}};

static int run(JSRuntime *runtime, JSContext *ctx, JSValueConst host, const Program *program) {
  size_t at = 0;
  Script first;
  if (!next_script(program, &at, &first)) {
    fputs("zamsync-edge: there is no program in it\n", stderr);
    return status_defect;
  }
  JSValue script = read_script(ctx, &first);
  if (JS_VALUE_GET_TAG(script) == JS_TAG_MODULE && JS_ResolveModule(ctx, script) < 0)
    script = JS_EXCEPTION;
  JSValue result = JS_IsException(script) ? script : JS_EvalFunction(ctx, script);
  if (JS_IsException(result)) {
    print_exception(ctx);
    return status_defect;
  }
  JS_FreeValue(ctx, result);
  if (!take_turns(runtime, ctx, host)) return status_defect;
  JSValue asked = JS_GetPropertyStr(ctx, host, "exitStatus");
  int32_t exit_status = 0;
  JS_ToInt32(ctx, &exit_status, asked);
  JS_FreeValue(ctx, asked);
  return exit_status;
}

int main(int argc, char **argv) {
  /* Whoever stops reading makes writing fail, and nothing worse; so does a limit on the size of files. */
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
  Program program;
  if (!find_program(argc, argv, &program)) {
    fputs("usage: runner PROGRAM [ARGUMENT...]\n", stderr);
    return status_defect;
  }
  /* The sanitizers watch every piece by themselves. */
#ifdef ZAMSYNC_SANITIZED
  JSRuntime *runtime = JS_NewRuntime();
#else
  JSRuntime *runtime = JS_NewRuntime2(&script_memory, NULL);
#endif
  JSContext *ctx = runtime == NULL ? NULL : new_context(runtime);
  if (ctx == NULL) {
    fputs("zamsync-edge: not enough memory to start\n", stderr);
    return status_defect;
  }
  JS_SetMaxStackSize(runtime, stack_bytes_max);
  JS_SetGCThreshold(runtime, gc_threshold_bytes);
  JS_SetHostPromiseRejectionTracker(runtime, note_rejection, NULL);
  JS_SetModuleLoaderFunc(runtime, NULL, load_module, &program);
  JSValue global = JS_GetGlobalObject(ctx);
  JSValue host = JS_NewObject(ctx);
  add_crypto(ctx, host);
  add_compress(ctx, host);
  add_event_coder(ctx, host);
#ifdef ZAMSYNC_RUNNER
  add_native_example(ctx, host);
#endif
  add_text(ctx, host);
  add_files(ctx, host);
  add_certificates(ctx, host);
  add_authority(ctx, host);
  add_addresses(ctx, host);
  add_connections(ctx, host);
  add_tls(ctx, host);
  add_children(ctx, host);
  add_process(ctx, host, argv[0], program.argc, program.argv);
  add_functions(ctx, host, functions, sizeof functions / sizeof functions[0]);
  JS_SetPropertyStr(ctx, global, "host", JS_DupValue(ctx, host));
  JS_FreeValue(ctx, global);
  int status = run(runtime, ctx, host, &program);
  while (rejected_count > 0) forget_rejected(ctx, 0);
  JS_FreeValue(ctx, host);
  JS_FreeContext(ctx);
  JS_FreeRuntime(runtime);
  return status;
}
