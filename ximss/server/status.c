/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/status.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include <event2/event.h>

#include "util/alive.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mailbox.h"
#include "util/status_http.h"
#include "util/xmalloc.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/base/stat_text.h"
#include "ximss/server/live/shared.h"

#define TICK_LEAST (CLOCK_SECOND / 20)

struct status {
    struct event_base *base;  /* owned */
    struct status_http *http; /* owned */
    struct mailbox *box;      /* owned */
    struct mail end;
    struct event *tick; /* owned */
    void (*feed)(void);
    int64_t every; /* between two ticks */
    unsigned most_behind;
    pthread_t thread;
    bool is_running;

    pthread_mutex_t lock;
    struct server *server; /* borrowed; NULL: not yet, or no more */
    bool has_left;
};

/* --- the pages; on the status thread --- */

static int
healthz(struct buf *out, void *arg)
{
    struct buf names = {0};
    bool is_well = alive_stuck(&names) == 0;

    (void)arg;
    if (is_well)
        buf_append_str(out, "ok\n");
    else
        buf_appendf(out, "stuck%s\n", buf_cstr(&names));
    buf_clear(&names);
    return is_well ? 200 : 503;
}

/* A word for each thing that is not as it should be; with the lock. */
static void
write_reasons(const struct status *st, struct buf *out)
{
    const struct server *s = st->server;

    if (s == NULL) {
        buf_append_str(out, st->has_left ? "draining\n" : "recovering\n");
        return;
    }
    if (atomic_load(&s->stopping))
        buf_append_str(out, "draining\n");
    if (store_refuses(s->store))
        buf_append_str(out, "full\n");
    if (store_backlog(s->store) > st->most_behind)
        buf_append_str(out, "behind\n");
}

static int
readyz(struct buf *out, void *arg)
{
    struct status *st = arg;

    pthread_mutex_lock(&st->lock);
    write_reasons(st, out);
    pthread_mutex_unlock(&st->lock);
    if (alive_stuck(NULL) > 0)
        buf_append_str(out, "stuck\n");
    if (out->len > 0)
        return 503;
    buf_append_str(out, "ok\n");
    return 200;
}

static int
write_metrics(struct buf *out, bool openmetrics)
{
    stat_set(STAT_THREADS_STUCK, alive_stuck(NULL));
    stat_text_metrics(out, openmetrics);
    return 200;
}

static int
metrics(struct buf *out, void *arg)
{
    (void)arg;
    return write_metrics(out, false);
}

static int
openmetrics(struct buf *out, void *arg)
{
    (void)arg;
    return write_metrics(out, true);
}

static const struct status_page pages[] = {
    {"/metrics", "application/openmetrics-text; version=1.0.0; charset=utf-8",
     "application/openmetrics-text", openmetrics},
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", NULL, metrics},
    {"/healthz", "text/plain", NULL, healthz},
    {"/readyz", "text/plain", NULL, readyz},
};

/* --- the watch --- */

static void
tell(void *arg, const char *name, bool is_stuck, int64_t us)
{
    double seconds = (double)us / CLOCK_SECOND;

    (void)arg;
    if (is_stuck)
        log_error("the thread %s is stuck: no sign of life for %.1f s; the "
                  "watchdog is not fed until it moves",
                  name, seconds);
    else
        log_warn("the thread %s moves again, after %.1f s", name, seconds);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct status *st = arg;
    unsigned n_stuck = alive_look(tell, NULL);

    (void)fd;
    (void)what;
    stat_set(STAT_THREADS_STUCK, n_stuck);
    if (n_stuck == 0 && st->feed != NULL)
        st->feed();
}

/* Several times within what a thread may be silent, and as the watchdog wants. */
static int64_t
interval(const struct status_options *o)
{
    int64_t us = alive_limit() / 4;

    if (us > CLOCK_SECOND)
        us = CLOCK_SECOND;
    if (o->feed != NULL && us > o->feed_every)
        us = o->feed_every;
    return us > TICK_LEAST ? us : TICK_LEAST;
}

static void
deliver_end(struct mail *m, void *owner)
{
    struct status *st = owner;

    (void)m;
    event_base_loopbreak(st->base);
}

static void *
run(void *arg)
{
    struct status *st = arg;

    event_base_loop(st->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

struct status *
status_new(const struct status_options *o, struct buf *where,
           struct errbuf *err)
{
    struct status *st = xcalloc(1, sizeof *st);

    pthread_mutex_init(&st->lock, NULL);
    st->base = event_base_new();
    if (st->base == NULL)
        log_fatal("making the status thread: no event base");
    st->box = mailbox_new(st->base, st);
    st->end.deliver = deliver_end;
    st->tick = event_new(st->base, -1, EV_PERSIST, on_tick, st);
    if (st->tick == NULL)
        log_fatal("making a timer: out of memory");
    st->feed = o->feed;
    st->every = interval(o);
    st->most_behind = o->most_behind;
    st->http =
        status_http_new(st->base, pages, sizeof pages / sizeof pages[0], st);
    if (status_http_listen(st->http, o->listen, "status", where, err) == 0)
        return st;
    err_prefix(err, "listen-status");
    status_stop(&st);
    return NULL;
}

void
status_start(struct status *st)
{
    struct timeval tv = {st->every / CLOCK_SECOND, st->every % CLOCK_SECOND};
    sigset_t all, old;

    event_add(st->tick, &tv);
    event_active(st->tick, EV_TIMEOUT, 0); /* the first look is at once */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&st->thread, NULL, run, st) != 0)
        log_fatal("starting the status thread: no thread");
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_setname_np(st->thread, "status");
    st->is_running = true;
}

void
status_enter(struct status *st, struct server *s)
{
    pthread_mutex_lock(&st->lock);
    st->server = s;
    pthread_mutex_unlock(&st->lock);
}

void
status_leave(struct status *st)
{
    pthread_mutex_lock(&st->lock);
    st->server = NULL;
    st->has_left = true;
    pthread_mutex_unlock(&st->lock);
}

void
status_stop(struct status **stp)
{
    struct status *st = *stp;

    if (st == NULL)
        return;
    if (st->is_running) {
        mailbox_put(st->box, &st->end);
        pthread_join(st->thread, NULL);
    }
    status_http_free(&st->http);
    event_free(st->tick);
    mailbox_free(&st->box);
    event_base_free(st->base);
    pthread_mutex_destroy(&st->lock);
    free(st);
    *stp = NULL;
}
