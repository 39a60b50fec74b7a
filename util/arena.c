/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

#define BLOCK_BYTES 16384

struct block {
    struct block *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *first;   /* owned; kept over resets */
    struct block *current; /* the block that is being filled */
    size_t block_bytes;
};

static struct block *
block_new(size_t size)
{
    struct block *b = xmalloc(sizeof *b + size);

    b->next = NULL;
    b->used = 0;
    b->size = size;
    return b;
}

struct arena *
arena_new_sized(size_t block_bytes)
{
    struct arena *a = xmalloc(sizeof *a);

    a->first = a->current = block_new(block_bytes);
    a->block_bytes = block_bytes;
    return a;
}

struct arena *
arena_new(void)
{
    return arena_new_sized(BLOCK_BYTES);
}

void
arena_free(struct arena **arena)
{
    if (*arena == NULL)
        return;
    arena_reset(*arena);
    free((*arena)->first);
    free(*arena);
    *arena = NULL;
}

void *
arena_alloc(struct arena *a, size_t size)
{
    struct block *b = a->current;
    void *p;

    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (b->size - b->used < size) {
        b = block_new(size > a->block_bytes ? size : a->block_bytes);
        a->current->next = b;
        a->current = b;
    }
    p = b->bytes + b->used;
    b->used += size;
    return p;
}

char *
arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *p = arena_alloc(a, n + 1);

    memcpy(p, s, n);
    p[n] = '\0';
    return p;
}

size_t
arena_bytes(const struct arena *a)
{
    size_t n = 0;

    for (const struct block *b = a->first; b != NULL; b = b->next)
        n += sizeof *b + b->size;
    return n;
}

void
arena_wipe(struct arena *a)
{
    for (struct block *b = a->first; b != NULL; b = b->next)
        explicit_bzero(b->bytes, b->used);
}

void
arena_reset(struct arena *a)
{
    struct block *next;

    for (struct block *b = a->first->next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    a->first->next = NULL;
    a->first->used = 0;
    a->current = a->first;
}
