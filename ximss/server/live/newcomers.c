/* SPDX-License-Identifier: BSD-2-Clause */
/* A name in question is on its way to the user database, or to the store, where
 * its account is made.  Those who ask for it meanwhile wait with it. */
#include "config.h"

#include "ximss/server/live/newcomers.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "passdb/userdb.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/base/auth_list.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/rules/admin_target.h"
#include "ximss/server/rules/auto_account.h"
#include "ximss/server/rules/lane.h"

/* Names in question, and who waits for them. */
#define NAMES_MOST 1000
#define WAITS_MOST 4000
/* Names that are known to be unknown: some 2 MB. */
#define UNKNOWN_MOST 10000
#define UNKNOWN_TIME (60 * CLOCK_SECOND)

STAILQ_HEAD(waits, newcomer_wait);

struct unknown {
    TAILQ_ENTRY(unknown) link; /* the oldest first */
    int64_t until;             /* clock_mono */
    char name[];
};

struct newcomers {
    struct server *server;
    pthread_mutex_t lock; /* of what follows */
    GHashTable *names;    /* name -> struct newcomer */
    struct room {         /* that is taken */
        unsigned names, waits;
    } all, reports;      /* of all; and what reports have of it */
    GHashTable *by_name; /* name -> struct unknown */
    TAILQ_HEAD(, unknown) unknown;
};

struct newcomer {
    struct job job; /* first */
    struct userdb_asking asking;
    struct newcomers *all;
    struct waits waits; /* under lock */
    bool by_report;     /* a report brought it */
    enum newcomer_outcome outcome;
    char name[];
};

/* --- those that are unknown --- */

static void
forget(struct newcomers *n, struct unknown *u)
{
    TAILQ_REMOVE(&n->unknown, u, link);
    g_hash_table_remove(n->by_name, u->name);
    free(u);
}

static void
forget_old(struct newcomers *n, int64_t now)
{
    struct unknown *u;

    while ((u = TAILQ_FIRST(&n->unknown)) != NULL && u->until <= now)
        forget(n, u);
}

static void
remember(struct newcomers *n, const char *name)
{
    size_t size = strlen(name) + 1;
    struct unknown *u = g_hash_table_lookup(n->by_name, name);

    if (u != NULL)
        forget(n, u);
    else if (g_hash_table_size(n->by_name) >= UNKNOWN_MOST)
        forget(n, TAILQ_FIRST(&n->unknown));
    u = xmalloc(sizeof *u + size);
    u->until = clock_mono() + UNKNOWN_TIME;
    memcpy(u->name, name, size);
    TAILQ_INSERT_TAIL(&n->unknown, u, link);
    g_hash_table_insert(n->by_name, u->name, u);
}

/* --- a name in question --- */

/* Tells those who wait. */
static void
settle(struct newcomer *c, enum newcomer_outcome outcome)
{
    struct newcomers *n = c->all;
    struct waits waits = STAILQ_HEAD_INITIALIZER(waits);
    struct newcomer_wait *w;

    pthread_mutex_lock(&n->lock);
    g_hash_table_remove(n->names, c->name);
    n->all.names--;
    n->reports.names -= c->by_report;
    if (outcome == NEWCOMER_UNKNOWN)
        remember(n, c->name);
    STAILQ_CONCAT(&waits, &c->waits);
    STAILQ_FOREACH(w, &waits, link) {
        n->all.waits--;
        n->reports.waits -= w->is_report;
    }
    pthread_mutex_unlock(&n->lock);
    job_clear(&c->job);
    free(c);
    while ((w = STAILQ_FIRST(&waits)) != NULL) {
        STAILQ_REMOVE_HEAD(&waits, link);
        w->done(w, outcome);
    }
}

static enum store_result
make_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct newcomer *c = (struct newcomer *)j;
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum auto_account what;
    struct admin_context x;
    enum store_result r;

    job_context(&x, j, t, NULL);
    r = auto_account_get(&x, c->name, auth_source_name(AUTH_DOVECOT), &d, &a,
                         &what, err);
    c->outcome = what == AUTO_ACCOUNT_THERE || what == AUTO_ACCOUNT_MADE
                     ? NEWCOMER_HERE
                     : NEWCOMER_UNKNOWN;
    admin_clear(&d, &a);
    return r;
}

