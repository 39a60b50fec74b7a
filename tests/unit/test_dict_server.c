/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/dict_server.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "quota/source.h"
#include "tests/unit/local_peer.h"
#include "tests/unit/pump.h"
#include "util/buf.h"
#include "util/clock.h"

Suite *dict_server_suite(void);

#define HELLO   "H3\t2\t0\t\tquota\n"
#define STORAGE "priv/quota/storage"

static struct event_base *base;
static struct conn_loop *loop;
static struct report_server *server;
static char path[256];
static int log_file, old_stderr;
static struct buf reports;
/* The answer that this peer must have by the time of a report; -1: not looked
 * at. */
static int answered_fd;

static void
on_report(void *arg, const struct quota_report *r)
{
    char byte;

    ck_assert_ptr_eq(arg, &reports);
    ck_assert_int_eq(r->source, QUOTA_SOURCE_DICT);
    ck_assert(!r->rounded && !r->is_percent && !r->has_limit);
    if (answered_fd >= 0)
        ck_assert_int_eq(recv(answered_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT),
                         1);
    buf_appendf(&reports, "%s=%llu ", r->user, (unsigned long long)r->used);
}

static const struct quota_sink sink = {.report = on_report, .arg = &reports};

/* Complaints are expected, and counted. */
static void
catch_log(void)
{
    log_file = open(local_path("log"), O_RDWR | O_CREAT | O_APPEND, 0600);
    ck_assert_int_ge(log_file, 0);
    old_stderr = dup(STDERR_FILENO);
    dup2(log_file, STDERR_FILENO);
}

static void
release_log(void)
{
    dup2(old_stderr, STDERR_FILENO);
    close(old_stderr);
    close(log_file);
}

