/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/doveadm_asked.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include <glib.h>

#include "util/mailbox.h"
#include "util/xmalloc.h"

#define MOST 100000 /* the next round over all accounts has the others */

struct doveadm_asked {
    struct mail mail; /* first; says that there are more */
    struct mailbox *box;
    void (*on_more)(void *arg);
    void *arg;
    pthread_mutex_t lock; /* of what follows */
    GHashTable *users;    /* a set; owns the names */
    bool mailed;
};

static void
deliver(struct mail *m, void *owner)
{
    struct doveadm_asked *a = (struct doveadm_asked *)m;

    (void)owner;
    pthread_mutex_lock(&a->lock);
    a->mailed = false;
    pthread_mutex_unlock(&a->lock);
    a->on_more(a->arg);
}

struct doveadm_asked *
doveadm_asked_new(struct mailbox *box, void (*on_more)(void *arg), void *arg)
{
    struct doveadm_asked *a = xcalloc(1, sizeof *a);

    a->mail.deliver = deliver;
    a->box = box;
    a->on_more = on_more;
    a->arg = arg;
    a->users = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    pthread_mutex_init(&a->lock, NULL);
    return a;
}

void
doveadm_asked_free(struct doveadm_asked **a)
{
    if (*a == NULL)
        return;
    g_hash_table_destroy((*a)->users);
    pthread_mutex_destroy(&(*a)->lock);
    free(*a);
    *a = NULL;
}

void
doveadm_asked_put(struct doveadm_asked *a, const char *user)
{
    pthread_mutex_lock(&a->lock);
    if (g_hash_table_size(a->users) < MOST)
        g_hash_table_add(a->users, xstrdup(user));
    if (!a->mailed)
        mailbox_put(a->box, &a->mail);
    a->mailed = true;
    pthread_mutex_unlock(&a->lock);
}

size_t
doveadm_asked_take(struct doveadm_asked *a, char **users, size_t most)
{
    GHashTableIter i;
    gpointer user;
    size_t n = 0;

    pthread_mutex_lock(&a->lock);
    g_hash_table_iter_init(&i, a->users);
    while (n < most && g_hash_table_iter_next(&i, &user, NULL)) {
        g_hash_table_iter_steal(&i);
        users[n++] = user;
    }
    pthread_mutex_unlock(&a->lock);
    return n;
}
