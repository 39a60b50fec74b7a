/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounts in memory.  One thread, the account's worker, reads and changes
 * everything here, so there is no lock and no question of who was first.  Loads
 * and changes by others arrive through the same mailbox, in the order of
 * commits. */
#include "config.h"

#include "ximss/server/live/account_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/alert_cache.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/door_wake.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/quota_check.h"
#include "ximss/server/live/quota_presence.h"
#include "ximss/server/live/session.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"
#include "ximss/server/rules/lane.h"
#include "ximss/server/rules/rights.h"

/* Accounts that a turn takes out of memory. */
#define TRIM_BATCH 256

struct account *
account_lookup(struct worker *w, uint64_t number)
{
    struct account *a = g_hash_table_lookup(w->accounts, &number);

    return a != NULL && !a->loading ? a : NULL;
}

void
account_full_name(const struct account *a, char out[ACCOUNT_NAME_SIZE])
{
    snprintf(out, ACCOUNT_NAME_SIZE, "%s@%s", a->name, a->domain->name);
}

void
account_set_domain(struct worker *w, struct account *a,
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
account_set_real_name(struct account *a, const char *name)
{
    free(a->real_name);
    a->real_name = name != NULL && name[0] != '\0' ? xstrdup(name) : NULL;
}

void
account_free(struct worker *w, struct account *a)
{
    door_wake_forget(w, a);
    quota_presence_end(w, a);
    g_hash_table_remove(w->accounts, &a->number);
    alert_array_clear(&a->alerts);
    free(a->name);
    free(a->real_name);
    free(a->shown);
    free(a->dismissed);
    account_set_domain(w, a, NULL);
    free(a);
}

/* --- sessions --- */

void
account_session_added(struct worker *w, struct account *a, struct session *s)
{
    if (a->n_sessions++ == 0) {
        TAILQ_REMOVE(&w->idle, a, link);
        w->n_idle--;
        TAILQ_INSERT_TAIL(&a->domain->online, a, link);
        a->domain->n_online++;
    }
    session_link_account(s, &a->sessions);
}

void
account_session_removed(struct worker *w, struct account *a, struct session *s)
{
    session_unlink_account(s, &a->sessions);
    if (--a->n_sessions == 0) {
        TAILQ_REMOVE(&a->domain->online, a, link);
        a->domain->n_online--;
        TAILQ_INSERT_TAIL(&w->idle, a, link);
        w->n_idle++;
        if (!door_wake_is_asleep(a))
            quota_presence_end(w, a);
    }
    account_drop_delivered(w, a);
}

/* --- what the mail brings --- */

void
account_alert_added(struct worker *w, struct alert *al)
{
    struct account *a = account_lookup(w, al->rec.target);

    if (a == NULL && al->generated) /* it does not come with a piece */
        a = g_hash_table_lookup(w->accounts, &al->rec.target);
    if (a == NULL)
        return;
    alert_array_add(&a->alerts, al);
    if (al->generated)
        a->quota_unshown = al->rec.id;
}

unsigned
account_alert_removed(struct worker *w, uint64_t account, uint64_t id)
{
    struct account *a = g_hash_table_lookup(w->accounts, &account);
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
account_changed(struct worker *w, const struct account_rec *rec,
                const struct domain_rec *domain)
{
    struct account *a = account_lookup(w, rec->number);
    bool moves, renamed;

    if (a == NULL)
        return;
    moves = rec->domain != a->domain->number;
    renamed = moves || strcmp(a->name, rec->name) != 0;
    if (renamed) {
        quota_presence_end(w, a);
        session_kill_doors(&a->sessions);
    }
    free(a->name);
    a->name = xstrdup(rec->name);
    account_set_real_name(a, rec->real_name);
    a->rights = rights_parse(rec->rights);
    a->cred_serial = rec->cred_serial;
    quota_check_forget(w, a);
    /* An account that changes its domain changes its audience. */
    if (moves) {
        session_kill_all(&a->sessions);
        account_set_domain(w, a, domain);
    }
    if (renamed)
        quota_presence_renamed(w, a);
}

void
account_prefs_changed(struct worker *w, uint64_t number,
                      const struct zone *zone)
{
    struct account *a = account_lookup(w, number);

    if (a != NULL)
        a->zone = zone != NULL ? zone : w->zone;
}

void
account_kill_sessions(struct worker *w, uint64_t number)
{
    struct account *a = account_lookup(w, number);

    if (a != NULL)
        session_kill_all(&a->sessions);
}

void
account_token_revoked(struct worker *w, uint64_t number, uint64_t token)
{
    struct account *a = account_lookup(w, number);

    if (a != NULL)
        session_kill_token(&a->sessions, token);
}

/* Takes an account without sessions out of memory. */
static void
forget(struct worker *w, struct account *a)
{
    TAILQ_REMOVE(&w->idle, a, link);
    w->n_idle--;
    account_free(w, a);
}

void
account_removed(struct worker *w, uint64_t number)
{
    struct account *a = account_lookup(w, number);

    if (a == NULL)
        return;
    session_kill_all(&a->sessions);
    forget(w, a);
}

/* Accounts whose sessions a mail ends, and how much mail that is worth. */
#define KILL_BATCH 16
#define KILL_WORK  128

struct killing {
    struct mail mail;
    uint64_t domain; /* number */
    unsigned left;   /* users to be looked at, at most */
    bool doors;      /* only their sessions at the mail door */
};

static void kill_some(struct worker *w, struct domain *d, unsigned left,
                      bool doors);

static void
deliver_killing(struct mail *m, void *owner)
{
    struct killing *k = (struct killing *)m;
    struct worker *w = owner;
    struct domain *d = board_find_domain(&w->board, k->domain);

    if (d != NULL && (d->suspended || k->doors))
        kill_some(w, d, k->left, k->doors);
    free(k);
}

/* Who has no session left is not in the list any more; whose sessions are ending
 * already goes behind the others. */
static void
kill_some(struct worker *w, struct domain *d, unsigned left, bool doors)
{
    struct killing *k;
    struct account *a;

    for (unsigned i = 0; i < KILL_BATCH && left > 0; i++, left--) {
        a = TAILQ_FIRST(&d->online);
        if (a == NULL)
            return;
        TAILQ_REMOVE(&d->online, a, link);
        TAILQ_INSERT_TAIL(&d->online, a, link);
        if (doors)
            session_kill_doors(&a->sessions);
        else
            session_kill_all(&a->sessions);
    }
    if (left == 0)
        return;
    k = xcalloc(1, sizeof *k);
    k->mail.deliver = deliver_killing;
    k->mail.work = KILL_WORK;
    k->domain = d->number;
    k->left = left;
    k->doors = doors;
    mailbox_put(w->box, &k->mail);
}

static void
rename_domain(struct worker *w, struct domain *d, const char *name)
{
    board_rename_domain(d, name);
    quota_presence_domain_renamed(w);
    kill_some(w, d, d->accounts, true);
}

void
account_domain_changed(struct worker *w, const struct domain_rec *rec)
{
    struct domain *d = board_find_domain(&w->board, rec->number);

    if (d == NULL)
        return;
    if (strcmp(d->name, rec->name) != 0)
        rename_domain(w, d, rec->name);
    if (d->shared != rec->shared) {
        push_audience_shared(w, d, rec->shared);
        w->board.version++;
    }
    d->suspended = rec->suspended;
    if (d->suspended)
        kill_some(w, d, d->accounts, false);
}

void
account_domain_removed(struct worker *w, uint64_t number)
{
    struct domain *d = board_find_domain(&w->board, number);

    if (d == NULL)
        return;
    board_clear_domain(&w->board, d);
    board_release_domain(&w->board, d);
}

/* --- the cache --- */

/* A log-in takes its turn in the store before or behind what is being saved. */
static bool
may_forget(const struct account *a)
{
    return !a->dirty && !a->being_saved && a->n_coming == 0 &&
           a->wake == NULL && !quota_check_needs(a);
}

/* Those that must stay go behind the others, to be looked at again when these
 * have been. */
bool
account_trim(struct worker *w, unsigned keep)
{
    unsigned forgotten = 0;

    for (unsigned i = 0; i < TRIM_BATCH && w->n_idle > keep; i++) {
        struct account *a = TAILQ_FIRST(&w->idle);

        if (may_forget(a)) {
            forget(w, a);
            forgotten++;
        } else {
            TAILQ_REMOVE(&w->idle, a, link);
            TAILQ_INSERT_TAIL(&w->idle, a, link);
        }
    }
    return forgotten > 0 && w->n_idle > keep;
}

void
account_free_all(struct worker *w)
{
    struct account *a, *next;

    TAILQ_FOREACH_SAFE(a, &w->idle, link, next)
        forget(w, a);
}
