/* SPDX-License-Identifier: BSD-2-Clause */
/* The clauses of the rule that says when an alert counts as delivered.  On a
 * socketpair the peer's kernel "acknowledges" what the peer has read, so each
 * step is in the test's hand. */
#include "config.h"

#include "ximss/server/live/delivery.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/event.h>

#include "tests/unit/stage.h"
#include "util/clock.h"

Suite *delivery_suite(void);

/* One session that was sent the alert 1; the timer is the test's. */
static struct client *client;
static struct account *user;
static struct worker *worker;

static void
check(void)
{
    delivery_check(worker);
    event_del(worker->delivery_ev);
}

static void
open_with(unsigned flags)
{
    client = client_open(ANN, flags);
    user = stage_loaded(ANN);
    worker = stage_worker(ANN);
    stage_post(ALERT_SERVER, 0, "news");
    stage_post(ALERT_ACCOUNT, ANN, "own");
    event_del(worker->delivery_ev);
}

/* What happens, letter by letter:
 *   R  the client reads         n  it sends a request, which is answered
 *   c  the server looks         q  it sends a request that the server does
 *   1..9 seconds pass              not read yet; r  the server reads it
 *   F  it closes its side       X  it closes with unread bytes
 *   E  it closes                A  it confirms both
 *   P  another alert comes */
static void
act(char what)
{
    switch (what) {
    case 'R':
        client_packet(client);
        client_packet(client);
        break;
    case 'n':
        client_say(client, "<noop id=\"1\"/>\n");
        stage_turns();
        break;
    case 'q':
        conn_pause(&client->s->conn, 128);
        client_say(client, "<noop id=\"1\"/>\n");
        break;
    case 'r':
        conn_resume(&client->s->conn, 128);
        stage_turns();
        break;
    case 'c':
        check();
        break;
    case 'F':
        shutdown(client->fd, SHUT_WR);
        stage_turns();
        break;
    case 'X':
    case 'E':
        client_free(&client);
        break;
    case 'A':
        client_say(client, "<alertConfirm id=\"1\" alertID=\"1\"/>\n"
                           "<alertConfirm id=\"2\" alertID=\"2\"/>\n");
        stage_turns();
        break;
    case 'P':
        stage_post(ALERT_SERVER, 0, "more");
        event_del(worker->delivery_ev);
        break;
    default:
        clock_advance((what - '0') * CLOCK_SECOND);
        break;
    }
}

static const struct {
    const char *acts;
    uint64_t position; /* what counts as shown then */
    unsigned flags;
} rows[] = {
    /* not acknowledged: neither time nor requests nor looking help */
    {"", 0, 0},
    {"cnc9cnc9n", 0, 0},
    /* acknowledged alone proves nothing */
    {"Rc", 0, 0},
    {"Rcccc", 0, 0},
    /* ... and then a later request */
    {"Rcn", 2, 0},
    {"cncRcn", 2, 0},
    /* a request that came before anybody knew of the acknowledgement */
    {"Rn", 0, 0},
    {"Rncn", 2, 0},
    /* ... but it shows that there was one, for the next request */
    {"Rnn", 2, 0},
    /* ... or that was under way when the server looked */
    {"qRcr", 0, 0},
    {"qRcrcn", 2, 0},
    /* ... and then five seconds */
    {"Rc4c", 0, 0},
    {"Rc6", 0, 0},
    {"Rc6c", 2, 0},
    {"9Rc1c", 0, 0}, /* they count from the acknowledgement */
    /* ... and then an orderly close, of one side or both */
    {"RcF", 2, 0},
    {"RcE", 2, 0},
    {"RE", 2, 0},
    {"F", 0, 0},
    /* a reset: with unread bytes */
    {"X", 0, 0},
    {"cX", 0, 0},
    {"RcPX", 0, 0},
    /* ... that nobody has looked at when the five seconds are over */
    {"RcPqX6c", 0, 0},
    /* what comes later waits for its own acknowledgement */
    {"RcPn", 2, 0},
    {"RcPnRcn", 3, 0},
    {"RcP6c", 2, 0},
    {"PRcn", 3, 0},
    /* confirm mode: nothing but the confirmation */
    {"Rcn9cnE", 0, CLIENT_CONFIRM},
    {"RA", 2, CLIENT_CONFIRM},
    {"A", 2, CLIENT_CONFIRM},
};

