/* SPDX-License-Identifier: BSD-2-Clause */
/* Two lists of all connections that wait, the oldest first: those that have
 * sent nothing, and those that have sent something.  Each address has the same
 * two lists.  Addresses are in a hash table, and in `ranks` by the number of
 * their connections that wait, so the address with the most is found at once.
 * IPv6 addresses belong to a network, which is in `ranks` in their place.  A
 * connection that is sent away usually belongs to another thread.  It no longer
 * counts at once, but its descriptor is in use until that thread has closed it.
 * So near the limit of descriptors, at most LOBBY_CLOSING of them may be
 * pending. */
#include "config.h"

#include "util/lobby.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <unistd.h>

#include "util/address.h"
#include "util/clock.h"
#include "util/xmalloc.h"

#define BUCKETS    8192
#define FEW        4 /* of one address that wait: never many */
#define MANY       16
#define SHARE      8 /* ... or that part of all */
#define PATIENCE   (5 * CLOCK_SECOND)
#define NEWS_PAUSE (60 * CLOCK_SECOND)

enum guest_state {
    SILENT,
    SPOKE,
    BUSY,
    AWAY
};

struct lobby_guest {
    TAILQ_ENTRY(lobby_guest) in_all;     /* of its state */
    TAILQ_ENTRY(lobby_guest) of_address; /* of its state, while it waits */
    TAILQ_ENTRY(lobby_guest) of_network; /* the same, if there is one */
    struct place *place;                 /* NULL: sent away */
    struct lobby_key key;
    void *owner, *arg;
    int64_t since;
    uint8_t state;
    bool given_out;
};

TAILQ_HEAD(guests, lobby_guest);

/* By the way in: each kind gives way to its own only. */
enum kind {
    FROM_NETWORK,
    LOCAL,
    DOOR,
    KINDS
};

struct place { /* an address, or a network, with connections */
    LIST_ENTRY(place) same_hash;
    struct place *network;        /* that it is part of; NULL: none */
    struct place *higher, *lower; /* of its rank */
    struct lobby_key key;
    unsigned all, waiting;
    struct guests guests[BUSY]; /* who waits, by state */
};

LIST_HEAD(places, place);

struct lobby {
    pthread_mutex_t lock;
    struct lobby_limits limits;
    struct places buckets[BUCKETS];
    uint64_t seed;
    struct place **ranks; /* owned; by the number that waits */
    unsigned n_ranks, most;
    struct guests guests[KINDS][AWAY + 1];
    unsigned all, waiting, closing;
    unsigned local; /* administrators', of the local socket */
    unsigned doors; /* of the other one */
    struct lobby_news news;
    int64_t told;
    bool has_told;
};

/* --- addresses --- */

/* Bytes that are 0 in addresses. */
#define LOCAL_MARK \
    8 /* 1: the local socket; 2: an administrator there; 3: door */
#define SHARED_MARK  9
#define NETWORK_MARK 12 /* it is one, of so many bits */
#define NETWORK_BITS 48

void
lobby_key_set(struct lobby_key *k, const struct sockaddr *sa, unsigned uid)
{
    if (address_from_sockaddr(sa, k->bytes)) {
        address_to_network(k->bytes, 64);
    } else {
        k->bytes[LOCAL_MARK] = uid == 0 || uid == geteuid() ? 2 : 1;
        memcpy(k->bytes + 12, &uid, 4);
    }
}

void
lobby_key_set_door(struct lobby_key *k, unsigned uid)
{
    memset(k, 0, sizeof *k);
    k->bytes[LOCAL_MARK] = 3;
    memcpy(k->bytes + 12, &uid, 4);
}

void
lobby_key_set_shared(struct lobby_key *k)
{
    k->bytes[SHARED_MARK] = 1;
}

static bool
is_ipv4(const struct lobby_key *k)
{
    return k->bytes[10] == 0xff;
}

static bool
is_local(const struct lobby_key *k)
{
    return k->bytes[LOCAL_MARK] != 0;
}

static bool
is_door(const struct lobby_key *k)
{
    return k->bytes[LOCAL_MARK] == 3;
}

static enum kind
kind_of(const struct lobby_key *k)
{
    return is_door(k) ? DOOR : is_local(k) ? LOCAL : FROM_NETWORK;
}

static bool
is_network(const struct lobby_key *k)
{
    return !is_ipv4(k) && !is_local(k) && k->bytes[NETWORK_MARK] != 0;
}