static const char *
logged(void)
{
    static char text[8192];
    ssize_t n = pread(log_file, text, sizeof text - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

static unsigned
lines(const char *text)
{
    unsigned n = 0;

    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

static void
start(unsigned most)
{
    struct local_server_config cfg = {.path = path, .mode = 0600, .most = most};
    struct errbuf err;

    server =
        report_server_start(base, loop, &cfg, &dict_server_ops, &sink, &err);
    ck_assert_msg(server != NULL, "%s", err.text);
}

static void
setup(void)
{
    local_dir_make();
    catch_log();
    strcpy(path, local_path("dict"));
    base = event_base_new();
    loop = conn_loop_new(base, NULL);
    answered_fd = -1;
    start(0);
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
    release_log();
    local_dir_remove();
}

static const char *
reported(void)
{
    static char text[4096];

    snprintf(text, sizeof text, "%s", buf_cstr(&reports));
    reports.len = 0;
    return text;
}

static struct report_counts
counts(void)
{
    struct report_counts c;

    report_server_get_counts(server, &c);
    return c;
}

static void
turns(void)
{
    pump_turns(&base, 1);
}

/* --- what a delivery does --- */

/* The bytes that were captured, written as Dovecot writes them: H alone first,
 * which is not answered. */
START_TEST(captured)
{
    int fd = peer_connect(path);

    answered_fd = fd;
    peer_say(fd, HELLO);
    turns();
    peer_expect(fd, base, "", false);
    peer_say(fd, "B1\tuser1@example.test\nS1\t" STORAGE "\t5166\n"
                 "S1\tpriv/quota/messages\t1\n");
    turns();
    peer_expect(fd, base, "", false);
    ck_assert_str_eq(reported(), "");
    peer_say(fd, "C1\n");
    peer_expect(fd, base, "O1\n", false);
    ck_assert_str_eq(reported(), "user1@example.test=5166 ");
    close(fd);
    turns();
    ck_assert_uint_eq(counts().sockets.accepted, 1);
    ck_assert_uint_eq(counts().commits, 1);
    ck_assert_uint_eq(counts().reports, 1);
    ck_assert_str_eq(logged(), "");
}
END_TEST

/* All at once, and the peer does not even wait for the answer. */
START_TEST(peer_does_not_wait)
{
    int fd = peer_connect(path);

    peer_say(fd, HELLO "B1\tu@d\nS1\t" STORAGE "\t7\nC1\n");
    close(fd);
    turns();
    ck_assert_str_eq(reported(), "u@d=7 ");
    ck_assert_uint_eq(counts().sockets.malformed, 0);
}
END_TEST

START_TEST(one_connection)
{
    int fd = peer_connect(path);

    peer_say(fd, HELLO "B1\ta@d\nS1\t" STORAGE "\t1\nC1\n");
    peer_expect(fd, base, "O1\n", false);
    peer_say(fd, "B2\ta@d\nS2\t" STORAGE "\t2\nR2\n"
                 "B3\ta@d\nB4\tb@d\nS4\t" STORAGE "\t4\nS3\t" STORAGE
                 "\t3\nC3\nC4\n");
    peer_expect(fd, base, "O3\nO4\n", false);
    peer_say(fd, "B5\ta@d\nS5\tpriv/status/INBOX\t{\"messages\":1}\nC5\n");
    peer_expect(fd, base, "O5\n", false);
    peer_say(fd, "L" STORAGE "\ta@d\n");
    peer_expect(fd, base, "N\n", false);
    ck_assert_str_eq(reported(), "a@d=1 a@d=3 b@d=4 ");
    ck_assert_uint_eq(counts().commits, 4);
    ck_assert_uint_eq(counts().rollbacks, 1);
    ck_assert_uint_eq(counts().reports, 3);
    close(fd);
}
END_TEST

START_TEST(two_connections)
{
    int a = peer_connect(path), b = peer_connect(path);

    peer_say(a, HELLO "B1\ta@d\nS1\t" STORAGE "\t1\n");
    peer_say(b, HELLO "B1\tb@d\nS1\t" STORAGE "\t2\n");
    turns();
    peer_say(b, "C1\n");
    peer_expect(b, base, "O1\n", false);
    close(b);
    peer_say(a, "C1\n");
    peer_expect(a, base, "O1\n", false);
    close(a);
    ck_assert_str_eq(reported(), "b@d=2 a@d=1 ");
}
END_TEST

/* Two hundred deliveries at once, all connected before one is served. */
START_TEST(many_connections)
{
    int fds[200];
    char text[100];

    for (unsigned i = 0; i < 200; i++) {
        fds[i] = peer_connect(path);
        snprintf(text, sizeof text, HELLO "B1\tu%u\nS1\t" STORAGE "\t1\nC1\n",
                 i);
        peer_say(fds[i], text);
    }
    for (unsigned i = 200; i-- > 0;) {
        peer_expect(fds[i], base, "O1\n", false);
        close(fds[i]);
    }
    ck_assert_uint_eq(counts().reports, 200);
    ck_assert_uint_eq(counts().sockets.accepted, 200);
    ck_assert_uint_eq(counts().sockets.crowded_out, 0);
}
END_TEST

/* --- what nobody should do --- */

START_TEST(malformed)
{
    static const struct {
        const char *text, *reply, *why;
    } rows[] = {
        {"hello\n", "", "a command that is not known"},
        {"B1\tu\n", "", "B before H"},
        {HELLO "C7\n", "", "C of transaction 7, which is not open"},
        {HELLO "B1\tu\nS1\t" STORAGE "\tmuch\n", "",
         "priv/quota/storage is no number of bytes"},
        {HELLO "B1\tu\nC1\nx\nB2\tu\nC2\n", "O1\n",
         "a command that is not known"},
    };
    unsigned n = sizeof rows / sizeof rows[0];
    char line[400];

    for (unsigned i = 0; i < n; i++) {
        int fd = peer_connect(path);

        clock_advance(CLOCK_SECOND); /* one line in a second */
        peer_say(fd, rows[i].text);
        peer_expect(fd, base, rows[i].reply, true);
        close(fd);
        snprintf(line, sizeof line,
                 "%s: closing the connection of uid %ld, process %ld: %s\n",
                 path, (long)getuid(), (long)getpid(), rows[i].why);
        ck_assert_msg(strstr(logged(), line) != NULL, "row %u: %s", i,
                      logged());
        ck_assert_uint_eq(lines(logged()), i + 1);
    }
    ck_assert_uint_eq(counts().sockets.malformed, n);
    ck_assert_str_eq(reported(), "");
}
END_TEST

/* Who says nonsense a hundred times is in the log once, and then with a
 * number. */
START_TEST(log_is_not_flooded)
{
    for (int i = 0; i < 102; i++) {
        int fd = peer_connect(path);

        if (i == 101)
            clock_advance(CLOCK_SECOND);
        peer_say(fd, "x\n");
        peer_expect(fd, base, "", true);
        close(fd);
    }
    ck_assert_uint_eq(counts().sockets.malformed, 102);
    ck_assert_uint_eq(lines(logged()), 2);
    ck_assert_ptr_nonnull(strstr(logged(), "(and 100 complaints more)"));
}
END_TEST

/* Half a line, and the peer is gone: a transaction that nobody committed. */
START_TEST(half_a_line)
{
    int fd = peer_connect(path);

    peer_say(fd, HELLO "B1\tu@d\nS1\t" STORAGE "\t5166\nC1");
    turns();
    close(fd);
    turns();
    ck_assert_str_eq(reported(), "");
    ck_assert_str_eq(logged(), "");
}
END_TEST

/* Sends until the socket is full or broken; bytes that went. */
static size_t
pour(int fd, const char *data, size_t len)
{
    size_t sent = 0;
    ssize_t n;

    while (sent < len && (n = send(fd, data + sent, len - sent,
                                   MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
        sent += (size_t)n;
    return sent;
}

START_TEST(line_of_a_megabyte)
{
    int fd = peer_connect(path);
    struct buf b = {0};
    size_t sent = 0, n;

    buf_append_str(&b, HELLO "B1\tu\nS1\tk\t");
    while (b.len < 1 << 20)
        buf_append_str(&b, "0123456789abcdef");
    while (sent < b.len && (n = pour(fd, b.data + sent, b.len - sent)) > 0) {
        sent += n;
        turns();
    }
    ck_assert_uint_lt(sent, b.len);
    peer_expect(fd, base, "", true);
    ck_assert_ptr_nonnull(strstr(logged(), "a line longer than 8192 bytes"));
    close(fd);
    buf_clear(&b);
}
END_TEST

static bool
stuck_is_closed(void *arg)
{
    (void)arg;
    return counts().sockets.malformed > 0;
}

/* Commits without end and reads no answer.  Others are served meanwhile, and
 * after a while it is closed. */
START_TEST(peer_that_never_reads)
{
    int stuck = peer_connect(path), fd, size = 1;
    static const char commit[] = "B1\t\nC1\n";
    struct buf b = {0};

    setsockopt(stuck, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    buf_append_str(&b, HELLO);
    pour(stuck, b.data, b.len);
    b.len = 0;
    while (b.len < 1000 * (sizeof commit - 1))
        buf_append_str(&b, commit);
    for (size_t off = 0; !stuck_is_closed(NULL);) {
        off = (off + pour(stuck, b.data + off, b.len - off)) % b.len;
        fd = peer_connect(path);
        peer_say(fd, HELLO "B1\tu@d\nC1\n");
        peer_expect(fd, base, "O1\n", false);
        close(fd);
    }
    ck_assert_ptr_nonnull(strstr(logged(), "it does not read its answers"));
    close(stuck);
    buf_clear(&b);
}
END_TEST

/* A crowd that says nothing makes room for who has something to say. */
START_TEST(crowd)
{
    int fds[8], fd;

    report_server_stop(&server);
    start(4);
    for (int i = 0; i < 4; i++) {
        fds[i] = peer_connect(path);
        turns();
    }
    peer_say(fds[0], HELLO); /* so the second is the one idle for longest */
    turns();
    fd = peer_connect(path);
    peer_say(fd, HELLO "B1\tu@d\nS1\t" STORAGE "\t1\nC1\n");
    peer_expect(fd, base, "O1\n", false);
    peer_expect(fds[1], base, "", true);
    peer_say(fds[0], "B1\tv@d\nC1\n");
    peer_expect(fds[0], base, "O1\n", false);
    ck_assert_uint_eq(counts().sockets.crowded_out, 1);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    close(fd);
}
END_TEST

START_TEST(idle)
{
    int quiet = peer_connect(path), busy = peer_connect(path);

    turns();
    clock_advance(40 * CLOCK_SECOND);
    peer_say(busy, HELLO);
    turns();
    clock_advance(30 * CLOCK_SECOND);
    local_server_check_times(report_server_listener(server));
    peer_expect(quiet, base, "", true);
    peer_say(busy, "B1\tu@d\nC1\n");
    peer_expect(busy, base, "O1\n", false);
    ck_assert_uint_eq(counts().sockets.idle, 1);
    close(quiet);
    close(busy);
}
END_TEST

static bool
has_complained(void *arg)
{
    (void)arg;
    return strstr(logged(), "raise the limit of open files") != NULL;
}

/* No descriptors left: who comes is closed at once, and does not wait in a
 * queue; later all is well. */
START_TEST(no_descriptors)
{
    struct rlimit old, few;
    int fd = peer_connect(path), next;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    next = dup(fd);
    close(next);
    few.rlim_cur = (rlim_t)next; /* all below are in use */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    pump_until(&base, 1, has_complained, NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
    peer_expect(fd, base, "", true);
    close(fd);
    fd = peer_connect(path);
    peer_say(fd, HELLO "B1\tu@d\nC1\n");
    peer_expect(fd, base, "O1\n", false);
    close(fd);
    ck_assert_uint_eq(counts().sockets.accepted, 1);
}
END_TEST

/* The spare descriptor was lost: nothing at all may be opened.  It comes back
 * with the next connection, and serves at the next shortage.  (What becomes of
 * the one that came meanwhile is the system's: valgrind ends it.) */
START_TEST(spare_comes_back)
{
    enum {
        HELD = 64 /* more than there are numbers free between others */
    };
    struct rlimit old, few;
    int fd = peer_connect(path), next, held[HELD];

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = 3;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    pump_until(&base, 1, has_complained, NULL);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
    close(fd);
    fd = peer_connect(path);
    peer_say(fd, HELLO "B1\tu@d\nC1\n");
    peer_expect(fd, base, "O1\n", false);
    turns();

    next = peer_connect(path);
    for (int i = 0; i < HELD; i++)
        held[i] = dup(next); /* the lowest that is free */
    few.rlim_cur = (rlim_t)held[HELD - 1] + 1;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    peer_expect(next, base, "", true);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
    for (int i = 0; i < HELD; i++)
        close(held[i]);
    close(next);
    close(fd);
}
END_TEST

/* A stop with connections in all states. */
START_TEST(stop)
{
    int a = peer_connect(path), b = peer_connect(path), c;

    peer_say(a, HELLO "B1\tu@d\nS1\t" STORAGE "\t1\nC");
    turns();
    c = peer_connect(path); /* not accepted */
    report_server_stop(&server);
    ck_assert_int_eq(access(path, F_OK), -1);
    peer_expect(a, base, "", true);
    peer_expect(b, base, "", true);
    peer_expect(c, base, "", true);
    close(a);
    close(b);
    close(c);
}
END_TEST

START_TEST(cannot_start)
{
    struct local_server_config cfg = {.path = path, .mode = 0600};
    struct errbuf err;

    ck_assert_ptr_null(
        report_server_start(base, loop, &cfg, &dict_server_ops, &sink, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "another server listens on"));
}
END_TEST

Suite *
dict_server_suite(void)
{
    Suite *s = suite_create("dict_server");
    TCase *tc = tcase_create("dict_server");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, captured);
    tcase_add_test(tc, peer_does_not_wait);
    tcase_add_test(tc, one_connection);
    tcase_add_test(tc, two_connections);
    tcase_add_test(tc, many_connections);
    tcase_add_test(tc, malformed);
    tcase_add_test(tc, log_is_not_flooded);
    tcase_add_test(tc, half_a_line);
    tcase_add_test(tc, line_of_a_megabyte);
    tcase_add_test(tc, peer_that_never_reads);
    tcase_add_test(tc, crowd);
    tcase_add_test(tc, idle);
    tcase_add_test(tc, no_descriptors);
    tcase_add_test(tc, spare_comes_back);
    tcase_add_test(tc, stop);
    tcase_add_test(tc, cannot_start);
    suite_add_tcase(s, tc);
    return s;
}
