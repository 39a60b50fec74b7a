/* SPDX-License-Identifier: BSD-2-Clause */
/* An account that has used up its hour costs a count, and a quiet account costs
 * nothing: its entry is removed when its hour is over and has been reported.
 * Accounts that find no free entry share the one of number 0. */
#include "config.h"

#include "ximss/server/rules/audit_budget.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <glib.h>

#include "util/clock.h"
#include "util/xmalloc.h"

#define HOUR (3600 * CLOCK_SECOND)

struct count {
    uint64_t account; /* the key; 0: those without an entry of their own */
    char *who;
    int64_t since; /* the hour's beginning */
    unsigned used, skipped;
    unsigned telling; /* of skipped: in a transaction that is not on disk */
};

struct audit_budget {
    GHashTable *counts; /* account -> struct count, owned */
    int64_t since;
    unsigned used; /* by all, in the hour that began then */
    atomic_uint account_limit, all_limit;
};

static void
count_free(void *p)
{
    struct count *c = p;

    free(c->who);
    free(c);
}

struct audit_budget *
audit_budget_new(const struct audit_limits *l)
{
    struct audit_budget *b = xcalloc(1, sizeof *b);

    b->counts =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, count_free);
    audit_budget_set_limits(b, l);
    return b;
}

void
audit_budget_free(struct audit_budget **b)
{
    if (*b == NULL)
        return;
    g_hash_table_destroy((*b)->counts);
    free(*b);
    *b = NULL;
}

void
audit_budget_set_limits(struct audit_budget *b, const struct audit_limits *l)
{
    atomic_store(&b->account_limit, l->account);
    atomic_store(&b->all_limit, l->all);
}

static bool
is_over(int64_t since, int64_t now)
{
    return now < since || now - since >= HOUR;
}

static gboolean
is_idle(gpointer key, gpointer value, gpointer arg)
{
    const struct count *c = value;
    const int64_t *now = arg;

    (void)key;
    return c->skipped == 0 && is_over(c->since, *now);
}

static struct count *
find_count(struct audit_budget *b, uint64_t account, const char *who,
           int64_t now)
{
    struct count *c = g_hash_table_lookup(b->counts, &account);

    if (c != NULL)
        return c;
    if (account != 0 && g_hash_table_size(b->counts) >= AUDIT_BUDGET_ACCOUNTS)
        return find_count(b, 0, "other accounts", now);
    c = xcalloc(1, sizeof *c);
    c->account = account;
    c->who = xstrdup(who);
    c->since = now;
    g_hash_table_insert(b->counts, &c->account, c);
    return c;
}

bool
audit_budget_take(struct audit_budget *b, uint64_t account, const char *who,
                  int64_t now)
{
    struct count *c = find_count(b, account, who, now);

    /* What was counted is told before a new hour begins. */
    if (is_over(c->since, now) && c->skipped == 0) {
        c->since = now;
        c->used = 0;
    }
    if (is_over(b->since, now)) {
        b->since = now;
        b->used = 0;
    }
    if (c->used >= atomic_load(&b->account_limit) ||
        b->used >= atomic_load(&b->all_limit)) {
        c->skipped++;
        return false;
    }
    c->used++;
    b->used++;
    return true;
}

enum store_result
audit_budget_tell(struct audit_budget *b, int64_t now, bool all,
                  audit_tell_fn *fn, void *arg, struct errbuf *err)
{
    enum store_result r = STORE_OK;
    GHashTableIter i;
    gpointer p;

    g_hash_table_iter_init(&i, b->counts);
    while (r == STORE_OK && g_hash_table_iter_next(&i, NULL, &p)) {
        struct count *c = p;

        c->telling = 0;
        if (c->skipped == 0 || (!all && !is_over(c->since, now)))
            continue;
        r = fn(c->who, c->skipped, c->since, arg, err);
        c->telling = r == STORE_OK ? c->skipped : 0;
    }
    return r;
}

void
audit_budget_told(struct audit_budget *b, int64_t now)
{
    GHashTableIter i;
    gpointer p;

    g_hash_table_iter_init(&i, b->counts);
    while (g_hash_table_iter_next(&i, NULL, &p)) {
        struct count *c = p;

        c->skipped -= c->telling;
        c->telling = 0;
    }
    g_hash_table_foreach_remove(b->counts, is_idle, &now);
}
