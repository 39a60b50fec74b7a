/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash table, and a list of the same in the order of time, by which the oldest
 * are forgotten. */
#include "config.h"

#include "ximss/server/live/door_told.h"

#include <stdlib.h>

#include <glib.h>

#include "util/queue_safe.h"
#include "util/xmalloc.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/session_private.h"

#define TOLD_MOST    65536
#define TOLD_SECONDS 86400
#define TRIES        3
#define TRIES_KEY    UINT64_MAX /* of an account's tries by POP3 */

struct telling {
    TAILQ_ENTRY(telling) link;
    uint64_t account;
    uint64_t key;     /* the alert's id; 0: a quota alert; TRIES_KEY */
    uint64_t id;      /* the alert's; of tries: the highest */
    uint64_t session; /* number: which was told; of tries: the last */
    uint32_t at;      /* seconds */
    uint32_t n_tries; /* sessions that were told nothing beyond id */
};

struct door_told {
    GHashTable *by_key;            /* of the tellings */
    TAILQ_HEAD(, telling) by_time; /* owned; the oldest first */
    unsigned n;
};

static guint
hash_telling(gconstpointer p)
{
    const struct telling *t = p;

    return (guint)((t->account * UINT64_C(0x9e3779b97f4a7c15) + t->key) *
                       UINT64_C(0xff51afd7ed558ccd) >>
                   32);
}

static gboolean
is_same(gconstpointer a, gconstpointer b)
{
    const struct telling *x = a, *y = b;

    return x->account == y->account && x->key == y->key;
}

void
door_told_init(struct worker *w)
{
    w->told = xcalloc(1, sizeof *w->told);
    w->told->by_key = g_hash_table_new(hash_telling, is_same);
    TAILQ_INIT(&w->told->by_time);
}

static void
forget(struct door_told *x, struct telling *t)
{
    g_hash_table_remove(x->by_key, t);
    TAILQ_REMOVE(&x->by_time, t, link);
    x->n--;
    free(t);
}

void
door_told_clear(struct worker *w)
{
    struct telling *t;

    while ((t = TAILQ_FIRST(&w->told->by_time)) != NULL)
        forget(w->told, t);
    g_hash_table_destroy(w->told->by_key);
    free(w->told);
    w->told = NULL;
}

/* NULL: the account was not told, or so long ago that it may be told again. */
static struct telling *
find_key(struct worker *w, uint64_t account, uint64_t k)
{
    const struct telling key = {.account = account, .key = k};
    struct telling *t = g_hash_table_lookup(w->told->by_key, &key);

    if (t == NULL || session_seconds() - t->at < TOLD_SECONDS)
        return t;
    forget(w->told, t);
    return NULL;
}

static struct telling *
find(struct worker *w, uint64_t account, const struct alert *al)
{
    return find_key(w, account, al->generated ? 0 : al->rec.id);
}

bool
door_told_lately(struct worker *w, uint64_t account, const struct alert *al)
{
    return find(w, account, al) != NULL;
}

bool
door_told_quota(struct worker *w, uint64_t account)
{
    static const struct alert any = {.generated = true};

    return door_told_lately(w, account, &any);
}

bool
door_told_by(struct worker *w, const struct session *s, const struct alert *al)
{
    const struct telling *t = find(w, s->account->number, al);

    return t != NULL && t->session == s->number && t->id == al->rec.id;
}

static struct telling *
note(struct worker *w, const struct session *s, uint64_t key, uint64_t id)
{
    struct door_told *x = w->told;
    struct telling *t;

    if (x->n >= TOLD_MOST)
        forget(x, TAILQ_FIRST(&x->by_time));
    t = xcalloc(1, sizeof *t);
    t->account = s->account->number;
    t->key = key;
    t->id = id;
    t->session = s->number;
    t->at = session_seconds();
    g_hash_table_add(x->by_key, t);
    TAILQ_INSERT_TAIL(&x->by_time, t, link);
    x->n++;
    return t;
}

void
door_told_note(struct worker *w, const struct session *s,
               const struct alert *al)
{
    note(w, s, al->generated ? 0 : al->rec.id, al->rec.id);
}

/* NULL: by POP3 nothing was told in vain, or this is another kind of session. */
static struct telling *
find_tries(struct worker *w, const struct session *s)
{
    return s->door == SESSION_DOOR_POP3
               ? find_key(w, s->account->number, TRIES_KEY)
               : NULL;
}

bool
door_told_in_vain(struct worker *w, const struct session *s,
                  const struct alert *al)
{
    const struct telling *t = find_tries(w, s);

    return t != NULL && t->n_tries >= TRIES && al->rec.id <= t->id &&
           t->session != s->number;
}

void
door_told_try(struct worker *w, const struct session *s, const struct alert *al)
{
    struct telling *t = find_tries(w, s);

    if (s->door != SESSION_DOOR_POP3)
        return;
    if (t == NULL)
        t = note(w, s, TRIES_KEY, al->rec.id);
    if (al->rec.id > t->id) {
        t->id = al->rec.id;
        t->n_tries = 0;
        t->session = 0;
    }
    if (t->n_tries == 0 || t->session != s->number)
        t->n_tries++;
    t->session = s->number;
}

void
door_told_confirmed(struct worker *w, const struct session *s)
{
    struct telling *t = find_tries(w, s);

    if (t != NULL)
        forget(w->told, t);
}
