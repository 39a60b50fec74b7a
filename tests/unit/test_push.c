/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/push.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/stage.h"
#include "util/clock.h"
#include "util/mailbox.h"
#include "util/xmalloc.h"
#include "util/zone.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/live/dialect.h"
#include "ximss/server/live/push_queue.h"

Suite *push_suite(void);

/* Fills the client's socket: what the server sends from now on waits. */
static void
block(struct client *c)
{
    char bytes[512];

    memset(bytes, '.', sizeof bytes);
    while (conn_pending(&c->s->conn) == 0)
        conn_send(&c->s->conn, bytes, sizeof bytes);
}

static enum store_result
nothing(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)t;
    (void)arg;
    (void)err;
    return STORE_OK;
}

/* Waits for the store only: what it has to tell lies in the mailboxes. */
static void
wait_for_store(void)
{
    stage_run(nothing, NULL);
}

/* The client's last packet; the others are skipped. */
static const char *
last_packet(struct client *c)
{
    static char text[65536];
    const char *p;

    text[0] = '\0';
    stage_turns();
    while (*(p = client_packet(c)) != '\0') {
        ck_assert_uint_lt(strlen(p), sizeof text);
        strcpy(text, p);
        stage_turns();
    }
    return text;
}

/* --- one write --- */

/* A burst leaves in one write, in the order of ids. */
START_TEST(test_burst)
{
    struct client *c = client_open(ANN, CLIENT_PACKETS);
    struct buf b = {0};

    for (uint64_t i = 1; i <= 5; i++) {
        stage_post_soon(ALERT_SERVER, 0, "burst");
        buf_append_str(&b, stage_alert(i, "server", "burst"));
    }
    wait_for_store();
    stage_turns();
    ck_assert_str_eq(client_packet(c), buf_cstr(&b));
    ck_assert_str_eq(client_packet(c), "");
    ck_assert_uint_eq(c->s->cursor, 5);
    buf_clear(&b);
    client_free(&c);
}
END_TEST

/* Nothing is queued for a session whose output waits; when it has drained it
 * gets all of it in one write. */
START_TEST(test_blocked)
{
    struct client *slow = client_open(ANN, CLIENT_PACKETS | CLIENT_SMALL),
                  *quick = client_open(BOB, CLIENT_PACKETS);
    size_t pending;
    struct buf b = {0};

    block(slow);
    pending = conn_pending(&slow->s->conn);
    for (uint64_t i = 1; i <= 5; i++) {
        stage_post(ALERT_SERVER, 0, "level");
        ck_assert_str_eq(client_packet(quick),
                         stage_alert(i, "server", "level"));
        buf_append_str(&b, stage_alert(i, "server", "level"));
    }
    ck_assert_uint_eq(conn_pending(&slow->s->conn), pending);
    ck_assert_uint_eq(slow->s->cursor, 0);
    stage_remove(5); /* while it waits: never seen */
    b.len -= strlen(stage_alert(5, "server", "level"));
    ck_assert_str_eq(last_packet(slow), buf_cstr(&b));
    ck_assert_uint_eq(slow->s->cursor, 5);
    buf_clear(&b);
    client_free(&slow);
    client_free(&quick);
}
END_TEST

static char big[4001];

static void
post_big(unsigned n)
{
    memset(big, 'x', sizeof big - 1);
    for (unsigned i = 0; i < n; i++)
        stage_post_soon(ALERT_SERVER, 0, big);
    wait_for_store(); /* so that they come together */
    stage_turns();
}

static unsigned
count(const char *text, const char *what)
{
    unsigned n = 0;

    for (; (text = strstr(text, what)) != NULL; text += strlen(what))
        n++;
    return n;
}

/* More than output-soft, sent while the connection is corked and taken by the
 * kernel in one piece: the rest must come without another event. */
