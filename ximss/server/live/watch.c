/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/watch.h"

#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/session_private.h"

struct watch {
    LIST_ENTRY(watch) link; /* with those of like places */
    LIST_ENTRY(watch) of_session;
    struct session *session; /* borrowed */
    enum alert_scope scope;
    uint64_t target, domain;
    char *name; /* owned; NULL: none */
};

static struct watch_list *
bucket(struct worker *w, enum alert_scope scope, uint64_t target)
{
    return &w->watches[(target * 4 + scope) % WATCH_BUCKETS];
}

static struct watch *
find(const struct session *s, const struct watch_spec *spec)
{
    struct watch *x;

    LIST_FOREACH(x, &s->watches, of_session)
        if (x->scope == spec->scope && x->target == spec->target)
            return x;
    return NULL;
}

bool
watch_add(struct worker *w, struct session *s, const struct watch_spec *spec)
{
    struct watch *x;

    if (find(s, spec) != NULL)
        return true;
    if (s->n_watches >= w->cfg->max_session_watches)
        return false;
    x = xcalloc(1, sizeof *x);
    x->session = s;
    x->scope = spec->scope;
    x->target = spec->target;
    x->domain = spec->domain;
    x->name = spec->name != NULL ? xstrdup(spec->name) : NULL;
    LIST_INSERT_HEAD(bucket(w, x->scope, x->target), x, link);
    LIST_INSERT_HEAD(&s->watches, x, of_session);
    s->n_watches++;
    w->n_watches++;
    return true;
}

/* Telling one may end its session, and that drops its watches, also those that
 * are to be told next. */
static void
drop(struct worker *w, struct watch *x)
{
    if (w->next_watch == x)
        w->next_watch = LIST_NEXT(x, link);
    LIST_REMOVE(x, link);
    LIST_REMOVE(x, of_session);
    x->session->n_watches--;
    w->n_watches--;
    free(x->name);
    free(x);
}

void
watch_remove(struct worker *w, struct session *s, const struct watch_spec *spec)
{
    struct watch *x = find(s, spec);

    if (x != NULL)
        drop(w, x);
}

void
watch_account_moved(struct worker *w, uint64_t account, uint64_t domain)
{
    struct watch *x;

    LIST_FOREACH(x, bucket(w, ALERT_ACCOUNT, account), link)
        if (x->scope == ALERT_ACCOUNT && x->target == account)
            x->domain = domain;
}

void
watch_remove_all(struct worker *w, struct session *s)
{
    struct watch *x, *next;

    LIST_FOREACH_SAFE(x, &s->watches, of_session, next)
        drop(w, x);
}

static bool
concerns(const struct watch *x, const struct alert_rec *a)
{
    struct session_caller c;

    if (x->scope != a->scope || x->target != a->target)
        return false;
    session_caller(x->session, &c);
    return rights_may_list(&c.caller, x->scope, x->domain);
}

void
watch_tell_added(struct worker *w, const struct alert *a)
{
    struct watch *x;
    struct buf b = {0};

    for (x = LIST_FIRST(bucket(w, a->rec.scope, a->rec.target)); x != NULL;
         x = w->next_watch) {
        struct session_caller c;
        struct alert_view view = {.watch = true, .target = x->name};

        w->next_watch = LIST_NEXT(x, link);
        if (!concerns(x, &a->rec))
            continue;
        session_caller(x->session, &c);
        view.posting = rights_may_post(&c.caller, x->scope, x->domain);
        view.zone =
            x->session->account != NULL ? x->session->account->zone : w->zone;
        b.len = 0;
        alert_report(&b, &a->rec, &view);
        session_tell(x->session, b.data, b.len);
    }
    buf_clear(&b);
}

void
watch_tell_removed(struct worker *w, const struct alert_rec *a)
{
    struct watch *x;
    struct buf b = {0};

    alert_removed(&b, a->id);
    for (x = LIST_FIRST(bucket(w, a->scope, a->target)); x != NULL;
         x = w->next_watch) {
        w->next_watch = LIST_NEXT(x, link);
        /* One who gets removals as a member of the audience is not told
         * twice. */
        if (concerns(x, a) &&
            !(x->session->opt_changes &&
              push_is_audience(x->session, a->scope, a->target)))
            session_tell(x->session, b.data, b.len);
    }
    buf_clear(&b);
}
