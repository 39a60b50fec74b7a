/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounts in memory.  One thread, the account's worker, reads and changes
 * everything here, so there is no lock and no question of who was first: loads
 * come back, and other people's changes arrive, in the order of commits through
 * the same mailbox.  While an account is loading, changes need not be followed:
 * those that were committed before the load are in it, those after it come
 * after it.  But alerts are loaded piece by piece, in the order of ids, and all
 * else with the last piece: so removals are followed in the pieces that have
 * come, and what is added comes with one of the next. */
#include "config.h"

#include "ximss/server/live/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "util/zone.h"
#include "ximss/server/live/alert_cache.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/quota_watch.h"
#include "ximss/server/live/session.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/rules/lane.h"
#include "ximss/server/rules/prefs.h"
#include "ximss/server/rules/rights.h"
#include "ximss/server/rules/usage.h"

#define SAVE_BATCH   256
#define SAVE_IDS     16384 /* shown and dismissed, of all of a batch */
#define REMOVE_BATCH 2048
/* Accounts that one look at the cache takes out of memory. */
#define TRIM_BATCH 1024

struct user_waiter {
    struct user_waiter *next;
    user_ready_fn *ready;
    void *arg;
};

struct user *
user_find(struct worker *w, uint64_t number)
{
    struct user *a = g_hash_table_lookup(w->accounts, &number);

    return a != NULL && !a->loading ? a : NULL;
}

void
user_full_name(const struct user *a, char out[USER_NAME_SIZE])
{
    snprintf(out, USER_NAME_SIZE, "%s@%s", a->name, a->domain->name);
}

/* domain NULL: none. */
static void
set_domain(struct worker *w, struct user *a, const struct domain_rec *domain)
{
    struct domain *old = a->domain;

    a->domain = NULL;
    if (domain != NULL) {
        a->domain = board_domain(&w->board, domain->number, domain->name,
                                 domain->shared);
        a->domain->suspended = domain->suspended;
        a->domain->accounts++;
    }
    if (old != NULL) {
        old->accounts--;
        board_release_domain(&w->board, old);
    }
}

static void
user_free(struct worker *w, struct user *a)
{
    g_hash_table_remove(w->accounts, &a->number);
    alert_array_clear(&a->alerts);
    free(a->name);
    free(a->real_name);
    free(a->shown);
    free(a->dismissed);
    set_domain(w, a, NULL);
    free(a);
}

/* --- loading --- */

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
    bool quota_reached;
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
    struct alert_rec copy;
    struct alert *a;

    alert_rec_copy(&copy, rec);
    a = alert_new(&copy);
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
    struct admin_context x = {.txn = t, .settings = &j->server->admin};
    struct taking taking = {l, t};
    enum store_result r;
    char *prefs = NULL;

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
        r = usage_is_reached(&x, &l->domain, &l->account, &l->quota_reached,
                             err);
    return r;
}

static char *
keep_unless_empty(const char *s)
{
    return s != NULL && s[0] != '\0' ? xstrdup(s) : NULL;
}