START_TEST(test_long_login)
{
    struct worker *w = stage_worker(ANN);
    struct client *c;
    struct account *a;

    stage_config->output_soft = 16384;
    worker_set_config(w, stage_config, NULL);
    post_big(25); /* some 100 KB */
    a = stage_loaded(ANN);
    c = client_connect(ANN, 0);
    conn_cork(&c->s->conn);
    session_open(c->s, a);
    session_start_alerts(c->s);
    conn_uncork(&c->s->conn);
    client_say(c, "<noop id=\"1\"/>\n");
    client_hear(c);
    ck_assert_uint_eq(count(buf_cstr(&c->in), "<alert "), 25);
    /* ... and before the answer to any request */
    ck_assert_str_eq(strstr(buf_cstr(&c->in), "<response"),
                     "<response id=\"1\"/>\n");
    client_free(&c);
}
END_TEST

/* The same where a request starts the alerts. */
START_TEST(test_long_start)
{
    struct worker *w = stage_worker(ANN);
    struct client *c;

    stage_config->output_soft = 16384;
    worker_set_config(w, stage_config, NULL);
    post_big(25);
    c = client_open(ANN, CLIENT_NO_ALERTS);
    client_say(c, "<setSessionOption id=\"1\" name=\"alerts\" value=\"yes\"/>\n"
                  "<noop id=\"2\"/>\n");
    client_hear(c);
    ck_assert_uint_eq(count(buf_cstr(&c->in), "<alert "), 25);
    ck_assert_uint_eq(count(buf_cstr(&c->in), "<response id=\"2\"/>\n"), 1);
    client_free(&c);
}
END_TEST

/* A reader so slow that what waits for it passes output-hard is cut off. */
START_TEST(test_too_slow)
{
    struct worker *w = stage_worker(ANN);
    struct client *slow = client_open(ANN, CLIENT_SMALL),
                  *quick = client_open(BOB, 0);

    stage_config->output_hard = 20000;
    worker_set_config(w, stage_config, NULL);
    block(slow);
    post_big(4);
    ck_assert(client_is_open(slow));
    post_big(1);
    ck_assert(!client_is_open(slow));
    ck_assert(client_is_open(quick));
    client_free(&slow);
    client_free(&quick);
}
END_TEST

/* A connection that turns out to be gone while it is told. */
START_TEST(test_gone)
{
    struct client *gone = client_open(ANN, 0), *c = client_open(BOB, 0);

    stage_post_soon(ALERT_SERVER, 0, "1");
    stage_post_soon(ALERT_ACCOUNT, ANN, "2");
    wait_for_store();
    mailbox_flush(stage->workers[0]->box);
    shutdown(gone->fd, SHUT_RDWR); /* not noticed yet */
    push_session(session_worker(gone->s), gone->s);
    ck_assert(!client_is_open(gone));
    ck_assert_str_eq(client_hear(c), stage_alert(1, "server", "1"));
    ck_assert_uint_eq(stage_loaded(ANN)->position, 0); /* comes again */
    client_free(&gone);
    gone = client_open(ANN, 0);
    ck_assert_uint_eq(count(client_hear(gone), "<alert "), 2);
    client_free(&gone);
    client_free(&c);
}
END_TEST

/* --- sharing --- */

/* Equal sessions get the same bytes, not equal ones. */
START_TEST(test_shared_bytes)
{
    static const struct {
        enum stage_who who;
        bool shares; /* with Ann */
    } rows[] = {{ANN, true}, {BOB, true}, {DAN, false}};
    struct worker *w = stage_worker(ANN);
    struct client *first, *c;
    struct shared_buf *bytes;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        account_shown_up_to(w, stage_loaded(ANN), w->board.last_id);
        account_shown_up_to(w, stage_loaded(rows[i].who), w->board.last_id);
        first = client_open(ANN, CLIENT_SMALL);
        c = client_open(rows[i].who, CLIENT_SMALL);
        post_big(3);
        /* What their sockets did not take are references to it. */
        bytes = w->last_gather.bytes;
        ck_assert_ptr_nonnull(bytes);
        ck_assert_msg(atomic_load(&bytes->refs) == (rows[i].shares ? 3 : 2),
                      "row %zu: %u", i, atomic_load(&bytes->refs));
        ck_assert_uint_eq(count(client_hear(first), "<alert "), 3);
        ck_assert_uint_eq(count(client_hear(c), "<alert "), 3);
        ck_assert_uint_eq(atomic_load(&w->last_gather.bytes->refs), 1);
        client_free(&first);
        client_free(&c);
    }
}
END_TEST

