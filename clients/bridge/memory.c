/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/web_account.h"
#include "clients/bridge/web_session.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

/* Smaller ones do not make room for others: they are what a client that posts
 * something must be able to hear again. */
#define LARGE 4096
/* Unfetched, or a session need not end for it. */
#define MUCH (64 << 10)
/* There may be very many sessions to look for it in. */
#define SEARCH_PAUSE (CLOCK_SECOND / 10)

static const uint8_t *
key_of(const struct web_session *s)
{
    return s->account != NULL ? s->account->key : NULL;
}

/* --- kept replies --- */

static void
drop(struct bridge *b, struct kept *k)
{
    if (k->large)
        TAILQ_REMOVE(&b->kept, k, link);
    budget_release(&b->stored, &k->share);
    free(k->text);
    *k = (struct kept){.text = NULL};
}

void
memory_drop_kept(struct web_session *s)
{
    drop(s->bridge, &s->kept);
}

/* Drops a large one: the account's largest, else the oldest of all.  False:
 * there is none. */
static bool
drop_one(struct web_session *s)
{
    struct bridge *b = s->bridge;
    struct kept *k = NULL;
    struct web_session *o;

    if (s->account != NULL)
        LIST_FOREACH(o, &s->account->sessions, of_account)
            if (o->kept.large && (k == NULL || o->kept.len > k->len))
                k = &o->kept;
    if (k == NULL)
        k = TAILQ_FIRST(&b->kept);
    if (k == NULL)
        return false;
    drop(b, k);
    return true;
}

static bool
hold(struct web_session *s, struct budget_share *share, size_t bytes)
{
    while (!budget_hold(&s->bridge->stored, share, key_of(s), bytes))
        if (!drop_one(s))
            return false;
    return true;
}

void
memory_release(struct web_session *s, struct budget_share *share)
{
    budget_release(&s->bridge->stored, share);
}

void
memory_keep(struct web_session *s, char *text, size_t len)
{
    struct kept *k = &s->kept;

    memory_drop_kept(s);
    if (len > s->bridge->cfg->kept_reply || !memory_hold(s, &k->share, len)) {
        free(text);
        return;
    }
    k->text = text;
    k->len = len;
    k->large = len > LARGE;
    if (k->large)
        TAILQ_INSERT_TAIL(&s->bridge->kept, k, link);
}

/* --- what nobody fetches --- */

static size_t
log_bytes(const struct web_session *s)
{
    const struct push_log *l = &s->log;

    return l->bytes + l->n * sizeof(struct push) +
           (l->frozen != NULL ? l->frozen_len : 0);
}

static size_t
weight(const struct web_session *s)
{
    return log_bytes(s) + exec_bytes(s);
}

static struct web_session *
larger(struct web_session *a, struct web_session *b)
{
    return a == NULL || weight(b) > weight(a) ? b : a;
}

static struct web_session *
find_worst_of_all(struct bridge *b)
{
    struct web_session *o, *worst = NULL;

    for (size_t i = 0; i < BRIDGE_BUCKETS; i++)
        LIST_FOREACH(o, &b->sessions[i], link)
            worst = larger(worst, o);
    return worst;
}

/* The session that holds most: of the account, if there is room for all. */
static struct web_session *
find_worst(struct web_session *s)
{
    struct bridge *b = s->bridge;
    size_t more = log_bytes(s) - s->log_share.bytes;
    struct web_session *o, *worst = NULL;

    LIST_FOREACH(o, &s->account->sessions, of_account)
        worst = larger(worst, o);
    if (more <= b->stored.most && b->stored.held <= b->stored.most - more)
        return worst;
    return find_worst_of_all(b);
}

static void
end_worst(struct web_session *worst)
{
    log_warn("web session %" PRIu64 " of %s ends: nobody fetches its "
             "messages, and all together are too many",
             worst->number,
             worst->account != NULL ? worst->account->name : "nobody");
    web_session_end(worst, true);
}

/* Others have filled it all, and the session wants something now: the one that
 * has left most unfetched ends.  False: nobody has left much. */
static bool
end_hoarder(struct web_session *s, const struct budget_share *share,
            size_t bytes)
{
    struct bridge *b = s->bridge;
    const int64_t now = clock_mono();
    struct web_session *worst;

    if (!budget_is_full(&b->stored, share, key_of(s), bytes) ||
        now < b->no_hoarder_before)
        return false;
    worst = find_worst_of_all(b);
    if (worst == NULL || worst == s || log_bytes(worst) < MUCH) {
        b->no_hoarder_before = now + SEARCH_PAUSE;
        return false;
    }
    end_worst(worst);
    return true;
}

bool
memory_hold(struct web_session *s, struct budget_share *share, size_t bytes)
{
    while (!hold(s, share, bytes))
        if (!end_hoarder(s, share, bytes))
            return false;
    return true;
}

void
memory_weigh_log(struct web_session *s)
{
    while (!s->ended && s->account != NULL &&
           !hold(s, &s->log_share, log_bytes(s)))
        end_worst(find_worst(s));
}