static void
fill(struct worker *w, struct user *a, struct load_job *l)
{
    set_domain(w, a, &l->domain);
    a->zone = l->zone != NULL ? l->zone : w->zone;
    a->name = xstrdup(l->account.name);
    a->real_name = keep_unless_empty(l->account.real_name);
    a->rights = rights_parse(l->account.rights);
    a->cred_serial = l->account.cred_serial;
    quota_watch_set(w, a, l->quota_reached);
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

static void
mark_delivered(struct worker *w, struct user *a, struct alert *al)
{
    if (al->delivered)
        return;
    al->delivered = true;
    a->has_delivered = true;
    if (!al->generated)
        g_array_append_val(w->delivered, al->rec.id);
}

/* The last life of the server ended between saving the position and removing
 * what it covers. */
static void
forget_shown_alerts(struct worker *w, struct user *a)
{
    for (uint32_t i = 0; i < a->alerts.n; i++)
        if (user_was_shown(a, a->alerts.v[i]->rec.id))
            mark_delivered(w, a, a->alerts.v[i]);
    user_drop_delivered(w, a);
}

static void
take_piece(struct user *a, struct load_job *l)
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
    struct user *a = g_hash_table_lookup(w->accounts, &l->number);
    struct user_waiter *waiter, *next;
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
        user_free(w, a);
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
user_open(struct worker *w, uint64_t number, uint64_t lane,
          user_ready_fn *ready, void *arg)
{
    struct user *a = g_hash_table_lookup(w->accounts, &number);
    struct user_waiter *waiter;
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
    *waiter = (struct user_waiter){a->waiters, ready, arg};
    a->waiters = waiter;
}

/* --- sessions --- */

void
user_session_added(struct worker *w, struct user *a, struct session *s)
{
    if (a->n_sessions++ == 0) {
        TAILQ_REMOVE(&w->idle, a, link);
        w->n_idle--;
        TAILQ_INSERT_TAIL(&a->domain->online, a, link);
    }
    session_link_account(s, &a->sessions);
}

void
user_session_removed(struct worker *w, struct user *a, struct session *s)
{
    session_unlink_account(s, &a->sessions);
    if (--a->n_sessions == 0) {
        TAILQ_REMOVE(&a->domain->online, a, link);
        TAILQ_INSERT_TAIL(&w->idle, a, link);
        w->n_idle++;
        quota_watch_logout(w, a);
    }
    user_drop_delivered(w, a);
}

/* --- sorted arrays of ids --- */

static uint32_t
ids_after(const uint64_t *v, uint32_t n, uint64_t id)
{
    uint32_t low = 0, high = n;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (v[mid] <= id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool
ids_have(const uint64_t *v, uint32_t n, uint64_t id)
{
    uint32_t after = ids_after(v, n, id);

    return after > 0 && v[after - 1] == id;
}

static void
ids_add(uint64_t **v, uint32_t *n, uint64_t id)
{
    uint32_t after = ids_after(*v, *n, id);

    if (after > 0 && (*v)[after - 1] == id)
        return;
    *v = xrealloc(*v, (*n + 1) * sizeof(**v));
    memmove(*v + after + 1, *v + after, (*n - after) * sizeof(**v));
    (*v)[after] = id;
    ++*n;
}

static void
ids_drop_up_to(uint64_t **v, uint32_t *n, uint64_t id)
{
    uint32_t after = ids_after(*v, *n, id);

    if (after == 0)
        return;
    *n -= after;
    memmove(*v, *v + after, *n * sizeof(**v));
    if (*n == 0) {
        free(*v);
        *v = NULL;
    }
}

/* --- shown and dismissed --- */

bool
user_was_shown(const struct user *a, uint64_t id)
{
    return id <= a->position || ids_have(a->shown, a->n_shown, id);
}

bool
user_has_dismissed(const struct user *a, uint64_t id)
{
    return ids_have(a->dismissed, a->n_dismissed, id);
}

void
user_touch(struct worker *w, struct user *a)
{
    if (a->dirty)
        return;
    a->dirty = true;
    g_array_append_val(w->dirty, a->number);
}

static void
set_position(struct worker *w, struct user *a, uint64_t id)
{
    if (id > a->position)
        a->position = id;
    ids_drop_up_to(&a->shown, &a->n_shown, a->position);
    user_touch(w, a);
}

void
user_shown_up_to(struct worker *w, struct user *a, uint64_t id)
{
    if (id <= a->position)
        return;
    for (uint32_t i = alert_array_after(&a->alerts, a->position);
         i < a->alerts.n && a->alerts.v[i]->rec.id <= id; i++)
        mark_delivered(w, a, a->alerts.v[i]);
    set_position(w, a, id);
    user_drop_delivered(w, a);
}

static const struct alert_array *
broad_set(const struct worker *w, const struct user *a)
{
    return a->domain->shared ? &w->board.cluster : &w->board.server;
}

struct alert *
user_next_alert(struct worker *w, const struct user *a, uint64_t id)
{
    const struct alert_array *sets[] = {broad_set(w, a), &a->domain->alerts,
                                        &a->alerts};
    struct alert *best = NULL;

    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        uint32_t at = alert_array_after(sets[i], id);

        if (at < sets[i]->n &&
            (best == NULL || sets[i]->v[at]->rec.id < best->rec.id))
            best = sets[i]->v[at];
    }
    return best;
}

struct alert *
user_prev_alert(struct worker *w, const struct user *a, uint64_t id)
{
    const struct alert_array *sets[] = {broad_set(w, a), &a->domain->alerts,
                                        &a->alerts};
    struct alert *best = NULL;

    if (id == 0)
        return NULL;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        uint32_t at = alert_array_after(sets[i], id - 1);

        if (at > 0 &&
            (best == NULL || sets[i]->v[at - 1]->rec.id > best->rec.id))
            best = sets[i]->v[at - 1];
    }
    return best;
}

struct alert *
user_find_alert(struct worker *w, const struct user *a, uint64_t id)
{
    struct alert *al = id > 0 ? user_next_alert(w, a, id - 1) : NULL;

    return al != NULL && al->rec.id == id ? al : NULL;
}

bool
user_has_delivered(struct worker *w, uint64_t account, uint64_t id)
{
    const struct user *a = user_find(w, account);
    uint32_t i;

    if (a == NULL)
        return false;
    i = alert_array_after(&a->alerts, id - 1);
    return i == a->alerts.n || a->alerts.v[i]->rec.id != id ||
           a->alerts.v[i]->delivered;
}

/* Moves the position over everything that was shown. */
static void
advance(struct worker *w, struct user *a)
{
    uint64_t position = a->position;
    struct alert *next;

    while ((next = user_next_alert(w, a, position)) != NULL &&
           ids_have(a->shown, a->n_shown, next->rec.id))
        position = next->rec.id;
    if (next != NULL)
        position = next->rec.id - 1;
    else if (w->board.last_id > position)
        position = w->board.last_id;
    set_position(w, a, position);
}

void
user_shown(struct worker *w, struct user *a, uint64_t id)
{
    struct alert *own = alert_array_find(&a->alerts, id);

    if (own != NULL)
        mark_delivered(w, a, own);
    if (!user_was_shown(a, id)) {
        ids_add(&a->shown, &a->n_shown, id);
        advance(w, a);
    }
    if (own != NULL)
        user_drop_delivered(w, a);
}

void
user_dismiss(struct worker *w, struct user *a, uint64_t id)
{
    struct alert *own = alert_array_find(&a->alerts, id);

    if (own == NULL)
        ids_add(&a->dismissed, &a->n_dismissed, id);
    else
        alert_cache_forget(w->alert_cache, id);
    user_shown(w, a, id);
    alert_array_remove(&a->alerts, id);
    user_touch(w, a);
}

/* Alerts that are taken out of memory in one turn. */
#define DROP_BATCH 1024

struct dropping {
    struct mail mail;
    uint64_t account;
};

static void
deliver_dropping(struct mail *m, void *owner)
{
    struct dropping *d = (struct dropping *)m;
    struct user *a = user_find(owner, d->account);

    free(d);
    if (a == NULL)
        return;
    a->dropping = false;
    user_drop_delivered(owner, a);
}

static void
drop_later(struct worker *w, struct user *a)
{
    struct dropping *d;

    if (a->dropping)
        return;
    a->dropping = true;
    d = xcalloc(1, sizeof *d);
    d->mail.deliver = deliver_dropping;
    d->mail.work = DROP_BATCH;
    d->account = a->number;
    mailbox_put(w->box, &d->mail);
}

void
user_drop_delivered(struct worker *w, struct user *a)
{
    struct alert_array *set = &a->alerts;
    uint64_t got = session_got(&a->sessions);
    uint32_t kept = 0, dropped = 0, i;

    if (!a->has_delivered)
        return;
    a->has_delivered = false;
    for (i = 0; i < set->n && dropped < DROP_BATCH; i++) {
        struct alert *al = set->v[i];

        if (al->delivered && al->rec.id <= got) {
            alert_cache_forget(w->alert_cache, al->rec.id);
            alert_unref(&al);
            dropped++;
            continue;
        }
        a->has_delivered = a->has_delivered || al->delivered;
        set->v[kept++] = al;
    }
    if (i < set->n) {
        memmove(set->v + kept, set->v + i, (set->n - i) * sizeof(set->v[0]));
        a->has_delivered = true;
        drop_later(w, a);
    }
    set->n = kept + set->n - i;
    if (set->n == 0)
        alert_array_clear(set);
}

/* --- what the mail brings --- */

void
user_alert_added(struct worker *w, struct alert *al)
{
    struct user *a = user_find(w, al->rec.target);

    if (a != NULL)
        alert_array_add(&a->alerts, al);
}

void
user_alert_removed(struct worker *w, uint64_t account, uint64_t id)
{
    struct user *a = g_hash_table_lookup(w->accounts, &account);
    struct buf b = {0};

    if (a == NULL)
        return;
    alert_array_remove(&a->alerts, id);
    if (a->loading) /* it was in a piece that has come */
        return;
    alert_removed(&b, id);
    session_send_changes(&a->sessions, b.data, b.len, NULL);
    buf_clear(&b);
}

void
user_changed(struct worker *w, const struct account_rec *rec,
             const struct domain_rec *domain)
{
    struct user *a = user_find(w, rec->number);
    bool moves, renamed;

    if (a == NULL)
        return;
    moves = rec->domain != a->domain->number;
    renamed = moves || strcmp(a->name, rec->name) != 0;
    if (renamed)
        quota_watch_renaming(w, a);
    free(a->name);
    a->name = xstrdup(rec->name);
    free(a->real_name);
    a->real_name = keep_unless_empty(rec->real_name);
    a->rights = rights_parse(rec->rights);
    a->cred_serial = rec->cred_serial;
    quota_watch_forget(w, a);
    /* An account that changes its domain changes its audience. */
    if (moves) {
        session_kill_all(&a->sessions);
        set_domain(w, a, domain);
    }
    if (renamed)
        quota_watch_renamed(w, a);
}

void
user_prefs_changed(struct worker *w, uint64_t number, const struct zone *zone)
{
    struct user *a = user_find(w, number);

    if (a != NULL)
        a->zone = zone != NULL ? zone : w->zone;
}

void
user_kill_sessions(struct worker *w, uint64_t number)
{
    struct user *a = user_find(w, number);

    if (a != NULL)
        session_kill_all(&a->sessions);
}

void
user_token_revoked(struct worker *w, uint64_t number, uint64_t token)
{
    struct user *a = user_find(w, number);

    if (a != NULL)
        session_kill_token(&a->sessions, token);
}

/* Takes an account without sessions out of memory. */
static void
forget(struct worker *w, struct user *a)
{
    TAILQ_REMOVE(&w->idle, a, link);
    w->n_idle--;
    user_free(w, a);
}

void
user_removed(struct worker *w, uint64_t number)
{
    struct user *a = user_find(w, number);

    if (a == NULL)
        return;
    session_kill_all(&a->sessions);
    forget(w, a);
}

/* Users whose sessions are ended in one turn. */
#define KILL_BATCH 128

struct killing {
    struct mail mail;
    uint64_t domain; /* number */
    unsigned left;   /* users to be looked at, at most */
};

static void kill_some(struct worker *w, struct domain *d, unsigned left);

static void
deliver_killing(struct mail *m, void *owner)
{
    struct killing *k = (struct killing *)m;
    struct worker *w = owner;
    struct domain *d = board_find_domain(&w->board, k->domain);

    if (d != NULL && d->suspended)
        kill_some(w, d, k->left);
    free(k);
}

/* Who has no session left is not in the list any more; whose sessions are ending
 * already goes behind the others. */
static void
kill_some(struct worker *w, struct domain *d, unsigned left)
{
    struct killing *k;
    struct user *a;

    for (unsigned i = 0; i < KILL_BATCH && left > 0; i++, left--) {
        a = TAILQ_FIRST(&d->online);
        if (a == NULL)
            return;
        TAILQ_REMOVE(&d->online, a, link);
        TAILQ_INSERT_TAIL(&d->online, a, link);
        session_kill_all(&a->sessions);
    }
    if (left == 0)
        return;
    k = xcalloc(1, sizeof *k);
    k->mail.deliver = deliver_killing;
    k->mail.work = KILL_BATCH;
    k->domain = d->number;
    k->left = left;
    mailbox_put(w->box, &k->mail);
}

static void
rename_domain(struct worker *w, struct domain *d, const char *name)
{
    struct user *a;

    TAILQ_FOREACH(a, &d->online, link)
        quota_watch_renaming(w, a);
    free(d->name);
    d->name = xstrdup(name);
    TAILQ_FOREACH(a, &d->online, link)
        quota_watch_renamed(w, a);
}

void
user_domain_changed(struct worker *w, const struct domain_rec *rec)
{
    struct domain *d = board_find_domain(&w->board, rec->number);

    if (d == NULL)
        return;
    if (strcmp(d->name, rec->name) != 0)
        rename_domain(w, d, rec->name);
    if (d->shared != rec->shared) {
        d->shared = rec->shared;
        w->board.version++;
        push_audience_changed(w);
    }
    d->suspended = rec->suspended;
    if (d->suspended)
        kill_some(w, d, d->accounts);
}

void
user_domain_removed(struct worker *w, uint64_t number)
{
    struct domain *d = board_find_domain(&w->board, number);

    if (d == NULL)
        return;
    alert_array_clear(&d->alerts);
    w->board.version++;
    board_release_domain(&w->board, d);
}

/* --- saving --- */

struct saved {
    uint64_t account;
    struct account_state state; /* owned */
};

struct save_job {
    struct job job;
    struct saved *states;
    unsigned n_states;
    uint64_t *removed;
    unsigned n_removed;
    struct store_mark mark;
    bool more; /* it is less than a batch */
};

/* Either states, or removals, which go on while the disk is full: what delivered
 * alerts take is space for others. */
static enum store_result
save_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct save_job *s = (struct save_job *)j;
    unsigned n = s->n_states + s->n_removed, i;
    enum store_result r = STORE_OK;

    if (s->n_removed > 0)
        store_removing(t, true);
    for (i = (unsigned)store_mark_begin(&s->mark, t); i < n && r == STORE_OK;
         i++) {
        if (store_tired(t)) {
            store_mark_set(&s->mark, t, i);
            return STORE_AGAIN;
        }
        if (s->n_removed == 0)
            r = state_put(t, s->states[i].account, &s->states[i].state, err);
        else
            r = alert_remove(t, s->removed[i], err);
        if (r == STORE_NOTFOUND)
            r = STORE_OK; /* an administrator was quicker */
    }
    return r;
}

