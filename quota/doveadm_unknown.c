/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/doveadm_unknown.h"

#include <stdlib.h>

#include <glib.h>

#include "util/xmalloc.h"

#define MOST      100000 /* others are asked about in each round */
#define MOST_WAIT 4      /* rounds */

struct entry {
    unsigned left; /* rounds that leave the user out */
    unsigned wait; /* the last time so many did */
};

struct doveadm_unknown {
    GHashTable *users; /* user -> struct entry, both owned */
};

struct doveadm_unknown *
doveadm_unknown_new(void)
{
    struct doveadm_unknown *u = xcalloc(1, sizeof *u);

    u->users = g_hash_table_new_full(g_str_hash, g_str_equal, free, free);
    return u;
}

void
doveadm_unknown_free(struct doveadm_unknown **u)
{
    if (*u == NULL)
        return;
    g_hash_table_destroy((*u)->users);
    free(*u);
    *u = NULL;
}

static struct entry *
find_or_add(struct doveadm_unknown *u, const char *user)
{
    struct entry *e = g_hash_table_lookup(u->users, user);

    if (e != NULL || g_hash_table_size(u->users) >= MOST)
        return e;
    e = xcalloc(1, sizeof *e);
    g_hash_table_insert(u->users, xstrdup(user), e);
    return e;
}

void
doveadm_unknown_add(struct doveadm_unknown *u, const char *user)
{
    struct entry *e = u != NULL ? find_or_add(u, user) : NULL;

    if (e == NULL)
        return;
    e->wait = e->wait == 0 ? 1 : 2 * e->wait;
    if (e->wait > MOST_WAIT)
        e->wait = MOST_WAIT;
    e->left = e->wait;
}

void
doveadm_unknown_remove(struct doveadm_unknown *u, const char *user)
{
    if (u != NULL)
        g_hash_table_remove(u->users, user);
}

bool
doveadm_unknown_skips(struct doveadm_unknown *u, const char *user)
{
    struct entry *e = g_hash_table_lookup(u->users, user);

    if (e == NULL || e->left == 0)
        return false;
    e->left--;
    return true;
}

void
doveadm_unknown_forget(struct doveadm_unknown *u)
{
    g_hash_table_remove_all(u->users);
}
