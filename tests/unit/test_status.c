/* SPDX-License-Identifier: BSD-2-Clause */
/* The status thread without a server: what it says before there is one, and when
 * it is gone. */
#include "config.h"

#include "ximss/server/status.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/buf.h"

Suite *status_suite(void);

static char host[] = "127.0.0.1";
static struct config_address address = {.host = host};
static const struct config_listen listen_at = {&address, 1};

static struct status *
make(unsigned short *port_r)
{
    struct status_options o = {.listen = &listen_at, .most_behind = 1};
    struct buf where = {0};
    struct errbuf err;
    struct status *st = status_new(&o, &where, &err);

    ck_assert_ptr_nonnull(st);
    ck_assert(strncmp(buf_cstr(&where), "status 127.0.0.1:", 17) == 0);
    *port_r = (unsigned short)atoi(buf_cstr(&where) + 17);
    buf_clear(&where);
    return st;
}

/* The reply to a GET, whole. */
static char *
get(unsigned short port, const char *path)
{
    static char reply[4096];
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t n = 0;
    ssize_t got;

    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    snprintf(reply, sizeof reply, "GET %s HTTP/1.0\r\n\r\n", path);
    ck_assert_int_gt(write(fd, reply, strlen(reply)), 0);
    while ((got = read(fd, reply + n, sizeof reply - 1 - n)) > 0)
        n += (size_t)got;
    reply[n] = '\0';
    close(fd);
    return reply;
}

static void
expect(const char *reply, const char *status, const char *body)
{
    const char *end = strstr(reply, "\r\n\r\n");

    ck_assert_ptr_nonnull(end);
    ck_assert_msg(strstr(reply, status) == reply + 9, "%s", reply);
    ck_assert_str_eq(end + 4, body);
}

START_TEST(before_and_behind_the_server)
{
    unsigned short port;
    struct status *st = make(&port);

    status_start(st);
    expect(get(port, "/healthz"), "200", "ok\n");
    expect(get(port, "/readyz"), "503", "recovering\n");
    status_leave(st);
    expect(get(port, "/readyz"), "503", "draining\n");
    expect(get(port, "/healthz"), "200", "ok\n");
    status_stop(&st);
    ck_assert_ptr_null(st);
}
END_TEST

START_TEST(an_address_in_use)
{
    unsigned short port;
    struct status *st = make(&port), *other;
    struct status_options o = {.listen = &listen_at};
    struct buf where = {0};
    struct errbuf err;

    address.port = port;
    other = status_new(&o, &where, &err);
    address.port = 0;
    ck_assert_ptr_null(other);
    ck_assert_msg(strstr(err.text, "listen-status: listening on 127.0.0.1:") ==
                      err.text,
                  "%s", err.text);
    buf_clear(&where);
    status_stop(&st); /* whose thread never ran */
}
END_TEST

Suite *
status_suite(void)
{
    Suite *s = suite_create("status");
    TCase *t = tcase_create("status");

    tcase_add_test(t, before_and_behind_the_server);
    tcase_add_test(t, an_address_in_use);
    suite_add_tcase(s, t);
    return s;
}
