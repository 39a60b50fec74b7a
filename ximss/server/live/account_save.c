/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes to the store what accounts were shown: from time to time, many in one
 * job; at once if somebody waits for it. */
#include "config.h"

#include "ximss/server/live/account_private.h"

#include <stdlib.h>
#include <string.h>

#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/rules/lane.h"

#define SAVE_BATCH   256
#define SAVE_IDS     16384 /* shown and dismissed, of all of a batch */
#define REMOVE_BATCH 2048

/* Somebody who is answered when an account's state is in the store. */
struct save_waiter {
    TAILQ_ENTRY(save_waiter) link;
    uint64_t account, alert;
    bool taken; /* its state is on its way */
    account_saved_fn *saved;
    void *arg;
};

struct saved {
    uint64_t account;
    struct account_state state; /* owned */
};

/* An alert that goes if it is that account's. */
struct own_alert {
    uint64_t account, id;
};

struct save_job {
    struct job job;
    struct saved *states;
    unsigned n_states;
    struct own_alert *own;
    unsigned n_own;
    uint64_t *removed;
    unsigned n_removed;
    struct store_mark mark;
    bool more; /* it is less than a batch */
};

static enum store_result
remove_own(struct store_txn *t, const struct own_alert *o, struct errbuf *err)
{
    struct alert_rec rec = {0};
    enum store_result r = alert_get(t, o->id, &rec, err);

    if (r == STORE_OK && rec.scope == ALERT_ACCOUNT && rec.target == o->account)
        r = alert_remove(t, o->id, err);
    alert_rec_clear(&rec);
    return r;
}

static enum store_result
save_one(struct save_job *s, unsigned i, struct store_txn *t,
         struct errbuf *err)
{
    if (i < s->n_states)
        return state_put(t, s->states[i].account, &s->states[i].state, err);
    i -= s->n_states;
    if (i < s->n_own)
        return remove_own(t, &s->own[i], err);
    return alert_remove(t, s->removed[i - s->n_own], err);
}

/* Either states, and what goes with them, or removals, which go on while the
 * disk is full: what delivered alerts take is space for others. */
static enum store_result
save_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct save_job *s = (struct save_job *)j;
    unsigned n = s->n_states + s->n_own + s->n_removed, i;
    enum store_result r = STORE_OK;

    if (s->n_removed > 0)
        store_removing(t, true);
    for (i = (unsigned)store_mark_begin(&s->mark, t); i < n && r == STORE_OK;
         i++) {
        if (store_tired(t)) {
            store_mark_set(&s->mark, t, i);
            return STORE_AGAIN;
        }
        r = save_one(s, i, t, err);
        if (r == STORE_NOTFOUND)
            r = STORE_OK; /* an administrator was quicker */
    }
    return r;
}

static void
save_again(struct worker *w, struct save_job *s)
{
    struct account *a;

    log_warn("saving what accounts have been shown: %s (tried again)",
             s->job.err.text);
    for (unsigned i = 0; i < s->n_states; i++) {
        a = account_lookup(w, s->states[i].account);
        if (a != NULL)
            account_touch(w, a);
    }
    g_array_append_vals(w->delivered, s->removed, s->n_removed);
}

static void
end_saving(struct worker *w, const struct save_job *s)
{
    for (unsigned i = 0; i < s->n_states; i++) {
        struct account *a = account_lookup(w, s->states[i].account);

        if (a != NULL)
            a->being_saved = false;
    }
}

/* Those whose state the job had. */
static void
answer_waiters(struct worker *w, const struct job *j)
{
    struct save_waiter *a, *next;

    TAILQ_FOREACH_SAFE(a, &w->save_waiters, link, next) {
        if (!a->taken)
            break;
        TAILQ_REMOVE(&w->save_waiters, a, link);
        a->saved(a->arg, j->result, &j->err);
        free(a);
    }
}

static void
save_finish(struct job *j)
{
    struct save_job *s = (struct save_job *)j;
    struct worker *w = j->worker;
    bool ok = j->result == STORE_OK, more = s->more;

    end_saving(w, s);
    if (!ok)
        save_again(w, s);
    answer_waiters(w, j);
    w->saving = false;
    for (unsigned i = 0; i < s->n_states; i++)
        account_state_clear(&s->states[i].state);
    free(s->states);
    free(s->own);
    free(s->removed);
    job_clear(j);
    free(s);
    if (!TAILQ_EMPTY(&w->save_waiters) ||
        (ok && (more || w->dirty->len >= SAVE_BATCH ||
                w->delivered->len >= REMOVE_BATCH || w->draining)))
        account_save(w);
}