/* False: it is part of none. */
static bool
network_key(const struct lobby_key *k, struct lobby_key *network_r)
{
    if (is_ipv4(k) || is_local(k) || k->bytes[SHARED_MARK] != 0 ||
        is_network(k))
        return false;
    *network_r = *k;
    address_to_network(network_r->bytes, NETWORK_BITS);
    network_r->bytes[NETWORK_MARK] = NETWORK_BITS;
    return true;
}

void
lobby_key_format(const struct lobby_key *k, char out[LOBBY_KEY_TEXT_SIZE])
{
    struct lobby_key plain = *k;
    unsigned uid;

    if (is_local(k)) {
        memcpy(&uid, k->bytes + 12, sizeof uid);
        snprintf(out, LOBBY_KEY_TEXT_SIZE, "%s:%u",
                 is_door(k) ? "door" : "local", uid);
        return;
    }
    plain.bytes[SHARED_MARK] = 0;
    address_to_network(plain.bytes, 64);
    address_format(plain.bytes, out);
    if (!is_ipv4(k))
        strcat(out, is_network(k) ? "/48" : "/64");
}

/* Whoever is to help when others have taken all the rest. */
static bool
has_own_share(const struct lobby_key *k)
{
    return k->bytes[LOCAL_MARK] == 2;
}

/* Nobody outside can tell which addresses fall together. */
static uint64_t
hash(const struct lobby *r, const struct lobby_key *key)
{
    uint64_t words[2], h = r->seed;

    memcpy(words, key->bytes, sizeof words);
    for (int i = 0; i < 2; i++) {
        h = (h ^ words[i]) * 0x9e3779b97f4a7c15U;
        h ^= h >> 32;
    }
    return h;
}

static struct places *
bucket(struct lobby *r, const struct lobby_key *key)
{
    return &r->buckets[hash(r, key) % BUCKETS];
}

static struct place *
find_place(struct lobby *r, const struct lobby_key *key)
{
    struct place *p;

    LIST_FOREACH(p, bucket(r, key), same_hash)
        if (memcmp(&p->key, key, sizeof *key) == 0)
            return p;
    return NULL;
}

/* --- ranks --- */

/* Nobody from elsewhere makes the local socket's give way, and a proxy's do in
 * their turn. */
static bool
has_limits(const struct place *p)
{
    return !is_local(&p->key) && p->key.bytes[SHARED_MARK] == 0;
}

static bool
is_ranked(const struct place *p)
{
    return has_limits(p) && p->network == NULL;
}

static void
rank_remove(struct lobby *r, struct place *p)
{
    if (!is_ranked(p))
        return;
    if (p->higher != NULL)
        p->higher->lower = p->lower;
    else
        r->ranks[p->waiting] = p->lower;
    if (p->lower != NULL)
        p->lower->higher = p->higher;
    while (r->most > 0 && r->ranks[r->most] == NULL)
        r->most--;
}

static void
rank_add(struct lobby *r, struct place *p)
{
    if (!is_ranked(p))
        return;
    if (p->waiting >= r->n_ranks) {
        unsigned n = 2 * p->waiting + 64;

        r->ranks = xrealloc(r->ranks, n * sizeof(struct place *));
        memset(r->ranks + r->n_ranks, 0,
               (n - r->n_ranks) * sizeof(struct place *));
        r->n_ranks = n;
    }
    p->higher = NULL;
    p->lower = r->ranks[p->waiting];
    if (p->lower != NULL)
        p->lower->higher = p;
    r->ranks[p->waiting] = p;
    if (p->waiting > r->most)
        r->most = p->waiting;
}

static struct place *
add_place(struct lobby *r, const struct lobby_key *key, struct place *network)
{
    struct place *p = xcalloc(1, sizeof *p);

    p->key = *key;
    p->network = network;
    for (int i = 0; i < BUSY; i++)
        TAILQ_INIT(&p->guests[i]);
    LIST_INSERT_HEAD(bucket(r, key), p, same_hash);
    rank_add(r, p);
    return p;
}

static void
place_count(struct lobby *r, struct place *p, int n)
{
    bool local = has_own_share(&p->key);
    bool door = is_door(&p->key);

    p->all += (unsigned)n;
    if (p->network != NULL) {
        place_count(r, p->network, n);
    } else {
        r->all += (unsigned)n;
        r->local += local ? (unsigned)n : 0;
        r->doors += door ? (unsigned)n : 0;
    }
    if (p->all > 0)
        return;
    rank_remove(r, p);
    LIST_REMOVE(p, same_hash);
    free(p);
}

