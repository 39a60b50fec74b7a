/* SPDX-License-Identifier: BSD-2-Clause */
/* A count that falls by one every `decay` needs no count at all, only the time
 * at which it will be zero: a failure moves that time on by one decay, and what
 * is left of it, divided by the decay, is the count (the leaky bucket as a
 * single time stamp, as ATM's cell rate algorithm has it).
 *
 * Three tables of the same form: failures of pairs, failures of addresses, and
 * pairs that are known good.  They are apart so that a flood of failures cannot
 * push out what is known good.  Each is an array of small sets of slots; the
 * slot that ends first gives way.  Where a key falls is a keyed hash, so nobody
 * can choose whom to push out. */
#include "config.h"

#include "ximss/server/auth/throttle.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/address.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/keyed_hash.h"

#define WAYS        8
#define LOCKS       64
#define MAX_DOUBLES 40 /* more would not fit into 64 bits of microseconds */
#define ADDRESS6    8  /* bytes of an IPv6 address that count: its /64 */
#define NETWORK6    6  /* ... and those of its network */
#define MAX_ADDRESS 64 /* bytes of a key made of an address */

const struct throttle_limits throttle_defaults = {
    .pair = {5, CLOCK_SECOND, 300 * CLOCK_SECOND, 300 * CLOCK_SECOND},
    .address = {50, CLOCK_SECOND / 10, 30 * CLOCK_SECOND, 10 * CLOCK_SECOND},
    .network = {500, CLOCK_SECOND / 10, 30 * CLOCK_SECOND, CLOCK_SECOND},
    .known_good_us = 30 * 86400 * CLOCK_SECOND,
    .max_entries = 65536,
};

struct throttle_key {
    uint64_t set, tag;
};

struct slot {
    uint64_t tag;
    int64_t last; /* when it was last touched */
    int64_t end;  /* when it will mean nothing; 0 in an empty slot */
};

struct table {
    size_t sets;        /* a power of two */
    struct slot *slots; /* owned; sets * WAYS */
    pthread_mutex_t locks[LOCKS];
};

struct throttle {
    struct keyed_hash key;
    pthread_rwlock_t limits_lock;
    struct throttle_limits limits;
    struct table pairs, addresses, good;
};

/* --- tables --- */

static void
table_init(struct table *t, size_t max_entries)
{
    t->sets = 1;
    while (t->sets * 2 * WAYS <= max_entries)
        t->sets *= 2;
    t->slots = xcalloc(t->sets * WAYS, sizeof *t->slots);
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_init(&t->locks[i], NULL);
}

static void
table_clear(struct table *t)
{
    for (size_t i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&t->locks[i]);
    free(t->slots);
}

static pthread_mutex_t *
table_lock(struct table *t, const struct throttle_key *k)
{
    pthread_mutex_t *lock = &t->locks[k->set % t->sets % LOCKS];

    pthread_mutex_lock(lock);
    return lock;
}

/* The key's slot, if it has not ended; else NULL.  Call with the lock. */
static struct slot *
table_find(const struct table *t, const struct throttle_key *k, int64_t now)
{
    struct slot *set = &t->slots[k->set % t->sets * WAYS];

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].tag == k->tag && set[i].end > now)
            return &set[i];
    return NULL;
}

/* The key's slot, or one that was emptied for it. */
static struct slot *
table_claim(const struct table *t, const struct throttle_key *k, int64_t now)
{
    struct slot *set = &t->slots[k->set % t->sets * WAYS];
    struct slot *slot = table_find(t, k, now);

    if (slot != NULL)
        return slot;
    slot = set;
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].end < slot->end)
            slot = &set[i];
    *slot = (struct slot){k->tag, now, now};
    return slot;
}

/* --- counting --- */

/* Failures that still count. */
static int64_t
count(const struct slot *slot, const struct throttle_rule *rule, int64_t now)
{
    return slot->end > now
               ? (slot->end - now + rule->decay_us - 1) / rule->decay_us
               : 0;
}

/* How long the next try must wait after `failures`. */
static int64_t
wait_after(int64_t failures, const struct throttle_rule *rule)
{
    int64_t wait = rule->base_us;

    if (rule->base_us <= 0 || failures <= rule->free)
        return 0;
    for (failures -= rule->free + 1; failures > 0 && wait < rule->max_us;
         failures--)
        wait *= 2;
    return wait < rule->max_us ? wait : rule->max_us;
}

/* No more are counted than it takes to reach the longest wait: who stops is
 * forgiven in a bounded time. */
static int64_t
most_failures(const struct throttle_rule *rule)
{
    int64_t n = (int64_t)rule->free + 1;

    for (int i = 0; i < MAX_DOUBLES && wait_after(n, rule) < rule->max_us; i++)
        n++;
    return n;
}

