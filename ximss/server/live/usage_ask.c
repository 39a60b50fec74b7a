/* SPDX-License-Identifier: BSD-2-Clause */
/* An entry says when its account may be asked about next.  An account whose
 * limit is known and recent needs none.  At the start, all accounts are asked
 * about, so no limit can be old before the age has passed since then. */
#include "config.h"

#include "ximss/server/live/usage_ask.h"

#include <stdlib.h>

#include <glib.h>

#include "util/xmalloc.h"

struct entry {
    uint64_t account; /* the key */
    int64_t next;     /* not before */
    int64_t wait;     /* the last one */
};

struct usage_ask {
    GHashTable *entries; /* account -> struct entry, owned */
    size_t most;
    int64_t began, cleaned;
};

struct usage_ask *
usage_ask_new(size_t most, int64_t now)
{
    struct usage_ask *a = xcalloc(1, sizeof *a);

    a->entries = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free);
    a->most = most;
    a->began = a->cleaned = now;
    return a;
}

void
usage_ask_free(struct usage_ask **a)
{
    if (*a == NULL)
        return;
    g_hash_table_destroy((*a)->entries);
    free(*a);
    *a = NULL;
}

/* Nothing would be different without it, but for how long is waited. */
static gboolean
is_over(gpointer key, gpointer value, gpointer arg)
{
    const struct entry *e = value;
    const int64_t *now = arg;

    (void)key;
    return e->next <= *now;
}

static struct entry *
add_entry(struct usage_ask *a, uint64_t account, int64_t now)
{
    struct entry *e;

    if (g_hash_table_size(a->entries) >= a->most &&
        (now < a->cleaned || now - a->cleaned >= USAGE_ASK_AGAIN)) {
        g_hash_table_foreach_remove(a->entries, is_over, &now);
        a->cleaned = now;
    }
    if (g_hash_table_size(a->entries) >= a->most)
        return NULL;
    e = xcalloc(1, sizeof *e);
    e->account = account;
    g_hash_table_insert(a->entries, &e->account, e);
    return e;
}

static int64_t
next_wait(const struct entry *e, bool known, int64_t age)
{
    int64_t wait = e->wait == 0 ? USAGE_ASK_AGAIN : 2 * e->wait;

    return known || wait > age ? age : wait;
}

bool
usage_ask_is_due(struct usage_ask *a, uint64_t account, bool known, int64_t age,
                 int64_t now)
{
    struct entry *e = g_hash_table_lookup(a->entries, &account);

    if (e != NULL && now < e->next && e->next - now <= age)
        return false;
    if (e == NULL && known && now - a->began < age)
        return false;
    if (e == NULL)
        e = add_entry(a, account, now);
    if (e == NULL)
        return false;
    e->wait = next_wait(e, known, age);
    e->next = now + e->wait;
    return true;
}

void
usage_ask_told(struct usage_ask *a, uint64_t account, int64_t age, int64_t now)
{
    struct entry *e = g_hash_table_lookup(a->entries, &account);

    if (e == NULL)
        return;
    e->wait = 0;
    e->next = now + age;
}
