/* SPDX-License-Identifier: BSD-2-Clause */
/* The thread turns: it begins what has a place, waits until something happens or
 * is due, and looks at all that is in progress.  A notice that is not over at its
 * deadline fails: a URL is dropped, a program gets SIGTERM, and SIGKILL after a
 * pause.  It keeps its place until it is gone, so a program that cannot be ended
 * is never joined by another that would hang in the same way.
 *
 * Under the lock: what others touch.  The rest is the thread's. */
#include "config.h"

#include "notify/notify.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "notify/notify_job.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/queue_safe.h"
#include "util/xmalloc.h"

#define KILL_US      (2 * CLOCK_SECOND) /* from SIGTERM to SIGKILL */
#define STOP_US      CLOCK_SECOND /* for what is in progress, at the end */
#define STOP_KILL_US (CLOCK_SECOND / 2) /* from SIGTERM to SIGKILL then */

/* A URL: its socket, one more while two addresses are tried, a pair for its
 * resolver, two of that, and a file of certificates; a program has fewer.  The
 * loop has some of its own. */
#define DESCRIPTORS_EACH 8
#define DESCRIPTORS_OWN  8

struct notify {
    pthread_t thread;
    bool is_running;
    notify_done_fn *done;
    void *arg;
    struct notify_url_loop *loop;

    pthread_mutex_t lock;
    struct notify_settings *settings;
    struct notify_jobs waiting[NOTIFY_METHODS];
    unsigned n_waiting[NOTIFY_METHODS];
    unsigned pending;
    bool is_stopping;

    struct notify_jobs running;
    unsigned parallel, n_running[NOTIFY_METHODS];
    struct pollfd *polls; /* two for each place of a program */
    int64_t end; /* of clock_mono: when stopping has had its time; 0: not yet */
};

/* --- settings --- */

static struct notify_settings *
settings_new(const struct notify_config *c)
{
    struct notify_settings *s = xcalloc(1, sizeof *s);

    s->references = 1;
    notify_config_copy(&s->c, c);
    return s;
}

static struct notify_settings *
settings_ref(struct notify *n)
{
    struct notify_settings *s;

    pthread_mutex_lock(&n->lock);
    s = n->settings;
    s->references++;
    pthread_mutex_unlock(&n->lock);
    return s;
}

static void
settings_unref(struct notify *n, struct notify_settings *s)
{
    unsigned left;

    pthread_mutex_lock(&n->lock);
    left = --s->references;
    pthread_mutex_unlock(&n->lock);
    if (left > 0)
        return;
    notify_config_clear(&s->c);
    free(s);
}

void
notify_configure(struct notify *n, const struct notify_config *c)
{
    struct notify_settings *next = settings_new(c), *before;

    pthread_mutex_lock(&n->lock);
    before = n->settings;
    n->settings = next;
    pthread_mutex_unlock(&n->lock);
    settings_unref(n, before);
}

int
notify_check(struct notify *n, const struct notify_notice *x,
             struct errbuf *err)
{
    struct notify_settings *s = settings_ref(n);
    int r = notify_job_check(&s->c, x, err);

    settings_unref(n, s);
    return r;
}

/* --- the end of a notice --- */

static void
tell(struct notify *n, struct notify_job *j, bool ok, const char *why)
{
    if (j->is_told)
        return;
    j->is_told = true;
    pthread_mutex_lock(&n->lock);
    n->pending--;
    pthread_mutex_unlock(&n->lock);
    n->done(j->x.tag, ok, why, n->arg);
}

/* One that is in no list of those that wait. */
static void
drop(struct notify *n, struct notify_job *j)
{
    if (j->settings != NULL) {
        TAILQ_REMOVE(&n->running, j, link);
        n->n_running[j->x.method]--;
        notify_url_free(&j->url); /* it uses the settings */
        settings_unref(n, j->settings);
    }
    notify_job_free(j);
}

static void
explain_end(const struct notify *n, const struct notify_job *j,
            struct errbuf *err)
{
    if (n->end != 0)
        err_set(err, "the server stops");
    else
        err_set(err, "no end within %lld ms (notify-timeout)",
                (long long)(j->settings->c.timeout / 1000));
}

