/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/shared_buf.h"

#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

struct shared_buf *
shared_buf_new(const void *bytes, size_t len)
{
    struct shared_buf *b = xmalloc(sizeof *b + len);

    atomic_init(&b->refs, 1);
    b->len = len;
    if (len > 0)
        memcpy(b->bytes, bytes, len);
    return b;
}

struct shared_buf *
shared_buf_ref(struct shared_buf *b)
{
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

void
shared_buf_unref(struct shared_buf **b)
{
    if (*b != NULL &&
        atomic_fetch_sub_explicit(&(*b)->refs, 1, memory_order_acq_rel) == 1)
        free(*b);
    *b = NULL;
}