static void
save_again(struct worker *w, struct save_job *s)
{
    struct user *a;

    log_warn("saving what accounts have been shown: %s (tried again)",
             s->job.err.text);
    for (unsigned i = 0; i < s->n_states; i++) {
        a = user_find(w, s->states[i].account);
        if (a != NULL)
            user_touch(w, a);
    }
    g_array_append_vals(w->delivered, s->removed, s->n_removed);
}

static void
end_saving(struct worker *w, const struct save_job *s)
{
    for (unsigned i = 0; i < s->n_states; i++) {
        struct user *a = user_find(w, s->states[i].account);

        if (a != NULL)
            a->being_saved = false;
    }
}

static void
save_finish(struct job *j)
{
    struct save_job *s = (struct save_job *)j;
    struct worker *w = j->worker;
    bool ok = j->result == STORE_OK, more = s->more;

    w->saving = false;
    end_saving(w, s);
    if (!ok)
        save_again(w, s);
    for (unsigned i = 0; i < s->n_states; i++)
        account_state_clear(&s->states[i].state);
    free(s->states);
    free(s->removed);
    job_clear(j);
    free(s);
    if (ok && (more || w->dirty->len >= SAVE_BATCH ||
               w->delivered->len >= REMOVE_BATCH || w->draining))
        user_save(w);
}