/* What it said when it was asked to end is told too. */
static void
take_end(struct notify *n, struct notify_job *j, bool ok, struct errbuf *err)
{
    struct errbuf why;

    if (j->step > 0) {
        explain_end(n, j, &why);
        err_prefix(err, "%s", why.text);
        ok = false;
    }
    tell(n, j, ok, ok ? "" : err->text);
    drop(n, j);
}

/* --- a turn --- */

static struct notify_job *
take_waiting(struct notify *n, unsigned method)
{
    struct notify_job *j;

    pthread_mutex_lock(&n->lock);
    j = n->end != 0 || n->n_running[method] < n->parallel
            ? TAILQ_FIRST(&n->waiting[method])
            : NULL;
    if (j != NULL) {
        TAILQ_REMOVE(&n->waiting[method], j, link);
        n->n_waiting[method]--;
        n->settings->references++;
        j->settings = n->settings;
    }
    pthread_mutex_unlock(&n->lock);
    return j;
}

static void
begin(struct notify *n, struct notify_job *j)
{
    struct errbuf err = {""};

    TAILQ_INSERT_TAIL(&n->running, j, link);
    n->n_running[j->x.method]++;
    j->due = clock_mono() + j->settings->c.timeout;
    if (n->end != 0)
        err_set(&err, "the server stops");
    else if (notify_job_start(j, n->loop, &err) == 0)
        return;
    tell(n, j, false, err.text);
    drop(n, j);
}

static void
begin_waiting(struct notify *n)
{
    struct notify_job *j;

    for (unsigned m = 0; m < NOTIFY_METHODS; m++)
        while ((j = take_waiting(n, m)) != NULL)
            begin(n, j);
}

static void
look_at(struct notify *n, struct notify_job *j, int64_t now)
{
    struct errbuf err = {""};
    bool ok;

    if (notify_job_has_ended(j, &ok, &err)) {
        take_end(n, j, ok, &err);
        return;
    }
    if (now < j->due)
        return;
    explain_end(n, j, &err);
    if (notify_job_end(j, now, n->end != 0 ? STOP_KILL_US : KILL_US)) {
        tell(n, j, false, err.text);
        drop(n, j);
    } else if (j->step > 2) {
        tell(n, j, false, err.text); /* whenever it ends */
    }
}

static void
look_at_all(struct notify *n)
{
    struct notify_job *j, *next;
    int64_t now = clock_mono();

    TAILQ_FOREACH_SAFE(j, &n->running, link, next)
        look_at(n, j, now);
}

