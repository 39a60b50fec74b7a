/* SPDX-License-Identifier: BSD-2-Clause */

/* Copies the files of an open store without asking the database for anything.
 * A page that is being written while it is read has a wrong checksum, and is
 * read again.  A page is written only when the log that it needs is, so the log
 * is copied after the tables; recovery of the copy brings them to one state. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "storage/backup_copy.h"
#include "storage/log_files.h"
#include "storage/page_scan.h"
#include "util/xmalloc.h"

#define CHUNK      (UINT32_C(1) << 20)
#define SYNC_EVERY (UINT64_C(32) << 20)

/* The log is kept while the tables are copied.  If others fill the disk
 * meanwhile, the backup has to give way before the store does. */
#define DISK_LEFT (UINT64_C(32) << 20)

/* A page is written within microseconds, unless the disk is very slow. */
#define REREADS 2000 /* a millisecond apart */

struct copying {
    const struct backup_run *run;
    const char *from;
    int in, out;
    bool pages;
    uint64_t size, unsynced;
    uint8_t *chunk;
};

int
backup_copy_disk(const char *home, struct errbuf *err)
{
    struct statvfs fs;

    if (statvfs(home, &fs) != 0)
        return err_set(err, "%s: %s", home, strerror(errno));
    if ((uint64_t)fs.f_bavail * fs.f_frsize >= DISK_LEFT)
        return 0;
    return err_set(err,
                   "the disk of the store is nearly full: the log cannot be "
                   "kept for the backup");
}

/* Until the page is as it was written. */
static int
settle(const struct copying *c, uint8_t *page, uint32_t number,
       struct errbuf *err)
{
    for (int i = 0; !page_is_settled(page, number); i++) {
        if (i == REREADS)
            return err_set(err, "%s: page %u is damaged", c->from, number);
        if (!c->run->go_on(c->run->arg, 0, err))
            return -1;
        poll(NULL, 0, i < 10 ? 0 : 1);
        if (pread(c->in, page, TABLE_PAGE_BYTES,
                  (off_t)number * TABLE_PAGE_BYTES) != TABLE_PAGE_BYTES)
            return err_set(err, "reading %s: page %u is gone", c->from, number);
    }
    return 0;
}

static int
write_all(int fd, const uint8_t *p, size_t n, off_t at)
{
    while (n > 0) {
        ssize_t did = pwrite(fd, p, n, at);

        if (did < 0 && errno == EINTR)
            continue;
        if (did <= 0)
            return -1;
        p += did;
        n -= (size_t)did;
        at += did;
    }
    return 0;
}

/* A disk takes what is written at once in the end, and the time until then says
 * nothing: so now and then it is waited for. */
static int
put_chunk(struct copying *c, size_t n, off_t at, struct errbuf *err)
{
    c->unsynced += n;
    if (write_all(c->out, c->chunk, n, at) != 0 ||
        (c->unsynced >= SYNC_EVERY && fdatasync(c->out) != 0))
        return err_set(err, "writing to %s: %s", c->run->to, strerror(errno));
    if (c->unsynced >= SYNC_EVERY) {
        c->unsynced = 0;
        if (backup_copy_disk(c->run->home, err) != 0)
            return -1;
    }
    return c->run->go_on(c->run->arg, n, err) ? 0 : -1;
}

static int
copy_chunks(struct copying *c, struct errbuf *err)
{
    for (uint64_t at = 0; at < c->size;) {
        size_t want = c->size - at < CHUNK ? (size_t)(c->size - at) : CHUNK;
        ssize_t n = pread(c->in, c->chunk, want, (off_t)at);

        if (n < 0)
            return err_set(err, "reading %s: %s", c->from, strerror(errno));
        if (c->pages)
            n -= n % TABLE_PAGE_BYTES;
        if (n == 0)
            break; /* it was cut meanwhile: the log says so */
        for (ssize_t p = 0; c->pages && p < n; p += TABLE_PAGE_BYTES)
            if (settle(c, c->chunk + p,
                       (uint32_t)((at + (uint64_t)p) / TABLE_PAGE_BYTES),
                       err) != 0)
                return -1;
        if (put_chunk(c, (size_t)n, (off_t)at, err) != 0)
            return -1;
        at += (uint64_t)n;
    }
    if (fsync(c->out) != 0)
        return err_set(err, "writing to %s: %s", c->run->to, strerror(errno));
    return 0;
}

