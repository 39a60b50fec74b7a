/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection of the bridge, whose timer the test fires when it likes: what
 * happens then, not when. */
#include "config.h"

#include "clients/bridge/http_conn.h"

#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "util/clock.h"
#include "util/lobby.h"
#include "util/xmalloc.h"

Suite *http_conn_suite(void);

#define REPLY (8 << 20) /* more than sockets hold */

static struct event_base *base;
static struct conn_loop *loop;
static struct http_owner owner;
static struct http_conn *conn;
static char *body;
static int peer;

static void
on_request(struct http_conn *h, const struct http_request *q)
{
    const struct http_reply r = {
        .status = 200, .type = "text/plain", .body = body, .len = REPLY};

    (void)q;
    http_reply(h, &r);
}

static void
on_closed(struct http_conn *h)
{
    ck_assert_ptr_eq(h, conn);
    conn = NULL;
}

/* What the request was said to take when its head was there, and ever. */
static size_t held_at_head, held_most;
static bool in_body;

static size_t
on_head(struct http_conn *h, const char *url)
{
    (void)h;
    (void)url;
    in_body = true;
    return 100000;
}

static bool
on_held(struct http_conn *h, size_t bytes)
{
    (void)h;
    if (bytes > held_most)
        held_most = bytes;
    if (held_at_head == 0 && in_body)
        held_at_head = bytes;
    return true;
}

static void
setup(void)
{
    struct sockaddr_storage sa = {.ss_family = AF_INET};
    int fds[2];

    base = event_base_new();
    loop = conn_loop_new(base, NULL);
    conn_loop_set_hard_limit(loop, 2 * (size_t)REPLY);
    conn_loop_set_total_limit(loop, 2 * (size_t)REPLY);
    body = xcalloc(1, REPLY);
    owner = (struct http_owner){.on_request = on_request,
                                .on_closed = on_closed,
                                .on_head = on_head,
                                .on_held = on_held,
                                .head_bytes = 4096,
                                .request_timeout = 3600 * CLOCK_SECOND,
                                .keep_alive = 3600 * CLOCK_SECOND};
    ck_assert_int_eq(
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
        0);
    peer = fds[1];
    conn = http_conn_new(&owner, loop, fds[0], (struct sockaddr *)&sa, NULL, 0);
}

static void
turn(void)
{
    /* What one turn begins, the next one ends. */
    for (int i = 0; i < 4; i++)
        event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
teardown(void)
{
    if (conn != NULL)
        http_conn_end(conn);
    turn();
    close(peer);
    conn_loop_free(&loop);
    event_base_free(base);
    free(body);
}

/* As if its time had come. */
static void
fire_timer(void)
{
    ck_assert_ptr_nonnull(conn);
    event_active(&conn->timer, EV_TIMEOUT, 0);
    turn();
}

static void
ask(const char *more)
{
    char *text = xasprintf("GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", more);
    ssize_t len = (ssize_t)strlen(text);

    ck_assert_int_eq(send(peer, text, (size_t)len, MSG_NOSIGNAL), len);
    free(text);
    turn();
}

/* Reads what comes, at most so many bytes. */
static size_t
read_some(size_t most)
{
    static char piece[65536];
    size_t got = 0;
    ssize_t n;

    while (got < most && (n = recv(peer, piece, sizeof piece, 0)) > 0) {
        got += (size_t)n;
        turn();
    }
    return got;
}

static const char *const lasting[] = {"", "Connection: close\r\n"};

/* Silence counts from when the last byte has left, whether another request may
 * follow or not: to close earlier takes from the peer what it was sent. */
START_TEST(silence_begins_when_the_reply_has_arrived)
{
    ask(lasting[_i]);
    fire_timer(); /* nothing moves yet */
    ck_assert_ptr_nonnull(conn);
    ck_assert_uint_ge(read_some(REPLY / 2), REPLY / 2);
    fire_timer(); /* it has moved */
    ck_assert_ptr_nonnull(conn);
    read_some(SIZE_MAX);
    fire_timer(); /* it has all arrived since we looked last */
    ck_assert_ptr_nonnull(conn);
    fire_timer();
    ck_assert_ptr_null(conn);
}
END_TEST

START_TEST(who_takes_nothing_is_cut_off)
{
    owner.request_timeout = 0;
    ask(lasting[_i]);
    fire_timer(); /* the socket has taken what it holds */
    if (conn != NULL)
        fire_timer();
    ck_assert_ptr_null(conn);
}
END_TEST

/* A body takes what was counted for it before it came, however it comes. */
START_TEST(a_body_takes_what_its_head_said)
{
    static const char *const heads[] = {
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "11170\r\n"};
    const ssize_t len = (ssize_t)strlen(heads[_i]);
    char piece[1000];

    memset(piece, 'x', sizeof piece);
    held_at_head = held_most = 0;
    in_body = false;
    ck_assert_int_eq(send(peer, heads[_i], (size_t)len, MSG_NOSIGNAL), len);
    turn();
    ck_assert(in_body);
    for (size_t at = 0; at < 70000; at += sizeof piece) {
        ck_assert_int_eq(send(peer, piece, sizeof piece, MSG_NOSIGNAL),
                         sizeof piece);
        turn();
    }
    ck_assert_uint_gt(held_at_head, 70000);
    ck_assert_uint_eq(held_most, held_at_head);
}
END_TEST

START_TEST(another_request_may_follow)
{
    ask("");
    read_some(SIZE_MAX);
    fire_timer();
    ck_assert_ptr_nonnull(conn);
    ask("");
    ck_assert_uint_ge(read_some(SIZE_MAX), REPLY);
}
END_TEST

Suite *
http_conn_suite(void)
{
    Suite *s = suite_create("http_conn");
    TCase *t = tcase_create("http_conn");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, silence_begins_when_the_reply_has_arrived, 0, 2);
    tcase_add_loop_test(t, who_takes_nothing_is_cut_off, 0, 2);
    tcase_add_loop_test(t, a_body_takes_what_its_head_said, 0, 2);
    tcase_add_test(t, another_request_may_follow);
    suite_add_tcase(s, t);
    return s;
}
