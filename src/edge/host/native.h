/*
 * What translated classes (scripts/edge/native) lean on: integers as JavaScript
 * has them, typed arrays, and memory. A machine is one object that JavaScript
 * made, with everything that it made itself.
 */
#ifndef ZAMSYNC_NATIVE_H
#define ZAMSYNC_NATIVE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "host.h"

#define UNDEFINED INT64_MIN

/* The beginning of every object of a class. */
struct object {
  int class_number;
};

struct block;
struct chunk;

struct machine {
  void *root;
  /* What lasts as long as the machine. */
  struct block *blocks;
  /* Blocks that a field held until a moment ago: a view of them may still be about. */
  struct block *dropped;
  /* What lasts until the next call. */
  struct chunk *chunks;
  jmp_buf escape;
  /* It ran out of memory in the middle of something. */
  bool is_broken;
};

struct machine *new_machine(void);
/* JavaScript's object for a machine, which goes with it. */
JSValue new_native(JSContext *ctx, JSValueConst target, JSClassID id, struct machine *machine);
/* A call from JavaScript begins: what the last one made is gone. */
void enter(struct machine *machine, void (*fill_constants)(void));
/* Zeroed memory; without it the call ends. */
void *take(size_t size, bool is_lasting);
/* A lasting copy of `size` bytes in the place of `old`, which may be NULL and no copy. */
void *keep(void *old, const void *data, size_t size, size_t *capacity);
_Noreturn void no_such_class(void);

bool get_integer(JSContext *ctx, JSValueConst value, int64_t *out);
void add_native(JSContext *ctx, JSValueConst object, JSClassID *id, const char *name,
                JSCFunction *construct, int argc, const JSCFunctionListEntry *members, int count);

/* ECMA-262, ToInt32 and ToUint32 of an integer. */
static inline int32_t int32_of(int64_t a) { return (int32_t)(uint32_t)(uint64_t)a; }
static inline uint32_t uint32_of(int64_t a) { return (uint32_t)(uint64_t)a; }

static inline int64_t add(int64_t a, int64_t b) { return a + b; }
static inline int64_t subtract(int64_t a, int64_t b) { return a - b; }
static inline int64_t multiply(int64_t a, int64_t b) { return a * b; }
static inline int64_t negate(int64_t a) { return -a; }
static inline int64_t bit_and(int64_t a, int64_t b) { return int32_of(a) & int32_of(b); }
static inline int64_t bit_or(int64_t a, int64_t b) { return int32_of(a) | int32_of(b); }
static inline int64_t bit_xor(int64_t a, int64_t b) { return int32_of(a) ^ int32_of(b); }
static inline int64_t bit_not(int64_t a) { return ~int32_of(a); }
static inline int64_t shift_left(int64_t a, int64_t b) {
  return (int32_t)(uint32_of(a) << (b & 31));
}
static inline int64_t shift_right(int64_t a, int64_t b) { return int32_of(a) >> (b & 31); }
static inline int64_t shift_right_unsigned(int64_t a, int64_t b) {
  return uint32_of(a) >> (b & 31);
}
static inline int64_t imul(int64_t a, int64_t b) { return (int32_t)(uint32_of(a) * uint32_of(b)); }
static inline int64_t clz32(int64_t a) {
  return uint32_of(a) == 0 ? 32 : __builtin_clz(uint32_of(a));
}
static inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t absolute(int64_t a) { return a < 0 ? -a : a; }

/* Where it can be, by a shift: a division of 64 bits takes a 32-bit processor some hundred instructions. */
static inline bool is_shiftable(int64_t a, int64_t b) {
  return a >= 0 && b > 0 && (b & (b - 1)) == 0;
}
static inline int64_t divide_truncated(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (is_shiftable(a, b)) return a >> __builtin_ctzll((unsigned long long)b);
  if (a >= 0 && b > 0 && a <= UINT32_MAX && b <= UINT32_MAX) return (uint32_t)a / (uint32_t)b;
  return a / b;
}
static inline int64_t remainder_of(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (is_shiftable(a, b)) return a & (b - 1);
  if (a >= 0 && b > 0 && a <= UINT32_MAX && b <= UINT32_MAX) return (uint32_t)a % (uint32_t)b;
  return a % b;
}
static inline int64_t divide_floor(int64_t a, int64_t b) {
  int64_t quotient = divide_truncated(a, b);
  return quotient * b != a && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}
