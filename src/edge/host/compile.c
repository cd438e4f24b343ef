/*
 * Part of the build, not of the product: compiles scripts to QuickJS bytecode, without source
 * and debug information. `compile module|script OUT IN...`; a bundle is compiled as modules:
 * only there are the variables of the outermost scope found without a search, which for
 * thousands of them takes most of the start. A module is called as its file.
 *
 * OUT holds for each script the length of its name and of its bytecode, 32 bits each, least
 * significant byte first, then both; the first is the one that starts the program.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quickjs.h"

static char *read_text(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  size_t room = 1 << 16;
  char *text = malloc(room);
  *size = 0;
  for (size_t got; text != NULL && (got = fread(text + *size, 1, room - *size - 1, file)) > 0;) {
    *size += got;
    if (room - *size < 2) text = realloc(text, room *= 2);
  }
  fclose(file);
  if (text != NULL) text[*size] = 0;
  return text;
}

static void put_length(FILE *out, size_t length) {
  for (int at = 0; at < 4; at++) fputc((int)(length >> (8 * at)) & 0xff, out);
}

static int init_nothing(JSContext *ctx, JSModuleDef *module) {
  (void)ctx; (void)module;
  return 0;
}

/* What a module imports is only asked for by name here. */
static JSModuleDef *name_module(JSContext *ctx, const char *name, void *unused) {
  (void)unused;
  return JS_NewCModule(ctx, name, init_nothing);
}

static int compile(JSContext *ctx, int type, const char *path, FILE *out) {
  size_t size = 0;
  char *text = read_text(path, &size);
  if (text == NULL) return fprintf(stderr, "%s cannot be read\n", path), 1;
  const char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  JSValue script = JS_Eval(ctx, text, size, name, type | JS_EVAL_FLAG_COMPILE_ONLY);
  free(text);
  if (JS_IsException(script)) {
    JSValue error = JS_GetException(ctx);
    return fprintf(stderr, "%s: %s\n", name, JS_ToCString(ctx, error)), 1;
  }
  size_t written = 0;
  uint8_t *bytes = JS_WriteObject(ctx, &written, script, JS_WRITE_OBJ_BYTECODE);
  if (bytes == NULL) return fprintf(stderr, "%s: no bytecode\n", name), 1;
  put_length(out, strlen(name));
  put_length(out, written);
  fwrite(name, 1, strlen(name), out);
  fwrite(bytes, 1, written, out);
  return 0;
}

int main(int argc, char **argv) {
  FILE *out = argc < 4 ? NULL : fopen(argv[2], "wb");
  if (out == NULL) return fprintf(stderr, "usage: compile module|script OUT IN...\n"), 2;
  JSRuntime *runtime = JS_NewRuntime();
  JS_SetModuleLoaderFunc(runtime, NULL, name_module, NULL);
  JS_SetStripInfo(runtime, JS_STRIP_DEBUG);
  int type = strcmp(argv[1], "module") == 0 ? JS_EVAL_TYPE_MODULE : JS_EVAL_TYPE_GLOBAL;
  int failed = 0;
  /* Each in a context of its own: they must not find one another. */
  for (int at = 3; at < argc && !failed; at++)
    failed = compile(JS_NewContext(runtime), type, argv[at], out);
  return fclose(out) != 0 || failed;
}