static uint64_t *
copy_ids(const uint64_t *v, uint32_t n)
{
    return n > 0 ? xmemdup(v, n * sizeof *v) : NULL;
}

/* Ids of alerts that are gone need not be remembered. */
static void
prune(struct worker *w, const struct account *a, uint64_t *ids, uint32_t *n)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < *n; i++)
        if (account_find_alert(w, a, ids[i]) != NULL)
            ids[kept++] = ids[i];
    *n = kept;
}

static void
take_state(struct worker *w, struct account *a, struct saved *to)
{
    char address[PEER_TEXT_SIZE];

    a->dirty = false;
    a->being_saved = true;
    prune(w, a, a->shown, &a->n_shown);
    prune(w, a, a->dismissed, &a->n_dismissed);
    peer_format(&a->last_peer, address);
    to->account = a->number;
    to->state = (struct account_state){
        .position = a->position,
        .shown = copy_ids(a->shown, a->n_shown),
        .n_shown = a->n_shown,
        .dismissed = copy_ids(a->dismissed, a->n_dismissed),
        .n_dismissed = a->n_dismissed,
        .last_login = a->last_login,
        .last_address = xstrdup(address),
    };
}

/* Each id is looked up: so few users may be much work. */
static void
take_states(struct worker *w, struct save_job *s)
{
    unsigned n = 0,
             all = w->dirty->len < SAVE_BATCH ? w->dirty->len : SAVE_BATCH;
    uint64_t ids = 0;

    s->states = xcalloc(all, sizeof s->states[0]);
    for (; n < all && ids < SAVE_IDS; n++) {
        struct account *a =
            account_lookup(w, g_array_index(w->dirty, uint64_t, n));

        if (a == NULL || !a->dirty)
            continue;
        ids += a->n_shown + a->n_dismissed;
        take_state(w, a, &s->states[s->n_states++]);
    }
    s->more = n < all;
    g_array_remove_range(w->dirty, 0, n);
}

/* The states that somebody waits for, in the order of the waiters. */
static void
take_waited_for(struct worker *w, struct save_job *s)
{
    struct save_waiter *v;
    uint64_t ids = 0;

    s->states = xcalloc(SAVE_BATCH, sizeof s->states[0]);
    s->own = xcalloc(SAVE_BATCH, sizeof s->own[0]);
    TAILQ_FOREACH(v, &w->save_waiters, link) {
        struct account *a = account_lookup(w, v->account);

        if (s->n_own == SAVE_BATCH || ids >= SAVE_IDS)
            break;
        v->taken = true;
        s->own[s->n_own++] = (struct own_alert){v->account, v->alert};
        if (a == NULL || !a->dirty)
            continue; /* deleted; or taken for the one before */
        ids += a->n_shown + a->n_dismissed;
        take_state(w, a, &s->states[s->n_states++]);
    }
    s->more = w->dirty->len > 0;
}

static void
take_removals(struct worker *w, struct save_job *s)
{
    s->n_removed =
        w->delivered->len < REMOVE_BATCH ? w->delivered->len : REMOVE_BATCH;
    s->removed = copy_ids((uint64_t *)(void *)w->delivered->data, s->n_removed);
    s->more = w->dirty->len > 0;
    g_array_remove_range(w->delivered, 0, s->n_removed);
}

bool
account_save(struct worker *w)
{
    struct save_job *s;

    if (w->saving)
        return false;
    if (w->dirty->len == 0 && w->delivered->len == 0 &&
        TAILQ_EMPTY(&w->save_waiters))
        return true;
    s = xcalloc(1, sizeof *s);
    job_init(&s->job, w->server, w);
    s->job.lane = lane_of(LANE_SAVE, w->index);
    s->job.body = save_body;
    s->job.finish = save_finish;
    /* In turns: who dismisses for ever keeps nobody's position from the disk. */
    w->saving_waiters =
        !TAILQ_EMPTY(&w->save_waiters) &&
        (!w->saving_waiters || (w->dirty->len == 0 && w->delivered->len == 0));
    if (w->saving_waiters)
        take_waited_for(w, s);
    else if (w->delivered->len > 0)
        take_removals(w, s);
    else
        take_states(w, s);
    w->saving = true;
    job_submit(&s->job);
    return false;
}

void
account_when_saved(struct worker *w, struct account *a, uint64_t id,
                   account_saved_fn *saved, void *arg)
{
    struct save_waiter *v = xcalloc(1, sizeof *v);

    v->account = a->number;
    v->alert = id;
    v->saved = saved;
    v->arg = arg;
    TAILQ_INSERT_TAIL(&w->save_waiters, v, link);
    account_touch(w, a);
    account_save(w);
}
