/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that listen, and what accepts from them. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "util/acceptor.h"
#include "util/address.h"
#include "util/listen_socket.h"
#include "util/text.h"

Suite *listen_suite(void);

static char loopback[] = "127.0.0.1", nowhere[] = "192.0.2.1";

static int
open_at(char *host, uint16_t port, enum listen_socket_share share,
        struct errbuf *err)
{
    const struct config_address a = {host, port};

    return listen_socket_open(&a, port, share, err);
}

START_TEST(the_first_finds_out_whether_others_listen)
{
    const struct config_address a = {loopback, 1};
    struct errbuf err;
    int first = open_at(loopback, 0, LISTEN_FIRST, &err), next;
    uint16_t port = listen_socket_port(first);

    ck_assert_int_ge(first, 0);
    ck_assert_uint_gt(port, 0);
    ck_assert_int_eq(listen_socket_try(&a, port), EADDRINUSE);
    ck_assert_int_eq(open_at(loopback, port, LISTEN_FIRST, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "listening on 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(err.text, strerror(EADDRINUSE)));
    ck_assert_int_eq(open_at(loopback, port, LISTEN_ALONE, &err), -1);
    next = open_at(loopback, port, LISTEN_SHARING, &err);
    ck_assert_int_ge(next, 0);
    ck_assert_uint_eq(listen_socket_port(next), port);
    close(first);
    close(next);
    ck_assert_int_eq(listen_socket_try(&a, port), 0);
}
END_TEST

START_TEST(one_that_is_alone_shares_with_nobody)
{
    struct errbuf err;
    int fd = open_at(loopback, 0, LISTEN_ALONE, &err);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(
        open_at(loopback, listen_socket_port(fd), LISTEN_SHARING, &err), -1);
    close(fd);
}
END_TEST

START_TEST(says_where_it_cannot_listen)
{
    struct errbuf err;

    ck_assert_int_eq(open_at(nowhere, 80, LISTEN_ALONE, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "listening on 192.0.2.1:80: "));
}
END_TEST

/* --- accepting --- */

struct guests {
    int n, wants;
    int last;
    bool goes_on;
};

static void
on_accept(void *arg, int fd, const struct sockaddr *peer)
{
    struct guests *g = arg;

    ck_assert(address_is_local(peer));
    g->n++;
    g->last = fd;
}

static bool
on_want(void *arg)
{
    struct guests *g = arg;

    g->wants++;
    return false;
}

static const struct acceptor_ops ops = {on_accept, on_want};

static int
dial(uint16_t port)
{
    struct sockaddr_storage sa;
    socklen_t len = address_make(loopback, port, &sa);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, len), 0);
    return fd;
}

/* The one that waits is accepted when there is a descriptor again. */
START_TEST(waits_for_a_descriptor)
{
    struct event_base *base = event_base_new();
    struct guests g = {.last = -1};
    struct rlimit limit, few;
    struct errbuf err;
    int fd = open_at(loopback, 0, LISTEN_ALONE, &err);
    int peer = dial(listen_socket_port(fd));
    struct acceptor *a = acceptor_new(base, fd, &ops, &g);

    getrlimit(RLIMIT_NOFILE, &limit);
    few = limit;
    few.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &few);
    while (g.wants == 0)
        event_base_loop(base, EVLOOP_ONCE);
    ck_assert_int_eq(g.n, 0);
    /* It does not spin: nothing is ready now. */
    event_base_loop(base, EVLOOP_NONBLOCK);
    ck_assert_int_eq(g.wants, 1);
    setrlimit(RLIMIT_NOFILE, &limit);
    while (g.n == 0)
        event_base_loop(base, EVLOOP_ONCE);
    ck_assert_int_ge(g.last, 0);
    acceptor_free(&a);
    ck_assert_ptr_null(a);
    close(g.last);
    close(peer);
    close(fd);
    event_base_free(base);
}
END_TEST

START_TEST(knows_wants)
{
    ck_assert(acceptor_is_want(EMFILE) && acceptor_is_want(ENFILE) &&
              acceptor_is_want(ENOBUFS) && acceptor_is_want(ENOMEM));
    ck_assert(!acceptor_is_want(ECONNABORTED) && !acceptor_is_want(EAGAIN));
}
END_TEST

Suite *
listen_suite(void)
{
    Suite *s = suite_create("listen");
    TCase *t = tcase_create("listen");

    tcase_add_test(t, the_first_finds_out_whether_others_listen);
    tcase_add_test(t, one_that_is_alone_shares_with_nobody);
    tcase_add_test(t, says_where_it_cannot_listen);
    tcase_add_test(t, knows_wants);
    suite_add_tcase(s, t);
    t = tcase_create("descriptors");
    tcase_set_tags(t, "descriptors");
    tcase_add_test(t, waits_for_a_descriptor);
    suite_add_tcase(s, t);
    return s;
}
