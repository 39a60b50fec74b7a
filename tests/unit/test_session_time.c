/* SPDX-License-Identifier: BSD-2-Clause */
/* When sessions end by the clock.  The seconds that a test itself takes are far
 * fewer than those that it leaves between what it expects. */
#include "config.h"

#include "ximss/server/live/session_time.h"

#include <check.h>
#include <string.h>

#include "tests/unit/stage.h"
#include "util/clock.h"
#include "ximss/server/live/dialect.h"

Suite *session_time_suite(void);

/* Seconds that do not matter. */
#define SLACK 200
/* More sessions than end in one turn. */
#define CROWD 40

static struct client *client;

static void
pass(int64_t seconds)
{
    clock_advance(seconds * CLOCK_SECOND);
    for (unsigned i = 0; i < stage->n_workers; i++)
        session_time_catch_up(stage->workers[i]);
    stage_turns();
}

static void
set_config(void)
{
    for (unsigned i = 0; i < stage->n_workers; i++)
        worker_set_config(stage->workers[i], stage_config, NULL);
}

static bool
is_there(void)
{
    (void)client_hear(client);
    return !client_at_end(client);
}

/* Ends between `after` seconds and the slack more. */
static void
ends_after(int64_t after)
{
    pass(after - SLACK);
    ck_assert_msg(is_there(), "it ended early");
    pass(SLACK + 1);
    ck_assert_msg(!is_there(), "it did not end");
}

static void
open_idle(uint32_t seconds)
{
    client = client_open(ANN, 0);
    client->s->idle_timeout = seconds;
    session_time_set(client->s);
}

/* --- each of the limits --- */

START_TEST(test_idle)
{
    static const uint32_t seconds[] = {
        SLACK + 1, 600,  1024,
        1023,      1025, 5000, /* further than a session hangs in the wheel */
        86400};

    open_idle(seconds[_i]);
    ends_after(seconds[_i]);
    client_free(&client);
}
END_TEST

START_TEST(test_never_idle)
{
    open_idle(0);
    for (int i = 0; i < 10; i++)
        pass(86400);
    ck_assert(is_there());
    client_free(&client);
}
END_TEST

/* It hangs where its time would come if it said nothing. */
START_TEST(test_input_prolongs)
{
    open_idle(1000);
    for (int i = 0; i < 5; i++) {
        pass(1000 - SLACK);
        client_say(client, "<noop id=\"1\"/>\n");
        client_hear(client);
    }
    ends_after(1000);
    client_free(&client);
}
END_TEST

/* A time-out that is set counts at once, the shorter one too. */
START_TEST(test_idle_option)
{
    open_idle(86400);
    client_say(client, "<setSessionOption id=\"1\" name=\"idleTimeout\" "
                       "value=\"700\"/>\n");
    client_hear(client);
    ends_after(700);
    client_free(&client);
}
END_TEST

START_TEST(test_no_login)
{
    stage_config->login_timeout = 900 * CLOCK_SECOND;
    set_config();
    client = client_connect(ANN, 0);
    ends_after(900);
    client_free(&client);
}
END_TEST

/* Settings that are read again concern those who are there. */
START_TEST(test_settings)
{
    stage_config->login_timeout = 86400 * CLOCK_SECOND;
    set_config();
    client = client_connect(ANN, 0);
    pass(SLACK);
    ck_assert(is_there());
    stage_config->login_timeout = 1000 * CLOCK_SECOND;
    set_config();
    ends_after(1000 - SLACK);
    client_free(&client);
}
END_TEST

/* One who never closes is closed. */
START_TEST(test_linger)
{
    struct worker *w = stage_worker(ANN);

    open_idle(86400);
    session_finish(client->s, "test");
    stage_turns();
    ck_assert_uint_eq(w->n_sessions, 1);
    pass(4);
    ck_assert_uint_eq(w->n_sessions, 0);
    client_free(&client);
}
END_TEST

static char words[200000];

static void
open_slow(void)
{
    client = client_open(ANN, CLIENT_SMALL);
    memset(words, 'x', sizeof words - 1);
    session_tell(client->s, words, sizeof words);
    ck_assert_uint_gt(conn_pending(&client->s->conn), 0);
}

