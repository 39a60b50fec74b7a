/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/session_walk.h"

#include <check.h>
#include <stdlib.h>

#include "util/xmalloc.h"
#include "ximss/server/live/session_private.h"

Suite *session_walk_suite(void);

/* No more than a list of sessions; `number` counts how often one was met since the
 * last beginning, `uid` says whether it was there then. */
static struct worker worker;
static struct session_walk walk;

static void
setup(void)
{
    TAILQ_INIT(&worker.sessions);
    LIST_INIT(&worker.walks);
    worker.n_sessions = 0;
    session_walk_init(&worker, &walk);
}

static void
teardown(void)
{
    struct session *s;

    while ((s = TAILQ_FIRST(&worker.sessions)) != NULL) {
        TAILQ_REMOVE(&worker.sessions, s, all);
        free(s);
    }
}

static void
come(void)
{
    struct session *s = xcalloc(1, sizeof *s);

    TAILQ_INSERT_TAIL(&worker.sessions, s, all);
    worker.n_sessions++;
    session_walk_added(&worker);
}

static void
leave(struct session *s)
{
    session_walk_removed(&worker, s);
    TAILQ_REMOVE(&worker.sessions, s, all);
    worker.n_sessions--;
    free(s);
}

static void
begin(void)
{
    struct session *s;

    TAILQ_FOREACH(s, &worker.sessions, all) {
        s->number = 0;
        s->uid = 1;
    }
    session_walk_begin(&worker, &walk);
}

static bool
step(void)
{
    struct session *s = session_walk_step(&worker, &walk);

    if (s != NULL)
        s->number++;
    return s != NULL;
}

static void
check_all_met(void)
{
    struct session *s;

    TAILQ_FOREACH(s, &worker.sessions, all)
        ck_assert(s->number > 0 || s->uid == 0);
}

START_TEST(test_none)
{
    begin();
    ck_assert(!step());
    come();
    begin();
    leave(TAILQ_FIRST(&worker.sessions));
    ck_assert(!step());
    ck_assert(session_walk_is_over(&walk));
}
END_TEST

/* Nobody comes or goes: each is met once. */
START_TEST(test_once)
{
    struct session *s;

    for (int i = 0; i < 10; i++)
        come();
    for (int round = 0; round < 3; round++) {
        begin();
        while (step())
            continue;
        TAILQ_FOREACH(s, &worker.sessions, all)
            ck_assert_uint_eq(s->number, 1);
    }
}
END_TEST

/* Sessions come and go between the steps, and the walk begins anew now and then:
 * whoever was there at the last beginning, and still is, is met. */
START_TEST(test_coming_and_going)
{
    unsigned x = (unsigned)_i;

    for (int i = 0; i < 20; i++)
        come();
    begin();
    for (int i = 0; i < 300; i++) {
        unsigned r = (x = x * 1664525 + 1013904223) >> 8;
        struct session *s = TAILQ_FIRST(&worker.sessions);

        for (unsigned n = r / 8 % 30; s != NULL && n > 0; n--)
            s = TAILQ_NEXT(s, all);
        if (r % 8 == 0)
            come();
        else if (r % 8 == 1 && s != NULL)
            leave(s);
        else if (r % 64 == 2)
            begin();
        else
            step();
    }
    while (step())
        continue;
    check_all_met();
}
END_TEST

Suite *
session_walk_suite(void)
{
    Suite *s = suite_create("session_walk");
    TCase *t = tcase_create("session_walk");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_none);
    tcase_add_test(t, test_once);
    tcase_add_loop_test(t, test_coming_and_going, 0, 50);
    suite_add_tcase(s, t);
    return s;
}
