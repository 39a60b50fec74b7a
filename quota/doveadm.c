/* SPDX-License-Identifier: BSD-2-Clause */
/* One request is in progress at a time, for a batch of users.  Users that were
 * asked for, and pages of the round over all accounts, take turns.  The timer
 * `go` sends the next request: soon, so that a few users are asked about
 * together; after a pause as long as the last request took, so that Dovecot has
 * half of its time for others; or later and later, while requests fail. */
#include "config.h"

#include "quota/doveadm.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "quota/account_walk.h"
#include "quota/doveadm_asked.h"
#include "quota/doveadm_http.h"
#include "quota/doveadm_key.h"
#include "quota/doveadm_reply.h"
#include "quota/doveadm_tally.h"
#include "quota/doveadm_unknown.h"
#include "quota/source.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/mailbox.h"
#include "util/xmalloc.h"

#define BATCH          DOVEADM_BATCH
#define RETRY          CLOCK_SECOND
#define MOST_DOUBLINGS 6
#define RELIST         10 /* times the retry, when the store could not tell */
#define TIMEOUT        (60 * CLOCK_SECOND)
#define ASK_DELAY      (CLOCK_SECOND / 20)
#define LEAST_PAUSE    (CLOCK_SECOND / 100)
#define PROGRESS_EVERY (5 * CLOCK_SECOND)
/* A batch that gets no answer, or one without sense, so often from a Dovecot that
 * is there is left out: it might be one of its users that does it, by a mailbox
 * that takes longer than we wait, or that Dovecot stumbles over. */
#define MOST_REFUSALS 5

struct doveadm {
    char *url, *key_file; /* owned, for the log */
    bool at_login;
    int64_t interval, retry;
    struct mailbox *box;
    struct doveadm_http *http;
    struct doveadm_asked *asked;
    struct event *go, *round, *relist; /* owned timers */
    struct mail refresh;
    atomic_bool mailed; /* it is on its way */
    atomic_bool due;    /* a round is, besides the one that is running */
    /* The batch. */
    char *users[BATCH]; /* owned */
    size_t n;
    bool posted;            /* the answer is awaited */
    bool of_round, is_last; /* it is a page of the round, the last one */
    int64_t sent;           /* clock_mono */
    /* The round. */
    struct account_walk *walk;
    struct account_page *page; /* owned; NULL: none that waits */
    bool running;
    struct doveadm_tally tally;
    int64_t began, progress; /* clock_mono */
    /* What goes wrong. */
    unsigned failures, refusals; /* in a row */
};

static void
set_timer(struct event *ev, int64_t us)
{
    const struct timeval wait = {us / CLOCK_SECOND, us % CLOCK_SECOND};

    event_add(ev, &wait);
}

/* There is something to ask.  A pause that runs already is kept. */
static void
kick(struct doveadm *d, int64_t us)
{
    if (!d->posted && !evtimer_pending(d->go, NULL))
        set_timer(d->go, us);
}

static void
on_asked(void *arg)
{
    kick(arg, ASK_DELAY);
}

static void
begin_round(struct doveadm *d)
{
    if (!atomic_exchange(&d->due, false))
        quota_sink_progress(d->tally.sink, QUOTA_ROUND_DUE, 1);
    else /* somebody wants to know it of all */
        doveadm_unknown_forget(d->tally.unknown);
    d->running = true;
    d->tally.told = d->tally.n_unknown = d->tally.untold = 0;
    d->began = d->progress = clock_mono();
    account_walk_next(d->walk);
}

static void
end_round(struct doveadm *d)
{
    int64_t took = clock_mono() - d->began;

    d->running = false;
    if (d->tally.untold == 0)
        d->tally.said = false;
    if (took >= PROGRESS_EVERY)
        log_info("quota: asked Dovecot about all accounts in %d s: it told %u,"
                 " does not know %u, could not tell %u",
                 (int)(took / CLOCK_SECOND), d->tally.told, d->tally.n_unknown,
                 d->tally.untold);
    quota_sink_progress(d->tally.sink, QUOTA_ROUND_ENDED, 1);
    if (atomic_load(&d->due))
        begin_round(d);
}

static void
say_progress(struct doveadm *d)
{
    int64_t now = clock_mono();

    if (now - d->progress < PROGRESS_EVERY)
        return;
    d->progress = now;
    log_info("quota: asked Dovecot about %u of the accounts",
             d->tally.told + d->tally.n_unknown + d->tally.untold);
}

