/* SPDX-License-Identifier: BSD-2-Clause */
/* URLs, against a server in the test's own thread. */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "notify/notify_sign.h"
#include "tests/unit/notify_fixture.h"
#include "tests/unit/suite.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/xmalloc.h"

static int listener;
static char root[64]; /* http://127.0.0.1:PORT */
static char *url;
static struct buf request;

static void
setup(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;

    notify_fixture_setup();
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(listener, 5), 0);
    getsockname(listener, (struct sockaddr *)&at, &len);
    snprintf(root, sizeof root, "http://127.0.0.1:%u", ntohs(at.sin_port));
    url = xasprintf("%s/hook?a=b", root);
    notify_fixture_allow(&notify_fixture_config.urls, root);
    /* nothing of it may count */
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
}

static void
teardown(void)
{
    notify_fixture_teardown();
    close(listener);
    free(url);
    buf_clear(&request);
}

/* All of it: the head, and as much as that says. */
static bool
is_whole(void)
{
    const char *text = buf_cstr(&request);
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, "Content-Length: ");

    return end != NULL &&
           strlen(end + 4) >=
               (length != NULL ? strtoul(length + 16, NULL, 10) : 0);
}

/* Takes one connection and its request, and replies, whether it is read or not. */
static const char *
serve(const char *reply, size_t len)
{
    int fd = accept(listener, NULL, NULL);
    char data[4096];
    ssize_t n;

    request.len = 0;
    while (!is_whole()) {
        n = read(fd, data, sizeof data);
        ck_assert_int_gt(n, 0);
        buf_append(&request, data, (size_t)n);
    }
    for (size_t at = 0; at < len; at += (size_t)n) {
        n = send(fd, reply + at, len - at, MSG_NOSIGNAL);
        if (n <= 0)
            break;
    }
    close(fd);
    return buf_cstr(&request);
}

static const char *
serve_text(const char *reply)
{
    return serve(reply, strlen(reply));
}

static void
expect_failure(const char *what, uint64_t tag)
{
    const char *result = notify_fixture_result(tag);

    ck_assert_msg(strstr(result, what) != NULL, "%s", result);
    ck_assert_uint_eq(notify_fixture_times(tag), 1);
}

/* The value of a header, freed by the caller. */
static char *
header(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    ck_assert_msg(at != NULL, "%s in: %s", name, text);
    at += strlen(name);
    return xstrndup(at, strcspn(at, "\r"));
}

START_TEST(get_asks_and_no_more)
{
    struct notify_notice x = {
        .method = NOTIFY_URL, .url = url, .body = "not sent", .tag = 1};
    const char *text;

    notify_fixture_start();
    notify_fixture_submit(&x);
    text = serve_text("HTTP/1.1 204 No Content\r\n\r\n");
    ck_assert_str_eq(notify_fixture_result(1), "ok");
    ck_assert_int_eq(
        strncmp(text, "GET /hook?a=b HTTP/1.1\r\nHost: 127.0.0.1:", 40), 0);
    ck_assert_ptr_nonnull(strstr(text, "\r\nUser-Agent: ximssd/"));
    ck_assert_ptr_nonnull(strstr(text, "\r\nwebhook-id: msg_"));
    ck_assert_ptr_null(strstr(text, "webhook-signature"));
    ck_assert_ptr_null(strstr(text, "Cookie"));
    ck_assert_ptr_null(strstr(text, "not sent"));
}
END_TEST

static void
expect_signature(const char *text, const char *payload)
{
    char *id = header(text, "webhook-id: "), expected[NOTIFY_SIGN_SIZE];
    char *time = header(text, "webhook-timestamp: ");
    char *signature = header(text, "webhook-signature: ");
    long long seconds = strtoll(time, NULL, 10);

    ck_assert_int_le(llabs(clock_now() / CLOCK_SECOND - seconds), 60);
    notify_sign_make("our secret", id, seconds, payload, expected);
    ck_assert_str_eq(signature, expected);
    free(id);
    free(time);
    free(signature);
}

START_TEST(post_has_the_body_and_is_signed)
{
    struct notify_notice x = {.method = NOTIFY_URL,
                              .url = url,
                              .body = "{\"a\":\"\xc3\xa4\"}",
                              .secret = "our secret",
                              .json = true,
                              .tag = 1};
    const char *text;

    notify_fixture_start();
    notify_fixture_submit(&x);
    text = serve_text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    ck_assert_str_eq(notify_fixture_result(1), "ok");
    ck_assert_int_eq(strncmp(text, "POST /hook?a=b HTTP/1.1\r\n", 25), 0);
    ck_assert_ptr_nonnull(
        strstr(text, "\r\nContent-Type: application/json\r\n"));
    ck_assert_str_eq(strstr(text, "\r\n\r\n") + 4, "{\"a\":\"\xc3\xa4\"}");
    expect_signature(text, x.body);
    ck_assert_ptr_null(strstr(text, "our secret"));
}
END_TEST

START_TEST(get_has_its_target_signed)
{
    struct notify_notice x = {
        .method = NOTIFY_URL, .url = url, .secret = "our secret", .tag = 1};
    const char *text;

    notify_fixture_start();
    notify_fixture_submit(&x);
    text = serve_text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    ck_assert_str_eq(notify_fixture_result(1), "ok");
    expect_signature(text, "/hook?a=b");
}
END_TEST