/* What differs for one of them is not shared with the others. */
START_TEST(test_not_shared)
{
    struct worker *w = stage_worker(ANN);
    struct client *ann = client_open(ANN, 0), *bob = client_open(BOB, 0);
    struct account *a = stage_loaded(ANN);

    /* its own time zone */
    a->zone = zone_find("Europe/Berlin");
    stage_post(ALERT_SERVER, 0, "1");
    ck_assert_uint_eq(count(client_hear(ann), "localTime=\"20261122T143000\""),
                      1);
    ck_assert_uint_eq(count(client_hear(bob), "localTime=\"20261122T133000\""),
                      1);
    a->zone = zone_find("UTC");
    /* its own alert between the others */
    stage_post_soon(ALERT_SERVER, 0, "2");
    stage_post_soon(ALERT_ACCOUNT, BOB, "3");
    stage_post_soon(ALERT_DOMAIN, DAN, "4");
    stage_post_soon(ALERT_SERVER, 0, "5");
    wait_for_store();
    stage_turns();
    ck_assert_uint_eq(count(client_hear(ann), "<alert "), 2);
    ck_assert_uint_eq(count(client_hear(bob), "<alert "), 3);
    /* dismissed before it came to this session */
    stage_post_soon(ALERT_SERVER, 0, "6");
    stage_post_soon(ALERT_SERVER, 0, "7");
    wait_for_store();
    account_dismiss(w, a, 7); /* it has not heard of it yet */
    stage_turns();
    ck_assert_str_eq(client_hear(ann), stage_alert(6, "server", "6"));
    ck_assert_uint_eq(count(client_hear(bob), "<alert "), 2);
    client_free(&ann);
    client_free(&bob);
}
END_TEST

/* An end that has come is looked at for each session, not remembered. */
START_TEST(test_expired)
{
    struct client *early = client_open(ANN, 0), *late;
    int64_t until = clock_now() + 60 * CLOCK_SECOND;
    char end[CLOCK_GMT_SIZE], message[200];

    stage_post_until(ALERT_SERVER, 0, "for a minute", until);
    clock_format_gmt(until, end);
    snprintf(message, sizeof message,
             "<alert gmtTime=\"20261122T133000Z\" "
             "localTime=\"20261122T133000\" alertID=\"1\" scope=\"server\" "
             "severity=\"warning\" until=\"%s\">for a minute</alert>\n",
             end);
    ck_assert_str_eq(client_hear(early), message);
    clock_advance(59 * CLOCK_SECOND);
    late = client_open(BOB, 0);
    ck_assert_str_eq(client_hear(late), message);
    client_free(&late);
    clock_advance(CLOCK_SECOND);
    late = client_open(DAN, 0);
    ck_assert_str_eq(client_hear(late), "");
    client_free(&late);
    client_free(&early);
}
END_TEST

/* --- log-in --- */

/* Pending ones, oldest first, once; what comes later goes to every session
 * that is open. */
