/*
 * Memory for QuickJS. Nearly all that it asks for is small, and lives long: musl's
 * allocator spends on each piece, in bytes and in time, what a program of megabytes
 * can afford and this one cannot. Here a piece of up to 512 bytes has no header: chunks
 * of 16 KiB hold pieces of one size each, and a piece's address tells its chunk. What is
 * larger is musl's.
 *
 * Chunks lie in one range of addresses that is reserved and not touched before it is
 * needed; one that falls empty may serve another size, and gives its pages back when
 * there are a few of them already: most are wanted again at once.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "host.h"

enum { chunk_bytes = 16384, piece_bytes_max = 512, class_count = 32, page_bytes = 4096 };
/* Of addresses. What does not fit any more is musl's as well. */
enum { range_bytes = 128 * 1024 * 1024 };
/* Of the empty ones, how many keep their pages. */
enum { warm_max = 4 };

typedef struct Chunk {
  /* Of the chunks of its size that have room, or of the empty ones. */
  struct Chunk *next;
  struct Chunk *previous;
  /* Pieces that were given back, each holding the next one's address. */
  void *freed;
  uint32_t piece_bytes;
  uint32_t used;
  /* Where the part begins that was never used. */
  uint32_t fresh;
  uint32_t size_class;
  bool is_listed;
} Chunk;

static uint8_t *range;
static size_t range_used;
static Chunk *with_room[class_count];
/* Empty chunks: with their pages, and without. */
static Chunk *warm;
static uint32_t warm_count;
static Chunk *cold;

static uint32_t class_of(size_t size) {
  if (size <= 128) return (uint32_t)((size + 7) / 8 - 1);
  if (size <= 256) return (uint32_t)(16 + (size - 128 + 15) / 16 - 1);
  return (uint32_t)(24 + (size - 256 + 31) / 32 - 1);
}

static uint32_t bytes_of(uint32_t size_class) {
  if (size_class < 16) return (size_class + 1) * 8;
  if (size_class < 24) return 128 + (size_class - 15) * 16;
  return 256 + (size_class - 23) * 32;
}

static void list(Chunk **head, Chunk *chunk) {
  chunk->previous = NULL;
  chunk->next = *head;
  if (*head != NULL) (*head)->previous = chunk;
  *head = chunk;
  chunk->is_listed = true;
}

static void unlist(Chunk **head, Chunk *chunk) {
  if (chunk->previous != NULL) chunk->previous->next = chunk->next;
  else *head = chunk->next;
  if (chunk->next != NULL) chunk->next->previous = chunk->previous;
  chunk->is_listed = false;
}

static bool reserve(void) {
  if (range != NULL) return true;
  void *found = mmap(NULL, range_bytes + chunk_bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (found == MAP_FAILED) return false;
  uintptr_t start = ((uintptr_t)found + chunk_bytes - 1) / chunk_bytes * chunk_bytes;
  range = (uint8_t *)start;
  return true;
}

static Chunk *new_chunk(uint32_t size_class) {
  Chunk *chunk = warm != NULL ? warm : cold;
  if (chunk != NULL) {
    if (chunk == warm) warm_count--;
    unlist(chunk == warm ? &warm : &cold, chunk);
  } else {
    if (!reserve() || range_used + chunk_bytes > range_bytes) return NULL;
    chunk = (Chunk *)(void *)(range + range_used);
    range_used += chunk_bytes;
  }
  chunk->freed = NULL;
  chunk->piece_bytes = bytes_of(size_class);
  chunk->used = 0;
  chunk->fresh = (sizeof *chunk + 15) / 16 * 16;
  chunk->size_class = size_class;
  list(&with_room[size_class], chunk);
  return chunk;
}

static bool is_full(const Chunk *chunk) {
  return chunk->freed == NULL && chunk->fresh + chunk->piece_bytes > chunk_bytes;
}

static void *take_piece(size_t size) {
  uint32_t size_class = class_of(size);
  Chunk *chunk = with_room[size_class];
  if (chunk == NULL) chunk = new_chunk(size_class);
  if (chunk == NULL) return NULL;
  void *piece = chunk->freed;
  if (piece != NULL) {
    memcpy(&chunk->freed, piece, sizeof chunk->freed);
  } else {
    piece = (uint8_t *)chunk + chunk->fresh;
    chunk->fresh += chunk->piece_bytes;
  }
  chunk->used++;
  if (is_full(chunk)) unlist(&with_room[size_class], chunk);
  return piece;
}

/* The piece's chunk, or NULL when it is musl's. */
static Chunk *chunk_of(const void *piece) {
  uintptr_t at = (uintptr_t)piece;
  uintptr_t start = (uintptr_t)range;
  if (range == NULL || at < start || at >= start + range_used) return NULL;
  return (Chunk *)(at / chunk_bytes * chunk_bytes);
}

static void give_piece(Chunk *chunk, void *piece) {
  memcpy(piece, &chunk->freed, sizeof chunk->freed);
  chunk->freed = piece;
  chunk->used--;
  if (!chunk->is_listed) list(&with_room[chunk->size_class], chunk);
  if (chunk->used > 0) return;
  unlist(&with_room[chunk->size_class], chunk);
  if (warm_count < warm_max) {
    warm_count++;
    list(&warm, chunk);
    return;
  }
  madvise((uint8_t *)chunk + page_bytes, chunk_bytes - page_bytes, MADV_DONTNEED);
  list(&cold, chunk);
}

static size_t size_in(const Chunk *chunk, const void *piece) {
  return chunk != NULL ? chunk->piece_bytes : malloc_usable_size((void *)(uintptr_t)piece);
}

static size_t usable_size(const void *piece) { return size_in(chunk_of(piece), piece); }

static void *take(JSMallocState *state, size_t size) {
  if (state->malloc_size + size > state->malloc_limit) return NULL;
  void *piece = size <= piece_bytes_max ? take_piece(size) : NULL;
  size_t room = piece != NULL ? bytes_of(class_of(size)) : 0;
  if (piece == NULL) {
    piece = malloc(size);
    if (piece == NULL) return NULL;
    room = malloc_usable_size(piece);
  }
  state->malloc_count++;
  state->malloc_size += room;
  return piece;
}

static void give(JSMallocState *state, void *piece) {
  if (piece == NULL) return;
  Chunk *chunk = chunk_of(piece);
  state->malloc_count--;
  state->malloc_size -= size_in(chunk, piece);
  if (chunk != NULL) give_piece(chunk, piece);
  else free(piece);
}

static void *resize(JSMallocState *state, void *piece, size_t size) {
  if (piece == NULL) return size == 0 ? NULL : take(state, size);
  if (size == 0) {
    give(state, piece);
    return NULL;
  }
  Chunk *chunk = chunk_of(piece);
  size_t before = size_in(chunk, piece);
  bool stays = chunk != NULL ? size <= piece_bytes_max && class_of(size) == chunk->size_class
                             : size > piece_bytes_max;
  if (stays && chunk != NULL) return piece;
  if (stays) {
    if (size > before && state->malloc_size + (size - before) > state->malloc_limit) return NULL;
    void *moved = realloc(piece, size);
    if (moved != NULL) state->malloc_size += usable_size(moved) - before;
    return moved;
  }
  void *moved = take(state, size);
  if (moved == NULL) return NULL;
  memcpy(moved, piece, before < size ? before : size);
  give(state, piece);
  return moved;
}

const JSMallocFunctions script_memory = {take, give, resize, usable_size};