static inline int64_t divide_ceiling(int64_t a, int64_t b) {
  int64_t quotient = divide_truncated(a, b);
  return quotient * b != a && (a < 0) == (b < 0) ? quotient + 1 : quotient;
}
static inline int64_t power(int64_t a, int64_t b) {
  if (a == 2) return b >= 0 && b < 63 ? INT64_C(1) << b : 0;
  int64_t result = 1;
  for (int64_t i = 0; i < b; i++) result *= a;
  return result;
}

/*
 * Typed arrays. Outside of one, `get` is undefined, `at` is 0, and nothing is
 * set. `capacity`: a copy that a field keeps, with room for so many bytes.
 */
#define DEFINE_ARRAY(name, element)                                                     \
  struct name {                                                                         \
    element *data;                                                                      \
    int64_t length;                                                                     \
    size_t capacity;                                                                    \
  };                                                                                    \
  static inline struct name *name##_over(element *data, int64_t length) {               \
    struct name *view = take(sizeof *view, false);                                      \
    view->data = data;                                                                  \
    view->length = length;                                                              \
    return view;                                                                        \
  }                                                                                     \
  static inline struct name *name##_new(int64_t length, bool is_lasting) {              \
    if (length < 0) length = 0;                                                         \
    struct name *array =                                                                \
        take(sizeof *array + (size_t)length * sizeof(element), is_lasting);             \
    array->data = (element *)(array + 1);                                               \
    array->length = length;                                                             \
    return array;                                                                       \
  }                                                                                     \
  static inline int64_t name##_get(const struct name *array, int64_t i) {               \
    return (uint64_t)i < (uint64_t)array->length ? (int64_t)array->data[i] : UNDEFINED; \
  }                                                                                     \
  static inline int64_t name##_at(const struct name *array, int64_t i) {                \
    return (uint64_t)i < (uint64_t)array->length ? (int64_t)array->data[i] : 0;         \
  }                                                                                     \
  static inline void name##_set(struct name *array, int64_t i, int64_t value) {         \
    if ((uint64_t)i < (uint64_t)array->length) array->data[i] = (element)value;         \
  }                                                                                     \
  static inline struct name *name##_fill(struct name *array, int64_t value) {           \
    for (int64_t i = 0; i < array->length; i++) array->data[i] = (element)value;        \
    return array;                                                                       \
  }                                                                                     \
  static inline struct name *name##_subarray(struct name *array, int64_t from,          \
                                             int64_t to) {                              \
    int64_t start = from == UNDEFINED ? 0 : smaller(larger(from, 0), array->length);    \
    int64_t end = to == UNDEFINED ? array->length : smaller(to, array->length);         \
    return name##_over(array->data + start, larger(end - start, 0));                    \
  }                                                                                     \
  static inline struct name *name##_slice(struct name *array, int64_t from, int64_t to) { \
    struct name *view = name##_subarray(array, from, to);                               \
    struct name *copy = name##_new(view->length, false);                                \
    memcpy(copy->data, view->data, (size_t)view->length * sizeof(element));             \
    return copy;                                                                        \
  }                                                                                     \
  static inline void name##_copy(struct name *to, const struct name *from, int64_t at) { \
    if (at < 0 || from->length > to->length - at) return;                               \
    memmove(to->data + at, from->data, (size_t)from->length * sizeof(element));         \
  }                                                                                     \
  static inline struct name *name##_keep(struct name *old, const struct name *from) {   \
    if (old == from) return old;                                                        \
    size_t size = (size_t)from->length * sizeof(element);                               \
    if (old->capacity >= size && old->capacity > 0) {                                   \
      memmove(old->data, from->data, size);                                             \
      old->length = from->length;                                                       \
      return old;                                                                       \
    }                                                                                   \
    struct name *kept = take(sizeof *kept, true);                                       \
    kept->data = keep(old->capacity > 0 ? old->data : NULL, from->data, size,           \
                      &kept->capacity);                                                 \
    kept->length = from->length;                                                        \
    return kept;                                                                        \
  }

DEFINE_ARRAY(u8, uint8_t)
DEFINE_ARRAY(u16, uint16_t)
DEFINE_ARRAY(i16, int16_t)
DEFINE_ARRAY(i32, int32_t)
DEFINE_ARRAY(u32, uint32_t)
/* Float64Array, of integers; and lists of numbers. */
DEFINE_ARRAY(i64, int64_t)

/* A view of JavaScript's bytes for the length of a call. */
bool get_array(JSContext *ctx, JSValueConst value, struct u8 **out);

#endif
