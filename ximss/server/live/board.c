/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/board.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/base/stat.h"

static void
removals_clear(struct removals *r)
{
    free(r->kept);
    *r = (struct removals){0};
}

static void
domain_free(void *p)
{
    struct domain *d = p;

    alert_array_clear(&d->alerts);
    removals_clear(&d->removals);
    g_ref_string_release(d->name);
    free(d);
}

void
board_init(struct board *b)
{
    memset(b, 0, sizeof *b);
    b->domains =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, domain_free);
}

void
board_clear(struct board *b)
{
    alert_array_clear(&b->server);
    alert_array_clear(&b->cluster);
    alert_array_clear(&b->all);
    g_hash_table_destroy(b->domains);
    removals_clear(&b->removals[0]);
    removals_clear(&b->removals[1]);
    memset(b, 0, sizeof *b);
}

struct domain *
board_find_domain(const struct board *b, uint64_t number)
{
    return g_hash_table_lookup(b->domains, &number);
}

struct domain *
board_domain(struct board *b, uint64_t number, const char *name, bool shared)
{
    struct domain *d = board_find_domain(b, number);

    if (d != NULL)
        return d;
    d = xcalloc(1, sizeof *d);
    d->number = number;
    d->name = g_ref_string_new(name);
    d->shared = shared;
    TAILQ_INIT(&d->online);
    g_hash_table_insert(b->domains, &d->number, d);
    return d;
}

void
board_rename_domain(struct domain *d, const char *name)
{
    g_ref_string_release(d->name);
    d->name = g_ref_string_new(name);
}

void
board_release_domain(struct board *b, struct domain *d)
{
    if (d->accounts == 0 && d->alerts.n == 0 && d->push.left == 0)
        g_hash_table_remove(b->domains, &d->number);
}

/* --- the statistics --- */

static void
note_oldest(const struct board *b, const struct alert *before)
{
    const struct alert *oldest = b->all.n > 0 ? b->all.v[0] : NULL;

    if (oldest != before)
        stat_set(STAT_BOARD_OLDEST,
                 oldest == NULL
                     ? -1
                     : (clock_now() - oldest->rec.posted) / CLOCK_SECOND);
}

static void
count_in(struct board *b, struct alert *a)
{
    const struct alert *oldest = b->all.n > 0 ? b->all.v[0] : NULL;
    uint32_t n = b->all.n;

    if (!b->counts || a->rec.scope == ALERT_ACCOUNT)
        return;
    alert_array_add(&b->all, a);
    stat_add(STAT_BOARD_TO + (a->rec.scope - ALERT_SERVER), b->all.n - n);
    note_oldest(b, oldest);
}

static void
count_out(struct board *b, enum alert_scope scope, uint64_t id)
{
    const struct alert *oldest = b->all.n > 0 ? b->all.v[0] : NULL;

    if (!b->counts || scope == ALERT_ACCOUNT)
        return;
    if (alert_array_remove(&b->all, id))
        stat_add(STAT_BOARD_TO + (scope - ALERT_SERVER), -1);
    note_oldest(b, oldest);
}

/* --- alerts --- */

void
board_add(struct board *b, struct alert *a, const char *domain_name,
          bool shared)
{
    count_in(b, a);
    switch (a->rec.scope) {
    case ALERT_SERVER:
        alert_array_add(&b->server, a);
        break;
    case ALERT_CLUSTER:
        alert_array_add(&b->cluster, a);
        break;
    case ALERT_DOMAIN:
        alert_array_add(
            &board_domain(b, a->rec.target, domain_name, shared)->alerts, a);
        break;
    case ALERT_ACCOUNT:
        break;
    }
    b->version++;
}

void
board_remove(struct board *b, enum alert_scope scope, uint64_t target,
             uint64_t id)
{
    struct domain *d;

    count_out(b, scope, id);
    switch (scope) {
    case ALERT_SERVER:
        alert_array_remove(&b->server, id);
        break;
    case ALERT_CLUSTER:
        alert_array_remove(&b->cluster, id);
        break;
    case ALERT_DOMAIN:
        d = board_find_domain(b, target);
        if (d != NULL) {
            alert_array_remove(&d->alerts, id);
            board_release_domain(b, d);
        }
        break;
    case ALERT_ACCOUNT:
        break;
    }
    b->version++;
}

void
board_clear_domain(struct board *b, struct domain *d)
{
    for (uint32_t i = 0; i < d->alerts.n; i++)
        count_out(b, ALERT_DOMAIN, d->alerts.v[i]->rec.id);
    alert_array_clear(&d->alerts);
    b->version++;
}

const struct alert_array *
board_set(const struct board *b, enum alert_scope scope, uint64_t target)
{
    struct domain *d;

    switch (scope) {
    case ALERT_SERVER:
        return &b->server;
    case ALERT_CLUSTER:
        return &b->cluster;
    case ALERT_DOMAIN:
        d = board_find_domain(b, target);
        return d != NULL ? &d->alerts : NULL;
    case ALERT_ACCOUNT:
        break;
    }
    return NULL;
}

uint64_t
removals_next(const struct removals *r)
{
    return r->first + r->n;
}

const struct removal *
removals_at(const struct removals *r, uint64_t number)
{
    if (number >= removals_next(r))
        return NULL;
    return &r->kept[number - r->first];
}

static void
note_removal(struct board *b, struct removals *r, uint64_t id)
{
    if (r->n == 2 * BOARD_REMOVALS) {
        r->n -= BOARD_REMOVALS;
        r->first += BOARD_REMOVALS;
        memmove(r->kept, r->kept + BOARD_REMOVALS, r->n * sizeof *r->kept);
    }
    if (r->n == r->room) {
        r->room = r->room == 0 ? 4 : 2 * r->room;
        r->kept = xrealloc(r->kept, r->room * sizeof *r->kept);
    }
    r->kept[r->n++] = (struct removal){id, ++b->removal_order};
}

void
board_note_removal(struct board *b, enum alert_scope scope, uint64_t target,
                   uint64_t id)
{
    struct domain *d;

    switch (scope) {
    case ALERT_SERVER:
    case ALERT_CLUSTER:
        note_removal(b, &b->removals[scope == ALERT_CLUSTER], id);
        break;
    case ALERT_DOMAIN:
        d = board_find_domain(b, target);
        if (d != NULL)
            note_removal(b, &d->removals, id);
        break;
    case ALERT_ACCOUNT:
        break;
    }
}