static int
copy_open(const struct backup_run *r, const char *from, const char *to,
          bool pages, struct errbuf *err)
{
    struct copying c = {.run = r, .from = from, .pages = pages};
    struct stat st;
    int ret;

    c.in = open(from, O_RDONLY | O_CLOEXEC);
    if (c.in < 0 || fstat(c.in, &st) != 0) {
        err_set(err, "reading %s: %s", from, strerror(errno));
        if (c.in >= 0)
            close(c.in);
        return -1;
    }
    c.size = (uint64_t)st.st_size;
    c.out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    c.chunk = xmalloc(CHUNK);
    ret = c.out >= 0 ? copy_chunks(&c, err)
                     : err_set(err, "making %s: %s", to, strerror(errno));
    free(c.chunk);
    close(c.in);
    if (c.out >= 0 && close(c.out) != 0 && ret == 0)
        ret = err_set(err, "writing %s: %s", to, strerror(errno));
    return ret;
}

static uint64_t
size_of(char *path)
{
    struct stat st;
    uint64_t n = stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;

    free(path);
    return n;
}

uint64_t
backup_copy_size(const struct backup_run *r)
{
    uint32_t *files = NULL;
    uint64_t sum = 0;
    size_t n = 0;

    for (enum table i = 0; i < TABLE_COUNT; i++)
        sum += size_of(xasprintf("%s/%s", r->home, table_file[i]));
    if (log_files_list(r->home, &files, &n, NULL) == 0)
        for (size_t i = 0; i < n; i++)
            sum += size_of(log_file_path(r->home, files[i]));
    free(files);
    return sum;
}

int
backup_copy_tables(const struct backup_run *r, struct errbuf *err)
{
    int ret = 0;

    for (enum table i = 0; ret == 0 && i < TABLE_COUNT; i++) {
        char *from = xasprintf("%s/%s", r->home, table_file[i]);
        char *to = xasprintf("%s/%s", r->to, table_file[i]);

        ret = copy_open(r, from, to, true, err);
        free(from);
        free(to);
    }
    return ret;
}

static int
copy_log_file(const struct backup_run *r, uint32_t file, struct errbuf *err)
{
    char *from = log_file_path(r->home, file);
    char *to = log_file_path(r->to, file);
    int ret = copy_open(r, from, to, false, err);

    free(from);
    free(to);
    return ret;
}

/* What is behind the last whole record was being written. */
static int
cut_log(const struct backup_run *r, struct log_pos durable, struct errbuf *err)
{
    struct log_walk w;
    char *path;
    int ret = log_walk_home(&w, r->to, NULL, err);

    if (ret != 0)
        return ret;
    if (w.files == 0 || log_pos_compare(w.end, durable) < 0)
        return err_set(err,
                       "the log of the store is damaged at log.%010u, "
                       "offset %u",
                       w.end.file, w.end.offset);
    for (uint32_t file = w.end.file + 1; ret == 0 && file <= w.newest; file++) {
        path = log_file_path(r->to, file);
        ret = unlink(path);
        free(path);
    }
    path = log_file_path(r->to, w.end.file);
    if (ret != 0 || truncate(path, (off_t)w.end.offset) != 0)
        ret = err_set(err, "writing %s: %s", path, strerror(errno));
    free(path);
    return ret;
}

int
backup_copy_log(const struct backup_run *r, struct log_pos durable,
                struct errbuf *err)
{
    uint32_t *files = NULL;
    size_t n = 0;
    int ret = log_files_list(r->home, &files, &n, err);

    for (size_t i = 0; ret == 0 && i < n; i++)
        ret = copy_log_file(r, files[i], err);
    free(files);
    return ret == 0 ? cut_log(r, durable, err) : ret;
}
