/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/usage_feed.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/txn.h"
#include "tests/unit/stage.h"
#include "util/xmalloc.h"

Suite *usage_feed_suite(void);

static struct usage_feed *feed;

static void
setup(void)
{
    stage_setup();
    feed = usage_feed_new(stage);
}

static void
teardown(void)
{
    usage_feed_flush(feed);
    stage_sync();
    usage_feed_free(&feed);
    stage_teardown();
}

static void
say(const char *user, uint64_t used)
{
    const struct quota_sink *sink = usage_feed_sink(feed);
    const struct quota_report r = {
        .user = user, .source = QUOTA_SOURCE_DICT, .used = used};

    sink->report(sink->arg, &r);
}

/* --- what fails --- */

struct asked {
    uint64_t account;
    struct usage_rec usage;
};

static enum store_result
read_usage(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct asked *a = arg;

    return usage_get(t, a->account, &a->usage, err);
}

static uint64_t
used(enum stage_who who)
{
    struct asked a = {.account = stage_account(who)};

    stage_run(read_usage, &a);
    return a.usage.used;
}

static enum store_result
do_damage(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct key k = {0};

    (void)arg;
    key_u64(&k, stage_account(ANN));
    buf_append(txn_record(t), "damaged", 7);
    return txn_put(t, TABLE_USAGE, &k, "testing", err);
}

static void
tick(unsigned n)
{
    for (; n > 0; n--) {
        usage_feed_tick(feed);
        stage_sync();
        stage_sync();
        stage_sync();
        stage_sync();
    }
}

START_TEST(one_that_cannot_be_stored_holds_up_no_other)
{
    stage_run(do_damage, NULL);
    say("ann@main.test", 1); /* goes by itself, and is left out */
    stage_sync();
    for (int i = 0; i < 3; i++) {
        stage_disk_full(true); /* so that those that follow go together */
        say("bob@main.test", 10);
        tick(1);
        say("ann@main.test", 1);
        say("dan@a.test", 20);
        say("eve@a.test", 30);
        say("sue@shared.test", 40);
        stage_disk_full(false);
        tick(8);
    }
    ck_assert_uint_eq(used(BOB), 10);
    ck_assert_uint_eq(used(DAN), 20);
    ck_assert_uint_eq(used(EVE), 30);
    ck_assert_uint_eq(used(SUE), 40);
}
END_TEST

START_TEST(a_full_disk_loses_nothing)
{
    stage_disk_full(true);
    say("bob@main.test", 10);
    tick(2);
    say("bob@main.test", 11);
    say("dan@a.test", 20);
    tick(2);
    ck_assert_uint_eq(used(DAN), 0);
    stage_disk_full(false);
    tick(1);
    ck_assert_uint_eq(used(BOB), 11);
    ck_assert_uint_eq(used(DAN), 20);
}
END_TEST

/* --- names of accounts --- */

#define EMPTY 250

static enum store_result
add_domains(struct store_txn *t, void *arg, struct errbuf *err)
{
    enum store_result r = STORE_OK;
    char name[32];

    (void)arg;
    for (unsigned i = 0; i < EMPTY && r == STORE_OK; i++) {
        struct domain_rec d = {.name = name, .created = 1};
        uint64_t number;

        snprintf(name, sizeof name, "n%03u.test", i);
        r = domain_add(t, &d, &number, err);
    }
    return r;
}

struct question {
    struct quota_listing l; /* first */
    pthread_mutex_t lock;
    bool answered, last;
    size_t n;
    struct buf names;
};

static void
on_names(struct quota_listing *l, const char *const *users, size_t n,
         bool failed)
{
    struct question *q = (struct question *)l;

    ck_assert(!failed);
    pthread_mutex_lock(&q->lock);
    for (size_t i = 0; i < n; i++)
        buf_appendf(&q->names, "%s ", users[i]);
    free(l->after);
    l->after = l->resume != NULL ? l->resume
               : n == l->most    ? xstrdup(users[n - 1])
                                 : NULL;
    l->resume = NULL;
    q->last = l->after == NULL;
    q->answered = true;
    pthread_mutex_unlock(&q->lock);
}

static bool
is_answered(void *arg)
{
    struct question *q = arg;
    bool yes;

    pthread_mutex_lock(&q->lock);
    yes = q->answered;
    pthread_mutex_unlock(&q->lock);
    return yes;
}

/* A thousand domains without accounts are no work for one job. */
START_TEST(names_of_many_domains)
{
    static const unsigned sizes[] = {1, 2, 100};
    const struct quota_sink *sink = usage_feed_sink(feed);

    stage_run(add_domains, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct question q = {.l = {.most = sizes[i], .done = on_names}};
        unsigned questions = 0;

        pthread_mutex_init(&q.lock, NULL);
        while (!q.last) {
            q.answered = false;
            sink->list(sink->arg, &q.l);
            stage_until(is_answered, &q);
            questions++;
        }
        ck_assert_str_eq(buf_cstr(&q.names),
                         "dan@a.test eve@a.test ann@main.test bob@main.test "
                         "postmaster@main.test sue@shared.test ");
        ck_assert_uint_ge(questions, EMPTY / 100 + 1);
        pthread_mutex_destroy(&q.lock);
        buf_clear(&q.names);
    }
}
END_TEST

Suite *
usage_feed_suite(void)
{
    Suite *s = suite_create("usage_feed");
    TCase *tc = tcase_create("usage_feed");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, one_that_cannot_be_stored_holds_up_no_other);
    tcase_add_test(tc, a_full_disk_loses_nothing);
    tcase_add_test(tc, names_of_many_domains);
    suite_add_tcase(s, tc);
    return s;
}
