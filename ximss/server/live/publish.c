/* SPDX-License-Identifier: BSD-2-Clause */
/* From a commit to the workers.  The effects of one job are sent as one
 * broadcast.  Alerts are made shared objects first, so a worker only takes a
 * reference. follow() says what each effect means to a worker: it is the only
 * place where changes by others reach sessions. */
#include "config.h"

#include "ximss/server/live/publish.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/alert_cache.h"
#include "ximss/server/live/alert_log.h"
#include "ximss/server/live/broadcast.h"
#include "ximss/server/live/door_wake.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/quota_check.h"
#include "ximss/server/live/session.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/watch.h"
#include "ximss/server/live/worker.h"

struct bulletin {
    struct server *server;
    struct effect_list effects;
    struct alert **alerts; /* of the effects that bring one, in order */
    unsigned n_alerts;
    atomic_uint *told; /* sessions, by effect */
    unsigned *sessions_r;
    void (*done)(void *arg);
    void *arg;
};

/* To so many sessions here. */
static unsigned
note_push(struct worker *w, const struct alert *a, unsigned sessions)
{
    if (sessions > 0 && w->push_since == 0)
        w->push_since = a->rec.posted;
    return sessions;
}

static unsigned
follow_added(struct worker *w, struct alert *a, const struct effect *e)
{
    if (a->rec.id > w->board.last_id)
        w->board.last_id = a->rec.id;
    alert_cache_forget(w->alert_cache, a->rec.id);
    board_add(&w->board, a, e->domain.name != NULL ? e->domain.name : "",
              e->domain.shared);
    if (a->rec.scope == ALERT_ACCOUNT)
        account_alert_added(w, a);
    watch_tell_added(w, a);
    door_wake_alert(w, a->rec.scope, a->rec.target);
    return note_push(w, a,
                     push_audience(w, a->rec.scope, a->rec.target, PUSH_TELL));
}

/* Generated ones are in no list, so boards and watches do not see them. */
static void
follow_quota(struct worker *w, struct alert *a)
{
    if (a->rec.id > w->board.last_id)
        w->board.last_id = a->rec.id;
    account_alert_added(w, a);
    door_wake_alert(w, a->rec.scope, a->rec.target);
    note_push(w, a, push_audience(w, a->rec.scope, a->rec.target, PUSH_TELL));
}

static unsigned
follow_removed(struct worker *w, const struct alert_rec *a)
{
    unsigned n;

    alert_cache_forget(w->alert_cache, a->id);
    board_remove(&w->board, a->scope, a->target, a->id);
    if (a->scope == ALERT_ACCOUNT) {
        n = account_alert_removed(w, a->target, a->id);
    } else {
        board_note_removal(&w->board, a->scope, a->target, a->id);
        n = push_audience(w, a->scope, a->target, PUSH_CHANGES);
    }
    watch_tell_removed(w, a);
    return n;
}

