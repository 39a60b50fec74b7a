/* SPDX-License-Identifier: BSD-2-Clause */
/* A lock, and the addresses that have a log-in in progress, each with those
 * that wait. */
#include "config.h"

#include "ximss/server/auth/login_slots.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include <glib.h>

#include "util/xmalloc.h"

struct login_slots_address {
    int64_t key; /* as GLib's hash wants it */
    unsigned held;
    TAILQ_HEAD(, login_slot) waiting;
};

struct login_slots {
    pthread_mutex_t lock;
    unsigned per_address;
    GHashTable *addresses; /* owned, and each of them */
};

struct login_slots *
login_slots_new(unsigned per_address)
{
    struct login_slots *l = xcalloc(1, sizeof *l);

    assert(per_address > 0);
    pthread_mutex_init(&l->lock, NULL);
    l->per_address = per_address;
    l->addresses =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free);
    return l;
}

void
login_slots_set(struct login_slots *l, unsigned per_address)
{
    pthread_mutex_lock(&l->lock);
    l->per_address = per_address;
    pthread_mutex_unlock(&l->lock);
}

void
login_slots_free(struct login_slots **l)
{
    if (*l == NULL)
        return;
    g_hash_table_destroy((*l)->addresses);
    pthread_mutex_destroy(&(*l)->lock);
    free(*l);
    *l = NULL;
}

static struct login_slots_address *
get_address(struct login_slots *l, uint64_t address)
{
    int64_t key = (int64_t)address;
    struct login_slots_address *a = g_hash_table_lookup(l->addresses, &key);

    if (a == NULL) {
        a = xcalloc(1, sizeof *a);
        a->key = key;
        TAILQ_INIT(&a->waiting);
        g_hash_table_insert(l->addresses, &a->key, a);
    }
    return a;
}

static unsigned
most_of(const struct login_slots *l, const struct login_slot *slot)
{
    unsigned most = slot->most != NULL ? slot->most(slot) : 0;

    return most > l->per_address ? most : l->per_address;
}

bool
login_slot_take(struct login_slots *l, uint64_t address,
                struct login_slot *slot,
                void (*granted)(struct login_slot *slot))
{
    struct login_slots_address *a;
    bool held;

    pthread_mutex_lock(&l->lock);
    a = get_address(l, address);
    held = TAILQ_EMPTY(&a->waiting) && a->held < most_of(l, slot);
    slot->slots = l;
    slot->address = a;
    slot->granted = granted;
    if (held) {
        slot->state = LOGIN_SLOT_HELD;
        a->held++;
    } else {
        slot->state = LOGIN_SLOT_WAITING;
        TAILQ_INSERT_TAIL(&a->waiting, slot, link);
    }
    pthread_mutex_unlock(&l->lock);
    return held;
}

/* Takes the next of those that wait, if there is room for it; else NULL. */
static struct login_slot *
grant_next(struct login_slots *l, struct login_slots_address *a)
{
    struct login_slot *next = TAILQ_FIRST(&a->waiting);

    if (next == NULL || a->held >= most_of(l, next))
        return NULL;
    TAILQ_REMOVE(&a->waiting, next, link);
    next->state = LOGIN_SLOT_HELD;
    a->held++;
    return next;
}

static void
forget_if_idle(struct login_slots *l, struct login_slots_address *a)
{
    if (a->held == 0 && TAILQ_EMPTY(&a->waiting))
        g_hash_table_remove(l->addresses, &a->key);
}

bool
login_slot_cancel(struct login_slot *slot)
{
    struct login_slots *l = slot->slots;
    bool cancelled;

    if (l == NULL)
        return true;
    pthread_mutex_lock(&l->lock);
    cancelled = slot->state != LOGIN_SLOT_HELD;
    if (slot->state == LOGIN_SLOT_WAITING) {
        TAILQ_REMOVE(&slot->address->waiting, slot, link);
        slot->state = LOGIN_SLOT_NONE;
        forget_if_idle(l, slot->address);
    }
    pthread_mutex_unlock(&l->lock);
    return cancelled;
}

void
login_slot_release(struct login_slot *slot)
{
    struct login_slots *l = slot->slots;
    struct login_slot *next[2] = {NULL, NULL};

    if (l == NULL)
        return;
    pthread_mutex_lock(&l->lock);
    if (slot->state == LOGIN_SLOT_HELD) {
        slot->state = LOGIN_SLOT_NONE;
        slot->address->held--;
        /* Two: the limit may have risen meanwhile. */
        next[0] = grant_next(l, slot->address);
        next[1] = grant_next(l, slot->address);
        forget_if_idle(l, slot->address);
    }
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < 2; i++)
        if (next[i] != NULL)
            next[i]->granted(next[i]);
}
