/* SPDX-License-Identifier: BSD-2-Clause */
/* The Maildir itself is opened wherever the template leads, by links too: that
 * is the administrator's.  From there on no link is followed. */
#include "config.h"

#include "quota/maildir_read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quota/maildirsize.h"
#include "util/log.h"

/* Those who write it begin anew at about 5120 bytes. */
#define MOST_BYTES 65536

/* The whole file; -1: it cannot be read, or is no file of that kind.
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
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
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
maildir_read(const char *path, const atomic_bool *stop,
             struct maildir_use *use_r, struct errbuf *err)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