/* Dovecot would take the name for a pattern, and tell of all users that it fits. */
static bool
is_pattern(const char *user)
{
    return strpbrk(user, "*?") != NULL;
}

static void
ask_later(struct doveadm *d, const char *user)
{
    if (!is_pattern(user))
        doveadm_asked_put(d->asked, user);
}

static void
take_page(struct doveadm *d)
{
    if (d->page == NULL)
        return;
    d->of_round = true;
    d->is_last = d->page->last;
    assert(d->page->n <= BATCH);
    for (size_t i = 0; i < d->page->n; i++) {
        if (is_pattern(d->page->users[i]) ||
            doveadm_unknown_skips(d->tally.unknown, d->page->users[i]))
            free(d->page->users[i]);
        else
            d->users[d->n++] = d->page->users[i];
    }
    d->page->n = 0; /* the names are ours */
    account_page_free(&d->page);
}

static void
fill_batch(struct doveadm *d)
{
    bool page_first = !d->of_round;

    d->of_round = false;
    if (page_first)
        take_page(d);
    if (d->n == 0)
        d->n = doveadm_asked_take(d->asked, d->users, BATCH);
    if (d->n == 0 && !page_first)
        take_page(d);
}

/* The batch is done with: told, or left out. */
static void
end_batch(struct doveadm *d)
{
    size_t n = d->n;

    for (size_t i = 0; i < n; i++)
        free(d->users[i]);
    d->n = 0;
    if (!d->of_round)
        return;
    quota_sink_progress(d->tally.sink, QUOTA_LOOKED, (unsigned)n);
    say_progress(d);
    if (d->is_last)
        end_round(d);
    else
        account_walk_next(d->walk);
}

static void
on_go(evutil_socket_t fd, short what, void *arg)
{
    struct doveadm *d = arg;
    char *body;

    (void)fd;
    (void)what;
    if (d->n == 0)
        fill_batch(d);
    if (d->n == 0) {
        if (d->of_round) /* the last page is empty */
            end_batch(d);
        return;
    }
    d->posted = true;
    d->sent = clock_mono();
    body = doveadm_request_encode((const char *const *)d->users, d->n);
    doveadm_http_post(d->http, body);
    free(body);
}

static void
succeed(struct doveadm *d)
{
    int64_t took = clock_mono() - d->sent;

    if (d->failures > 0)
        log_info("quota: Dovecot at %s answers again", d->url);
    d->failures = d->refusals = 0;
    quota_sink_progress(d->tally.sink, QUOTA_ANSWERED, 1);
    end_batch(d);
    set_timer(d->go, took > LEAST_PAUSE ? took : LEAST_PAUSE);
}

static void
complain(struct doveadm *d, int status, const char *why)
{
    if (status == DOVEADM_HTTP_AWAY)
        log_warn("quota: asking Dovecot at %s: %s; is it running, and has its"
                 " service doveadm an inet_listener http there?",
                 d->url, why);
    else if (status == DOVEADM_HTTP_BROKEN)
        log_warn("quota: asking Dovecot at %s: %s; its log says why, if it is"
                 " Dovecot",
                 d->url, why);
    else if (status == 401 || status == 403)
        log_warn("quota: asking Dovecot at %s: it does not take the key; %s"
                 " must hold its doveadm_api_key",
                 d->url, d->key_file);
    else if (status != 200)
        log_warn("quota: asking Dovecot at %s: HTTP status %d; its log says"
                 " why, if it is Dovecot",
                 d->url, status);
    else
        log_warn("quota: asking Dovecot at %s: its answer cannot be read (%s);"
                 " is it Dovecot?",
                 d->url, why);
}

static void
fail(struct doveadm *d, int status, const char *why)
{
    unsigned doublings =
        d->failures < MOST_DOUBLINGS ? d->failures : MOST_DOUBLINGS;

    if (d->failures++ == 0)
        complain(d, status, why);
    quota_sink_progress(d->tally.sink, QUOTA_ANSWERED, 0);
    if (status != DOVEADM_HTTP_AWAY && status != 401 && status != 403 &&
        ++d->refusals >= MOST_REFUSALS) {
        d->refusals = 0;
        d->tally.untold += (unsigned)d->n;
        end_batch(d);
    }
    set_timer(d->go, d->retry << doublings);
}

