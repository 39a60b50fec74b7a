/* SPDX-License-Identifier: BSD-2-Clause */
/* Storage that is looked at by the clock, and names that sources are told. */
#include "config.h"

#include "ximss/server/live/quota_sweep.h"

#include <check.h>

#include "quota/sources.h"
#include "tests/unit/quota_sink.h"
#include "tests/unit/stage.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/server/live/quota_check.h"
#include "ximss/server/live/quota_private.h"

Suite *quota_sweep_suite(void);

/* --- what is due --- */

static void
set(struct quota_due *q, uint64_t account, int64_t at)
{
    const struct quota_due_entry e = {account, at};

    quota_due_set(q, &e);
}

/* 0: none. */
static uint64_t
take(struct quota_due *q, int64_t now)
{
    uint64_t account = 0;

    return quota_due_take(q, now, 1000, &account) ? account : 0;
}

START_TEST(test_due)
{
    struct quota_due *q = quota_due_new();

    ck_assert_uint_eq(take(q, 0), 0);
    set(q, 3, 300);
    set(q, 1, 100);
    set(q, 2, 200);
    set(q, 4, 100);
    set(q, 4, 250); /* only the last one counts */
    ck_assert_uint_eq(take(q, 99), 0);
    ck_assert_uint_eq(take(q, 100), 1);
    ck_assert_uint_eq(take(q, 100), 0);
    ck_assert_uint_eq(take(q, 260), 2);
    ck_assert_uint_eq(take(q, 260), 4);
    ck_assert_uint_eq(take(q, 260), 0);
    /* the clock goes back: what is further away than it can be */
    set(q, 5, -500);
    ck_assert_uint_eq(take(q, -700), 0);
    ck_assert_uint_eq(take(q, -701), 3);
    ck_assert_uint_eq(take(q, -701), 0);
    ck_assert_uint_eq(take(q, -500), 5);
    quota_due_free(&q);
    ck_assert_ptr_null(q);
}
END_TEST

/* --- the sweep --- */

static bool
is_known(enum stage_who who)
{
    return stage_loaded(who)->quota_version ==
           stage_worker(who)->quota->version;
}

/* All who are there are looked at, whoever came and went before; nobody else. */
START_TEST(test_all_are_looked_at)
{
    struct worker *w = stage->workers[0];
    struct client *ann = client_open(ANN, 0), *again = client_open(ANN, 0),
                  *bob = client_open(BOB, 0), *gone = client_open(BOB, 0),
                  *dan = client_open(DAN, 0),
                  *mute = client_open(EVE, CLIENT_NO_ALERTS);

    client_free(&gone);
    stage_loaded(SUE); /* in memory, and not there */
    for (int round = 0; round < 2; round++) {
        quota_check_defaults(w);
        ck_assert(!is_known(ANN) && !is_known(BOB) && !is_known(DAN));
        quota_sweep_tick(w);
        stage_sync();
        ck_assert(is_known(ANN) && is_known(BOB) && is_known(DAN));
        ck_assert(!is_known(EVE) && !is_known(SUE));
    }
    client_free(&ann);
    client_free(&again);
    client_free(&bob);
    client_free(&dan);
    client_free(&mute);
}
END_TEST

/* One that nobody waits for takes its time: some sessions in a second. */
START_TEST(test_slow_sweep)
{
    enum {
        N = 5
    };
    static const enum stage_who who[N] = {ANN, BOB, DAN, EVE, SUE};
    struct worker *w = stage->workers[0];
    struct client *c[N];
    unsigned known = 0;

    stage_config->quota_sweep_interval = 3600 * CLOCK_SECOND;
    worker_set_config(w, stage_config, NULL);
    for (int i = 0; i < N; i++)
        c[i] = client_open(who[i], 0);
    quota_sweep_tick(w); /* the first one hurries */
    stage_sync();
    for (int i = 0; i < N; i++)
        quota_check_forget(w, stage_loaded(who[i]));
    clock_advance(3600 * CLOCK_SECOND);
    for (unsigned tick = 1; tick <= N; tick++) {
        quota_sweep_tick(w);
        stage_sync();
        known = 0;
        for (int i = 0; i < N; i++)
            known += is_known(who[i]);
        ck_assert_uint_eq(known, tick);
    }
    for (int i = 0; i < N; i++)
        client_free(&c[i]);
}
END_TEST

/* Connections that come make the walk longer, perhaps without end; a sweep begins
 * when it is its time, all the same. */
START_TEST(test_sweep_with_churn)
{
    struct worker *w = stage->workers[0];
    struct client *ann = client_open(ANN, 0), *bob = client_open(BOB, 0);

    stage_config->quota_sweep_interval = 60 * CLOCK_SECOND;
    worker_set_config(w, stage_config, NULL);
    quota_sweep_tick(w); /* the first one hurries */
    stage_sync();
    for (int round = 0; round < 3; round++) {
        quota_check_forget(w, stage_loaded(ANN));
        for (int second = 0; second < 60; second++) {
            struct client *one = client_connect(DAN, 0),
                          *two = client_connect(DAN, 0);

            clock_advance(CLOCK_SECOND);
            quota_sweep_tick(w);
            client_free(&one);
            client_free(&two);
        }
        stage_sync();
        ck_assert(is_known(ANN));
    }
    client_free(&ann);
    client_free(&bob);
}
END_TEST

/* --- names --- */

static void
rename_domain(struct effect *e, void *arg)
{
    e->domain.number = stage_domain(DAN);
    e->domain.name = xstrdup(arg);
}

/* Sources that want to know nothing. */
static void
start_sources(void)
{
    const struct quota_sources_config none = {0};
    struct errbuf err;

    stage->quota_sources = quota_sources_start(&none, &quota_sink_test, &err);
    ck_assert_ptr_nonnull(stage->quota_sources);
}

/* They are told of everybody by the domain's new name, in pieces. */
START_TEST(test_renamed_domain)
{
    enum {
        N = 200 /* more than a piece */
    };
    char name[] = "renamed.test";
    struct client *c[N], *ann = client_open(ANN, 0), *dan;
    const struct account *a;

    start_sources();
    for (int i = 0; i < N; i++)
        c[i] = client_open(ANN, 0);
    dan = client_open(DAN, 0);
    a = stage_loaded(DAN);
    ck_assert_str_eq(a->told_domain, "a.test");
    stage_effect(rename_domain, EFFECT_DOMAIN_CHANGED, name);
    stage_turns();
    ck_assert_str_eq(a->told_domain, "renamed.test");
    ck_assert_ptr_eq(a->told_domain, a->domain->name);
    ck_assert_str_eq(stage_loaded(ANN)->told_domain, "main.test");
    client_free(&dan);
    ck_assert_ptr_null(a->told_domain);
    for (int i = 0; i < N; i++)
        client_free(&c[i]);
    client_free(&ann);
    quota_sources_stop(&stage->quota_sources);
}
END_TEST

Suite *
quota_sweep_suite(void)
{
    Suite *s = suite_create("quota_sweep");
    TCase *t = tcase_create("quota_sweep");

    tcase_add_test(t, test_due);
    suite_add_tcase(s, t);
    t = tcase_create("stage");
    tcase_add_checked_fixture(t, stage_setup, stage_teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, test_all_are_looked_at);
    tcase_add_test(t, test_slow_sweep);
    tcase_add_test(t, test_sweep_with_churn);
    tcase_add_test(t, test_renamed_domain);
    suite_add_tcase(s, t);
    return s;
}
