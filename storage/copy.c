/* SPDX-License-Identifier: BSD-2-Clause */

/* Checks and repairs work on a copy, so the store itself stays as it was found,
 * whatever the database does to the files that it opens. */
#include "config.h"

#include "storage/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "util/xmalloc.h"

#define CHUNK (1u << 20)
#define SPARE (UINT64_C(18) << 20) /* what recovery may add to its log */

static int
copy_bytes(int from, int to)
{
    char *chunk = xmalloc(CHUNK);
    off_t at = 0;
    ssize_t n;

    while ((n = pread(from, chunk, CHUNK, at)) > 0) {
        if (pwrite(to, chunk, (size_t)n, at) != n) {
            n = -1;
            break;
        }
        at += n;
    }
    free(chunk);
    return n < 0 ? -1 : 0;
}

int
copy_file(const char *from, const char *to, struct errbuf *err)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int ret = 0;

    if (in < 0 || out < 0 ||
        (ioctl(out, FICLONE, in) != 0 && copy_bytes(in, out) != 0))
        ret = err_set(err, "copying %s to %s: %s", from, to, strerror(errno));
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return ret;
}

typedef int file_fn(const char *dir, const char *name, void *arg,
                    struct errbuf *err);

/* Calls fn with each plain file, until it fails. */
static int
each_file(const char *path, file_fn *fn, void *arg, struct errbuf *err)
{
    DIR *dir = opendir(path);
    struct dirent *e;
    int ret = 0;

    if (dir == NULL)
        return err_set(err, "reading %s: %s", path, strerror(errno));
    while (ret == 0 && (e = readdir(dir)) != NULL)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            ret = fn(path, e->d_name, arg, err);
    closedir(dir);
    return ret;
}

struct copying {
    const char *to;
    bool (*wanted)(const char *name);
    uint64_t bytes;
};

static int
count_one(const char *dir, const char *name, void *arg, struct errbuf *err)
{
    struct copying *c = arg;
    char *path = xasprintf("%s/%s", dir, name);
    struct stat st;

    (void)err;
    if ((c->wanted == NULL || c->wanted(name)) && stat(path, &st) == 0)
        c->bytes += (uint64_t)st.st_size;
    free(path);
    return 0;
}

static int
copy_one(const char *dir, const char *name, void *arg, struct errbuf *err)
{
    const struct copying *c = arg;
    char *from, *to;
    int ret;

    if (c->wanted != NULL && !c->wanted(name))
        return 0;
    from = xasprintf("%s/%s", dir, name);
    to = xasprintf("%s/%s", c->to, name);
    ret = copy_file(from, to, err);
    free(from);
    free(to);
    return ret;
}

static int
check_room(const char *to, uint64_t bytes, struct errbuf *err)
{
    struct statvfs fs;
    uint64_t room;

    if (statvfs(to, &fs) != 0)
        return err_set(err, "%s: %s", to, strerror(errno));
    room = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (room >= bytes + SPARE)
        return 0;
    return err_set(err,
                   "a copy of the store in %s needs %llu MiB, and there are "
                   "%llu",
                   to, (unsigned long long)((bytes + SPARE) >> 20),
                   (unsigned long long)(room >> 20));
}

int
copy_dir(const char *from, const char *to, bool (*wanted)(const char *name),
         struct errbuf *err)
{
    struct copying c = {to, wanted, 0};
    int ret;

    if (mkdir(to, 0700) != 0)
        return err_set(err, "making %s: %s", to, strerror(errno));
    ret = each_file(from, count_one, &c, err);
    if (ret == 0)
        ret = check_room(to, c.bytes, err);
    if (ret == 0)
        ret = each_file(from, copy_one, &c, err);
    if (ret != 0)
        (void)!copy_remove(to);
    return ret;
}

static int
remove_one(const char *dir, const char *name, void *arg, struct errbuf *err)
{
    char *path = xasprintf("%s/%s", dir, name);
    int ret = unlink(path);

    (void)arg;
    (void)err;
    free(path);
    return ret;
}

int
copy_remove(const char *path)
{
    if (access(path, F_OK) != 0)
        return errno == ENOENT ? 0 : -1;
    if (each_file(path, remove_one, NULL, NULL) != 0)
        return -1;
    return rmdir(path);
}
