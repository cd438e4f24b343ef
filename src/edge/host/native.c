/* Memory and arguments of translated classes, see native.h. */
#include "native.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct block {
  struct block *next;
  struct block *before;
  max_align_t data[];
};

struct chunk {
  struct chunk *next;
  size_t used;
  size_t size;
  max_align_t data[];
};

/* Small enough to be kept between calls. */
enum { chunk_bytes = 4096, keep_bytes_min = 64 };

/* The machine whose call this is, and the one that holds all constants. */
static struct machine *current;
static struct machine constants;
static bool has_constants;
static jmp_buf *escape;

struct machine *new_machine(void) { return calloc(1, sizeof(struct machine)); }

static void free_blocks(struct block **list) {
  while (*list != NULL) {
    struct block *next = (*list)->next;
    free(*list);
    *list = next;
  }
}

/* All chunks but the first, which is emptied; or all. */
static void free_chunks(struct machine *machine, bool is_all) {
  struct chunk *first = machine->chunks;
  struct chunk *kept = NULL;
  while (first != NULL) {
    struct chunk *next = first->next;
    if (!is_all && next == NULL && first->size == chunk_bytes) {
      memset(first->data, 0, first->used);
      first->used = 0;
      kept = first;
    } else {
      free(first);
    }
    first = next;
  }
  machine->chunks = kept;
}

static void free_machine(JSRuntime *runtime, JSValue value) {
  JSClassID id;
  (void)runtime;
  struct machine *machine = JS_GetAnyOpaque(value, &id);
  if (machine == NULL) return;
  free_blocks(&machine->blocks);
  free_blocks(&machine->dropped);
  free_chunks(machine, true);
  free(machine);
}

void enter(struct machine *machine, void (*fill_constants)(void)) {
  escape = &machine->escape;
  if (!has_constants) {
    current = &constants;
    fill_constants();
    has_constants = true;
  }
  current = machine;
  free_blocks(&machine->dropped);
  free_chunks(machine, false);
}

static _Noreturn void run_out(void) {
  if (current != &constants) current->is_broken = true;
  longjmp(*escape, 1);
}

static struct block *take_block(size_t size) {
  struct block *block = calloc(1, sizeof *block + size);
  if (block == NULL) run_out();
  block->next = current->blocks;
  if (block->next != NULL) block->next->before = block;
  current->blocks = block;
  return block;
}

void *take(size_t size, bool is_lasting) {
  if (is_lasting) return take_block(size)->data;
  size_t rounded = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
  struct chunk *chunk = current->chunks;
  if (chunk == NULL || chunk->size - chunk->used < rounded) {
    size_t room = rounded > chunk_bytes ? rounded : chunk_bytes;
    chunk = calloc(1, sizeof *chunk + room);
    if (chunk == NULL) run_out();
    chunk->size = room;
    chunk->next = current->chunks;
    current->chunks = chunk;
  }
  void *data = (uint8_t *)chunk->data + chunk->used;
  chunk->used += rounded;
  return data;
}

void *keep(void *old, const void *data, size_t size, size_t *capacity) {
  size_t room = keep_bytes_min;
  while (room < size) room *= 2;
  struct block *block = take_block(room);
  memcpy(block->data, data, size);
  *capacity = room;
  if (old != NULL) {
    struct block *dropped = (struct block *)((uint8_t *)old - offsetof(struct block, data));
    if (dropped->before == NULL) current->blocks = dropped->next;
    else dropped->before->next = dropped->next;
    if (dropped->next != NULL) dropped->next->before = dropped->before;
    dropped->next = current->dropped;
    current->dropped = dropped;
  }
  return block->data;
}

void no_such_class(void) {
  fputs("zamsync-edge: an object of no known class\n", stderr);
  abort();
}

bool get_integer(JSContext *ctx, JSValueConst value, int64_t *out) {
  double number = 0;
  /* Nothing but a number: to make one of an object would run JavaScript in the middle of a call. */
  if (!JS_IsNumber(value)) {
    JS_ThrowTypeError(ctx, "no number");
    return false;
  }
  if (JS_ToFloat64(ctx, &number, value) < 0) return false;
  if (!(fabs(number) <= 9007199254740991.0) || number != floor(number)) {
    JS_ThrowTypeError(ctx, "no integer: %f", number);
    return false;
  }
  *out = (int64_t)number;
  return true;
}

bool get_array(JSContext *ctx, JSValueConst value, struct u8 **out) {
  Bytes bytes;
  if (get_bytes(ctx, value, &bytes) < 0) return false;
  *out = u8_over(bytes.data, (int64_t)bytes.size);
  return true;
}

JSValue new_native(JSContext *ctx, JSValueConst target, JSClassID id, struct machine *machine) {
  JSValue prototype = JS_GetPropertyStr(ctx, target, "prototype");
  JSValue object = JS_NewObjectProtoClass(ctx, prototype, id);
  JS_FreeValue(ctx, prototype);
  if (JS_IsException(object)) free(machine);
  else JS_SetOpaque(object, machine);
  return object;
}

void add_native(JSContext *ctx, JSValueConst object, JSClassID *id, const char *name,
                JSCFunction *construct, int argc, const JSCFunctionListEntry *members, int count) {
  JSClassDef definition = {.class_name = name, .finalizer = free_machine};
  JS_NewClassID(id);
  JS_NewClass(JS_GetRuntime(ctx), *id, &definition);
  JSValue prototype = JS_NewObject(ctx);
  JS_SetPropertyFunctionList(ctx, prototype, members, count);
  JSValue constructor = JS_NewCFunction2(ctx, construct, name, argc, JS_CFUNC_constructor, 0);
  JS_SetConstructor(ctx, constructor, prototype);
  JS_SetClassProto(ctx, *id, prototype);
  JS_SetPropertyStr(ctx, object, name, constructor);
}
