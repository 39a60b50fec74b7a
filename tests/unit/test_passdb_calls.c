/* SPDX-License-Identifier: BSD-2-Clause */
/* Who waits for a source: turns, bounds and deadlines, with a source that does
 * as it is told. */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "passdb/passdb.h"
#include "tests/unit/suite.h"
#include "util/clock.h"
#include "util/xmalloc.h"

Suite *passdb_calls_suite(void);

#define FOREVER (INT64_MAX / 2)

/* --- a source: it answers a user's name, or waits --- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char begun[400]; /* users, in order */
    unsigned n_begun, n_dropped, n_freed;
} told = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, "", 0, 0, 0};

static struct passdb_request *last;
static int64_t not_before; /* of refusals */

static void
note(const char *user, unsigned *n)
{
    pthread_mutex_lock(&told.lock);
    if (user != NULL) {
        strcat(told.begun, user);
        strcat(told.begun, " ");
    }
    ++*n;
    pthread_cond_broadcast(&told.changed);
    pthread_mutex_unlock(&told.lock);
}

static void
fake_begin(struct passdb_source *s, struct passdb_request *r)
{
    (void)s;
    last = r;
    note(r->user, &told.n_begun);
    if (strcmp(r->user, "waits") == 0)
        return;
    r->answer = strcmp(r->user, "asks") == 0  ? PASSDB_CHALLENGE
                : strcmp(r->user, "joe") == 0 ? PASSDB_OK
                                              : PASSDB_WRONG;
    r->challenge = r->answer == PASSDB_CHALLENGE ? "Pz8=" : NULL;
    r->as_user = r->answer == PASSDB_OK ? "joe@a.test" : NULL;
    r->why = r->answer == PASSDB_WRONG ? "mismatch" : NULL;
    r->not_before = r->answer == PASSDB_WRONG ? not_before : 0;
    r->done(r);
}

static void
fake_go_on(struct passdb_source *s, struct passdb_request *r,
           const char *base64)
{
    (void)s;
    r->answer = strcmp(base64, "IQ==") == 0 ? PASSDB_OK : PASSDB_WRONG;
    r->challenge = r->as_user = r->why = NULL;
    r->done(r);
}

static void
fake_drop(struct passdb_source *s, struct passdb_request *r)
{
    (void)s;
    (void)r;
    note(NULL, &told.n_dropped);
}

static bool
fake_offers(const struct passdb_source *s, const char *mechanism)
{
    (void)s;
    return strcmp(mechanism, "PLAIN") == 0;
}

static void
fake_free(struct passdb_source *s)
{
    note(NULL, &told.n_freed);
    free(s);
}

/* --- an asker --- */

struct asker {
    struct passdb_call *call;
    bool answered; /* under told.lock */
    enum passdb_answer answer;
};

static void
on_answered(void *arg, enum passdb_answer answer)
{
    struct asker *a = arg;

    pthread_mutex_lock(&told.lock);
    a->answer = answer;
    a->answered = true;
    pthread_cond_broadcast(&told.changed);
    pthread_mutex_unlock(&told.lock);
}

static enum passdb_answer
wait_for(struct asker *a)
{
    pthread_mutex_lock(&told.lock);
    while (!a->answered)
        pthread_cond_wait(&told.changed, &told.lock);
    a->answered = false;
    pthread_mutex_unlock(&told.lock);
    ck_assert_int_eq(passdb_call_answer(a->call)->answer, a->answer);
    return a->answer;
}

static void
wait_until(const unsigned *n, unsigned most)
{
    pthread_mutex_lock(&told.lock);
    while (*n < most)
        pthread_cond_wait(&told.changed, &told.lock);
    pthread_mutex_unlock(&told.lock);
}

static struct passdb *db;

static void
setup(void)
{
    const struct passdb_limits limits = {.most = 4, .most_each = 3};
    struct passdb_source *s = xcalloc(1, sizeof *s);

    *s = (struct passdb_source){.name = "dovecot",
                                .window = 2,
                                .begin = fake_begin,
                                .go_on = fake_go_on,
                                .drop = fake_drop,
                                .offers = fake_offers,
                                .free = fake_free};
    told.begun[0] = '\0';
    told.n_begun = told.n_dropped = told.n_freed = 0;
    not_before = 0;
    db = passdb_new(&limits);
    passdb_add(db, PASSDB_DOVECOT, s);
    passdb_run(db);
}

