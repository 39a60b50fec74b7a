/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/local_socket.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/local_peer.h"

Suite *local_socket_suite(void);

static void
open_well(struct local_socket *s, const char *path)
{
    struct errbuf err;

    ck_assert_msg(local_socket_open(s, path, 0600, NULL, &err) == 0, "%s",
                  err.text);
}

static bool chown_is_forbidden;

/* Stands before the C library's: what a sandbox makes of it. */
int
chown(const char *file, uid_t uid, gid_t gid)
{
    if (!chown_is_forbidden)
        return fchownat(AT_FDCWD, file, uid, gid, 0);
    errno = EPERM;
    return -1;
}

/* Leaves the file, as a server that was killed. */
static void
die(struct local_socket *s)
{
    close(s->fd);
    s->fd = -1;
}

START_TEST(opens_and_goes)
{
    const char *path = local_path("sock");
    struct local_socket s;
    struct stat st;
    char group[16];
    int peer;

    snprintf(group, sizeof group, "%u", (unsigned)getgid());
    ck_assert_int_eq(local_socket_open(&s, path, 0620, group, NULL), 0);
    ck_assert_int_eq(lstat(path, &st), 0);
    ck_assert(S_ISSOCK(st.st_mode));
    ck_assert_uint_eq(st.st_mode & 07777, 0620);
    ck_assert_uint_eq(st.st_gid, getgid());
    peer = peer_connect(path);
    close(accept(s.fd, NULL, NULL));
    close(peer);
    local_socket_close(&s);
    ck_assert_int_eq(lstat(path, &st), -1);
    local_socket_close(&s); /* nothing more */
}
END_TEST

START_TEST(own_group_where_none_may_be_given)
{
    struct local_socket s;
    char group[16];

    chown_is_forbidden = true;
    snprintf(group, sizeof group, "%u", (unsigned)getgid());
    ck_assert_int_eq(
        local_socket_open(&s, local_path("sock"), 0660, group, NULL), 0);
    local_socket_close(&s);
    snprintf(group, sizeof group, "%u", (unsigned)getgid() + 1);
    ck_assert_int_eq(
        local_socket_open(&s, local_path("sock"), 0660, group, NULL), -1);
    chown_is_forbidden = false;
}
END_TEST

START_TEST(replaces_what_is_left)
{
    const char *path = local_path("sock");
    int notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    char events[4096];
    struct local_socket dead, s;

    open_well(&dead, path);
    die(&dead);
    ck_assert_int_eq(peer_try(path), -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    /* The name is never free: nothing is removed, one is renamed over it. */
    ck_assert_int_ge(
        inotify_add_watch(notify, local_path("."), IN_DELETE | IN_MOVED_TO), 0);
    open_well(&s, path);
    ck_assert_int_gt(read(notify, events, sizeof events), 0);
    ck_assert_uint_eq(((struct inotify_event *)(void *)events)->mask,
                      IN_MOVED_TO);
    ck_assert_int_eq(read(notify, events, sizeof events), -1);
    close(notify);
    close(peer_connect(path));
    local_socket_close(&s);
}
END_TEST

/* A file that a killed start left under our own number. */
START_TEST(replaces_a_start_that_was_cut)
{
    struct local_socket s, left;
    char name[64];

    snprintf(name, sizeof name, "sock.%ld", (long)getpid());
    open_well(&left, local_path(name));
    die(&left);
    open_well(&s, local_path("sock"));
    ck_assert_int_eq(access(local_path(name), F_OK), -1);
    local_socket_close(&s);
}
END_TEST

static void
expect_refusal(const char *path, const char *group, const char *why)
{
    struct local_socket s;
    struct errbuf err;

    ck_assert_int_eq(local_socket_open(&s, path, 0600, group, &err), -1);
    ck_assert_int_eq(s.fd, -1);
    ck_assert_msg(strstr(err.text, why) != NULL, "%s", err.text);
    local_socket_close(&s);
}

START_TEST(refuses)
{
    const char *path = local_path("sock");
    struct local_socket s;
    int fd;

    open_well(&s, path);
    expect_refusal(path, NULL, "another server listens on /");
    /* Its queue is full now: that is somebody, too. */
    ck_assert_int_eq(listen(s.fd, 0), 0);
    expect_refusal(path, NULL, "another server listens on /");
    local_socket_close(&s);

    expect_refusal(path, "no-such-group", "there is no group no-such-group");
    ck_assert_int_eq(access(path, F_OK), -1);
    expect_refusal(local_path("no/sock"), NULL, "No such file or directory");
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    expect_refusal(path, NULL, "is there and is not a socket");
    unlink(path);
    ck_assert_int_eq(symlink("elsewhere", path), 0);
    expect_refusal(path, NULL, "is there and is not a socket");
}
END_TEST

START_TEST(long_paths)
{
    char path[LOCAL_SOCKET_PATH_MOST + 2];
    struct local_socket s;

    strcpy(path, local_path(""));
    while (strlen(path) < LOCAL_SOCKET_PATH_MOST)
        strcat(path, "p");
    open_well(&s, path);
    close(peer_connect(path));
    local_socket_close(&s);
    strcat(path, "p");
    expect_refusal(path, NULL, "path is longer than 99 bytes: /");
}
END_TEST

/* What has taken our place meanwhile stays. */
START_TEST(leaves_a_successor)
{
    const char *path = local_path("sock");
    struct local_socket s, next;
    struct stat st;

    open_well(&s, path);
    ck_assert_int_eq(rename(path, local_path("away")), 0);
    open_well(&next, path);
    local_socket_close(&s);
    ck_assert_int_eq(lstat(path, &st), 0);
    ck_assert_uint_eq(st.st_ino, next.ino);
    local_socket_close(&next);
}
END_TEST

Suite *
local_socket_suite(void)
{
    Suite *s = suite_create("local_socket");
    TCase *tc = tcase_create("local_socket");

    tcase_add_checked_fixture(tc, local_dir_make, local_dir_remove);
    tcase_add_test(tc, opens_and_goes);
    tcase_add_test(tc, own_group_where_none_may_be_given);
    tcase_add_test(tc, replaces_what_is_left);
    tcase_add_test(tc, replaces_a_start_that_was_cut);
    tcase_add_test(tc, refuses);
    tcase_add_test(tc, long_paths);
    tcase_add_test(tc, leaves_a_successor);
    suite_add_tcase(s, tc);
    return s;
}
