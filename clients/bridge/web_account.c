/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/web_account.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/web_session.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

/* Names are chosen by administrators of domains, who must not be able to make
 * many that fall together. */
static struct web_account_list *
bucket(struct bridge *b, const char *name)
{
    uint64_t h = b->accounts_seed;

    for (; *name != '\0'; name++) {
        h = (h ^ (unsigned char)*name) * 0x9e3779b97f4a7c15U;
        h ^= h >> 29;
    }
    return &b->accounts[h % BRIDGE_BUCKETS];
}

static struct web_account *
get(struct bridge *b, const char *name)
{
    struct web_account *a;

    LIST_FOREACH(a, bucket(b, name), link)
        if (strcmp(a->name, name) == 0)
            return a;
    a = xcalloc(1, sizeof *a);
    a->bridge = b;
    a->name = xstrdup(name);
    b->next_account++;
    memcpy(a->key, &b->next_account, sizeof b->next_account);
    LIST_INIT(&a->sessions);
    conn_budget_init(&a->output, b->cfg->account_output);
    LIST_INSERT_HEAD(bucket(b, name), a, link);
    return a;
}

static void
unref(struct web_account *a)
{
    if (a->refs > 0 && --a->refs > 0)
        return;
    LIST_REMOVE(a, link);
    free(a->name);
    free(a);
}

/* NULL: none looks dead. */
static struct web_session *
find_dead(const struct web_account *a)
{
    int64_t before = clock_mono() - a->bridge->cfg->session_dead_after;
    struct web_session *s, *dead = NULL;

    LIST_FOREACH(s, &a->sessions, of_account)
        if (s->touched <= before && !web_session_is_busy(s) &&
            (dead == NULL || s->touched < dead->touched))
            dead = s;
    return dead;
}

bool
web_account_enter(struct web_session *s, const char *name)
{
    struct web_account *a = get(s->bridge, name);
    struct web_session *dead;

    a->refs++; /* for the session */
    a->output.most = s->bridge->cfg->account_output;
    if (a->n_sessions >= s->bridge->cfg->max_account_sessions) {
        dead = find_dead(a);
        if (dead == NULL) {
            log_warn("%s has too many web sessions", a->name);
            unref(a);
            return false;
        }
        log_info("web session %" PRIu64 " makes room for another",
                 dead->number);
        web_session_end(dead, true);
    }
    s->account = a;
    a->n_sessions++;
    LIST_INSERT_HEAD(&a->sessions, s, of_account);
    return true;
}

void
web_account_leave(struct web_session *s)
{
    struct web_account *a = s->account;

    if (a == NULL)
        return;
    s->account = NULL;
    LIST_REMOVE(s, of_account);
    a->n_sessions--;
    unref(a);
}

static struct web_account *
of_conn(const struct http_conn *h)
{
    if (h->conn.budget == NULL)
        return NULL;
    return (struct web_account *)(void *)((char *)h->conn.budget -
                                          offsetof(struct web_account, output));
}

void
web_account_take(struct web_session *s, struct http_conn *h)
{
    struct web_account *old = of_conn(h);

    if (s->account == NULL || s->account == old)
        return;
    s->account->refs++;
    conn_set_budget(&h->conn, &s->account->output);
    if (old != NULL)
        unref(old);
}

void
web_account_let_go(struct http_conn *h)
{
    struct web_account *a = of_conn(h);

    if (a == NULL)
        return;
    conn_set_budget(&h->conn, NULL);
    unref(a);
}