static void
teardown(void)
{
    passdb_free(&db);
    ck_assert_uint_eq(told.n_freed, 1);
}

static void
ask_as(struct asker *a, const char *user, uint64_t who, int64_t deadline)
{
    const struct passdb_question q = {.user = user,
                                      .mechanism = "PLAIN",
                                      .password = "secret",
                                      .who = who,
                                      .deadline = deadline};

    *a = (struct asker){NULL, false, PASSDB_OK};
    a->call = passdb_ask(db, PASSDB_DOVECOT, &q, on_answered, a);
}

START_TEST(answers)
{
    struct asker a;

    ask_as(&a, "joe", 1, FOREVER);
    ck_assert_int_eq(wait_for(&a), PASSDB_OK);
    ck_assert_str_eq(passdb_call_answer(a.call)->as_user, "joe@a.test");
    passdb_call_free(&a.call);
    ck_assert_ptr_null(a.call);
    ask_as(&a, "jim", 1, FOREVER);
    ck_assert_int_eq(wait_for(&a), PASSDB_WRONG);
    ck_assert_str_eq(passdb_call_answer(a.call)->why, "mismatch");
    passdb_call_free(&a.call);
    ck_assert(passdb_offers(db, PASSDB_DOVECOT, "PLAIN"));
    ck_assert(!passdb_offers(db, PASSDB_DOVECOT, "SCRAM-SHA-256"));
    ck_assert(!passdb_offers(db, PASSDB_PAM, "PLAIN"));
}
END_TEST

START_TEST(goes_on)
{
    struct asker a;

    ask_as(&a, "asks", 1, FOREVER);
    ck_assert_int_eq(wait_for(&a), PASSDB_CHALLENGE);
    ck_assert_str_eq(passdb_call_answer(a.call)->challenge, "Pz8=");
    passdb_go_on(a.call, "IQ==", FOREVER, on_answered, &a);
    ck_assert_int_eq(wait_for(&a), PASSDB_OK);
    ck_assert_ptr_null(passdb_call_answer(a.call)->challenge);
    passdb_call_free(&a.call);
    ck_assert_uint_eq(told.n_dropped, 0);
    /* Given up between two messages: the source is told. */
    ask_as(&a, "asks", 1, FOREVER);
    wait_for(&a);
    passdb_call_free(&a.call);
    wait_until(&told.n_dropped, 1);
}
END_TEST

/* Two are asked, and others wait in turns, however many one asker has. */
START_TEST(takes_turns)
{
    const struct passdb_limits more = {.most = 5, .most_each = 3};
    const int64_t hour = 3600 * CLOCK_SECOND;
    struct passdb_counts n;
    struct asker a[6];

    ask_as(&a[0], "waits", 1, clock_mono() + hour);
    ask_as(&a[1], "waits", 1, FOREVER);
    wait_until(&told.n_begun, 2);
    ask_as(&a[2], "jack", 1, FOREVER);
    ask_as(&a[3], "joe", 2, FOREVER);
    ask_as(&a[4], "jill", 3, FOREVER);
    ck_assert_int_eq(wait_for(&a[4]), PASSDB_BUSY); /* four wait */
    passdb_set_limits(db, &more);
    clock_advance(hour);
    ask_as(&a[5], "late", 4, 0); /* so that deadlines are looked at */
    ck_assert_int_eq(wait_for(&a[5]), PASSDB_AWAY);
    ck_assert_int_eq(wait_for(&a[0]), PASSDB_AWAY);
    ck_assert_int_eq(wait_for(&a[2]), PASSDB_WRONG);
    ck_assert_int_eq(wait_for(&a[3]), PASSDB_OK);
    ck_assert_uint_eq(told.n_dropped, 1);
    ck_assert_str_eq(told.begun, "waits waits jack joe ");
    passdb_get_counts(db, PASSDB_DOVECOT, &n);
    ck_assert_uint_eq(n.asked, 6);
    ck_assert_uint_eq(n.busy, 1);
    ck_assert_uint_eq(n.away, 2);
    ck_assert_uint_eq(n.waiting, 1);
    passdb_stop(db);
    ck_assert_int_eq(wait_for(&a[1]), PASSDB_AWAY);
    for (size_t i = 0; i < 6; i++)
        passdb_call_free(&a[i].call);
}
END_TEST