static void
count_waiting(struct lobby *r, struct place *p, int n)
{
    rank_remove(r, p);
    p->waiting += (unsigned)n;
    rank_add(r, p);
    if (p->network != NULL)
        count_waiting(r, p->network, n);
    else
        r->waiting += is_local(&p->key) ? 0 : (unsigned)n;
}

/* --- states --- */

static bool
waits(const struct lobby_guest *g)
{
    return g->state < BUSY;
}

static struct guests *
list_of(struct lobby *r, const struct lobby_guest *g)
{
    return &r->guests[kind_of(&g->key)][g->state];
}

static void
take_off(struct lobby *r, struct lobby_guest *g)
{
    TAILQ_REMOVE(list_of(r, g), g, in_all);
    if (!waits(g))
        return;
    TAILQ_REMOVE(&g->place->guests[g->state], g, of_address);
    if (g->place->network != NULL)
        TAILQ_REMOVE(&g->place->network->guests[g->state], g, of_network);
    count_waiting(r, g->place, -1);
}

static void
put(struct lobby *r, struct lobby_guest *g, enum guest_state state)
{
    g->state = (uint8_t)state;
    TAILQ_INSERT_TAIL(list_of(r, g), g, in_all);
    if (!waits(g))
        return;
    TAILQ_INSERT_TAIL(&g->place->guests[state], g, of_address);
    if (g->place->network != NULL)
        TAILQ_INSERT_TAIL(&g->place->network->guests[state], g, of_network);
    count_waiting(r, g->place, 1);
}

static void
set_state(struct lobby *r, struct lobby_guest *g, enum guest_state state)
{
    take_off(r, g);
    put(r, g, state);
}

/* --- who gives way --- */

static struct lobby_guest *
oldest_of(struct place *p)
{
    struct lobby_guest *g = TAILQ_FIRST(&p->guests[SILENT]);

    return g != NULL ? g : TAILQ_FIRST(&p->guests[SPOKE]);
}

static struct lobby_guest *
oldest_of_all(struct lobby *r, int64_t now)
{
    struct lobby_guest *silent = TAILQ_FIRST(&r->guests[FROM_NETWORK][SILENT]);
    struct lobby_guest *spoke = TAILQ_FIRST(&r->guests[FROM_NETWORK][SPOKE]);

    if (silent == NULL || spoke == NULL)
        return silent != NULL ? silent : spoke;
    if (now - silent->since >= PATIENCE)
        return silent;
    return silent->since <= spoke->since ? silent : spoke;
}

static bool
has_many(const struct lobby *r, unsigned n)
{
    return n > FEW && (n > MANY || n > r->waiting / SHARE);
}

/* comes: the place of the newcomer, as it is ranked; may be NULL. */
static struct lobby_guest *
choose(struct lobby *r, struct place *comes, int64_t now)
{
    if (!has_many(r, r->most))
        return oldest_of_all(r, now);
    if (comes != NULL && comes->waiting == r->most)
        return oldest_of(comes);
    return oldest_of(r->ranks[r->most]);
}

/* Of a local socket, for its own. */
static struct lobby_guest *
choose_local(struct lobby *r, enum kind kind)
{
    struct lobby_guest *g = TAILQ_FIRST(&r->guests[kind][SILENT]);

    return g != NULL ? g : TAILQ_FIRST(&r->guests[kind][SPOKE]);
}

static void
send_away(struct lobby *r, struct lobby_guest *g, void **away_r)
{
    struct place *p = g->place;

    set_state(r, g, AWAY);
    r->news.sent_away++;
    r->news.from = p->key;
    r->closing++;
    g->place = NULL;
    place_count(r, p, -1);
    *away_r = g->owner;
}

static bool
reached(unsigned now, unsigned limit)
{
    return limit != 0 && now >= limit;
}

/* Connections that take what is there for everybody. */
static unsigned
shared(const struct lobby *r)
{
    return r->all - (r->local < r->limits.local ? r->local : r->limits.local);
}

/* p: NULL if nobody is there from that address. */
static bool
has_its_share(const struct lobby *r, const struct place *p)
{
    const struct lobby_limits *l = &r->limits;

    if (p == NULL || !has_limits(p))
        return false;
    if (is_network(&p->key))
        return reached(p->all, l->network) ||
               reached(p->waiting, l->new_network);
    return reached(p->all, l->address) || reached(p->waiting, l->new_address);
}

/* NULL: nobody is there from it, or it is part of none. */
static struct place *
find_network(struct lobby *r, const struct lobby_key *key)
{
    struct lobby_key network;

    return network_key(key, &network) ? find_place(r, &network) : NULL;
}

