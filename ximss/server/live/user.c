/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounts in memory.  One thread, the account's worker, reads and changes
 * everything here, so there is no lock and no question of who was first: loads
 * come back, and other people's changes arrive, in the order of commits through
 * the same mailbox. */
#include "config.h"

#include "ximss/server/live/user_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/alert_cache.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/quota_watch.h"
#include "ximss/server/live/session.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/rules/lane.h"
#include "ximss/server/rules/rights.h"

#define SAVE_BATCH   256
#define SAVE_IDS     16384 /* shown and dismissed, of all of a batch */
#define REMOVE_BATCH 2048
/* Accounts that one look at the cache takes out of memory. */
#define TRIM_BATCH 1024

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

void
user_set_domain(struct worker *w, struct user *a,
                const struct domain_rec *domain)
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

void
user_set_real_name(struct user *a, const char *name)
{
    free(a->real_name);
    a->real_name = name != NULL && name[0] != '\0' ? xstrdup(name) : NULL;
}

void
user_free(struct worker *w, struct user *a)
{
    g_hash_table_remove(w->accounts, &a->number);
    alert_array_clear(&a->alerts);
    free(a->name);
    free(a->real_name);
    free(a->shown);
    free(a->dismissed);
    user_set_domain(w, a, NULL);
    free(a);
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

/* --- what the mail brings --- */

void
user_alert_added(struct worker *w, struct alert *al)
{
    struct user *a = user_find(w, al->rec.target);

    if (a != NULL)
        alert_array_add(&a->alerts, al);
}

unsigned
user_alert_removed(struct worker *w, uint64_t account, uint64_t id)
{
    struct user *a = g_hash_table_lookup(w->accounts, &account);
    struct buf b = {0};
    unsigned n;

    if (a == NULL)
        return 0;
    alert_array_remove(&a->alerts, id);
    if (a->loading) /* it was in a piece that has come */
        return 0;
    alert_removed(&b, id);
    n = session_send_changes(&a->sessions, b.data, b.len, NULL);
    buf_clear(&b);
    return n;
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
    user_set_real_name(a, rec->real_name);
    a->rights = rights_parse(rec->rights);
    a->cred_serial = rec->cred_serial;
    quota_watch_forget(w, a);
    /* An account that changes its domain changes its audience. */
    if (moves) {
        session_kill_all(&a->sessions);
        user_set_domain(w, a, domain);
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
    return !a->dirty && !a->being_saved && a->n_coming == 0 &&
           !quota_watch_needs(a);
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
