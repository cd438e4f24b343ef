/* Arguments, environment, time, standard streams: what a command needs of its process. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

static double milliseconds_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static JSValue call_wall_ms(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc; (void)argv;
  return JS_NewFloat64(ctx, floor(milliseconds_of(CLOCK_REALTIME)));
}

static JSValue call_steady_ms(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc; (void)argv;
  return JS_NewFloat64(ctx, milliseconds_of(CLOCK_MONOTONIC));
}

/* upMs(): since the machine started, sleep included. */
static JSValue call_up_ms(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc; (void)argv;
  return JS_NewFloat64(ctx, milliseconds_of(CLOCK_BOOTTIME));
}

/* exit(status): at once. */
static JSValue call_exit(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t status = 70;
  if (JS_ToInt32(ctx, &status, argv[0]) < 0) return JS_EXCEPTION;
  _exit(status);
}

/* terminalColumns(fd): 0 when it is no terminal, or one that does not know. */
static JSValue call_columns(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = 1;
  struct winsize size;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, ioctl(fd, TIOCGWINSZ, &size) < 0 ? 0 : size.ws_col);
}

/* environment(): all of it, by name. */
static JSValue call_environment(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc; (void)argv;
  JSValue all = JS_NewObject(ctx);
  for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
    const char *equals = strchr(*entry, '=');
    if (equals == NULL || equals == *entry) continue;
    JSAtom name = JS_NewAtomLen(ctx, *entry, (size_t)(equals - *entry));
    JS_DefinePropertyValue(ctx, all, name, JS_NewString(ctx, equals + 1), JS_PROP_C_W_E);
    JS_FreeAtom(ctx, name);
  }
  return all;
}

/* print(fd, text): 1 or 2. A reader that went away ends nothing here: false. */
static JSValue call_print(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = 1;
  size_t size = 0;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0) return JS_EXCEPTION;
  const char *text = JS_ToCStringLen(ctx, &size, argv[1]);
  if (text == NULL) return JS_EXCEPTION;
  size_t done = 0;
  int failed = 0;
  while (done < size && !failed) {
    ssize_t put = write(fd, text + done, size - done);
    if (put >= 0) done += (size_t)put;
    else failed = errno != EINTR;
  }
  JS_FreeCString(ctx, text);
  return JS_NewBool(ctx, !failed);
}

/* readInput(out): bytes of standard input, 0 at its end. */
static JSValue call_read_input(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  Bytes out;
  if (get_bytes(ctx, argv[0], &out) < 0) return JS_EXCEPTION;
  ssize_t got = read(0, out.data, out.size);
  while (got < 0 && errno == EINTR) got = read(0, out.data, out.size);
  return got < 0 ? fault(ctx, errno) : JS_NewInt64(ctx, got);
}

static JSValue call_is_terminal(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv) {
  (void)self; (void)argc;
  int32_t fd = 0;
  if (JS_ToInt32(ctx, &fd, argv[0]) < 0) return JS_EXCEPTION;
  return JS_NewBool(ctx, isatty(fd));
}

static const HostFunction functions[] = {
    {"upMs", 0, call_up_ms},               {"exit", 1, call_exit},
    {"terminalColumns", 1, call_columns},
    {"wallMs", 0, call_wall_ms},           {"steadyMs", 0, call_steady_ms},
    {"environment", 0, call_environment},  {"print", 2, call_print},
    {"readInput", 1, call_read_input},     {"isTerminal", 1, call_is_terminal},
};

void add_process(JSContext *ctx, JSValueConst object, const char *name, int argc, char **argv) {
  add_functions(ctx, object, functions, sizeof functions / sizeof functions[0]);
  JS_SetPropertyStr(ctx, object, "calledAs", JS_NewString(ctx, name == NULL ? "" : name));
  JSValue list = JS_NewArray(ctx);
  for (int at = 0; at < argc; at++)
    JS_SetPropertyUint32(ctx, list, (uint32_t)at, JS_NewString(ctx, argv[at]));
  JS_SetPropertyStr(ctx, object, "arguments", list);
  JS_SetPropertyStr(ctx, object, "processId", JS_NewInt32(ctx, getpid()));
}