static bool
is_full(const struct lobby *r, const struct place *p,
        const struct place *network, const struct lobby_key *key)
{
    const struct lobby_limits *l = &r->limits;

    if (reached(shared(r), l->descriptors) &&
        !(has_own_share(key) && r->local < l->local))
        return true;
    if (is_local(key))
        return false;
    return reached(r->all - r->doors, l->all) ||
           reached(r->waiting, l->new_all) || has_its_share(r, p) ||
           has_its_share(r, network);
}

static struct lobby_guest *
first_of(struct guests *list, const void *owner)
{
    struct lobby_guest *g;

    TAILQ_FOREACH(g, list, in_all)
        if (g->owner == owner)
            return g;
    return NULL;
}

/* Others are slow to close theirs: whoever comes gets the place of one of its
 * own thread's, which is closed at once. */
static struct lobby_guest *
choose_own(struct lobby *r, enum kind kind, const void *owner)
{
    struct lobby_guest *g = first_of(&r->guests[kind][SILENT], owner);

    return g != NULL ? g : first_of(&r->guests[kind][SPOKE], owner);
}

static bool
is_closing_many(const struct lobby *r)
{
    unsigned most = r->limits.descriptors;

    return most > 0 && shared(r) + r->closing >= most + LOBBY_CLOSING;
}

/* Makes room for one from there.  False: nobody gives way. */
static bool
make_room(struct lobby *r, const struct lobby_key *key, const void *owner,
          int64_t now, void **away_r)
{
    struct place *p = find_place(r, key), *network = find_network(r, key);
    enum kind kind = kind_of(key);
    struct lobby_guest *g;

    if (!is_full(r, p, network, key))
        return true;
    if (is_closing_many(r))
        g = choose_own(r, kind, owner);
    else if (kind != FROM_NETWORK)
        g = choose_local(r, kind);
    else if (has_its_share(r, p))
        g = oldest_of(p);
    else if (has_its_share(r, network))
        g = oldest_of(network);
    else
        g = choose(r, network != NULL ? network : p, now);
    if (g == NULL) {
        r->news.refused++;
        r->news.from = *key;
        return false;
    }
    send_away(r, g, away_r);
    return true;
}

static struct place *
get_place(struct lobby *r, const struct lobby_key *key)
{
    struct place *p = find_place(r, key), *network = NULL;
    struct lobby_key of;

    if (p != NULL)
        return p;
    if (network_key(key, &of)) {
        network = find_place(r, &of);
        if (network == NULL)
            network = add_place(r, &of, NULL);
    }
    return add_place(r, key, network);
}

/* --- interface --- */

struct lobby *
lobby_new(void)
{
    struct lobby *r = xcalloc(1, sizeof *r);

    pthread_mutex_init(&r->lock, NULL);
    if (getrandom(&r->seed, sizeof r->seed, 0) != sizeof r->seed)
        r->seed = (uint64_t)clock_mono();
    for (int kind = 0; kind < KINDS; kind++)
        for (int i = 0; i <= AWAY; i++)
            TAILQ_INIT(&r->guests[kind][i]);
    return r;
}

