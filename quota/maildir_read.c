/* SPDX-License-Identifier: BSD-2-Clause */
/* The directory before the first variable of the template belongs to the
 * administrator, and links to it are followed.  Everything below may belong to
 * users, so no link is followed there, not even the name of the Maildir: it
 * would show the size of another user's mailbox. */
#include "config.h"

#include "quota/maildir_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quota/maildirsize.h"
#include "util/log.h"
#include "util/xmalloc.h"

/* Those who write it begin anew at about 5120 bytes. */
#define MOST_BYTES 65536

/* Takes fd. */
static int
open_below(int fd, const char *name, int flags)
{
    int below = openat(fd, name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int error = errno;

    close(fd);
    errno = error;
    return below;
}

/* One part after the other: O_NOFOLLOW is about the last one alone. */
static int
open_maildir(const char *path, size_t root)
{
    char *top = root > 0 ? xasprintf("%.*s", (int)root, path) : xstrdup("/");
    char *below = xstrdup(path + root), *rest;
    int fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);

    for (char *part = strtok_r(below, "/", &rest); fd >= 0 && part != NULL;
         part = strtok_r(NULL, "/", &rest))
        fd = open_below(fd, part, O_PATH);
    if (fd >= 0)
        fd = open_below(fd, ".", O_RDONLY);
    free(top);
    free(below);
    return fd;
}

/* The whole file; -1: it cannot be read, or is no file of that kind.  One that
 * has another name too may be another's.
 * O_NONBLOCK: a pipe in its place must not hold us. */
static ssize_t
read_file(int dir, const char *name, char data[MOST_BYTES])
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    size_t len = 0;
    struct stat st;
    ssize_t n = -1;

    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink <= 1)
        while (len < MOST_BYTES &&
               (n = read(fd, data + len, MOST_BYTES - len)) > 0)
            len += (size_t)n;
    close(fd);
    return n == 0 ? (ssize_t)len : -1;
}

static bool
read_maildirsize(int dir, const char *path, struct maildir_use *use_r)
{
    char data[MOST_BYTES];
    struct maildirsize size;
    struct errbuf err;
    ssize_t len = read_file(dir, "maildirsize", data);

    if (len < 0)
        return false;
    if (maildirsize_parse(data, (size_t)len, &size, &err) < 0) {
        log_debug("quota: %s/maildirsize: %s", path, err.text);
        return false;
    }
    *use_r = (struct maildir_use){size.used, true, size.limit};
    return true;
}

enum maildir_result
maildir_read(const char *path, size_t root, const atomic_bool *stop,
             struct maildir_use *use_r, struct errbuf *err)
{
    int dir = open_maildir(path, root);
    enum maildir_result result = MAILDIR_OK;

    if (dir < 0)
        return maildir_failure(path, NULL, err);
    if (!read_maildirsize(dir, path, use_r)) {
        *use_r = (struct maildir_use){0};
        result = maildir_scan(dir, path, stop, &use_r->used, err);
    }
    close(dir);
    return result;
}