static int64_t
table_delay(struct table *t, const struct throttle_key *k,
            const struct throttle_rule *rule, int64_t now)
{
    pthread_mutex_t *lock = table_lock(t, k);
    const struct slot *slot = table_find(t, k, now);
    int64_t left = 0;

    /* The wait is that of the time of the failure: it does not shrink while
     * the count falls. */
    if (slot != NULL)
        left =
            slot->last + wait_after(count(slot, rule, slot->last), rule) - now;
    pthread_mutex_unlock(lock);
    return left > 0 ? left : 0;
}

static unsigned
table_free(struct table *t, const struct throttle_key *k,
           const struct throttle_rule *rule, int64_t now)
{
    pthread_mutex_t *lock = table_lock(t, k);
    const struct slot *slot = table_find(t, k, now);
    int64_t failures = slot != NULL ? count(slot, rule, now) : 0;

    pthread_mutex_unlock(lock);
    if (rule->base_us <= 0)
        return UINT_MAX;
    return failures < rule->free ? rule->free - (unsigned)failures : 0;
}

static void
table_failed(struct table *t, const struct throttle_key *k,
             const struct throttle_rule *rule, int64_t now)
{
    pthread_mutex_t *lock = table_lock(t, k);
    struct slot *slot = table_claim(t, k, now);
    int64_t most = now + most_failures(rule) * rule->decay_us;

    slot->last = now;
    slot->end += rule->decay_us;
    if (slot->end > most)
        slot->end = most;
    pthread_mutex_unlock(lock);
}

/* --- keys --- */

/* Brings an address to the form in which it counts: of an IPv6 one, so many
 * bytes.  The first byte says which kind it is, so that none is ever equal to one
 * of another kind. */
static size_t
address_key(const char *address, size_t bytes6, uint8_t out[MAX_ADDRESS])
{
    uint8_t a[ADDRESS_BYTES];
    size_t len;

    if (!address_parse(address, a)) {
        out[0] = 0;
        len = strnlen(address, MAX_ADDRESS - 1);
        memcpy(out + 1, address, len);
    } else if (address_is_ipv4(a)) {
        out[0] = 4;
        memcpy(out + 1, address_plain(a, &len), 4);
    } else {
        out[0] = bytes6 == ADDRESS6 ? 6 : 66;
        len = bytes6;
        memcpy(out + 1, a, len);
    }
    return 1 + len;
}

static bool
has_detail(const char *name)
{
    size_t n = strcspn(name, "+@");

    return n > 0 && name[n] == '+';
}

/* The name without a detail: whether the domain has those only the store knows, and
 * nobody is to get more tries by adding some.  The caller frees. */
static char *
counted_name(const char *name)
{
    const char *at = strrchr(name, '@');

    if (!has_detail(name))
        return xstrdup(name);
    return xasprintf("%.*s%s", (int)strcspn(name, "+"), name,
                     at != NULL ? at : "");
}

static struct throttle_key
hash_key(const struct throttle *t, const char *name, const char *address,
         size_t bytes6)
{
    uint8_t addr[MAX_ADDRESS], hash[KEYED_HASH_BYTES];
    const struct keyed_part parts[] = {
        {name, strlen(name) + 1}, {addr, address_key(address, bytes6, addr)}};
    struct throttle_key key;

    keyed_hash_get(&t->key, parts, 2, hash);
    memcpy(&key.set, hash, sizeof key.set);
    memcpy(&key.tag, hash + sizeof key.set, sizeof key.tag);
    return key;
}

/* By the whole name: who is known good, or an address alone. */
static struct throttle_key
make_key(const struct throttle *t, const char *name, const char *address)
{
    return hash_key(t, name, address, ADDRESS6);
}

/* Under which failures count. */
static struct throttle_key
pair_key(const struct throttle *t, const char *name, const char *address)
{
    char *counted = counted_name(name);
    struct throttle_key key = make_key(t, counted, address);

    free(counted);
    return key;
}

/* False: the address is part of none. */
static bool
network_key(const struct throttle *t, const char *address,
            struct throttle_key *key_r)
{
    uint8_t a[ADDRESS_BYTES];

    if (!address_parse(address, a) || address_is_ipv4(a))
        return false;
    *key_r = hash_key(t, "", address, NETWORK6);
    return true;
}

/* --- interface --- */

struct throttle *
throttle_new(const struct throttle_limits *limits)
{
    struct throttle *t = xcalloc(1, sizeof *t);

    assert(limits->pair.decay_us > 0 && limits->address.decay_us > 0);
    keyed_hash_random(&t->key);
    pthread_rwlock_init(&t->limits_lock, NULL);
    t->limits = *limits;
    table_init(&t->pairs, limits->max_entries);
    table_init(&t->addresses, limits->max_entries);
    table_init(&t->good, limits->max_entries);
    return t;
}

