/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/warning_server.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "quota/source.h"
#include "tests/unit/local_peer.h"
#include "tests/unit/pump.h"
#include "util/buf.h"
#include "util/log.h"

Suite *warning_server_suite(void);

#define SCRIPT "VERSION\tscript\t4\t0\n"

static struct event_base *base;
static struct conn_loop *loop;
static struct report_server *server;
static char path[256];
static struct buf reports;

static void
on_report(void *arg, const struct quota_report *r)
{
    ck_assert_ptr_eq(arg, &reports);
    ck_assert_int_eq(r->source, QUOTA_SOURCE_WARNING);
    ck_assert(r->is_percent && !r->rounded && !r->has_limit);
    buf_appendf(&reports, "%s=%llu%% ", r->user, (unsigned long long)r->used);
}

static const struct quota_sink sink = {.report = on_report, .arg = &reports};

static void
setup(void)
{
    struct local_server_config cfg = {.path = path, .mode = 0600};
    struct errbuf err;

    log_set_level(LOG_ERROR_); /* it will complain */
    local_dir_make();
    strcpy(path, local_path("warning"));
    base = event_base_new();
    loop = conn_loop_new(base, NULL);
    server =
        report_server_start(base, loop, &cfg, &warning_server_ops, &sink, &err);
    ck_assert_msg(server != NULL, "%s", err.text);
}

static void
teardown(void)
{
    report_server_stop(&server);
    ck_assert_ptr_null(server);
    report_server_stop(&server);
    conn_loop_free(&loop);
    event_base_free(base);
    buf_clear(&reports);
    local_dir_remove();
    log_set_level(LOG_INFO_);
}

static struct report_counts
counts(void)
{
    struct report_counts c;

    report_server_get_counts(server, &c);
    return c;
}

/* As captured: written, and closed. */
START_TEST(captured)
{
    int fd = peer_connect(path);

    peer_say(fd, SCRIPT "noreply\n80\nuser1@example.test\n\n");
    close(fd);
    pump_turns(&base, 1);
    ck_assert_str_eq(buf_cstr(&reports), "user1@example.test=80% ");
    ck_assert_uint_eq(counts().reports, 1);
    ck_assert_uint_eq(counts().sockets.malformed, 0);
}
END_TEST

/* The report does not wait for the end, and there is one, whatever follows. */
START_TEST(in_pieces)
{
    static const char text[] = SCRIPT "noreply\n95\nu@d\n\n";
    int fd = peer_connect(path);

    for (size_t i = 0; text[i] != '\0'; i++) {
        char byte[2] = {text[i], '\0'};

        ck_assert_uint_eq(reports.len, 0);
        peer_say(fd, byte);
        pump_turns(&base, 1);
    }
    ck_assert_str_eq(buf_cstr(&reports), "u@d=95% ");
    peer_say(fd, text);
    peer_expect(fd, base, "", false);
    shutdown(fd, SHUT_WR);
    peer_expect(fd, base, "", true);
    close(fd);
    ck_assert_uint_eq(counts().reports, 1);
}
END_TEST

START_TEST(answers_who_waits)
{
    int fd = peer_connect(path);

    peer_say(fd, SCRIPT "-\n80\nu@d\n\n");
    peer_expect(fd, base, "+\n", true);
    close(fd);
    pump_turns(&base, 1);
    ck_assert_str_eq(buf_cstr(&reports), "u@d=80% ");
}
END_TEST

START_TEST(malformed)
{
    static const char *const rows[] = {
        "hello\n\n", SCRIPT "noreply\n\n", SCRIPT "noreply\nbelow\nu@d\n\n",
        SCRIPT "noreply\n80\nu@d\n", /* and then its end */
    };
    unsigned n = sizeof rows / sizeof rows[0];

    for (unsigned i = 0; i < n; i++) {
        int fd = peer_connect(path);

        peer_say(fd, rows[i]);
        shutdown(fd, SHUT_WR);
        peer_expect(fd, base, "", true);
        close(fd);
        ck_assert_uint_eq(counts().sockets.malformed, i + 1);
    }
    close(peer_connect(path)); /* says nothing: no harm */
    pump_turns(&base, 1);
    ck_assert_uint_eq(counts().sockets.malformed, n);
    ck_assert_uint_eq(reports.len, 0);
}
END_TEST

START_TEST(too_long)
{
    int fd = peer_connect(path);
    char text[5000];

    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    peer_say(fd, text);
    peer_expect(fd, base, "", true);
    close(fd);
    ck_assert_uint_eq(counts().sockets.malformed, 1);
}
END_TEST

Suite *
warning_server_suite(void)
{
    Suite *s = suite_create("warning_server");
    TCase *tc = tcase_create("warning_server");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, captured);
    tcase_add_test(tc, in_pieces);
    tcase_add_test(tc, answers_who_waits);
    tcase_add_test(tc, malformed);
    tcase_add_test(tc, too_long);
    suite_add_tcase(s, tc);
    return s;
}