static void
on_end(int status, const char *body, size_t len, const char *error, void *arg)
{
    struct doveadm *d = arg;
    struct errbuf err = {""};

    d->posted = false;
    if (status != 200)
        fail(d, status, error);
    else if (doveadm_tally_reply(&d->tally, d->users, d->n, body, len, &err) <
             0)
        fail(d, status, err.text);
    else
        succeed(d);
}

static void
on_page(struct account_page *page, void *arg)
{
    struct doveadm *d = arg;

    if (page->failed) {
        account_page_free(&page);
        set_timer(d->relist, RELIST * d->retry);
        return;
    }
    d->page = page;
    kick(d, 0);
}

static void
on_relist(evutil_socket_t fd, short what, void *arg)
{
    struct doveadm *d = arg;

    (void)fd;
    (void)what;
    account_walk_next(d->walk);
}

static void
on_round(evutil_socket_t fd, short what, void *arg)
{
    struct doveadm *d = arg;

    (void)fd;
    (void)what;
    if (d->interval > 0)
        set_timer(d->round, d->interval);
    if (!d->running)
        begin_round(d);
}

/* One that is running ends first: it may be past the accounts that are meant. */
static void
on_refresh(struct mail *m, void *owner)
{
    struct doveadm *d = owner;

    (void)m;
    atomic_store(&d->mailed, false);
    if (!d->running && atomic_load(&d->due))
        begin_round(d);
}

static int
start_http(struct doveadm *d, struct event_base *base,
           const struct doveadm_config *config, struct errbuf *err)
{
    char *key = doveadm_key_read(config->key_file, err);

    if (key != NULL)
        d->http = doveadm_http_new(
            base, config->url, key,
            config->timeout > 0 ? config->timeout : TIMEOUT, on_end, d, err);
    doveadm_key_free(&key);
    return d->http != NULL ? 0 : -1;
}

static struct event *
new_timer(struct event_base *base, event_callback_fn on_time, void *arg)
{
    struct event *ev = evtimer_new(base, on_time, arg);

    if (ev == NULL)
        log_fatal("making a timer: out of memory");
    return ev;
}

struct doveadm *
doveadm_start(struct event_base *base, const struct doveadm_config *config,
              const struct quota_sink *sink, struct errbuf *err)
{
    struct doveadm *d = xcalloc(1, sizeof *d);

    if (start_http(d, base, config, err) < 0) {
        free(d);
        return NULL;
    }
    d->tally.sink = sink;
    d->tally.unknown = doveadm_unknown_new();
    d->tally.use_limits = config->use_limits;
    d->url = xstrdup(config->url);
    d->key_file = xstrdup(config->key_file);
    d->at_login = config->at_login;
    d->interval = config->interval;
    d->retry = config->retry > 0 ? config->retry : RETRY;
    d->box = mailbox_new(base, d);
    d->refresh.deliver = on_refresh;
    d->asked = doveadm_asked_new(d->box, on_asked, d);
    d->walk = account_walk_new(sink, d->box, BATCH, on_page, d);
    account_walk_leave_own(d->walk);
    d->go = new_timer(base, on_go, d);
    d->round = new_timer(base, on_round, d);
    d->relist = new_timer(base, on_relist, d);
    set_timer(d->round, 0);
    return d;
}

void
doveadm_ask(struct doveadm *d, const char *user)
{
    ask_later(d, user);
}

void
doveadm_refresh(struct doveadm *d)
{
    if (atomic_exchange(&d->due, true))
        return;
    quota_sink_progress(d->tally.sink, QUOTA_ROUND_DUE, 1);
    if (!atomic_exchange(&d->mailed, true))
        mailbox_put(d->box, &d->refresh);
}

void
doveadm_online(struct doveadm *d, const char *user)
{
    if (d->at_login)
        ask_later(d, user);
}

void
doveadm_stop(struct doveadm **d_)
{
    struct doveadm *d = *d_;

    if (d == NULL)
        return;
    *d_ = NULL;
    account_walk_free(&d->walk);
    mailbox_flush(d->box);
    mailbox_free(&d->box);
    doveadm_asked_free(&d->asked);
    doveadm_unknown_free(&d->tally.unknown);
    doveadm_http_free(&d->http);
    account_page_free(&d->page);
    d->of_round = false;
    end_batch(d); /* frees the names */
    event_free(d->go);
    event_free(d->round);
    event_free(d->relist);
    free(d->url);
    free(d->key_file);
    free(d);
}
