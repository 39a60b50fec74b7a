/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/quota_sink.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include "util/xmalloc.h"

#define MOST_REPORTS 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const char *const *accounts;
static enum quota_sink_mode mode_now;
static struct quota_report reports[MOST_REPORTS];
static char names[MOST_REPORTS][64];
static unsigned n_reports, n_listings, n_threads;
static struct quota_listing *kept;
static unsigned progress[QUOTA_LOOKED + 1];

static void
take_report(void *arg, const struct quota_report *r)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    ck_assert_uint_lt(n_reports, MOST_REPORTS);
    reports[n_reports] = *r;
    reports[n_reports].user = NULL;
    strncpy(names[n_reports], r->user, sizeof names[0] - 1);
    n_reports++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void
answer(struct quota_listing *l, bool failed)
{
    const char *const *from = accounts;
    size_t n = 0;

    if (failed) {
        l->done(l, NULL, 0, true);
        return;
    }
    while (l->after != NULL && *from != NULL && strcmp(*from, l->after) <= 0)
        from++;
    while (n < l->most && from[n] != NULL)
        n++;
    l->done(l, from, n, false);
}

static void *
answer_thread(void *arg)
{
    enum quota_sink_mode mode;

    pthread_mutex_lock(&lock);
    mode = mode_now;
    pthread_mutex_unlock(&lock);
    answer(arg, mode == QUOTA_SINK_FAIL);
    pthread_mutex_lock(&lock);
    n_threads--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void
take_listing(void *arg, struct quota_listing *l)
{
    pthread_t thread;

    (void)arg;
    pthread_mutex_lock(&lock);
    n_listings++;
    if (mode_now == QUOTA_SINK_KEEP) {
        kept = l;
    } else {
        n_threads++;
        ck_assert_int_eq(pthread_create(&thread, NULL, answer_thread, l), 0);
        pthread_detach(thread);
    }
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void
take_progress(void *arg, enum quota_progress what, unsigned n)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    progress[what] += n;
    pthread_mutex_unlock(&lock);
}

const struct quota_sink quota_sink_test = {take_report, take_listing, NULL,
                                           take_progress};

unsigned
quota_sink_progress_of(enum quota_progress what)
{
    unsigned n;

    pthread_mutex_lock(&lock);
    n = progress[what];
    pthread_mutex_unlock(&lock);
    return n;
}

void
quota_sink_reset(const char *const *users)
{
    pthread_mutex_lock(&lock);
    accounts = users;
    mode_now = QUOTA_SINK_ANSWER;
    n_reports = n_listings = 0;
    kept = NULL;
    memset(names, 0, sizeof names);
    memset(progress, 0, sizeof progress);
    pthread_mutex_unlock(&lock);
}

void
quota_sink_mode(enum quota_sink_mode mode)
{
    pthread_mutex_lock(&lock);
    mode_now = mode;
    pthread_mutex_unlock(&lock);
}

unsigned
quota_sink_answer(void)
{
    struct quota_listing *l;

    pthread_mutex_lock(&lock);
    l = kept;
    kept = NULL;
    pthread_mutex_unlock(&lock);
    if (l != NULL)
        answer(l, false);
    return l != NULL;
}

void
quota_sink_settle(void)
{
    pthread_mutex_lock(&lock);
    while (n_threads > 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

unsigned
quota_sink_listings(void)
{
    unsigned n;

    pthread_mutex_lock(&lock);
    n = n_listings;
    pthread_mutex_unlock(&lock);
    return n;
}

/* Under the lock. */
static unsigned
find(const char *user, struct quota_report *report_r)
{
    unsigned n = 0;

    for (unsigned i = 0; i < n_reports; i++)
        if (strcmp(names[i], user) == 0) {
            n++;
            if (report_r != NULL)
                *report_r = reports[i];
        }
    return n;
}

unsigned
quota_sink_reports(const char *user, struct quota_report *report_r)
{
    unsigned n;

    pthread_mutex_lock(&lock);
    n = find(user, report_r);
    pthread_mutex_unlock(&lock);
    return n;
}

unsigned
quota_sink_all_reports(void)
{
    unsigned n;

    pthread_mutex_lock(&lock);
    n = n_reports;
    pthread_mutex_unlock(&lock);
    return n;
}

void
quota_sink_expect(const char *user, unsigned at_least, uint64_t used)
{
    struct quota_report last = {0};

    pthread_mutex_lock(&lock);
    while (find(user, &last) < at_least || last.used != used)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}