START_TEST(one_asker_leaves_room)
{
    struct asker a[5];

    for (size_t i = 0; i < 4; i++)
        ask_as(&a[i], "waits", 7, FOREVER);
    ck_assert_int_eq(wait_for(&a[3]), PASSDB_BUSY);
    ask_as(&a[4], "waits", 8, clock_mono());
    ck_assert_int_eq(wait_for(&a[4]), PASSDB_AWAY);
    passdb_stop(db);
    for (size_t i = 0; i < 5; i++) {
        if (i < 3)
            ck_assert_int_eq(wait_for(&a[i]), PASSDB_AWAY);
        passdb_call_free(&a[i].call);
    }
}
END_TEST

/* A refusal that is told later keeps no place at the source, but counts. */
START_TEST(holds_answers)
{
    struct passdb_counts n;
    struct asker a[4];

    not_before = FOREVER / 2;
    for (size_t i = 0; i < 2; i++)
        ask_as(&a[i], "jim", 1, FOREVER);
    for (size_t i = 2; i < 4; i++) {
        ask_as(&a[i], "joe", 2, FOREVER);
        ck_assert_int_eq(wait_for(&a[i]), PASSDB_OK);
    }
    ck_assert(!a[0].answered && !a[1].answered);
    passdb_get_counts(db, PASSDB_DOVECOT, &n);
    ck_assert_uint_eq(n.waiting, 2);
    passdb_stop(db);
    for (size_t i = 0; i < 4; i++) {
        if (i < 2)
            ck_assert_int_eq(wait_for(&a[i]), PASSDB_WRONG);
        ck_assert(i >= 2 ||
                  strcmp(passdb_call_answer(a[i].call)->why, "mismatch") == 0);
        passdb_call_free(&a[i].call);
    }
    passdb_get_counts(db, PASSDB_DOVECOT, &n);
    ck_assert_uint_eq(n.waiting, 0);
}
END_TEST

START_TEST(holds_answers_till_then)
{
    int64_t soon = clock_mono() + CLOCK_SECOND / 50;
    struct asker a;

    not_before = soon;
    ask_as(&a, "jim", 1, FOREVER);
    ck_assert_int_eq(wait_for(&a), PASSDB_WRONG);
    ck_assert_int_ge(clock_mono(), soon);
    passdb_call_free(&a.call);
    /* Not beyond its deadline. */
    not_before = FOREVER / 2;
    ask_as(&a, "jim", 1, clock_mono() + CLOCK_SECOND / 50);
    ck_assert_int_eq(wait_for(&a), PASSDB_WRONG);
    passdb_call_free(&a.call);
}
END_TEST

START_TEST(ends_in_the_middle)
{
    struct asker a, b;

    ask_as(&a, "asks", 1, FOREVER);
    wait_for(&a);
    passdb_stop(db);
    ck_assert_uint_eq(told.n_dropped, 1);
    passdb_go_on(a.call, "IQ==", FOREVER, on_answered, &a);
    ck_assert_int_eq(wait_for(&a), PASSDB_AWAY);
    passdb_call_free(&a.call);
    ask_as(&b, "joe", 1, FOREVER);
    ck_assert_int_eq(wait_for(&b), PASSDB_AWAY);
    passdb_call_free(&b.call);
}
END_TEST

Suite *
passdb_calls_suite(void)
{
    Suite *s = suite_create("passdb_calls");
    TCase *tc = tcase_create("all");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, answers);
    tcase_add_test(tc, goes_on);
    tcase_add_test(tc, takes_turns);
    tcase_add_test(tc, one_asker_leaves_room);
    tcase_add_test(tc, holds_answers);
    tcase_add_test(tc, holds_answers_till_then);
    tcase_add_test(tc, ends_in_the_middle);
    suite_add_tcase(s, tc);
    return s;
}
