/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/socket_guard.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "tests/unit/local_peer.h"
#include "tests/unit/pump.h"
#include "util/local_socket.h"

Suite *socket_guard_suite(void);

static struct event_base *base;

static void
setup(void)
{
    local_dir_make();
    base = event_base_new();
}

static void
teardown(void)
{
    event_base_free(base);
    local_dir_remove();
}

static bool
is_gone(void *path)
{
    return access(path, F_OK) < 0;
}

static void
wait_till_gone(const char *name)
{
    char path[256];

    strcpy(path, local_path(name));
    pump_until(&base, 1, is_gone, path);
}

static struct local_socket sockets[2];

static struct socket_guard *
start_two(void)
{
    const struct local_socket *list[] = {&sockets[0], &sockets[1]};
    struct socket_guard *g;
    struct errbuf err;

    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(local_socket_open(&sockets[i],
                                           local_path(i == 0 ? "a" : "b"), 0600,
                                           NULL, &err),
                         0);
    g = socket_guard_start(list, 2, &err);
    ck_assert_msg(g != NULL, "%s", err.text);
    return g;
}

/* A server with two sockets, which signals do not part from its guard; ready
 * when this returns. */
static pid_t
start_server(void)
{
    /* Valgrind finds it when we are killed. */
    static struct socket_guard *volatile g;
    int ends[2];
    pid_t pid, guard;
    char byte;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        signal(SIGTERM, SIG_DFL); /* check has a handler */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        g = start_two();
        guard = socket_guard_pid(g);
        if (kill(guard, SIGTERM) < 0 || kill(guard, SIGINT) < 0 ||
            kill(guard, SIGHUP) < 0 || write(ends[1], "", 1) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_gt(pid, 0);
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    return pid;
}

/* However the server ends, nothing stays. */
START_TEST(killed)
{
    static const int signals[] = {SIGKILL, SIGABRT, SIGTERM};
    pid_t pid = start_server();

    close(peer_connect(local_path("a")));
    close(peer_connect(local_path("b")));
    kill(pid, signals[_i]);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    wait_till_gone("a");
    wait_till_gone("b");
}
END_TEST

/* A successor was quicker than the guard: its socket stays. */
START_TEST(leaves_a_successor)
{
    pid_t pid = start_server();
    struct local_socket next;

    ck_assert_int_eq(rename(local_path("a"), local_path("old")), 0);
    ck_assert_int_eq(
        local_socket_open(&next, local_path("a"), 0600, NULL, NULL), 0);
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    wait_till_gone("b");
    close(peer_connect(local_path("a")));
    local_socket_close(&next);
}
END_TEST

/* In order: the server removes its sockets, and the guard goes before
 * socket_guard_stop returns. */
START_TEST(stops)
{
    struct socket_guard *g = start_two();

    for (int i = 0; i < 2; i++)
        local_socket_close(&sockets[i]);
    socket_guard_stop(&g);
    ck_assert_ptr_null(g);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    socket_guard_stop(&g);
}
END_TEST

/* Told to go, it touches nothing, also what has our inode. */
START_TEST(stops_without_looking)
{
    struct socket_guard *g = start_two();

    socket_guard_stop(&g);
    close(peer_connect(local_path("a")));
    for (int i = 0; i < 2; i++)
        local_socket_close(&sockets[i]);
}
END_TEST

/* Alone in its session, with nothing open but the line to the server (and what
 * valgrind has, beyond the limit). */
static bool
has_settled(void *arg)
{
    pid_t pid = *(pid_t *)arg;
    struct rlimit limit;
    struct dirent *entry;
    char path[64];
    int n = 0;
    DIR *d;

    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    d = opendir(path);
    ck_assert_msg(d != NULL, "%s: %s", path, strerror(errno));
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    while ((entry = readdir(d)) != NULL)
        n += entry->d_name[0] != '.' &&
             strtoul(entry->d_name, NULL, 10) < limit.rlim_cur;
    closedir(d);
    return n == 1 && getsid(pid) == pid;
}

/* When somebody kills it the server goes on, and may stop. */
START_TEST(was_killed_itself)
{
    struct socket_guard *g = start_two();
    pid_t pid = socket_guard_pid(g);
    int status;

    pump_until(&base, 1, has_settled, &pid);
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    close(peer_connect(local_path("a")));
    socket_guard_stop(&g);
    for (int i = 0; i < 2; i++)
        local_socket_close(&sockets[i]);
}
END_TEST

Suite *
socket_guard_suite(void)
{
    Suite *s = suite_create("socket_guard");
    TCase *tc = tcase_create("socket_guard");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, killed, 0, 3);
    tcase_add_test(tc, leaves_a_successor);
    tcase_add_test(tc, stops);
    tcase_add_test(tc, stops_without_looking);
    tcase_add_test(tc, was_killed_itself);
    suite_add_tcase(s, tc);
    return s;
}