static int
time_to_wait(const struct notify *n)
{
    const struct notify_job *j;
    int64_t due = n->end != 0 ? n->end : INT64_MAX, left;

    TAILQ_FOREACH(j, &n->running, link)
        if (j->due < due)
            due = j->due;
    if (due == INT64_MAX)
        return INT_MAX;
    left = (due - clock_mono() + 999) / 1000;
    return left < 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

static void
wait_for_any(struct notify *n)
{
    const struct notify_job *j;
    int ms = time_to_wait(n);
    unsigned k = 0;

    TAILQ_FOREACH(j, &n->running, link) {
        if (j->url != NULL)
            continue;
        k += notify_child_polls(&j->child, &n->polls[k]);
        if (notify_child_wait_ms(&j->child) < ms)
            ms = notify_child_wait_ms(&j->child);
    }
    notify_url_loop_turn(n->loop, n->polls, k, ms);
}

/* Who is in progress has little time left. */
static void
begin_end(struct notify *n)
{
    int64_t now = clock_mono();
    struct notify_job *j;

    n->end = now + STOP_US + 2 * STOP_KILL_US;
    TAILQ_FOREACH(j, &n->running, link)
        if (j->step == 0 && j->due > now + STOP_US)
            j->due = now + STOP_US;
        else if (j->step > 0 && j->due > now + STOP_KILL_US)
            j->due = now + STOP_KILL_US;
}

/* What SIGKILL has not ended: it waits for a disk or for a file system. */
static void
abandon_all(struct notify *n)
{
    struct notify_job *j;

    while ((j = TAILQ_FIRST(&n->running)) != NULL) {
        log_warn("notices: process %d does not end", (int)j->child.pid);
        tell(n, j, false, "the server stops");
        drop(n, j);
    }
}

static bool
turn(struct notify *n)
{
    bool is_stopping;

    pthread_mutex_lock(&n->lock);
    is_stopping = n->is_stopping;
    pthread_mutex_unlock(&n->lock);
    if (is_stopping && n->end == 0)
        begin_end(n);
    begin_waiting(n);
    if (n->end != 0 && TAILQ_EMPTY(&n->running))
        return false;
    wait_for_any(n);
    look_at_all(n);
    return n->end == 0 || clock_mono() < n->end;
}

static void *
run(void *arg)
{
    struct notify *n = arg;

    while (turn(n))
        ;
    abandon_all(n);
    return NULL;
}

/* --- for others --- */

bool
notify_submit(struct notify *n, const struct notify_notice *x)
{
    struct notify_job *j = notify_job_new(x);
    bool taken;

    pthread_mutex_lock(&n->lock);
    taken = !n->is_stopping && n->n_waiting[x->method] < n->settings->c.waiting;
    if (taken) {
        TAILQ_INSERT_TAIL(&n->waiting[x->method], j, link);
        n->n_waiting[x->method]++;
        n->pending++;
    }
    pthread_mutex_unlock(&n->lock);
    if (taken)
        notify_url_loop_wake(n->loop);
    else
        notify_job_free(j);
    return taken;
}

unsigned
notify_pending(struct notify *n)
{
    unsigned pending;

    pthread_mutex_lock(&n->lock);
    pending = n->pending;
    pthread_mutex_unlock(&n->lock);
    return pending;
}

unsigned
notify_descriptors(unsigned parallel)
{
    return DESCRIPTORS_OWN + NOTIFY_METHODS * parallel * DESCRIPTORS_EACH;
}

/* It gets no signals, which are the main thread's. */
static void
start_thread(struct notify *n)
{
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&n->thread, NULL, run, n) != 0)
        log_fatal("starting the thread of notices: out of memory");
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_setname_np(n->thread, "notices");
    n->is_running = true;
}

struct notify *
notify_new(const struct notify_config *c, notify_done_fn *done, void *arg,
           struct errbuf *err)
{
    const char *key = notify_config_check(c, err);
    struct notify_url_loop *loop;
    struct notify *n;

    if (key != NULL) {
        err_prefix(err, "%s", key);
        return NULL;
    }
    loop = notify_url_loop_new(err);
    if (loop == NULL)
        return NULL;
    n = xcalloc(1, sizeof *n);
    n->loop = loop;
    n->done = done;
    n->arg = arg;
    n->parallel = c->parallel;
    n->polls =
        xcalloc((size_t)c->parallel * NOTIFY_METHODS * 2, sizeof *n->polls);
    pthread_mutex_init(&n->lock, NULL);
    n->settings = settings_new(c);
    TAILQ_INIT(&n->running);
    for (unsigned m = 0; m < NOTIFY_METHODS; m++)
        TAILQ_INIT(&n->waiting[m]);
    start_thread(n);
    return n;
}

void
notify_stop(struct notify *n)
{
    if (n == NULL || !n->is_running)
        return;
    pthread_mutex_lock(&n->lock);
    n->is_stopping = true;
    pthread_mutex_unlock(&n->lock);
    notify_url_loop_wake(n->loop);
    pthread_join(n->thread, NULL);
    n->is_running = false;
}

void
notify_free(struct notify **np)
{
    struct notify *n = *np;

    if (n == NULL)
        return;
    notify_stop(n);
    settings_unref(n, n->settings);
    notify_url_loop_free(&n->loop);
    pthread_mutex_destroy(&n->lock);
    free(n->polls);
    free(n);
    *np = NULL;
}