START_TEST(test_once)
{
    struct worker *w = stage_worker(ANN);
    struct client *one, *two;
    struct account *a = stage_loaded(ANN);

    stage_post(ALERT_SERVER, 0, "1");
    stage_post(ALERT_ACCOUNT, ANN, "2");
    stage_post(ALERT_DOMAIN, DAN, "3");
    stage_post(ALERT_DOMAIN, ANN, "4");
    account_shown(w, a, 1);
    one = client_open(ANN, CLIENT_CONFIRM);
    client_hear(one);
    ck_assert_uint_eq(count(buf_cstr(&one->in), "<alert "), 2);
    ck_assert(strstr(buf_cstr(&one->in), "alertID=\"2\"") <
              strstr(buf_cstr(&one->in), "alertID=\"4\""));
    account_shown(w, a, 2);
    account_shown(w, a, 4);
    two = client_open(ANN, 0);
    ck_assert_str_eq(client_hear(two), "");
    stage_post(ALERT_SERVER, 0, "5");
    account_shown(w, a, 5); /* confirmed in another session */
    ck_assert_str_eq(client_hear(one), stage_alert(5, "server", "5"));
    ck_assert_str_eq(client_hear(two), stage_alert(5, "server", "5"));
    client_free(&one);
    client_free(&two);
}
END_TEST

/* --- whom --- */

START_TEST(test_counts)
{
    static const struct {
        enum stage_who who;
        unsigned flags;
    } people[] = {{ANN, 0}, {ANN, CLIENT_CHANGES},   {BOB, CLIENT_CONFIRM},
                  {DAN, 0}, {DAN, CLIENT_NO_ALERTS}, {SUE, 0}};
    static const struct {
        enum alert_scope scope;
        enum stage_who target;
        unsigned sessions;
        const char *to; /* which of the people */
    } rows[] = {
        {ALERT_SERVER, 0, 4, "1111.."},    {ALERT_CLUSTER, 0, 1, ".....1"},
        {ALERT_DOMAIN, ANN, 3, "111..."},  {ALERT_DOMAIN, DAN, 1, "...1.."},
        {ALERT_DOMAIN, SUE, 1, ".....1"},  {ALERT_ACCOUNT, ANN, 2, "11...."},
        {ALERT_ACCOUNT, EVE, 0, "......"},
    };
    struct client *c[6], *fresh = client_connect(ANN, 0),
                         *local = client_open_local();

    for (size_t i = 0; i < 6; i++)
        c[i] = client_open(people[i].who, people[i].flags);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t target =
            rows[i].scope == ALERT_DOMAIN    ? stage_domain(rows[i].target)
            : rows[i].scope == ALERT_ACCOUNT ? stage_account(rows[i].target)
                                             : 0;
        unsigned n = 0;

        for (unsigned k = 0; k < stage->n_workers; k++)
            n += push_audience(stage->workers[k], rows[i].scope, target,
                               PUSH_COUNT);
        ck_assert_msg(n == rows[i].sessions, "row %zu: %u", i, n);
        for (size_t k = 0; k < 6; k++) {
            ck_assert_msg(push_is_audience(c[k]->s, rows[i].scope, target) ==
                              (rows[i].to[k] == '1'),
                          "row %zu, session %zu", i, k);
            ck_assert(!c[k]->s->push_queued); /* counting tells nobody */
        }
        ck_assert(!push_is_audience(local->s, rows[i].scope, target));
        if (rows[i].scope == ALERT_CLUSTER)
            continue;
        stage_post(rows[i].scope, rows[i].target, "to whom?");
        ck_assert_msg(stage_told == n, "row %zu: %u", i, stage_told);
        for (size_t k = 0; k < 6; k++)
            ck_assert_msg(count(client_hear(c[k]), "to whom?") ==
                              (rows[i].to[k] == '1'),
                          "row %zu, session %zu", i, k);
        ck_assert_str_eq(client_hear(fresh), "");
        ck_assert_str_eq(client_hear(local), "");
    }
    for (size_t i = 0; i < 6; i++)
        client_free(&c[i]);
    client_free(&fresh);
    client_free(&local);
}
END_TEST

/* --- behind a long answer --- */

static enum {
    BEGIN,
    WAIT,
    END
} piece;

