/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/peers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "util/xmalloc.h"

struct count {
    struct peer key; /* address and kind; port 0 */
    unsigned all, fresh;
};

struct peers {
    pthread_mutex_t lock;
    struct peers_limits limits;
    GHashTable *counts; /* struct peer -> struct count, owned */
    unsigned all, fresh;
};

static guint
hash(gconstpointer p)
{
    const struct peer *peer = p;
    guint h = 2166136261u;

    for (size_t i = 0; i < sizeof peer->address; i++)
        h = (h ^ peer->address[i]) * 16777619u;
    return h;
}

static gboolean
equal(gconstpointer a, gconstpointer b)
{
    return memcmp(((const struct peer *)a)->address,
                  ((const struct peer *)b)->address, 16) == 0;
}

struct peers *
peers_new(void)
{
    struct peers *p = xcalloc(1, sizeof *p);

    pthread_mutex_init(&p->lock, NULL);
    p->counts = g_hash_table_new_full(hash, equal, NULL, free);
    return p;
}

void
peers_free(struct peers **p)
{
    if (*p == NULL)
        return;
    g_hash_table_destroy((*p)->counts);
    pthread_mutex_destroy(&(*p)->lock);
    free(*p);
    *p = NULL;
}

void
peers_set_limits(struct peers *p, const struct peers_limits *l)
{
    pthread_mutex_lock(&p->lock);
    p->limits = *l;
    pthread_mutex_unlock(&p->lock);
}

static struct peer
key_of(const struct peer *peer)
{
    struct peer key = *peer;

    key.port = 0;
    if (key.kind == PEER_IPV6)
        memset(key.address + 8, 0, 8);
    return key;
}

static bool
reached(unsigned now, unsigned limit)
{
    return limit != 0 && now >= limit;
}

bool
peers_add(struct peers *p, const struct peer *peer)
{
    struct peer key = key_of(peer);
    struct count *c;
    bool ok = true;

    pthread_mutex_lock(&p->lock);
    c = g_hash_table_lookup(p->counts, &key);
    if (peer->kind != PEER_LOCAL)
        ok = !reached(p->all, p->limits.all) &&
             !reached(p->fresh, p->limits.new_all) &&
             (c == NULL || (!reached(c->all, p->limits.address) &&
                            !reached(c->fresh, p->limits.new_address)));
    if (ok) {
        if (c == NULL) {
            c = xcalloc(1, sizeof *c);
            c->key = key;
            g_hash_table_insert(p->counts, &c->key, c);
        }
        c->all++;
        c->fresh++;
        p->all++;
        p->fresh++;
    }
    pthread_mutex_unlock(&p->lock);
    return ok;
}

void
peers_logged_in(struct peers *p, const struct peer *peer)
{
    struct peer key = key_of(peer);
    struct count *c;

    pthread_mutex_lock(&p->lock);
    c = g_hash_table_lookup(p->counts, &key);
    c->fresh--;
    p->fresh--;
    pthread_mutex_unlock(&p->lock);
}

void
peers_remove(struct peers *p, const struct peer *peer, bool logged_in)
{
    struct peer key = key_of(peer);
    struct count *c;

    pthread_mutex_lock(&p->lock);
    c = g_hash_table_lookup(p->counts, &key);
    c->all--;
    p->all--;
    if (!logged_in) {
        c->fresh--;
        p->fresh--;
    }
    if (c->all == 0)
        g_hash_table_remove(p->counts, &key);
    pthread_mutex_unlock(&p->lock);
}
