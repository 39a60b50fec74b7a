/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/quota_due.h"

#include <glib.h>
#include <stdlib.h>

#include "util/xmalloc.h"

struct quota_due {
    GSequence *order;    /* struct quota_due_entry, owned, by their times */
    GHashTable *entries; /* account -> its place there */
};

struct quota_due *
quota_due_new(void)
{
    struct quota_due *q = xcalloc(1, sizeof *q);

    q->order = g_sequence_new(free);
    q->entries = g_hash_table_new(g_int64_hash, g_int64_equal);
    return q;
}

void
quota_due_free(struct quota_due **q)
{
    g_hash_table_destroy((*q)->entries);
    g_sequence_free((*q)->order);
    free(*q);
    *q = NULL;
}

static gint
compare(gconstpointer a, gconstpointer b, gpointer arg)
{
    const struct quota_due_entry *x = a, *y = b;

    (void)arg;
    return (x->at > y->at) - (x->at < y->at);
}

static void
drop(struct quota_due *q, GSequenceIter *place)
{
    const struct quota_due_entry *e = g_sequence_get(place);

    g_hash_table_remove(q->entries, &e->account);
    g_sequence_remove(place);
}

void
quota_due_set(struct quota_due *q, const struct quota_due_entry *e)
{
    GSequenceIter *place = g_hash_table_lookup(q->entries, &e->account);
    struct quota_due_entry *copy = xmemdup(e, sizeof *e);

    if (place != NULL)
        drop(q, place);
    place = g_sequence_insert_sorted(q->order, copy, compare, NULL);
    g_hash_table_insert(q->entries, &copy->account, place);
}

bool
quota_due_take(struct quota_due *q, int64_t now, int64_t most,
               uint64_t *account_r)
{
    GSequenceIter *place = g_sequence_get_begin_iter(q->order);
    const struct quota_due_entry *e;

    if (g_sequence_iter_is_end(place))
        return false;
    e = g_sequence_get(place);
    if (e->at > now) {
        place = g_sequence_iter_prev(g_sequence_get_end_iter(q->order));
        e = g_sequence_get(place);
        if (e->at - now <= most)
            return false;
    }
    *account_r = e->account;
    drop(q, place);
    return true;
}