static enum req_step
give_piece(struct req *r)
{
    switch (piece) {
    case BEGIN:
        r->dialect->result(r, "(a,", 3, true, false);
        piece = WAIT;
        return STEP_MORE;
    case WAIT:
        return STEP_WAIT;
    case END:
        r->dialect->result(r, "b)", 2, false, true);
        return STEP_LAST;
    }
    return STEP_FAIL;
}

/* A message that comes in pieces has nothing else in it. */
START_TEST(test_not_within_a_message)
{
    struct client *c = client_open(ANN, CLIENT_CHANGES);
    uint64_t own = stage_post(ALERT_ACCOUNT, ANN, "own"), late;
    struct buf b = {0};

    ck_assert_str_eq(client_hear(c), stage_alert(own, "account", "own"));
    piece = BEGIN;
    req_stream(req_new(c->s, "1"), give_piece, NULL, NULL);
    late = stage_post(ALERT_SERVER, 0, "late");
    stage_remove(own);
    ck_assert_str_eq(client_hear(c), "<cliResult id=\"1\">(a,");
    piece = END;
    req_run_steps(c->s);
    buf_appendf(&b,
                "b)</cliResult>\n<response id=\"1\"/>\n"
                "<alertRemoved alertID=\"%llu\"/>\n%s",
                (unsigned long long)own, stage_alert(late, "server", "late"));
    ck_assert_str_eq(client_hear(c), buf_cstr(&b));
    buf_clear(&b);
    client_free(&c);
}
END_TEST

/* One who does not read is cut off, also then; and nobody says bye there. */
START_TEST(test_too_much_within_a_message)
{
    struct client *c = client_open(ANN, CLIENT_CHANGES);
    char text[1000] = "";

    stage_config->output_hard = 16384;
    worker_set_config(stage_worker(ANN), stage_config, NULL);
    piece = BEGIN;
    req_stream(req_new(c->s, "1"), give_piece, NULL, NULL);
    for (int i = 0; i < 16; i++)
        session_tell(c->s, text, sizeof text);
    ck_assert(client_is_open(c));
    session_tell(c->s, text, sizeof text);
    ck_assert(!client_is_open(c));
    ck_assert_str_eq(client_hear(c), "<cliResult id=\"1\">(a,");
    client_free(&c);
    c = client_open(ANN, CLIENT_CHANGES);
    piece = BEGIN;
    req_stream(req_new(c->s, "2"), give_piece, NULL, NULL);
    session_kill(stage_worker(ANN), c->number);
    ck_assert_str_eq(client_hear(c), "<cliResult id=\"2\">(a,");
    client_free(&c);
}
END_TEST

/* --- removals --- */

/* Told to those who asked, in order, also after a time of silence. */
START_TEST(test_removals)
{
    struct client *plain = client_open(ANN, 0),
                  *changes = client_open(ANN, CLIENT_CHANGES),
                  *slow = client_open(BOB, CLIENT_CHANGES | CLIENT_SMALL),
                  *dan = client_open(DAN, CLIENT_CHANGES), *late;

    stage_post(ALERT_SERVER, 0, "1");
    stage_post(ALERT_DOMAIN, ANN, "2");
    client_hear(plain);
    client_hear(changes);
    client_hear(slow);
    client_hear(dan);
    block(slow);
    stage_remove(2);
    stage_remove(1);
    ck_assert_str_eq(client_hear(plain), "");
    ck_assert_str_eq(client_hear(changes), "<alertRemoved alertID=\"2\"/>\n"
                                           "<alertRemoved alertID=\"1\"/>\n");
    ck_assert_str_eq(client_hear(dan), "<alertRemoved alertID=\"1\"/>\n");
    late = client_open(ANN, CLIENT_CHANGES); /* came after it */
    ck_assert_str_eq(client_hear(late), "");
    ck_assert_ptr_nonnull(strstr(client_hear(slow),
                                 "<alertRemoved alertID=\"2\"/>\n"
                                 "<alertRemoved alertID=\"1\"/>\n"));
    client_free(&plain);
    client_free(&changes);
    client_free(&slow);
    client_free(&dan);
    client_free(&late);
}
END_TEST