static void
make_finish(struct job *j)
{
    struct newcomer *c = (struct newcomer *)j;

    if (j->result != STORE_OK) {
        c->outcome = NEWCOMER_UNSURE;
        log_warn("making the account %s: %s", c->name, j->err.text);
    }
    settle(c, c->outcome);
}

static void
on_answer(struct userdb_question *q, enum userdb_answer answer, const char *why)
{
    struct newcomer *c =
        (struct newcomer *)(void *)((char *)q -
                                    offsetof(struct newcomer, asking.question));

    if (answer == USERDB_IS_THERE) {
        job_submit(&c->job);
        return;
    }
    if (why != NULL)
        log_debug("asking whether there is a user %s: %s", c->name, why);
    settle(c, answer == USERDB_IS_NOT ? NEWCOMER_UNKNOWN : NEWCOMER_UNSURE);
}

static struct newcomer *
newcomer_new(struct newcomers *n, const char *name, bool by_report)
{
    size_t size = strlen(name) + 1;
    struct newcomer *c = xcalloc(1, sizeof *c + size);

    memcpy(c->name, name, size);
    c->all = n;
    c->by_report = by_report;
    STAILQ_INIT(&c->waits);
    job_init(&c->job, n->server, NULL);
    c->job.lane = lane_of(LANE_USAGE, 0);
    c->job.body = make_body;
    c->job.finish = make_finish;
    c->asking.question.name = c->name;
    c->asking.question.done = on_answer;
    return c;
}

/* --- asking --- */

static bool
has_room(const struct room *r, bool is_new, unsigned part)
{
    return r->waits < WAITS_MOST / part &&
           (!is_new || r->names < NAMES_MOST / part);
}

/* False: it is not to be asked, or there is no room; *outcome_r says which.
 * *new_r: one that is to be asked; NULL: somebody did.  Locked. */
static bool
take(struct newcomers *n, const char *name, struct newcomer_wait *w,
     struct newcomer **new_r, enum newcomer_outcome *outcome_r)
{
    struct newcomer *c = g_hash_table_lookup(n->names, name);

    *new_r = NULL;
    forget_old(n, clock_mono());
    *outcome_r = g_hash_table_contains(n->by_name, name) ? NEWCOMER_UNKNOWN
                                                         : NEWCOMER_UNSURE;
    if (*outcome_r == NEWCOMER_UNKNOWN || !has_room(&n->all, c == NULL, 1) ||
        (w->is_report && !has_room(&n->reports, c == NULL, 2)))
        return false;
    if (c == NULL) {
        *new_r = c = newcomer_new(n, name, w->is_report);
        g_hash_table_insert(n->names, c->name, c);
        n->all.names++;
        n->reports.names += w->is_report;
    }
    STAILQ_INSERT_TAIL(&c->waits, w, link);
    n->all.waits++;
    n->reports.waits += w->is_report;
    return true;
}

void
newcomers_ask(struct newcomers *n, const char *name, struct newcomer_wait *w)
{
    enum newcomer_outcome outcome;
    struct newcomer *c;
    bool waits;

    pthread_mutex_lock(&n->lock);
    waits = take(n, name, w, &c, &outcome);
    pthread_mutex_unlock(&n->lock);
    if (!waits)
        w->done(w, outcome);
    else if (c != NULL)
        userdb_ask(n->server->userdb, &c->asking);
}

/* --- its life --- */

struct newcomers *
newcomers_new(struct server *server)
{
    struct newcomers *n = xcalloc(1, sizeof *n);

    n->server = server;
    pthread_mutex_init(&n->lock, NULL);
    n->names = g_hash_table_new(g_str_hash, g_str_equal);
    n->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    TAILQ_INIT(&n->unknown);
    return n;
}

void
newcomers_free(struct newcomers **n_)
{
    struct newcomers *n = *n_;
    struct unknown *u;

    if (n == NULL)
        return;
    *n_ = NULL;
    while ((u = TAILQ_FIRST(&n->unknown)) != NULL)
        forget(n, u);
    g_hash_table_destroy(n->names);
    g_hash_table_destroy(n->by_name);
    pthread_mutex_destroy(&n->lock);
    free(n);
}
