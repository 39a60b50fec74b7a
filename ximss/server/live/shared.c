/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/shared.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/xmalloc.h"
#include "ximss/server/auth/auth_cache.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/trigger_loop.h"
#include "ximss/server/live/usage_feed.h"
#include "ximss/server/rules/revocation.h"

void
server_ask_stop(struct server *s)
{
    (void)s;
    kill(getpid(), SIGTERM);
}

void
server_worker_drained(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    if (--s->undrained == 0)
        pthread_cond_signal(&s->drained);
    pthread_mutex_unlock(&s->lock);
}

char *
server_main_domain(struct server *s)
{
    char *name;

    pthread_mutex_lock(&s->lock);
    name = xstrdup(s->main_domain);
    pthread_mutex_unlock(&s->lock);
    return name;
}

static void
set_main_domain(struct server *s, const char *name)
{
    pthread_mutex_lock(&s->lock);
    free(s->main_domain);
    s->main_domain = xstrdup(name);
    pthread_mutex_unlock(&s->lock);
}

void
server_lower_expiry(struct server *s, int64_t when)
{
    uint64_t next = atomic_load(&s->next_expiry);

    while (
        when != 0 && (next == 0 || (uint64_t)when < next) &&
        !atomic_compare_exchange_weak(&s->next_expiry, &next, (uint64_t)when))
        continue;
}

static void
ask_sources(struct server *s, const struct effect *e)
{
    char *user = e->account.name != NULL
                     ? xasprintf("%s@%s", e->account.name, e->domain.name)
                     : NULL;

    usage_feed_ask(s->usage_feed, user);
    free(user);
}

static enum stat_id
of_scope(enum stat_id first, const struct effect *e)
{
    return first + (e->alert.scope - ALERT_SERVER);
}

static void
count_removed(const struct effect *e)
{
    if (e->expired)
        stat_add(of_scope(STAT_ALERTS_EXPIRED_TO, e), 1);
    else if (e->by_trigger)
        stat_add(STAT_ALERTS_REMOVED_BY_TRIGGERS, 1);
    else
        stat_add(of_scope(STAT_ALERTS_REMOVED_TO, e), 1);
}

void
server_follow(struct server *s, const struct effect *e)
{
    switch (e->kind) {
    case EFFECT_ALERT_ADDED:
        stat_add(e->by_trigger ? STAT_ALERTS_BY_TRIGGERS
                               : of_scope(STAT_ALERTS_POSTED_TO, e),
                 1);
        server_lower_expiry(s, e->alert.until);
        break;
    case EFFECT_ACCOUNT_CHANGED:
    case EFFECT_ACCOUNT_REMOVED:
    case EFFECT_KILL_SESSIONS:
        auth_cache_forget(s->auth_cache, e->account.number);
        break;
    case EFFECT_TOKEN_REVOKED:
        revocation_note();
        break;
    case EFFECT_LOGINS_CHANGED:
        auth_cache_clear(s->auth_cache);
        break;
    case EFFECT_DOMAIN_CHANGED:
        if (e->domain.number == s->main_domain_number)
            set_main_domain(s, e->domain.name);
        break;
    case EFFECT_ALERT_REMOVED:
        count_removed(e);
        break;
    case EFFECT_STAT_ADD:
        stat_add((enum stat_id)e->element, e->value);
        break;
    case EFFECT_STAT_SET:
        stat_set((enum stat_id)e->element, e->value);
        break;
    case EFFECT_PREFS_CHANGED:
    case EFFECT_COUNT_AUDIENCE:
    case EFFECT_COUNT_DELIVERED:
    case EFFECT_DOMAIN_REMOVED:
    case EFFECT_KILL_SESSION:
    case EFFECT_SHUTDOWN:
    case EFFECT_QUOTA_OVER:
    case EFFECT_QUOTA_LEVEL:
    case EFFECT_QUOTA_DEFAULTS:
        break;
    case EFFECT_QUOTA_ALERT:
        stat_add(STAT_QUOTA_ALERTS, 1);
        break;
    case EFFECT_QUOTA_ASK:
        ask_sources(s, e);
        break;
    case EFFECT_TRIGGERS_CHANGED:
        if (s->trigger_loop != NULL)
            trigger_loop_changed(s->trigger_loop);
        break;
    case EFFECT_HANDLER_TEST:
        if (s->trigger_loop != NULL)
            trigger_loop_test(s->trigger_loop, e->account.name);
        break;
    }
}
