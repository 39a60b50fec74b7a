/* SPDX-License-Identifier: BSD-2-Clause */
/* An account comes into memory.  Changes need not be followed meanwhile: those
 * that were committed before the load are in it, those after it come after it.
 * But alerts are loaded piece by piece, in the order of ids, and all else with
 * the last piece: so removals are followed in the pieces that have come, and
 * what is added comes with one of the next. */
#include "config.h"

#include "ximss/server/live/account_private.h"

#include <stdlib.h>

#include "util/xmalloc.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/quota_check.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/rules/prefs.h"
#include "ximss/server/rules/rights.h"
#include "ximss/server/rules/usage.h"

struct account_waiter {
    struct account_waiter *next;
    account_ready_fn *ready;
    void *arg;
};

struct load_job {
    struct job job;
    uint64_t number;
    struct account_rec account;
    struct domain_rec domain;
    struct account_state state;
    const struct zone *zone;
    struct alert_array alerts; /* of this piece */
    uint64_t after;            /* those up to it were in the pieces before */
    bool more;                 /* there is another piece */
    struct usage_state quota;
};

static void
load_clear(struct load_job *l)
{
    account_rec_clear(&l->account);
    domain_rec_clear(&l->domain);
    account_state_clear(&l->state);
    alert_array_clear(&l->alerts);
}

struct taking {
    struct load_job *load;
    struct store_txn *txn;
};

static bool
take_alert(const struct alert_rec *rec, void *arg)
{
    struct taking *taking = arg;
    struct load_job *l = taking->load;
    struct alert *a = alert_new_copy(rec);

    alert_array_add(&l->alerts, a);
    alert_unref(&a);
    l->more = store_tired(taking->txn);
    return !l->more;
}

/* A piece of the alerts; with the last one, all the rest, so that what was
 * committed before it is in it. */
static enum store_result
load_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct load_job *l = (struct load_job *)j;
    struct admin_context x;
    struct taking taking = {l, t};
    enum store_result r;
    char *prefs = NULL;

    job_context(&x, j, t, NULL);
    load_clear(l);
    l->more = false;
    r = account_get(t, l->number, &l->account, err);
    if (r == STORE_OK)
        r = alert_walk(t, ALERT_ACCOUNT, l->number, l->after, take_alert,
                       &taking, err);
    if (r != STORE_OK || l->more)
        return r;
    r = domain_get(t, l->account.domain, &l->domain, err);
    if (r == STORE_OK)
        r = state_get(t, l->number, &l->state, err);
    if (r == STORE_OK)
        r = prefs_get(t, l->number, &prefs, err);
    if (r == STORE_OK)
        l->zone = prefs_zone(prefs); /* may read the disk: not on a loop */
    free(prefs);
    if (r == STORE_OK)
        r = usage_load(&x, &l->domain, &l->account, &l->quota, err);
    return r;
}

static void
fill(struct worker *w, struct account *a, struct load_job *l)
{
    account_set_domain(w, a, &l->domain);
    a->zone = l->zone != NULL ? l->zone : w->zone;
    a->name = xstrdup(l->account.name);
    account_set_real_name(a, l->account.real_name);
    a->rights = rights_parse(l->account.rights);
    a->cred_serial = l->account.cred_serial;
    quota_check_set(w, a, &l->quota);
    a->position = l->state.position;
    a->shown = l->state.shown;
    a->n_shown = (uint32_t)l->state.n_shown;
    a->dismissed = l->state.dismissed;
    a->n_dismissed = (uint32_t)l->state.n_dismissed;
    l->state.shown = l->state.dismissed = NULL;
    l->state.n_shown = l->state.n_dismissed = 0;
    a->last_login = l->state.last_login;
    if (l->state.last_address != NULL &&
        peer_parse(&a->last_peer, l->state.last_address) < 0)
        a->last_peer.kind = PEER_LOCAL;
    a->loading = false;
    TAILQ_INSERT_TAIL(&w->idle, a, link);
    w->n_idle++;
}

/* The last life of the server ended between saving the position and removing
 * what it covers. */
static void
forget_shown_alerts(struct worker *w, struct account *a)
{
    for (uint32_t i = 0; i < a->alerts.n; i++)
        if (account_was_shown(a, a->alerts.v[i]->rec.id))
            account_mark_delivered(w, a, a->alerts.v[i]);
    account_drop_delivered(w, a);
}

static void
take_piece(struct account *a, struct load_job *l)
{
    for (uint32_t i = 0; i < l->alerts.n; i++) {
        l->after = l->alerts.v[i]->rec.id;
        alert_array_add(&a->alerts, l->alerts.v[i]);
    }
}

static void
load_finish(struct job *j)
{
    struct load_job *l = (struct load_job *)j;
    struct worker *w = j->worker;
    struct account *a = g_hash_table_lookup(w->accounts, &l->number);
    struct account_waiter *waiter, *next;
    bool ok = j->result == STORE_OK;

    if (ok)
        take_piece(a, l);
    if (ok && l->more) {
        job_submit(j); /* behind others of its lane */
        return;
    }
    waiter = a->waiters;
    a->waiters = NULL;
    if (ok) {
        fill(w, a, l);
        forget_shown_alerts(w, a);
    } else {
        account_free(w, a);
    }
    if (j->result == STORE_NOTFOUND)
        j->err.text[0] = '\0';
    for (; waiter != NULL; waiter = next) {
        next = waiter->next;
        waiter->ready(ok ? a : NULL, waiter->arg, &j->err);
        free(waiter);
    }
    load_clear(l);
    job_clear(j);
    free(l);
}

void
account_open(struct worker *w, uint64_t number, uint64_t lane,
             account_ready_fn *ready, void *arg)
{
    struct account *a = g_hash_table_lookup(w->accounts, &number);
    struct account_waiter *waiter;
    struct load_job *l;

    if (a != NULL && !a->loading) {
        ready(a, arg, NULL);
        return;
    }
    if (a == NULL) {
        a = xcalloc(1, sizeof *a);
        a->number = number;
        a->loading = true;
        conn_budget_init(&a->output, SIZE_MAX);
        TAILQ_INIT(&a->sessions);
        g_hash_table_insert(w->accounts, &a->number, a);
        l = xcalloc(1, sizeof *l);
        job_init(&l->job, w->server, w);
        l->job.lane = lane;
        l->number = number;
        l->job.body = load_body;
        l->job.finish = load_finish;
        job_submit(&l->job);
    }
    waiter = xmalloc(sizeof *waiter);
    *waiter = (struct account_waiter){a->waiters, ready, arg};
    a->waiters = waiter;
}