/* A client that reads gets all, however slow it is. */
START_TEST(test_last_words)
{
    struct worker *w = stage_worker(ANN);
    struct account *a;
    size_t heard = 0, piece;

    open_slow();
    a = client->s->account;
    session_finish(client->s, "test");
    while (conn_pending(&client->s->conn) > 0) {
        ck_assert_uint_eq(a->n_ending, 0); /* it keeps its place */
        pass(SESSION_BLOCKED_SECONDS / 2);
        ck_assert_uint_eq(w->n_sessions, 1);
        piece = strlen(client_packet(client));
        ck_assert_uint_gt(piece, 0);
        heard += piece;
        stage_turns();
    }
    ck_assert_uint_eq(a->n_ending, 1);
    heard += strlen(client_hear(client));
    ck_assert_uint_eq(w->n_sessions, 1);
    ck_assert_uint_eq(heard, sizeof words);
    pass(4);
    ck_assert_uint_eq(w->n_sessions, 0);
    client_free(&client);
}
END_TEST

/* One that does not is as good as dead some time later. */
START_TEST(test_last_words_unread)
{
    struct worker *w = stage_worker(ANN);

    open_slow();
    session_finish(client->s, "test");
    pass(SESSION_BLOCKED_SECONDS / 2);
    ck_assert_uint_eq(w->n_sessions, 1);
    pass(SESSION_BLOCKED_SECONDS / 2 + 1);
    ck_assert_uint_eq(w->n_sessions, 0);
    client_free(&client);
}
END_TEST

/* --- what is idle --- */

/* A request that the server works on is not the client's silence. */
START_TEST(test_request_under_way)
{
    struct req *r;

    open_idle(1000);
    r = req_new(client->s, "1");
    pass(5000);
    ck_assert(is_there());
    req_ok(r);
    req_finish(r);
    pass(1);
    ck_assert(!is_there());
    client_free(&client);
}
END_TEST

static char piece[1000];

static enum req_step
give_piece(struct req *r)
{
    r->dialect->result(r, piece, sizeof piece, false, false);
    return STEP_MORE;
}

/* An answer without end, as far as the client's socket takes it. */
static void
begin_answer(void)
{
    memset(piece, 'x', sizeof piece);
    client = client_open(ANN, CLIENT_SMALL);
    client->s->idle_timeout = 1000;
    session_time_set(client->s);
    req_stream(req_new(client->s, "1"), give_piece, NULL, NULL);
    ck_assert(conn_pending(&client->s->conn) > 0);
}

/* An answer that is not read is no life. */
START_TEST(test_half_read_answer)
{
    begin_answer();
    ck_assert_uint_eq(client->s->n_reqs, 1);
    pass(1000 - SLACK);
    ck_assert_uint_eq(client->s->state, SESSION_OPEN);
    pass(SLACK + 1);
    ck_assert_uint_ne(client->s->state, SESSION_OPEN);
    client_free(&client);
}
END_TEST

/* One that is read slowly is. */
START_TEST(test_reading)
{
    begin_answer();
    for (int i = 0; i < 5; i++) {
        pass(1000 - SLACK);
        ck_assert_uint_eq(client->s->state, SESSION_OPEN);
        for (int n = 0; n < 100; n++) { /* more than the socket holds */
            client_packet(client);
            stage_turns();
        }
    }
    pass(1000 - SLACK);
    ck_assert_uint_eq(client->s->state, SESSION_OPEN);
    client_free(&client);
}
END_TEST

/* --- many --- */

static unsigned
count_open(struct client *const *c, unsigned n)
{
    unsigned open = 0;

    for (unsigned i = 0; i < n; i++)
        open += client_is_open(c[i]);
    return open;
}

