/* SPDX-License-Identifier: BSD-2-Clause */
/* One HMAC of name and password both finds an entry and proves it: its first
 * bytes say where to look, and 128 further bits must be equal.  Entries are in
 * rings, one per shard, so the oldest entry is always overwritten next.  Two
 * chains of indices run through each ring: by hash, and by account, so that the
 * entries of an account are removed without a search.  The rings come from
 * mmap, so unused parts cost no memory, and a core dump does not contain
 * them. */
#include "config.h"

#include "ximss/server/auth/auth_cache.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/keyed_hash.h"

#define SHARDS    16
#define TAG_BYTES 16
#define NONE      UINT32_MAX

struct entry {
    uint8_t tag[TAG_BYTES];
    uint64_t account;
    int64_t expires;
    uint32_t cred_serial;
    uint32_t next_hash;    /* index of the next in the chain, or NONE */
    uint32_t next_account; /* the same; of all in use */
    uint32_t bucket : 31;  /* 1 + where its hash chain begins; 0: not in use */
    uint32_t outside : 1;  /* a source outside says that it is right */
};

_Static_assert(sizeof(struct entry) == 48, "entries are compact");

struct shard {
    pthread_mutex_t lock;
    struct entry *ring; /* in the mapping; size entries */
    uint32_t *hashes;   /* in the mapping; buckets heads of chains, 1 + index */
    uint32_t *accounts; /* the same by account */
    uint32_t next;      /* where the next entry goes */
    uint32_t used;      /* entries in use */
};

/* The key is at the beginning of a page of its own. */
struct auth_cache {
    struct keyed_hash key;
    int64_t lifetime;
    uint32_t size, buckets; /* of each shard; buckets: a power of two */
    void *mapping;
    size_t mapping_len;
    struct shard shards[SHARDS];
};

/* What a name and password come to. */
struct place {
    uint8_t tag[TAG_BYTES];
    struct shard *shard;
    uint32_t bucket;
};

static void *
map_private(size_t len)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED)
        log_fatal("out of memory (remembered log-ins, %zu bytes)", len);
    madvise(p, len, MADV_DONTDUMP);
    return p;
}

/* The largest power of two that is not above n. */
static uint32_t
floor_power(uint32_t n)
{
    while ((n & (n - 1)) != 0)
        n &= n - 1;
    return n;
}

static void
make_shards(struct auth_cache *r)
{
    size_t ring = r->size * sizeof(struct entry);
    size_t heads = r->buckets * sizeof(uint32_t);
    char *p;

    r->mapping_len = SHARDS * (ring + 2 * heads);
    r->mapping = map_private(r->mapping_len);
    p = r->mapping;
    for (size_t i = 0; i < SHARDS; i++, p += ring) {
        r->shards[i].ring = (struct entry *)(void *)p;
        pthread_mutex_init(&r->shards[i].lock, NULL);
    }
    for (size_t i = 0; i < SHARDS; i++, p += 2 * heads) {
        r->shards[i].hashes = (uint32_t *)(void *)p;
        r->shards[i].accounts = (uint32_t *)(void *)(p + heads);
    }
}

struct auth_cache *
auth_cache_new(size_t max_entries, int64_t lifetime_us)
{
    struct auth_cache *r = map_private(sizeof *r);
    size_t size = (max_entries + SHARDS - 1) / SHARDS;

    /* A limit on locked memory is no reason not to start. */
    (void)mlock(r, sizeof *r);
    keyed_hash_random(&r->key);
    r->lifetime = lifetime_us;
    assert(size < NONE / 2);
    r->size = (uint32_t)size;
    r->buckets = floor_power(r->size);
    if (r->size > 0)
        make_shards(r);
    return r;
}

static struct place
find_place(struct auth_cache *r, const char *name, const char *password)
{
    const struct keyed_part parts[] = {{name, strlen(name) + 1},
                                       {password, strlen(password)}};
    uint8_t hash[KEYED_HASH_BYTES];
    struct place place;

    keyed_hash_get(&r->key, parts, 2, hash);
    memcpy(place.tag, hash, TAG_BYTES);
    memcpy(&place.bucket, hash + TAG_BYTES, sizeof place.bucket);
    place.bucket &= r->buckets - 1;
    place.shard = &r->shards[hash[KEYED_HASH_BYTES - 1] % SHARDS];
    OPENSSL_cleanse(hash, sizeof hash);
    return place;
}

static uint32_t *
account_head(const struct auth_cache *r, struct shard *shard, uint64_t account)
{
    uint64_t mixed = account * UINT64_C(0x9e3779b97f4a7c15);

    return &shard->accounts[(mixed >> 32) & (r->buckets - 1)];
}

/* Heads hold 1 + index, so that fresh memory means empty. */
static uint32_t
chain_first(const uint32_t *head)
{
    return *head > 0 ? *head - 1 : NONE;
}

static void
unlink_hash(struct shard *shard, uint32_t index)
{
    struct entry *e = &shard->ring[index];
    uint32_t *head = &shard->hashes[e->bucket - 1];
    uint32_t i = chain_first(head);

    if (i == index) {
        *head = e->next_hash + 1; /* NONE + 1 is 0: empty */
        return;
    }
    while (shard->ring[i].next_hash != index)
        i = shard->ring[i].next_hash;
    shard->ring[i].next_hash = e->next_hash;
}

static void
unlink_account(const struct auth_cache *r, struct shard *shard, uint32_t index)
{
    struct entry *e = &shard->ring[index];
    uint32_t *head = account_head(r, shard, e->account);
    uint32_t i = chain_first(head);

    if (i == index) {
        *head = e->next_account + 1;
        return;
    }
    while (shard->ring[i].next_account != index)
        i = shard->ring[i].next_account;
    shard->ring[i].next_account = e->next_account;
}