static struct throttle_limits
get_limits(struct throttle *t)
{
    struct throttle_limits limits;

    pthread_rwlock_rdlock(&t->limits_lock);
    limits = t->limits;
    pthread_rwlock_unlock(&t->limits_lock);
    return limits;
}

static bool
is_good(struct throttle *t, const char *name, const char *address, int64_t now)
{
    struct throttle_key whole = make_key(t, name, address);
    pthread_mutex_t *lock = table_lock(&t->good, &whole);
    bool good = table_find(&t->good, &whole, now) != NULL;

    pthread_mutex_unlock(lock);
    return good;
}

int64_t
throttle_delay(struct throttle *t, const char *name, const char *address,
               int64_t mono_now)
{
    struct throttle_limits limits = get_limits(t);
    struct throttle_key all = make_key(t, "", address);
    int64_t delay = 0, other;

    if (name != NULL) {
        struct throttle_key pair = pair_key(t, name, address);

        delay = table_delay(&t->pairs, &pair, &limits.pair, mono_now);
        if (is_good(t, name, address, mono_now))
            return delay;
    }
    other = table_delay(&t->addresses, &all, &limits.address, mono_now);
    if (other > delay)
        delay = other;
    if (limits.network.decay_us > 0 && network_key(t, address, &all)) {
        other = table_delay(&t->addresses, &all, &limits.network, mono_now);
        if (other > delay)
            delay = other;
    }
    return delay;
}

void
throttle_failed(struct throttle *t, const char *name, const char *address,
                int64_t mono_now)
{
    struct throttle_limits limits = get_limits(t);
    struct throttle_key all = make_key(t, "", address);

    if (name != NULL) {
        struct throttle_key pair = pair_key(t, name, address);

        table_failed(&t->pairs, &pair, &limits.pair, mono_now);
    }
    table_failed(&t->addresses, &all, &limits.address, mono_now);
    if (limits.network.decay_us > 0 && network_key(t, address, &all))
        table_failed(&t->addresses, &all, &limits.network, mono_now);
}

static void
forget_failures(struct throttle *t, const char *name, const char *address,
                int64_t now)
{
    struct throttle_key pair = pair_key(t, name, address);
    pthread_mutex_t *lock = table_lock(&t->pairs, &pair);
    struct slot *slot = table_find(&t->pairs, &pair, now);

    if (slot != NULL)
        slot->end = 0;
    pthread_mutex_unlock(lock);
}

void
throttle_succeeded(struct throttle *t, const char *name, const char *address,
                   int64_t mono_now)
{
    struct throttle_limits limits = get_limits(t);
    struct throttle_key whole = make_key(t, name, address);
    pthread_mutex_t *lock;
    struct slot *slot;

    if (!has_detail(name))
        forget_failures(t, name, address, mono_now);
    if (limits.known_good_us <= 0)
        return;
    lock = table_lock(&t->good, &whole);
    slot = table_claim(&t->good, &whole, mono_now);
    slot->last = mono_now;
    slot->end = mono_now + limits.known_good_us;
    pthread_mutex_unlock(lock);
}

unsigned
throttle_free_tries(struct throttle *t, const char *name, const char *address,
                    int64_t mono_now)
{
    struct throttle_limits limits = get_limits(t);
    struct throttle_key key = pair_key(t, name != NULL ? name : "", address);
    unsigned n, of_network;

    if (name != NULL)
        return table_free(&t->pairs, &key, &limits.pair, mono_now);
    n = table_free(&t->addresses, &key, &limits.address, mono_now);
    if (limits.network.decay_us <= 0 || !network_key(t, address, &key))
        return n;
    of_network = table_free(&t->addresses, &key, &limits.network, mono_now);
    return n < of_network ? n : of_network;
}

bool
throttle_is_known(struct throttle *t, const char *name, const char *address,
                  int64_t mono_now)
{
    return is_good(t, name, address, mono_now);
}

uint64_t
throttle_pair(const struct throttle *t, const char *name, const char *address)
{
    return pair_key(t, name, address).set;
}

uint64_t
throttle_address(const struct throttle *t, const char *address)
{
    return make_key(t, "", address).set;
}

uint64_t
throttle_network(const struct throttle *t, const char *address)
{
    return hash_key(t, "", address, NETWORK6).set;
}

void
throttle_set_limits(struct throttle *t, const struct throttle_limits *limits)
{
    assert(limits->pair.decay_us > 0 && limits->address.decay_us > 0);
    pthread_rwlock_wrlock(&t->limits_lock);
    t->limits = *limits;
    pthread_rwlock_unlock(&t->limits_lock);
}

void
throttle_free(struct throttle **t)
{
    if (*t == NULL)
        return;
    table_clear(&(*t)->pairs);
    table_clear(&(*t)->addresses);
    table_clear(&(*t)->good);
    pthread_rwlock_destroy(&(*t)->limits_lock);
    OPENSSL_cleanse(*t, sizeof **t);
    free(*t);
    *t = NULL;
}