/* Those that are due in the same second end in several turns. */
START_TEST(test_pieces)
{
    struct worker *w = stage_worker(ANN);
    struct client *c[CROWD];
    unsigned left;

    for (int i = 0; i < CROWD; i++) {
        open_idle(1000);
        c[i] = client;
    }
    clock_advance(1001 * CLOCK_SECOND);
    session_time_tick(w);
    left = count_open(c, CROWD);
    ck_assert_uint_gt(left, 0);
    ck_assert_uint_lt(left, CROWD);
    for (int i = 0; i < CROWD; i++)
        stage_turns();
    ck_assert_uint_eq(count_open(c, CROWD), 0);
    for (int i = 0; i < CROWD; i++)
        client_free(&c[i]);
}
END_TEST

/* So do all when the server ends; each is told. */
START_TEST(test_drain_pieces)
{
    struct worker *w = stage_worker(ANN);
    struct client *c[CROWD];
    unsigned left;

    for (int i = 0; i < CROWD; i++)
        c[i] = client_open(ANN, 0);
    session_walk_begin(w, &w->drain_walk);
    ck_assert(!session_drain_some(w));
    left = count_open(c, CROWD);
    ck_assert_uint_gt(left, 0);
    ck_assert_uint_lt(left, CROWD);
    for (unsigned turns = 2; !session_drain_some(w); turns++)
        ck_assert_uint_lt(turns, CROWD);
    ck_assert_uint_eq(count_open(c, CROWD), 0);
    for (int i = 0; i < CROWD; i++)
        ck_assert_str_eq(client_hear(c[i]), "<bye/>\n");
    ck_assert(!session_close_some(w));
    ck_assert_uint_lt(w->n_sessions, CROWD);
    for (unsigned turns = 2; !session_close_some(w); turns++)
        ck_assert_uint_lt(turns, CROWD);
    ck_assert_uint_eq(w->n_sessions, 0);
    for (int i = 0; i < CROWD; i++)
        client_free(&c[i]);
}
END_TEST

static unsigned
next_random(unsigned *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Against the rule itself, for sessions that speak now and then while time moves
 * by steps that are shorter and longer than the wheel. */
START_TEST(test_rule)
{
    struct client *c[CROWD];
    struct worker *w = stage_worker(ANN);
    unsigned x = (unsigned)_i + 1;

    for (int i = 0; i < CROWD; i++) {
        open_idle(100 + next_random(&x) % 4000);
        c[i] = client;
    }
    for (int step = 0; step < 60; step++) {
        bool idle[CROWD];
        uint32_t now;

        clock_advance((int64_t)(next_random(&x) % (step % 9 == 0 ? 1500 : 60)) *
                      CLOCK_SECOND);
        now = session_seconds();
        for (int i = 0; i < CROWD; i++)
            idle[i] = client_is_open(c[i]) &&
                      now - c[i]->s->last_input >= c[i]->s->idle_timeout;
        for (int i = 0; i < CROWD; i++)
            idle[i] = idle[i] || !client_is_open(c[i]);
        session_time_catch_up(w);
        for (int i = 0; i < CROWD && session_seconds() == now; i++)
            ck_assert_msg(client_is_open(c[i]) == !idle[i], "step %d, %d", step,
                          i);
        for (int i = 0; i < CROWD; i++)
            if (client_is_open(c[i]) && next_random(&x) % 8 == 0)
                c[i]->s->last_input = session_seconds();
    }
    for (int i = 0; i < CROWD; i++)
        client_free(&c[i]);
}
END_TEST

Suite *
session_time_suite(void)
{
    Suite *s = suite_create("session_time");
    TCase *t = tcase_create("session_time");

    tcase_add_checked_fixture(t, stage_setup, stage_teardown);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, test_idle, 0, 7);
    tcase_add_test(t, test_never_idle);
    tcase_add_test(t, test_input_prolongs);
    tcase_add_test(t, test_idle_option);
    tcase_add_test(t, test_no_login);
    tcase_add_test(t, test_settings);
    tcase_add_test(t, test_linger);
    tcase_add_test(t, test_last_words);
    tcase_add_test(t, test_last_words_unread);
    tcase_add_test(t, test_request_under_way);
    tcase_add_test(t, test_half_read_answer);
    tcase_add_test(t, test_reading);
    tcase_add_test(t, test_pieces);
    tcase_add_test(t, test_drain_pieces);
    tcase_add_loop_test(t, test_rule, 0, 4);
    suite_add_tcase(s, t);
    return s;
}
