/* SPDX-License-Identifier: BSD-2-Clause */
/* Usage by the names of files, for Maildirs without a maildirsize.  Dovecot
 * writes two sizes into a name: S, the bytes on disk, and W, with CR LF at the
 * end of each line.  The `maildir` quota counts S, like maildirsize.  The
 * `count` quota counts W; its sum comes from Dovecot itself.  Messages in the
 * trash or marked as deleted count like others, as in Dovecot.  Users may be
 * able to put anything into their Maildir, so no link is followed, and only
 * regular files are counted. */
#include "config.h"

#include "quota/maildir_scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Beyond these it is no Maildir, or one that takes too long to be of use. */
#define MOST_FOLDERS  100000
#define MOST_MESSAGES 10000000

struct scan {
    const char *path; /* borrowed */
    const atomic_bool *stop;
    uint64_t bytes;
    unsigned folders, messages;
    struct errbuf *err;
};

enum maildir_result
maildir_failure(const char *path, const char *name, struct errbuf *err)
{
    int error = errno;

    err_set(err, "%s%s%s: %s", path, name != NULL ? "/" : "",
            name != NULL ? name : "", strerror(error));
    /* ELOOP: a link where a directory is wanted; it is not followed. */
    if (error == ENOENT || error == ENOTDIR || error == ELOOP)
        return MAILDIR_ABSENT;
    return error == EACCES || error == EPERM ? MAILDIR_DENIED : MAILDIR_FAILED;
}

bool
maildir_scan_name_size(const char *name, uint64_t *bytes_r)
{
    const char *p = strstr(name, ",S=");
    uint64_t n = 0;

    if (p == NULL)
        return false;
    p += 3;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
            return false;
    *bytes_r = n;
    return *p == '\0' || *p == ',' || *p == ':';
}

static enum maildir_result
give_up(struct scan *s, const char *why)
{
    err_set(s->err, "%s: %s", s->path, why);
    return MAILDIR_FAILED;
}

/* What is gone meanwhile was moved or deleted, and counts nothing. */
static enum maildir_result
add_message(struct scan *s, int dir, const char *name)
{
    uint64_t bytes;
    struct stat st;

    if (*s->stop)
        return give_up(s, "reading was ended");
    if (++s->messages > MOST_MESSAGES)
        return give_up(s, "too many messages to read their names");
    if (!maildir_scan_name_size(name, &bytes)) {
        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return errno == ENOENT ? MAILDIR_OK
                                   : maildir_failure(s->path, name, s->err);
        bytes = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
    }
    if (__builtin_add_overflow(s->bytes, bytes, &s->bytes))
        return give_up(s, "the sizes in the names of files are too large");
    return MAILDIR_OK;
}

typedef enum maildir_result entry_fn(struct scan *s, int dir, const char *name);

/* Gives each entry of a directory to take; stops at what is not MAILDIR_OK.
 * Takes fd. */
static enum maildir_result
each_entry(struct scan *s, int fd, entry_fn *take)
{
    enum maildir_result result = MAILDIR_OK;
    DIR *dir = fdopendir(fd);
    struct dirent *entry;

    if (dir == NULL) {
        result = maildir_failure(s->path, NULL, s->err);
        close(fd);
        return result;
    }
    for (;;) {
        errno = 0;
        entry = readdir(dir);
        if (entry == NULL)
            break;
        result = take(s, fd, entry->d_name);
        if (result != MAILDIR_OK)
            goto out;
    }
    if (errno != 0)
        result = maildir_failure(s->path, NULL, s->err);
out:
    closedir(dir);
    return result;
}

static enum maildir_result
take_message(struct scan *s, int dir, const char *name)
{
    return name[0] == '.' ? MAILDIR_OK : add_message(s, dir, name);
}

static int
open_below(int dir, const char *name)
{
    return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* "cur" or "new" of a folder. */
static enum maildir_result
add_messages(struct scan *s, int folder, const char *name)
{
    int fd = open_below(folder, name);

    if (fd >= 0)
        return each_entry(s, fd, take_message);
    return maildir_failure(s->path, name, s->err);
}

static enum maildir_result
add_folder(struct scan *s, int folder)
{
    enum maildir_result cur = add_messages(s, folder, "cur"), new;

    if (cur != MAILDIR_OK && cur != MAILDIR_ABSENT)
        return cur;
    new = add_messages(s, folder, "new");
    return new == MAILDIR_ABSENT ? cur : new;
}

/* A Maildir++ folder is a directory whose name begins with a dot. */
static enum maildir_result
take_folder(struct scan *s, int dir, const char *name)
{
    enum maildir_result result;
    int fd;

    if (name[0] != '.' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return MAILDIR_OK;
    if (*s->stop)
        return give_up(s, "reading was ended");
    if (++s->folders > MOST_FOLDERS)
        return give_up(s, "too many folders to read");
    fd = open_below(dir, name);
    if (fd < 0)
        result = maildir_failure(s->path, name, s->err);
    else
        result = add_folder(s, fd);
    if (fd >= 0)
        close(fd);
    return result == MAILDIR_ABSENT ? MAILDIR_OK : result;
}

enum maildir_result
maildir_scan(int fd, const char *path, const atomic_bool *stop,
             uint64_t *bytes_r, struct errbuf *err)
{
    struct scan s = {.path = path, .stop = stop, .err = err};
    enum maildir_result result = add_folder(&s, fd);
    int again;

    if (result != MAILDIR_OK)
        return result;
    /* A descriptor of its own has a place in the directory of its own. */
    again = open_below(fd, ".");
    if (again < 0)
        return maildir_failure(path, NULL, err);
    result = each_entry(&s, again, take_folder);
    if (result == MAILDIR_OK)
        *bytes_r = s.bytes;
    return result;
}