static const struct {
    const char *reply, *why;
} failures[] = {
    {"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
     "127.0.0.1 answered with status 500"},
    {"HTTP/1.1 404 No\r\n\r\nsome text", "answered with status 404"},
    {"HTTP/1.1 302 No\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",
     "answered with status 302; redirects are not followed"},
    {"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
     "answered with status 401"},
    {"220 smtp ESMTP\r\n", "127.0.0.1: "},
    {"", "127.0.0.1: "},
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx", "127.0.0.1: "},
};

/* One connection each: nobody is asked again, nor elsewhere. */
START_TEST(failure_is_told)
{
    struct notify_notice x = {.method = NOTIFY_URL, .url = url, .tag = 1};

    notify_fixture_start();
    notify_fixture_submit(&x);
    serve_text(failures[_i].reply);
    expect_failure(failures[_i].why, 1);
}
END_TEST

/* What is sent without end is not read; the status counts. */
START_TEST(endless_reply_is_cut)
{
    static const char *const heads[] = {"HTTP/1.1 200 OK\r\n\r\n",
                                        "HTTP/1.1 500 No\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\nX: "};
    size_t len = 100 * 1024 * 1024;
    char *reply = xmalloc(len);
    struct notify_notice x = {.method = NOTIFY_URL, .url = url, .tag = 1};

    memset(reply, 'x', len);
    memcpy(reply, heads[_i], strlen(heads[_i]));
    notify_fixture_start();
    notify_fixture_submit(&x);
    serve(reply, len);
    if (_i == 0)
        ck_assert_str_eq(notify_fixture_result(1), "ok");
    else if (_i == 1)
        expect_failure("answered with status 500", 1);
    else
        ck_assert_uint_gt(strlen(notify_fixture_result(1)), 2);
    free(reply);
}
END_TEST

START_TEST(nobody_there_is_told)
{
    struct notify_notice x = {
        .method = NOTIFY_URL, .url = "http://127.0.0.1:1/", .tag = 1};

    notify_fixture_allow(&notify_fixture_config.urls, "http://127.0.0.1:1");
    notify_fixture_start();
    notify_fixture_submit(&x);
    expect_failure("127.0.0.1: Failed to connect", 1);
}
END_TEST

START_TEST(what_is_not_allowed_is_not_asked)
{
    struct notify_notice x = {
        .method = NOTIFY_URL, .url = "http://127.0.0.2/x", .tag = 1};
    struct errbuf err;

    ck_assert_int_eq(notify_check(notify_fixture_start(), &x, &err), -1);
    notify_fixture_submit(&x);
    expect_failure("http://127.0.0.2:80/x is not below one of notify-urls", 1);
    x = (struct notify_notice){
        .method = NOTIFY_URL, .url = url, .secret = "whsec_?", .tag = 2};
    notify_fixture_submit(&x);
    expect_failure("the secret is a text of", 2);
}
END_TEST

/* A name that is allowed, and leads to this machine: only localhost may, by
 * itself; another only if its network is named. */
START_TEST(name_that_leads_home_is_barred)
{
    char *named;
    struct notify_notice x = {.method = NOTIFY_URL, .tag = 1};
    const struct config_spec nets = {.type = CONFIG_NETS, .max = 256};
    struct errbuf err;

    named = xasprintf("http://ximssd.localhost%s", strrchr(root, ':'));
    notify_fixture_allow(&notify_fixture_config.urls, named);
    notify_fixture_start();
    x.url = named;
    notify_fixture_submit(&x);
    expect_failure("ximssd.localhost is at ", 1);
    expect_failure("which is not public, nor in notify-networks", 1);
    ck_assert_int_eq(config_value_parse(&nets, "127.0.0.0/8",
                                        &notify_fixture_config.networks, &err),
                     0);
    notify_fixture_start();
    x.tag = 2;
    notify_fixture_submit(&x);
    serve_text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    ck_assert_str_eq(notify_fixture_result(2), "ok");
    free(named);
}
END_TEST

START_TEST(deadline_ends_a_request)
{
    struct notify_notice x = {.method = NOTIFY_URL, .url = url, .tag = 1};

    notify_fixture_config.timeout = CLOCK_SECOND / 5;
    notify_fixture_start();
    notify_fixture_submit(&x); /* accepted by the kernel, and no more */
    expect_failure("no end within 200 ms (notify-timeout)", 1);
}
END_TEST

START_TEST(end_is_bounded)
{
    struct notify_notice x = {.method = NOTIFY_URL, .url = url};

    notify_fixture_start();
    for (x.tag = 0; x.tag < 5; x.tag++)
        notify_fixture_submit(&x);
    close(accept(listener, NULL, NULL));
    ck_assert_int_lt(notify_fixture_stop(), NOTIFY_STOP_MOST);
    for (uint64_t tag = 1; tag < 5; tag++)
        ck_assert_uint_eq(notify_fixture_times(tag), 1);
    ck_assert_str_eq(notify_fixture_result(4), "the server stops");
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

Suite *notify_url_suite(void);

Suite *
notify_url_suite(void)
{
    Suite *s = suite_create("notify_url");
    TCase *t = tcase_create("url");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, get_asks_and_no_more);
    tcase_add_test(t, post_has_the_body_and_is_signed);
    tcase_add_test(t, get_has_its_target_signed);
    tcase_add_loop_test(t, failure_is_told, 0, COUNT(failures));
    tcase_add_loop_test(t, endless_reply_is_cut, 0, 3);
    tcase_add_test(t, nobody_there_is_told);
    tcase_add_test(t, what_is_not_allowed_is_not_asked);
    tcase_add_test(t, name_that_leads_home_is_barred);
    tcase_add_test(t, deadline_ends_a_request);
    tcase_add_test(t, end_is_bounded);
    suite_add_tcase(s, t);
    return s;
}