START_TEST(test_rule)
{
    struct account_state state;

    open_with(rows[_i].flags);
    ck_assert_uint_eq(user->position, 0);
    for (const char *p = rows[_i].acts; *p != '\0'; p++)
        act(*p);
    ck_assert_msg(user->position == rows[_i].position, "%s: %d", rows[_i].acts,
                  (int)user->position);
    /* What was delivered is saved, and an own alert goes from the store. */
    stage_save();
    state = stage_state(ANN);
    ck_assert_uint_eq(state.position, rows[_i].position);
    account_state_clear(&state);
    ck_assert(stage_has_alert(1));
    ck_assert(stage_has_alert(2) == (rows[_i].position < 2));
    if (client != NULL)
        client_free(&client);
}
END_TEST

/* What was not delivered comes again. */
START_TEST(test_comes_again)
{
    open_with(0);
    act('X');
    client = client_open(ANN, 0);
    ck_assert_ptr_nonnull(strstr(client_hear(client), ">news<"));
    act('c');
    act('n');
    client_free(&client);
    client = client_open(ANN, 0);
    ck_assert_str_eq(client_hear(client), "");
    client_free(&client);
}
END_TEST

static bool
is_delivered(void *arg)
{
    (void)arg;
    return user->position == 2;
}

/* The timer looks by itself, and only while somebody waits for it. */
START_TEST(test_timer)
{
    client = client_open(ANN, 0);
    user = stage_loaded(ANN);
    worker = stage_worker(ANN);
    ck_assert(!evtimer_pending(worker->delivery_ev, NULL));
    stage_post(ALERT_SERVER, 0, "news");
    stage_post(ALERT_SERVER, 0, "more");
    ck_assert(client->s->in_flight);
    ck_assert(evtimer_pending(worker->delivery_ev, NULL));
    act('R');
    check(); /* the first look, now */
    clock_advance(6 * CLOCK_SECOND);
    event_active(worker->delivery_ev, EV_TIMEOUT, 0);
    stage_until(is_delivered, NULL);
    ck_assert(!client->s->in_flight);
    ck_assert(TAILQ_EMPTY(&worker->in_flight));
    ck_assert(!evtimer_pending(worker->delivery_ev, NULL));
    client_free(&client);
}
END_TEST

/* Each of several sessions settles by itself; the account's position is that
 * of the first. */
START_TEST(test_several)
{
    struct client *other = client_open(ANN, 0), *bob = client_open(BOB, 0);

    open_with(0);
    ck_assert(other->s->in_flight && client->s->in_flight && bob->s->in_flight);
    act('R');
    act('c');
    act('n');
    ck_assert_uint_eq(user->position, 2);
    ck_assert(!client->s->in_flight);
    ck_assert(other->s->in_flight && bob->s->in_flight);
    ck_assert_uint_eq(stage_loaded(BOB)->position, 0);
    delivery_forget(worker, bob->s);
    delivery_forget(worker, bob->s);
    ck_assert(!bob->s->in_flight);
    client_free(&other);
    client_free(&bob);
    client_free(&client);
    ck_assert(TAILQ_EMPTY(&worker->in_flight));
}
END_TEST

/* Of very many some are asked about in a turn, and all in the end. */
START_TEST(test_many)
{
    enum {
        N = 300
    };
    struct client *c[N];
    unsigned asked[2] = {0, 0};

    worker = stage_worker(ANN);
    for (int i = 0; i < N; i++)
        c[i] = client_open(i % 2 == 0 ? ANN : BOB, 0);
    stage_post(ALERT_SERVER, 0, "news");
    for (int i = 0; i < N; i++)
        client_packet(c[i]);
    for (int round = 0; round < 2; round++) {
        check();
        for (int i = 0; i < N; i++)
            asked[round] += c[i]->s->acked_id != 0;
    }
    ck_assert_uint_gt(asked[0], 0);
    ck_assert_uint_lt(asked[0], N);
    ck_assert_uint_eq(asked[1], N);
    for (int i = 0; i < N; i++)
        client_free(&c[i]);
}
END_TEST

Suite *
delivery_suite(void)
{
    Suite *s = suite_create("delivery");
    TCase *t = tcase_create("delivery");

    tcase_add_checked_fixture(t, stage_setup, stage_teardown);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, test_rule, 0, sizeof rows / sizeof rows[0]);
    tcase_add_test(t, test_comes_again);
    tcase_add_test(t, test_timer);
    tcase_add_test(t, test_several);
    tcase_add_test(t, test_many);
    suite_add_tcase(s, t);
    return s;
}
