/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/broadcast.h"

#include <check.h>
#include <pthread.h>

#include <event2/event.h>

#include "tests/unit/stage.h"

Suite *broadcast_suite(void);

#define MANY 100

struct round {
    unsigned number;
    unsigned visits[3];
    unsigned done;
};

static struct round rounds[MANY];
static unsigned last_at[3]; /* number of the last round plus 1 */

static void
visit(struct worker *w, void *arg)
{
    struct round *r = arg;

    ck_assert_uint_eq(r->done, 0);
    r->visits[w->index]++;
    ck_assert_uint_eq(last_at[w->index], r->number);
    last_at[w->index]++;
}

static void
done(void *arg)
{
    struct round *r = arg;

    for (unsigned i = 0; i < stage->n_workers; i++)
        ck_assert_uint_eq(r->visits[i], 1);
    r->done++;
}

static void *
send_all(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < MANY; i++) {
        rounds[i].number = i;
        broadcast(stage, visit, done, &rounds[i]);
    }
    return NULL;
}

static bool
all_done(void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < MANY; i++)
        if (rounds[i].done == 0)
            return false;
    return true;
}

static void
reset(void)
{
    for (unsigned i = 0; i < MANY; i++)
        rounds[i] = (struct round){0};
    for (unsigned i = 0; i < 3; i++)
        last_at[i] = 0;
}

/* Each worker once, in the order of sending; done once, behind all of them;
 * from this thread (0) and from another one (1). */
START_TEST(test_order)
{
    pthread_t thread;

    reset();
    if (_i == 0)
        send_all(NULL);
    else
        ck_assert_int_eq(pthread_create(&thread, NULL, send_all, NULL), 0);
    stage_until(all_done, NULL);
    if (_i != 0)
        pthread_join(thread, NULL);
    stage_turns();
    for (unsigned i = 0; i < MANY; i++)
        ck_assert_uint_eq(rounds[i].done, 1);
}
END_TEST

/* --- sessions --- */

#define CROWD 150 /* more than one mail visits */

static unsigned visited, ended;

static void
visit_session(struct worker *w, struct session *s, void *arg)
{
    (void)arg;
    ck_assert_ptr_eq(session_worker(s), w);
    ck_assert_uint_eq(s->malformed, 0); /* not visited before */
    s->malformed = 1;
    visited++;
    if (visited % 3 == 0)
        session_close(s, "test");
}

static void
end_visits(void *arg)
{
    (void)arg;
    ended++;
}

/* Each session once, some in each turn; also those that end by the visit. */
START_TEST(test_sessions)
{
    static const enum stage_who who[] = {ANN, BOB, DAN};
    struct client *c[CROWD];

    for (int i = 0; i < CROWD; i++)
        c[i] = client_open(who[i % 3], 0);
    visited = ended = 0;
    broadcast_sessions(stage, visit_session, end_visits, NULL);
    event_base_loop(stage_worker(ANN)->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    ck_assert_uint_gt(visited, 0);
    ck_assert(visited < CROWD || stage->n_workers > 1);
    stage_turns();
    ck_assert_uint_eq(visited, CROWD);
    ck_assert_uint_eq(ended, 1);
    for (int i = 0; i < CROWD; i++)
        client_free(&c[i]);
}
END_TEST

Suite *
broadcast_suite(void)
{
    Suite *s = suite_create("broadcast");
    TCase *three = tcase_create("three workers"), *one = tcase_create("one");

    tcase_add_checked_fixture(three, stage_setup_three, stage_teardown);
    tcase_set_timeout(three, 60);
    tcase_add_loop_test(three, test_order, 0, 2);
    tcase_add_test(three, test_sessions);
    suite_add_tcase(s, three);
    tcase_add_checked_fixture(one, stage_setup, stage_teardown);
    tcase_set_timeout(one, 60);
    tcase_add_loop_test(one, test_order, 0, 2);
    tcase_add_test(one, test_sessions);
    suite_add_tcase(s, one);
    return s;
}