/* One who missed more than is kept is ended: he could not know what to take
 * off his screen.  One who missed less is told, also if it is much. */
START_TEST(test_many_removals)
{
    struct worker *w = stage_worker(ANN);
    struct client *c = client_open(ANN, CLIENT_CHANGES);
    unsigned n = _i == 0 ? BOARD_REMOVALS : 3 * BOARD_REMOVALS;

    for (unsigned i = 0; i < n; i++)
        board_note_removal(&w->board, ALERT_SERVER, 0, 1);
    push_audience(w, ALERT_SERVER, 0, PUSH_CHANGES);
    client_hear(c);
    push_audience(w, ALERT_SERVER, 0, PUSH_CHANGES);
    client_hear(c);
    ck_assert_uint_eq(client_is_open(c), _i == 0);
    client_free(&c);
}
END_TEST

/* However many go in another domain, nobody here is behind. */
START_TEST(test_removals_of_others)
{
    struct worker *w = stage_worker(ANN);
    struct client *c = client_open(ANN, CLIENT_CHANGES);
    struct client *other = client_open(DAN, CLIENT_CHANGES);

    for (unsigned i = 0; i < 3 * BOARD_REMOVALS; i++)
        board_note_removal(&w->board, ALERT_DOMAIN, stage_domain(DAN), 1);
    board_note_removal(&w->board, ALERT_SERVER, 0, 2);
    push_audience(w, ALERT_SERVER, 0, PUSH_CHANGES);
    ck_assert_str_eq(client_hear(c), "<alertRemoved alertID=\"2\"/>\n");
    client_hear(other);
    ck_assert(client_is_open(c));
    ck_assert(!client_is_open(other));
    client_free(&c);
    client_free(&other);
}
END_TEST

/* A connection that turns out to be broken when it is told of a removal. */
START_TEST(test_removal_breaks)
{
    struct worker *w = stage_worker(ANN);
    struct client *c = client_open(ANN, CLIENT_CHANGES);

    ck_assert_int_eq(shutdown(c->fd, SHUT_RD), 0); /* a write fails now */
    board_note_removal(&w->board, ALERT_SERVER, 0, 1);
    push_audience(w, ALERT_SERVER, 0, PUSH_CHANGES);
    stage_turns();
    ck_assert(!client_is_open(c));
    client_free(&c);
}
END_TEST

/* --- the queue --- */

/* More sessions than a turn tells. */
START_TEST(test_many_sessions)
{
    enum {
        N = 600
    };
    struct client *c[N];

    for (int i = 0; i < N; i++)
        c[i] = client_open(i % 2 == 0 ? ANN : BOB, 0);
    stage_post(ALERT_SERVER, 0, "all");
    ck_assert_uint_eq(stage_told, N);
    stage_turns();
    for (int i = 0; i < N; i++)
        ck_assert_str_eq(client_packet(c[i]), stage_alert(1, "server", "all"));
    /* Half of them end while they are on the queue. */
    stage_post_soon(ALERT_SERVER, 0, "more");
    stage_post_soon(ALERT_SERVER, 0, "and more");
    wait_for_store();
    mailbox_flush(stage->workers[0]->box);
    for (int i = 0; i < N; i += 2) {
        ck_assert(push_queue_may_hold(stage->workers[0], c[i]->s));
        session_close(c[i]->s, "test");
    }
    stage_turns();
    for (int i = 1; i < N; i += 2)
        ck_assert_uint_eq(count(client_packet(c[i]), "<alert "), 2);
    for (int i = 0; i < N; i++)
        client_free(&c[i]);
}
END_TEST

