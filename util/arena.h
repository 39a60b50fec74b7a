/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_ARENA_H
#define UTIL_ARENA_H

#include <stddef.h>

/* Memory that lives as long as one frame: given out piece by piece, taken
 * back all at once.  The arena keeps one block between frames, so that a
 * thread that parses small requests allocates nothing. */
struct arena;

/* An empty arena, which the caller owns. */
struct arena *arena_new(void);
/* One that grows by so many bytes: for many that each hold little. */
struct arena *arena_new_sized(size_t block_bytes);
/* Frees the arena and all its memory, and sets *arena to NULL.  NULL is
 * allowed. */
void arena_free(struct arena **arena);

/* Never NULL; aligned for any type; not zeroed; valid until arena_reset. */
void *arena_alloc(struct arena *arena, size_t size);
/* A copy of n bytes, followed by a 0; as arena_alloc. */
char *arena_strndup(struct arena *arena, const char *s, size_t n);

/* What it has from the system now. */
size_t arena_bytes(const struct arena *arena);

/* Overwrites all that was given out, which may be secret. */
void arena_wipe(struct arena *arena);

/* Takes everything back and gives all but the first block to the system. */
void arena_reset(struct arena *arena);

#endif