static uint64_t *
copy_ids(const uint64_t *v, uint32_t n)
{
    return n > 0 ? xmemdup(v, n * sizeof *v) : NULL;
}

/* Ids of alerts that are gone need not be remembered. */
static void
prune(struct worker *w, const struct user *a, uint64_t *ids, uint32_t *n)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < *n; i++)
        if (user_find_alert(w, a, ids[i]) != NULL)
            ids[kept++] = ids[i];
    *n = kept;
}

static void
take_state(struct worker *w, struct user *a, struct saved *to)
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
        struct user *a = user_find(w, g_array_index(w->dirty, uint64_t, n));

        if (a == NULL || !a->dirty)
            continue;
        ids += a->n_shown + a->n_dismissed;
        take_state(w, a, &s->states[s->n_states++]);
    }
    s->more = n < all;
    g_array_remove_range(w->dirty, 0, n);
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
user_save(struct worker *w)
{
    struct save_job *s;

    if (w->saving)
        return false;
    if (w->dirty->len == 0 && w->delivered->len == 0)
        return true;
    s = xcalloc(1, sizeof *s);
    job_init(&s->job, w->server, w);
    s->job.lane = lane_of(LANE_SAVE, w->index);
    s->job.body = save_body;
    s->job.finish = save_finish;
    if (w->delivered->len > 0)
        take_removals(w, s);
    else
        take_states(w, s);
    w->saving = true;
    job_submit(&s->job);
    return false;
}

/* A log-in takes its turn in the store before or behind what is being saved. */
static bool
may_forget(const struct user *a)
{
    return !a->dirty && !a->being_saved && !quota_watch_needs(a);
}

void
user_trim(struct worker *w, unsigned keep)
{
    struct user *a, *next;
    unsigned n = 0;

    TAILQ_FOREACH_SAFE(a, &w->idle, link, next) {
        if (w->n_idle <= keep || n++ == TRIM_BATCH)
            break;
        if (may_forget(a))
            forget(w, a);
    }
}

void
user_free_all(struct worker *w)
{
    struct user *a, *next;

    TAILQ_FOREACH_SAFE(a, &w->idle, link, next)
        forget(w, a);
}
