/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/server_load.h"

#include <stdlib.h>

#include "util/clock.h"
#include "ximss/server/base/configuration.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/board.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/stat_feed.h"
#include "ximss/server/live/worker.h"

struct start_data {
    struct server *server;
    char *main_domain;
};

static bool
take_broad(const struct alert_rec *rec, void *arg)
{
    struct start_data *d = arg;
    struct alert *a = alert_new_copy(rec);

    for (unsigned i = 0; i < d->server->n_workers; i++)
        board_add(&d->server->workers[i]->board, a, "", false);
    alert_unref(&a);
    return true;
}

static bool
take_domain(const struct domain_rec *rec, void *arg)
{
    struct start_data *d = arg;

    for (unsigned i = 0; i < d->server->n_workers; i++)
        account_domain_changed(d->server->workers[i], rec);
    return true;
}

static bool
stop_walk(const struct alert_rec *rec, void *arg)
{
    (void)rec;
    (void)arg;
    return true;
}

static enum store_result
load_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct start_data *d = arg;
    struct server *s = d->server;
    struct domain_rec domain = {0};
    uint64_t last = 0;
    int64_t next = 0;
    enum store_result r = meta_secret(t, s->secret, err);

    if (r == STORE_OK)
        r = meta_text_get(t, STORE_TEXT_MAIN_DOMAIN, &d->main_domain, err);
    if (r == STORE_OK)
        r = domain_find(t, d->main_domain, &domain, err);
    if (r == STORE_OK)
        s->main_domain_number = domain.number;
    domain_rec_clear(&domain);
    if (r == STORE_OK)
        r = meta_last_alert_id(t, &last, err);
    if (r == STORE_OK)
        r = alert_walk_broad(t, take_broad, d, err);
    if (r == STORE_OK) /* the names of the domains that have alerts */
        r = domain_walk(t, NULL, take_domain, d, err);
    if (r == STORE_OK)
        r = alert_walk_ended(t, 0, 1, stop_walk, NULL, &next, err);
    for (unsigned i = 0; i < s->n_workers; i++)
        s->workers[i]->board.last_id = last;
    atomic_store(&s->next_expiry, (uint64_t)next);
    return r;
}

int
server_load(struct server *s, const struct config *c, bool *damaged_r,
            struct errbuf *err)
{
    struct store_options o = {
        .dir = c->store,
        .cache_bytes = c->store_cache,
        .batch_jobs = c->store_batch,
        .checkpoint_s = (unsigned)(c->checkpoint_interval / CLOCK_SECOND),
        .reserve_bytes = c->store_reserve,
        .audit_days = c->audit_days,
        .on_commit = stat_feed_commit,
        .damaged_r = damaged_r};
    struct start_data d = {.server = s};
    enum store_result r;

    s->store = store_open(&o, err);
    if (s->store == NULL)
        return -1;
    r = store_run(s->store, load_body, &d, err);
    s->main_domain = d.main_domain;
    if (r == STORE_NOTFOUND)
        return err_set(err, "the store %s has no main domain", c->store);
    return r == STORE_OK ? 0 : -1;
}
