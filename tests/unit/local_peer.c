/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/local_peer.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/pump.h"
#include "util/buf.h"

static char dir[64];

void
local_dir_make(void)
{
    strcpy(dir, "/tmp/ximssd-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

void
local_dir_remove(void)
{
    DIR *d = opendir(dir);
    struct dirent *entry;

    ck_assert_ptr_nonnull(d);
    while ((entry = readdir(d)) != NULL)
        if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
            unlinkat(dirfd(d), entry->d_name, 0);
    closedir(d);
    ck_assert_msg(rmdir(dir) == 0, "%s: %s", dir, strerror(errno));
}

const char *
local_path(const char *name)
{
    static char paths[4][256];
    static unsigned n;
    char *path = paths[n++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

int
peer_try(const char *path)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), saved;

    ck_assert_int_ge(fd, 0);
    ck_assert_uint_lt(strlen(path), sizeof sun.sun_path);
    strcpy(sun.sun_path, path);
    if (connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

int
peer_connect(const char *path)
{
    int fd = peer_try(path);

    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    return fd;
}

void
peer_say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
}

struct hearing {
    struct buf got;
    size_t wanted;
    int fd;
    bool end, ended;
};

/* Takes what is there; true when all has come that is waited for. */
static bool
has_heard(void *arg)
{
    struct hearing *h = arg;
    char bytes[4096];
    ssize_t n;

    while (!h->ended &&
           (n = recv(h->fd, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0) {
        buf_append(&h->got, bytes, (size_t)n);
        h->ended = n == 0;
    }
    /* A peer with unread input is broken off and not closed in order. */
    if (!h->ended && errno == ECONNRESET)
        h->ended = true;
    return h->ended || (!h->end && h->got.len >= h->wanted);
}

void
peer_expect(int fd, struct event_base *base, const char *text, bool end)
{
    struct hearing h = {.fd = fd, .wanted = strlen(text), .end = end};
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (base != NULL)
        pump_until(&base, 1, has_heard, &h);
    while (!has_heard(&h))
        poll(&p, 1, -1);
    ck_assert_str_eq(buf_cstr(&h.got), text);
    ck_assert(h.ended == end);
    buf_clear(&h.got);
}