static void
drop(const struct auth_cache *r, struct shard *shard, uint32_t index)
{
    unlink_hash(shard, index);
    unlink_account(r, shard, index);
    OPENSSL_cleanse(&shard->ring[index], sizeof shard->ring[index]);
    shard->used--;
}

/* The entry of that place, or NONE. */
static uint32_t
lookup(const struct place *place)
{
    const struct shard *shard = place->shard;
    uint32_t i = chain_first(&shard->hashes[place->bucket]);

    while (i != NONE &&
           CRYPTO_memcmp(shard->ring[i].tag, place->tag, TAG_BYTES) != 0)
        i = shard->ring[i].next_hash;
    return i;
}

bool
auth_cache_find(struct auth_cache *r, const char *name, const char *password,
                int64_t mono_now, uint64_t *account_r, uint32_t *cred_serial_r,
                bool *outside_r)
{
    struct place place;
    bool found = false;
    uint32_t i;

    if (r->size == 0)
        return false;
    place = find_place(r, name, password);
    pthread_mutex_lock(&place.shard->lock);
    i = lookup(&place);
    if (i != NONE && place.shard->ring[i].expires <= mono_now) {
        drop(r, place.shard, i);
    } else if (i != NONE) {
        *account_r = place.shard->ring[i].account;
        *cred_serial_r = place.shard->ring[i].cred_serial;
        *outside_r = place.shard->ring[i].outside;
        found = true;
    }
    pthread_mutex_unlock(&place.shard->lock);
    return found;
}

static void
insert(const struct auth_cache *r, const struct place *place,
       const struct entry *entry)
{
    struct shard *shard = place->shard;
    uint32_t index = shard->next, *by_hash = &shard->hashes[place->bucket];
    uint32_t *by_account = account_head(r, shard, entry->account);
    struct entry *e = &shard->ring[index];

    if (e->bucket != 0)
        drop(r, shard, index);
    *e = *entry;
    e->bucket = (place->bucket + 1) & INT32_MAX;
    e->next_hash = chain_first(by_hash);
    *by_hash = index + 1;
    e->next_account = chain_first(by_account);
    *by_account = index + 1;
    shard->next = (index + 1) % r->size;
    shard->used++;
}

static void
add(struct auth_cache *r, const char *name, const char *password,
    struct entry entry)
{
    struct place place;
    uint32_t i;

    if (r->size == 0)
        return;
    place = find_place(r, name, password);
    memcpy(entry.tag, place.tag, TAG_BYTES);
    pthread_mutex_lock(&place.shard->lock);
    i = lookup(&place);
    if (i != NONE)
        drop(r, place.shard, i);
    insert(r, &place, &entry);
    pthread_mutex_unlock(&place.shard->lock);
}

void
auth_cache_add(struct auth_cache *r, const char *name, const char *password,
               int64_t mono_now, uint64_t account, uint32_t cred_serial)
{
    add(r, name, password,
        (struct entry){.account = account,
                       .cred_serial = cred_serial,
                       .expires = mono_now + r->lifetime});
}

void
auth_cache_add_outside(struct auth_cache *r, const char *name,
                       const char *password, int64_t mono_now,
                       int64_t lifetime_us, uint64_t account,
                       uint32_t cred_serial)
{
    int64_t life = lifetime_us < r->lifetime ? lifetime_us : r->lifetime;

    if (life > 0)
        add(r, name, password,
            (struct entry){.account = account,
                           .cred_serial = cred_serial,
                           .expires = mono_now + life,
                           .outside = true});
}

void
auth_cache_forget(struct auth_cache *r, uint64_t account)
{
    for (size_t s = 0; r->size > 0 && s < SHARDS; s++) {
        struct shard *shard = &r->shards[s];
        uint32_t i, next;

        pthread_mutex_lock(&shard->lock);
        i = chain_first(account_head(r, shard, account));
        for (; i != NONE; i = next) {
            next = shard->ring[i].next_account;
            if (shard->ring[i].account == account)
                drop(r, shard, i);
        }
        pthread_mutex_unlock(&shard->lock);
    }
}

void
auth_cache_clear(struct auth_cache *r)
{
    for (size_t s = 0; r->size > 0 && s < SHARDS; s++) {
        struct shard *shard = &r->shards[s];

        pthread_mutex_lock(&shard->lock);
        for (uint32_t i = 0; i < r->size && shard->used > 0; i++)
            if (shard->ring[i].bucket != 0)
                drop(r, shard, i);
        pthread_mutex_unlock(&shard->lock);
    }
}

size_t
auth_cache_count(struct auth_cache *r)
{
    size_t count = 0;

    for (size_t s = 0; r->size > 0 && s < SHARDS; s++) {
        pthread_mutex_lock(&r->shards[s].lock);
        count += r->shards[s].used;
        pthread_mutex_unlock(&r->shards[s].lock);
    }
    return count;
}

void
auth_cache_free(struct auth_cache **r)
{
    struct auth_cache *p = *r;

    if (p == NULL)
        return;
    auth_cache_clear(p);
    for (size_t s = 0; p->size > 0 && s < SHARDS; s++)
        pthread_mutex_destroy(&p->shards[s].lock);
    if (p->mapping != NULL)
        munmap(p->mapping, p->mapping_len);
    OPENSSL_cleanse(p, sizeof *p);
    munmap(p, sizeof *p);
    *r = NULL;
}