void
lobby_free(struct lobby **rp)
{
    struct lobby *r = *rp;
    struct place *p;

    if (r == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while ((p = LIST_FIRST(&r->buckets[i])) != NULL) {
            LIST_REMOVE(p, same_hash);
            free(p);
        }
    pthread_mutex_destroy(&r->lock);
    free(r->ranks);
    free(r);
    *rp = NULL;
}

uint64_t
lobby_crowd(const struct lobby *r, const struct lobby_key *key)
{
    struct lobby_key network;

    return hash(r, network_key(key, &network) ? &network : key);
}

void
lobby_set_limits(struct lobby *r, const struct lobby_limits *l)
{
    pthread_mutex_lock(&r->lock);
    r->limits = *l;
    pthread_mutex_unlock(&r->lock);
}

struct lobby_guest *
lobby_enter(struct lobby *r, const struct lobby_key *key, void *owner,
            void *arg, int64_t mono_now, void **away_r)
{
    struct lobby_guest *g = NULL;

    *away_r = NULL;
    pthread_mutex_lock(&r->lock);
    if (make_room(r, key, owner, mono_now, away_r)) {
        g = xcalloc(1, sizeof *g);
        g->owner = owner;
        g->arg = arg;
        g->since = mono_now;
        g->key = *key;
        g->place = get_place(r, key);
        place_count(r, g->place, 1);
        put(r, g, SILENT);
    }
    pthread_mutex_unlock(&r->lock);
    return g;
}

bool
lobby_move(struct lobby *r, struct lobby_guest *g, const struct lobby_key *key,
           int64_t mono_now, void **away_r)
{
    bool ok = true;

    *away_r = NULL;
    pthread_mutex_lock(&r->lock);
    if (g->state != AWAY && memcmp(&g->place->key, key, sizeof *key) != 0) {
        enum guest_state state = g->state;

        take_off(r, g);
        place_count(r, g->place, -1);
        ok = make_room(r, key, g->owner, mono_now, away_r);
        g->key = *key; /* its list depends on it */
        g->place = get_place(r, key);
        place_count(r, g->place, 1);
        put(r, g, state);
    } else if (g->state == AWAY && !g->given_out) {
        /* It counts nowhere, but where it will if it stays after all. */
        TAILQ_REMOVE(list_of(r, g), g, in_all);
        g->key = *key;
        TAILQ_INSERT_TAIL(list_of(r, g), g, in_all);
    }
    pthread_mutex_unlock(&r->lock);
    return ok;
}

void
lobby_set_owner(struct lobby *r, struct lobby_guest *g, void *owner, void *arg)
{
    pthread_mutex_lock(&r->lock);
    g->owner = owner;
    g->arg = arg;
    pthread_mutex_unlock(&r->lock);
}

void
lobby_spoke(struct lobby *r, struct lobby_guest *g)
{
    pthread_mutex_lock(&r->lock);
    if (g->state == SILENT)
        set_state(r, g, SPOKE);
    pthread_mutex_unlock(&r->lock);
}

void
lobby_busy(struct lobby *r, struct lobby_guest *g)
{
    pthread_mutex_lock(&r->lock);
    if (waits(g))
        set_state(r, g, BUSY);
    pthread_mutex_unlock(&r->lock);
}

void
lobby_idle(struct lobby *r, struct lobby_guest *g, int64_t mono_now)
{
    pthread_mutex_lock(&r->lock);
    if (g->state == BUSY) {
        g->since = mono_now;
        set_state(r, g, SPOKE);
    }
    pthread_mutex_unlock(&r->lock);
}

void
lobby_settle(struct lobby *r, struct lobby_guest **gp)
{
    struct lobby_guest *g = *gp;

    pthread_mutex_lock(&r->lock);
    assert(!g->given_out);
    take_off(r, g);
    if (g->state == AWAY) { /* nobody has closed it yet: it stays */
        r->closing--;
        place_count(r, get_place(r, &g->key), 1);
    }
    pthread_mutex_unlock(&r->lock);
    free(g);
    *gp = NULL;
}

void
lobby_leave_settled(struct lobby *r, const struct lobby_key *key)
{
    struct place *p;

    pthread_mutex_lock(&r->lock);
    p = find_place(r, key);
    assert(p != NULL);
    place_count(r, p, -1);
    pthread_mutex_unlock(&r->lock);
}

void
lobby_leave(struct lobby *r, struct lobby_guest **gp)
{
    struct lobby_guest *g = *gp;

    if (g == NULL)
        return;
    *gp = NULL;
    pthread_mutex_lock(&r->lock);
    if (g->state != AWAY) {
        take_off(r, g);
        place_count(r, g->place, -1);
    } else {
        if (!g->given_out)
            TAILQ_REMOVE(list_of(r, g), g, in_all);
        r->closing--;
    }
    pthread_mutex_unlock(&r->lock);
    free(g);
}

void *
lobby_next_sent_away(struct lobby *r, const void *owner)
{
    struct lobby_guest *g = NULL;
    void *arg = NULL;

    pthread_mutex_lock(&r->lock);
    for (int kind = 0; g == NULL && kind < KINDS; kind++)
        g = first_of(&r->guests[kind][AWAY], owner);
    if (g != NULL) {
        TAILQ_REMOVE(list_of(r, g), g, in_all);
        g->given_out = true;
        arg = g->arg;
    }
    pthread_mutex_unlock(&r->lock);
    return arg;
}

bool
lobby_tell(struct lobby *r, int64_t mono_now, struct lobby_news *news_r)
{
    bool tell;

    pthread_mutex_lock(&r->lock);
    tell = r->news.sent_away + r->news.refused > 0 &&
           (!r->has_told || mono_now - r->told >= NEWS_PAUSE);
    if (tell) {
        *news_r = r->news;
        memset(&r->news, 0, sizeof r->news);
        r->told = mono_now;
        r->has_told = true;
    }
    pthread_mutex_unlock(&r->lock);
    return tell;
}