/* Gives all their turns; returns how many steps it took. */
static unsigned
give_turns(struct worker *w)
{
    struct session *s;
    unsigned steps = 0;

    for (; push_queue_step(w, &s); steps++)
        if (s != NULL)
            push_session(w, s);
    return steps;
}

/* Alerts that are posted at once: their audience is gone through once. */
START_TEST(test_burst_walks_once)
{
    enum {
        N = 20
    };
    struct worker *w = stage->workers[0];
    struct client *c[N], *late;

    for (int i = 0; i < N; i++)
        c[i] = client_open(i % 2 == 0 ? DAN : EVE, 0);
    for (int scope = ALERT_SERVER; scope <= ALERT_DOMAIN; scope += 2) {
        for (int i = 0; i < 30; i++)
            stage_post_soon((enum alert_scope)scope, DAN, "one of many");
        wait_for_store();
        mailbox_flush(w->box);
        ck_assert(push_queue_may_hold(w, c[0]->s));
        ck_assert_uint_le(give_turns(w), N + 2); /* accounts of the domain */
        ck_assert(!push_queue_may_hold(w, c[0]->s));
    }
    for (int i = 0; i < N; i++)
        ck_assert_uint_eq(count(client_hear(c[i]), "<alert "), 60);
    /* who comes, and whose options change, is among them at once */
    stage_post_soon(ALERT_SERVER, 0, "before");
    wait_for_store();
    mailbox_flush(w->box);
    late = client_open(EVE, 0);
    client_hear(late);
    session_close(c[0]->s, "test");
    stage_post(ALERT_SERVER, 0, "after");
    ck_assert_uint_eq(stage_told, N);
    ck_assert_uint_eq(count(client_hear(late), "after"), 1);
    client_say(late, "<setSessionOption id=\"1\" name=\"alerts\" "
                     "value=\"no\"/>\n");
    client_hear(late);
    stage_post(ALERT_DOMAIN, DAN, "to others");
    ck_assert_uint_eq(stage_told, N - 1);
    ck_assert_uint_eq(count(client_hear(late), "to others"), 0);
    client_free(&late);
    for (int i = 0; i < N; i++)
        client_free(&c[i]);
}
END_TEST

/* Numbers that are kept are those that a look at all sessions finds. */
static void
check_numbers(struct worker *w, enum stage_who who)
{
    static const enum push_mode modes[] = {PUSH_COUNT, PUSH_CHANGES};
    uint64_t domain = stage_domain(who);
    struct session *s;

    for (int i = 0; i < 2; i++) {
        unsigned server = 0, of_domain = 0;

        TAILQ_FOREACH(s, &w->sessions, all) {
            if (s->state != SESSION_OPEN || (i == 1 && !s->opt_changes))
                continue;
            server += push_is_audience(s, ALERT_SERVER, 0);
            of_domain += push_is_audience(s, ALERT_DOMAIN, domain);
        }
        ck_assert_uint_eq(push_audience(w, ALERT_SERVER, 0, modes[i]), server);
        ck_assert_uint_eq(push_audience(w, ALERT_DOMAIN, domain, modes[i]),
                          of_domain);
    }
}

static void
change_shared(struct effect *e, void *arg)
{
    const bool *shared = arg;

    e->domain.number = stage_domain(DAN);
    e->domain.name = xstrdup("a.test");
    e->domain.shared = *shared;
}

