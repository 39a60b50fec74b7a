/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/budget.h"

#include <stdlib.h>
#include <string.h>

#include "clients/bridge/random_text.h"
#include "util/xmalloc.h"

#define NETWORK_BYTES 6 /* of the key of an IPv6 address */
#define NETWORK_MARK  48

struct budget_holder {
    LIST_ENTRY(budget_holder) link;
    struct budget_holder *network; /* that it is part of; NULL: none */
    size_t bytes;
    uint8_t key[BUDGET_KEY];
    unsigned shares;
};

void
budget_init(struct budget *b, bool of_addresses)
{
    b->of_addresses = of_addresses;
    b->most_network = SIZE_MAX;
    random_bytes(&b->seed, sizeof b->seed);
}

void
budget_set(struct budget *b, size_t most, size_t most_each)
{
    b->most = most;
    b->most_each = most_each;
}

void
budget_set_network(struct budget *b, size_t most_network)
{
    b->most_network = most_network;
}

static size_t
bucket(const struct budget *b, const uint8_t *key)
{
    uint64_t words[BUDGET_KEY / 8], h = b->seed;

    memcpy(words, key, sizeof words);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        h = (h ^ words[i]) * 0x9e3779b97f4a7c15U;
        h ^= h >> 32;
    }
    return h % BUDGET_BUCKETS;
}

/* False: it is part of none. */
static bool
network_key(const struct budget *b, const uint8_t *key,
            uint8_t network_r[BUDGET_KEY])
{
    static const uint8_t none[BUDGET_KEY / 2];

    if (!b->of_addresses || memcmp(key, none, sizeof none) == 0)
        return false;
    memset(network_r, 0, BUDGET_KEY);
    memcpy(network_r, key, NETWORK_BYTES);
    network_r[BUDGET_KEY - 1] = NETWORK_MARK;
    return true;
}

static struct budget_holder *
find(const struct budget *b, const uint8_t *key)
{
    struct budget_holder *o;

    LIST_FOREACH(o, &b->holders[bucket(b, key)], link)
        if (memcmp(o->key, key, sizeof o->key) == 0)
            return o;
    return NULL;
}

static struct budget_holder *
get(struct budget *b, const uint8_t *key, struct budget_holder *network)
{
    struct budget_holder *o = find(b, key);

    if (o != NULL)
        return o;
    o = xcalloc(1, sizeof *o);
    memcpy(o->key, key, sizeof o->key);
    o->network = network;
    LIST_INSERT_HEAD(&b->holders[bucket(b, key)], o, link);
    return o;
}

/* Made if it is not there; NULL for no key. */
static struct budget_holder *
holder_of(struct budget *b, const uint8_t *key)
{
    uint8_t network[BUDGET_KEY];

    if (key == NULL)
        return NULL;
    return get(b, key,
               network_key(b, key, network) ? get(b, network, NULL) : NULL);
}

static void
drop_if_unused(struct budget_holder *o)
{
    for (struct budget_holder *network; o != NULL && o->shares == 0;
         o = network) {
        network = o->network;
        LIST_REMOVE(o, link);
        free(o);
    }
}

static void
put(struct budget *b, struct budget_share *s, struct budget_holder *o,
    size_t bytes)
{
    s->holder = o;
    s->bytes = bytes;
    b->held += bytes;
    for (; o != NULL; o = o->network) {
        o->bytes += bytes;
        o->shares++;
    }
}

/* The holder that had it: it is to be looked at by drop_if_unused. */
static struct budget_holder *
take(struct budget *b, struct budget_share *s)
{
    b->held -= s->bytes;
    for (struct budget_holder *o = s->holder; o != NULL; o = o->network) {
        o->bytes -= s->bytes;
        o->shares--;
    }
    return s->holder;
}

static bool
fits_in(size_t bytes, size_t held, size_t most)
{
    return bytes <= most && held <= most - bytes;
}

/* Room for it, by what the others hold. */
static bool
has_room(const struct budget *b, const struct budget_holder *o, size_t bytes)
{
    return fits_in(bytes, b->held, b->most) &&
           (o == NULL ||
            (fits_in(bytes, o->bytes, b->most_each) &&
             (o->network == NULL ||
              fits_in(bytes, o->network->bytes, b->most_network))));
}

/* What the holder of that key has beside the share. */
static size_t
held_beside(const struct budget *b, const struct budget_share *s,
            const uint8_t *key)
{
    const struct budget_holder *o = find(b, key), *own = s->holder;

    if (o == NULL)
        return 0;
    return o->bytes -
           (own != NULL && (o == own || o == own->network) ? s->bytes : 0);
}

bool
budget_is_full(const struct budget *b, const struct budget_share *s,
               const uint8_t *key, size_t bytes)
{
    uint8_t network[BUDGET_KEY];

    if (bytes > b->most || b->held - s->bytes <= b->most - bytes)
        return false;
    if (key == NULL)
        return true;
    return fits_in(bytes, held_beside(b, s, key), b->most_each) &&
           (!network_key(b, key, network) ||
            fits_in(bytes, held_beside(b, s, network), b->most_network));
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
