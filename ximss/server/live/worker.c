/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "util/alive_loop.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/conn.h"
#include "util/log.h"
#include "util/tls.h"
#include "util/xmalloc.h"
#include "util/zone.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/server/live/account.h"
#include "ximss/server/live/alert_cache.h"
#include "ximss/server/live/delivery.h"
#include "ximss/server/live/door_told.h"
#include "ximss/server/live/door_wake.h"
#include "ximss/server/live/listener.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/quota_check.h"
#include "ximss/server/live/quota_sweep.h"
#include "ximss/server/live/session.h"
#include "ximss/server/live/session_time.h"
#include "ximss/server/live/shared.h"

#define DRAIN_CHECK_US 20000

static void
set_timer(struct worker *w, int64_t us)
{
    struct timeval tv = {us / CLOCK_SECOND, us % CLOCK_SECOND};

    event_add(w->tick, &tv);
}

/* Looks whether the drain is over; else comes back soon. */
static void
go_on_draining(struct worker *w)
{
    int64_t left = w->drain_deadline - clock_mono();
    bool more = !session_drain_some(w), saved;

    /* Half of the time for answers, the rest for saving. */
    if (left < w->drain_us / 2)
        more = !session_close_some(w) || more;
    saved = account_save(w);
    if (w->drained)
        return;
    if ((w->n_sessions == 0 && saved) || left <= 0) {
        w->drained = true;
        server_worker_drained(w->server);
        return;
    }
    set_timer(w, more ? 0 : DRAIN_CHECK_US);
}

/* What is of no use any more, some in each turn. */
static void
keep_house(struct worker *w)
{
    static const struct timeval soon = {0, 0};
    bool more = alert_cache_tick(w->alert_cache, clock_mono());

    if (account_trim(w, w->cfg->account_cache / w->server->n_workers) || more)
        event_add(w->keep_house, &soon);
}

static void
on_keep_house(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    keep_house(arg);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct worker *w = arg;

    (void)fd;
    (void)what;
    if (w->draining) {
        session_time_tick(w);
        go_on_draining(w);
        return;
    }
    session_time_tick(w);
    quota_sweep_tick(w);
    door_wake_tick(w);
    account_save(w);
    keep_house(w);
    set_timer(w, w->cfg->position_save_interval < CLOCK_SECOND
                     ? w->cfg->position_save_interval
                     : CLOCK_SECOND);
}

void
worker_check_times(struct worker *w)
{
    session_time_catch_up(w);
    delivery_check(w);
    quota_sweep_tick(w);
    door_wake_catch_up(w);
    alert_cache_tick(w->alert_cache, clock_mono());
}

void
worker_set_config(struct worker *w, const struct config *cfg,
                  struct ssl_ctx_st *tls)
{
    struct xml_limits limits = {.bytes = cfg->message_bytes,
                                .depth = cfg->xml_depth,
                                .attrs = cfg->xml_attributes,
                                .attr_bytes = cfg->xml_attribute_bytes,
                                .text_bytes = cfg->message_bytes};

    w->cfg = cfg;
    tls_context_unref(&w->tls);
    w->tls = tls_context_ref(tls);
    conn_loop_set_soft_limit(w->loop, cfg->output_soft);
    conn_loop_set_hard_limit(w->loop, cfg->output_hard);
    conn_loop_set_total_limit(w->loop,
                              cfg->output_total / w->server->n_workers);
    alert_cache_set_limit(w->alert_cache, cfg->alert_cache);
    xml_parser_set_limits(w->parser, &limits);
    session_time_set_all(w);
}

struct worker *
worker_new(struct server *server, unsigned index)
{
    struct worker *w = xcalloc(1, sizeof *w);

    w->server = server;
    w->index = index;
    w->base = event_base_new();
    if (w->base == NULL)
        log_fatal("making a worker: no event base");
    w->loop = conn_loop_new(w->base, w);
    w->box = mailbox_new(w->base, w);
    w->tick = evtimer_new(w->base, on_tick, w);
    w->keep_house = evtimer_new(w->base, on_keep_house, w);
    if (w->tick == NULL || w->keep_house == NULL)
        log_fatal("making a worker: out of memory");
    w->parser = xml_parser_new(NULL);
    w->arena = arena_new();
    TAILQ_INIT(&w->sessions);
    LIST_INIT(&w->walks);
    session_walk_init(w, &w->drain_walk);
    TAILQ_INIT(&w->idle);
    for (unsigned i = 0; i < WATCH_BUCKETS; i++)
        LIST_INIT(&w->watches[i]);
    w->accounts = g_hash_table_new(g_int64_hash, g_int64_equal);
    w->dirty = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    w->delivered = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    TAILQ_INIT(&w->save_waiters);
    w->alert_cache = alert_cache_new();
    board_init(&w->board);
    w->board.counts = index == 0;
    session_time_init(w);
    push_init(w);
    delivery_init(w);
    quota_check_init(w);
    door_wake_init(w);
    door_told_init(w);
    return w;
}

void
worker_free(struct worker **wp)
{
    struct worker *w = *wp;

    if (w == NULL)
        return;
    listener_close_all(w);
    session_close_all(w);
    session_time_clear(w);
    account_free_all(w);
    door_wake_clear(w);
    door_told_clear(w);
    push_clear(w);
    alert_cache_free(&w->alert_cache);
    delivery_clear(w);
    quota_check_clear(w);
    board_clear(&w->board);
    g_hash_table_destroy(w->accounts);
    g_array_free(w->dirty, TRUE);
    g_array_free(w->delivered, TRUE);
    arena_free(&w->arena);
    xml_parser_free(&w->parser);
    event_free(w->tick);
    event_free(w->keep_house);
    mailbox_free(&w->box);
    conn_loop_free(&w->loop);
    tls_context_unref(&w->tls);
    event_base_free(w->base);
    free(w);
    *wp = NULL;
}

static void *
run(void *arg)
{
    struct worker *w = arg;

    event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

void
worker_start(struct worker *w)
{
    char name[16];

    set_timer(w, CLOCK_SECOND);
    snprintf(name, sizeof name, "worker-%u", w->index);
    w->alive = alive_loop_new(w->base, name);
    if (pthread_create(&w->thread, NULL, run, w) != 0)
        log_fatal("starting a worker: no thread");
    pthread_setname_np(w->thread, name);
}

void
worker_join(struct worker *w)
{
    pthread_join(w->thread, NULL);
    alive_loop_free(&w->alive);
}

struct worker *
worker_of_account(struct server *server, uint64_t account)
{
    return server->workers[account % server->n_workers];
}

void
worker_drain(struct worker *w, int64_t us)
{
    w->draining = true;
    w->drain_us = us;
    w->drain_deadline = clock_mono() + us;
    listener_close_all(w);
    session_walk_begin(w, &w->drain_walk);
    event_del(w->tick);
    set_timer(w, 0);
}

void
worker_exit(struct worker *w)
{
    event_base_loopbreak(w->base);
}