START_TEST(test_numbers_follow)
{
    static const char *const options[] = {
        "<setSessionOption id=\"1\" name=\"alerts\" value=\"no\"/>\n",
        "<setSessionOption id=\"1\" name=\"alerts\" value=\"yes\"/>\n",
        "<setSessionOption id=\"1\" name=\"alertChanges\" value=\"yes\"/>\n",
        "<setSessionOption id=\"1\" name=\"alertChanges\" value=\"no\"/>\n",
    };
    struct worker *w = stage->workers[0];
    struct client *c[8];
    unsigned x = 1;

    for (int i = 0; i < 8; i++)
        c[i] = client_open(i % 3 == 0 ? ANN : DAN, i % 2 ? CLIENT_CHANGES : 0);
    for (int step = 0; step < 100; step++) {
        unsigned i = (x = x * 1664525 + 1013904223) >> 8;
        bool shared = i % 16 == 0;

        if (step % 20 == 10)
            stage_effect(change_shared, EFFECT_DOMAIN_CHANGED, &shared);
        if (i % 5 == 4) {
            client_free(&c[i % 8]);
            c[i % 8] = client_open(i % 2 ? ANN : DAN, 0);
        } else {
            client_say(c[i % 8], options[i / 8 % 4]);
            client_hear(c[i % 8]);
        }
        check_numbers(w, DAN);
        check_numbers(w, ANN);
    }
    for (int i = 0; i < 8; i++)
        client_free(&c[i]);
}
END_TEST

/* Very many alerts that the session is not to see are passed over in several
 * turns, and the one behind them comes before any answer. */
START_TEST(test_many_unwanted)
{
    enum {
        N = 6000
    };
    struct worker *w = stage_worker(ANN);
    struct account *ann = stage_loaded(ANN);
    struct client *c;

    for (uint64_t id = 1; id <= N + 1; id++) {
        struct alert_rec rec = {.id = id,
                                .posted = 1,
                                .until = id <= N ? 1 : 0,
                                .text = xstrdup("x"),
                                .text_len = 1};
        struct alert *a;

        rec.scope = ALERT_SERVER;
        a = alert_new(&rec);
        board_add(&w->board, a, "", false);
        w->board.last_id = id;
        alert_unref(&a);
    }
    c = client_connect(ANN, 0);
    session_open(c->s, ann);
    session_start_alerts(c->s);
    ck_assert_uint_gt(c->s->cursor, 0);
    ck_assert_uint_le(c->s->cursor, N);
    client_say(c, "<noop id=\"1\"/>\n");
    client_hear(c);
    ck_assert_ptr_nonnull(strstr(buf_cstr(&c->in), "alertID=\"6001\""));
    ck_assert_uint_eq(count(buf_cstr(&c->in), "<alert "), 1);
    ck_assert_ptr_nonnull(
        strstr(strstr(buf_cstr(&c->in), "<alert "), "<response id=\"1\"/>"));
    client_free(&c);
}
END_TEST

Suite *
push_suite(void)
{
    Suite *s = suite_create("push");
    TCase *t = tcase_create("push"), *three = tcase_create("three workers");

    tcase_add_checked_fixture(t, stage_setup, stage_teardown);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, test_burst);
    tcase_add_test(t, test_burst_walks_once);
    tcase_add_test(t, test_blocked);
    tcase_add_test(t, test_long_login);
    tcase_add_test(t, test_long_start);
    tcase_add_test(t, test_too_slow);
    tcase_add_test(t, test_gone);
    tcase_add_test(t, test_shared_bytes);
    tcase_add_test(t, test_not_shared);
    tcase_add_test(t, test_expired);
    tcase_add_test(t, test_once);
    tcase_add_test(t, test_counts);
    tcase_add_test(t, test_not_within_a_message);
    tcase_add_test(t, test_too_much_within_a_message);
    tcase_add_test(t, test_removals);
    tcase_add_loop_test(t, test_many_removals, 0, 2);
    tcase_add_test(t, test_removals_of_others);
    tcase_add_test(t, test_removal_breaks);
    tcase_add_test(t, test_many_sessions);
    tcase_add_test(t, test_numbers_follow);
    tcase_add_test(t, test_many_unwanted);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(three, stage_setup_three, stage_teardown);
    tcase_set_timeout(three, 120);
    tcase_add_test(three, test_counts);
    tcase_add_test(three, test_once);
    tcase_add_test(three, test_removals);
    suite_add_tcase(s, three);
    return s;
}
