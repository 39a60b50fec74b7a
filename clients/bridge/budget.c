/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/budget.h"

#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

struct budget_holder {
    LIST_ENTRY(budget_holder) link;
    size_t bytes;
    uint8_t key[BUDGET_KEY];
    unsigned shares;
};

void
budget_set(struct budget *b, size_t most, size_t most_each)
{
    b->most = most;
    b->most_each = most_each;
}

static size_t
bucket(const uint8_t *key)
{
    uint32_t h = 2166136261U;

    for (size_t i = 0; i < BUDGET_KEY; i++)
        h = (h ^ key[i]) * 16777619U;
    return h % BUDGET_BUCKETS;
}

static struct budget_holder *
find(const struct budget *b, const uint8_t *key)
{
    struct budget_holder *o;

    LIST_FOREACH(o, &b->holders[bucket(key)], link)
        if (memcmp(o->key, key, sizeof o->key) == 0)
            return o;
    return NULL;
}

/* Made if it is not there; NULL for no key. */
static struct budget_holder *
holder_of(struct budget *b, const uint8_t *key)
{
    struct budget_holder *o = key != NULL ? find(b, key) : NULL;

    if (key == NULL || o != NULL)
        return o;
    o = xcalloc(1, sizeof *o);
    memcpy(o->key, key, sizeof o->key);
    LIST_INSERT_HEAD(&b->holders[bucket(key)], o, link);
    return o;
}

static void
drop_if_unused(struct budget_holder *o)
{
    if (o == NULL || o->shares > 0)
        return;
    LIST_REMOVE(o, link);
    free(o);
}

static void
put(struct budget *b, struct budget_share *s, struct budget_holder *o,
    size_t bytes)
{
    s->holder = o;
    s->bytes = bytes;
    b->held += bytes;
    if (o != NULL) {
        o->bytes += bytes;
        o->shares++;
    }
}

/* The holder that had it: it is to be looked at by drop_if_unused. */
static struct budget_holder *
take(struct budget *b, struct budget_share *s)
{
    struct budget_holder *o = s->holder;

    b->held -= s->bytes;
    if (o != NULL) {
        o->bytes -= s->bytes;
        o->shares--;
    }
    return o;
}

/* Room for it, by what the others hold. */
static bool
has_room(const struct budget *b, const struct budget_holder *o, size_t bytes)
{
    if (bytes > b->most || b->held > b->most - bytes)
        return false;
    return o == NULL ||
           (bytes <= b->most_each && o->bytes <= b->most_each - bytes);
}

bool
budget_is_full(const struct budget *b, const struct budget_share *s,
               const uint8_t *key, size_t bytes)
{
    const struct budget_holder *o = key != NULL ? find(b, key) : NULL;
    size_t own = o == NULL ? 0 : o->bytes - (o == s->holder ? s->bytes : 0);

    if (bytes > b->most || b->held - s->bytes <= b->most - bytes)
        return false;
    return key == NULL ||
           (bytes <= b->most_each && own <= b->most_each - bytes);
}

bool
budget_hold(struct budget *b, struct budget_share *s, const uint8_t *key,
            size_t bytes)
{
    struct budget_holder *new = holder_of(b, key);
    const size_t before = s->bytes;
    struct budget_holder *old = take(b, s);
    bool fits = has_room(b, new, bytes) || (bytes <= before && new == old);

    if (fits) {
        put(b, s, new, bytes);
        drop_if_unused(new == old ? NULL : old);
    } else {
        put(b, s, old, before);
        drop_if_unused(new == old ? NULL : new);
    }
    return fits;
}

void
budget_release(struct budget *b, struct budget_share *s)
{
    drop_if_unused(take(b, s));
    *s = (struct budget_share){0};
}