/* *next: the shared alert of the next effect that adds one. */
static unsigned
follow(struct worker *w, const struct effect *e, struct alert ***next)
{
    switch (e->kind) {
    case EFFECT_ALERT_ADDED:
        return follow_added(w, *(*next)++, e);
    case EFFECT_COUNT_AUDIENCE:
        return push_audience(w, e->alert.scope, e->alert.target, PUSH_COUNT);
    case EFFECT_COUNT_DELIVERED:
        return account_has_delivered(w, e->alert.target, e->alert.id) ? 1 : 0;
    case EFFECT_ALERT_REMOVED:
        return e->is_replaced ? (follow_removed(w, &e->alert), 0)
                              : follow_removed(w, &e->alert);
    case EFFECT_ACCOUNT_CHANGED:
        account_changed(w, &e->account, &e->domain);
        watch_account_moved(w, e->account.number, e->account.domain);
        break;
    case EFFECT_ACCOUNT_REMOVED:
        account_removed(w, e->account.number);
        break;
    case EFFECT_PREFS_CHANGED:
        account_prefs_changed(w, e->account.number, e->zone);
        break;
    case EFFECT_DOMAIN_CHANGED:
        account_domain_changed(w, &e->domain);
        break;
    case EFFECT_DOMAIN_REMOVED:
        account_domain_removed(w, e->domain.number);
        break;
    case EFFECT_KILL_SESSIONS:
        account_kill_sessions(w, e->account.number);
        break;
    case EFFECT_KILL_SESSION:
        session_kill(w, e->session);
        break;
    case EFFECT_SHUTDOWN:
        server_ask_stop(w->server);
        break;
    case EFFECT_QUOTA_ALERT:
        follow_quota(w, *(*next)++);
        break;
    case EFFECT_QUOTA_OVER:
        alert_cache_forget(w->alert_cache, e->alert.id);
        account_alert_removed(w, e->alert.target, e->alert.id);
        break;
    case EFFECT_QUOTA_LEVEL:
        quota_check_level(w, e->account.number, e->reached);
        break;
    case EFFECT_QUOTA_DEFAULTS:
        quota_check_defaults(w);
        break;
    case EFFECT_TOKEN_REVOKED:
        account_token_revoked(w, e->account.number, e->token);
        break;
    case EFFECT_QUOTA_ASK:
    case EFFECT_TRIGGERS_CHANGED:
    case EFFECT_HANDLER_TEST:
    case EFFECT_LOGINS_CHANGED:
    case EFFECT_STAT_SET:
    case EFFECT_STAT_ADD:
        break;
    }
    return 0;
}

static void
visit(struct worker *w, void *arg)
{
    struct bulletin *b = arg;
    struct effect *e;
    struct alert **next = b->alerts;
    atomic_uint *told = b->told;
    unsigned n;

    STAILQ_FOREACH(e, &b->effects, link) {
        n = follow(w, e, &next);
        if (n > 0)
            atomic_fetch_add(told, n);
        told++;
    }
}

static bool
has_alert(const struct effect *e)
{
    return e->kind == EFFECT_ALERT_ADDED || e->kind == EFFECT_QUOTA_ALERT;
}

/* How many were told of all together; each alert is logged with its own. */
static unsigned
log_effects(struct bulletin *b)
{
    const atomic_uint *told = b->told;
    struct alert **next = b->alerts;
    struct effect *e;
    unsigned sum = 0;

    STAILQ_FOREACH(e, &b->effects, link) {
        const struct alert_rec *a = has_alert(e) ? &(*next++)->rec : &e->alert;
        unsigned n = atomic_load(told++);

        alert_log(b->server, e, a, n);
        sum += n;
    }
    return sum;
}

static void
finished(void *arg)
{
    struct bulletin *b = arg;
    unsigned sessions = log_effects(b);

    if (b->sessions_r != NULL)
        *b->sessions_r = sessions;
    if (b->done != NULL)
        b->done(b->arg);
    for (unsigned i = 0; i < b->n_alerts; i++)
        alert_unref(&b->alerts[i]);
    effect_list_clear(&b->effects);
    free(b->alerts);
    free(b->told);
    free(b);
}

static void
add_alert(struct bulletin *b, struct effect *e)
{
    struct alert *a = alert_new(&e->alert);

    a->generated = e->kind == EFFECT_QUOTA_ALERT;
    a->used = e->used;
    a->limit = e->limit;
    if (b->n_alerts % 16 == 0)
        b->alerts =
            xrealloc(b->alerts, (b->n_alerts + 16) * sizeof(b->alerts[0]));
    b->alerts[b->n_alerts++] = a;
}

void
publish(struct server *server, struct effect_list *effects,
        unsigned *sessions_r, void (*done)(void *arg), void *arg)
{
    struct bulletin *b = xcalloc(1, sizeof *b);
    struct effect *e;
    unsigned n = 0;

    b->server = server;
    b->sessions_r = sessions_r;
    b->done = done;
    b->arg = arg;
    STAILQ_INIT(&b->effects);
    STAILQ_CONCAT(&b->effects, effects);
    STAILQ_FOREACH(e, &b->effects, link) {
        server_follow(server, e);
        n++;
        if (has_alert(e))
            add_alert(b, e);
    }
    b->told = xcalloc(n > 0 ? n : 1, sizeof *b->told);
    broadcast_work(server, n, visit, finished, b);
}
