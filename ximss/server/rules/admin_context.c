/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/admin_context.h"

#include "util/arena.h"

void
admin_parts_clear(struct admin_parts *p)
{
    if (p->arena != NULL)
        arena_free(&p->arena);
    *p = (struct admin_parts){0};
}

struct admin_progress
admin_parts_begin(struct admin_parts *p, const struct store_txn *t)
{
    if (p->part == store_part(t))
        p->done = p->next;
    return p->done;
}

void
admin_parts_set(struct admin_parts *p, const struct store_txn *t,
                const struct admin_progress *next)
{
    p->next = *next;
    p->part = store_part(t) + 1;
}
