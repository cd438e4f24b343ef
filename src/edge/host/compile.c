/*
 * Part of the build, not of the product: compiles one script to QuickJS
 * bytecode, without source and debug information. `compile IN OUT`; a name in .mjs
 * is compiled as a module: only there are the variables of the outermost scope found
 * without a search, which for a bundle's thousands takes most of the start.
 */
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

int main(int argc, char **argv) {
  size_t size = 0;
  char *text = argc < 3 ? NULL : read_text(argv[1], &size);
  FILE *out = text == NULL ? NULL : fopen(argv[2], "wb");
  if (out == NULL) return fprintf(stderr, "usage: compile IN OUT\n"), 2;
  JSRuntime *runtime = JS_NewRuntime();
  JSContext *ctx = JS_NewContext(runtime);
  JS_SetStripInfo(runtime, JS_STRIP_DEBUG);
  size_t length = strlen(argv[1]);
  int is_module = length > 4 && strcmp(argv[1] + length - 4, ".mjs") == 0;
  int type = is_module ? JS_EVAL_TYPE_MODULE : JS_EVAL_TYPE_GLOBAL;
  JSValue script = JS_Eval(ctx, text, size, "zamsync.js", type | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(script)) {
    JSValue error = JS_GetException(ctx);
    return fprintf(stderr, "%s\n", JS_ToCString(ctx, error)), 1;
  }
  size_t written = 0;
  uint8_t *bytes = JS_WriteObject(ctx, &written, script, JS_WRITE_OBJ_BYTECODE);
  if (bytes == NULL) return fprintf(stderr, "no bytecode\n"), 1;
  fwrite(bytes, 1, written, out);
  return fclose(out) == 0 ? 0 : 1;
}
