/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_ARENA_H
#define UTIL_ARENA_H

#include <stddef.h>

/* Memory that lives as long as one frame: given out piece by piece, taken
 * back all at once.  The arena keeps one block between frames, so that a
 * thread that parses small requests allocates nothing. */
struct arena;

struct arena *arena_new(void);
void arena_free(struct arena **arena);

/* Never NULL; aligned for any type; not zeroed; valid until arena_reset. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_strndup(struct arena *arena, const char *s, size_t n);

/* What it has from the system now. */
size_t arena_bytes(const struct arena *arena);

/* Takes everything back and gives all but the first block to the system. */
void arena_reset(struct arena *arena);

#endif
