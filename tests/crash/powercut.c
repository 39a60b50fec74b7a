/* SPDX-License-Identifier: BSD-2-Clause */
/* A power cut for the tests, by LD_PRELOAD.
 *
 * What a program writes to the files of POWERCUT_DIR is remembered until an
 * fsync or fdatasync of that file: old bytes, new bytes, and the size before.
 * At the moment of the cut, which is counted in writes and syncs, all threads
 * stop at their next write, what no sync had followed is undone, and the
 * process is killed.  kill -9 alone cannot show a missing fsync, because the
 * kernel has the bytes; this can.
 *
 * A disk may also have written some of what it was not told to, in any order:
 * with POWERCUT_KEEP each page of 4096 bytes of each write that was undone is
 * done again with that probability, so that pages behind a hole are there and
 * those in it are not.  Syncs need not be done in truth, since nothing of the
 * kernel's is lost; so the tests run fast.
 *
 * POWERCUT_DIR   the directory, as the kernel names it (no symbolic links)
 * POWERCUT_AT    the write or sync, from 1, before which the power goes (many
 *                writes of zeros in a row count once); 0 or absent: never
 * POWERCUT_KEEP  per cent of unsynced pages that reached the disk all the same
 *                (0)
 * POWERCUT_SEED  which ones (1)
 * POWERCUT_DEAF  1: syncs do nothing, as if the program had forgotten them
 * POWERCUT_COUNT a file that gets "events EVENTS undone WRITES kept PAGES" at
 *                the cut, or at the end of the process
 *
 * Creating, renaming and removing files counts as durable at once.  Files in
 * memory maps are not seen: the store's shared regions, which recovery makes
 * anew. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define PAGE 4096

struct change {
    struct change *next, *prev;
    off_t at;
    size_t len;
    off_t size_before;
    bool truncates; /* to `at`; old bytes are the tail that was cut off */
    size_t old_len;
    char *old_bytes, *new_bytes;
};

struct file {
    struct file *next;
    dev_t dev;
    ino_t ino;
    int fd; /* ours */
    struct change *first, *last;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file *files;
static const struct file *last_zeroed;
static char dir[PATH_MAX];
static size_t dir_len;
static unsigned long long events, cut_at;
static unsigned long undone, kept;
static unsigned keep_percent;
static bool deaf;
static uint64_t seed;
static pid_t owner; /* a forked child writes without being watched */

static ssize_t
sys_pread(int fd, void *data, size_t len, off_t at)
{
    return syscall(SYS_pread64, fd, data, len, at);
}

static ssize_t
sys_pwrite(int fd, const void *data, size_t len, off_t at)
{
    return syscall(SYS_pwrite64, fd, data, len, at);
}

static void __attribute__((noreturn)) die(const char *what)
{
    char line[200];
    int n = snprintf(line, sizeof line, "powercut: %s: %s\n", what,
                     strerror(errno));

    syscall(SYS_write, STDERR_FILENO, line, (size_t)n);
    abort();
}

static void *
take(size_t size)
{
    void *p = malloc(size > 0 ? size : 1);

    if (p == NULL)
        die("malloc");
    return p;
}

static uint64_t
next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static unsigned long long
number_of(const char *name, unsigned long long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void __attribute__((constructor)) start(void)
{
    const char *d = getenv("POWERCUT_DIR");

    if (d == NULL || *d == '\0' || strlen(d) >= sizeof dir)
        return;
    strcpy(dir, d);
    dir_len = strlen(dir);
    cut_at = number_of("POWERCUT_AT", 0);
    keep_percent = (unsigned)number_of("POWERCUT_KEEP", 0);
    deaf = number_of("POWERCUT_DEAF", 0) != 0;
    seed = number_of("POWERCUT_SEED", 1) * UINT64_C(0x9E3779B97F4A7C15) + 1;
    owner = getpid();
}

/* --- files --- */

static bool
is_inside(int fd)
{
    char link[64], path[PATH_MAX];
    ssize_t n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    return strncmp(path, dir, dir_len) == 0 && path[dir_len] == '/';
}

static struct file *
file_known(const struct stat *st)
{
    struct file *f = files;

    while (f != NULL && (f->dev != st->st_dev || f->ino != st->st_ino))
        f = f->next;
    return f;
}

static struct file *
file_new(int fd, const struct stat *st)
{
    struct file *f = take(sizeof *f);
    char link[64];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    *f = (struct file){files, st->st_dev, st->st_ino, -1, NULL, NULL};
    f->fd = (int)syscall(SYS_openat, AT_FDCWD, link, O_RDWR | O_CLOEXEC, 0);
    if (f->fd < 0)
        die("open");
    files = f;
    return f;
}

/* The file behind the descriptor if it is one of the watched, with its size;
 * the lock is held. */
static struct file *
file_of(int fd, off_t *size_r)
{
    struct stat st;
    struct file *f;

    if (dir_len == 0 || getpid() != owner || fstat(fd, &st) != 0 ||
        !S_ISREG(st.st_mode))
        return NULL;
    *size_r = st.st_size;
    f = file_known(&st);
    if (f == NULL && st.st_nlink > 0 && is_inside(fd))
        f = file_new(fd, &st);
    return f;
}

static void
forget_changes(struct file *f)
{
    while (f->first != NULL) {
        struct change *c = f->first;

        f->first = c->next;
        free(c->old_bytes);
        free(c->new_bytes);
        free(c);
    }
    f->last = NULL;
}

/* A name goes: when it was the last, the inode may come again as another
 * file. */
static void
forget_path(int at, const char *path)
{
    struct stat st;
    struct file **link, *f;

    if (dir_len == 0 || fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode) || st.st_nlink > 1)
        return;
    for (link = &files; *link != NULL; link = &(*link)->next) {
        f = *link;
        if (f->dev != st.st_dev || f->ino != st.st_ino)
            continue;
        *link = f->next;
        forget_changes(f);
        syscall(SYS_close, f->fd);
        free(f);
        return;
    }
}

/* --- changes --- */

static void
append(struct file *f, struct change *c)
{
    c->next = NULL;
    c->prev = f->last;
    if (f->last != NULL)
        f->last->next = c;
    else
        f->first = c;
    f->last = c;
}

static void
save_old(struct file *f, struct change *c, off_t from, off_t size)
{
    off_t end = c->truncates ? size : from + (off_t)c->len;

    if (end > size)
        end = size;
    c->old_len = end > from ? (size_t)(end - from) : 0;
    c->old_bytes = take(c->old_len);
    if (sys_pread(f->fd, c->old_bytes, c->old_len, from) != (ssize_t)c->old_len)
        die("read");
}

static struct change *
note_write(struct file *f, off_t at, const void *data, size_t len, off_t size)
{
    struct change *c = take(sizeof *c);

    *c = (struct change){.at = at, .len = len, .size_before = size};
    save_old(f, c, at, size);
    c->new_bytes = take(len);
    memcpy(c->new_bytes, data, len);
    append(f, c);
    return c;
}

static void
note_truncate(struct file *f, off_t to, off_t size)
{
    struct change *c = take(sizeof *c);

    *c = (struct change){.at = to, .size_before = size, .truncates = true};
    save_old(f, c, to, size);
    append(f, c);
}

static void
undo(const struct file *f, const struct change *c)
{
    if (sys_pwrite(f->fd, c->old_bytes, c->old_len, c->at) !=
            (ssize_t)c->old_len ||
        syscall(SYS_ftruncate, f->fd, c->size_before) != 0)
        die("undo");
    undone++;
}

static bool
is_kept(void)
{
    return next_random() % 100 < keep_percent;
}

/* What lies in one page, from `done` bytes on; how many. */
static size_t
redo_page(const struct file *f, const struct change *c, size_t done)
{
    off_t at = c->at + (off_t)done;
    size_t n = PAGE - (size_t)at % PAGE;

    if (n > c->len - done)
        n = c->len - done;
    if (!is_kept())
        return n;
    if (sys_pwrite(f->fd, c->new_bytes + done, n, at) != (ssize_t)n)
        die("redo");
    kept++;
    return n;
}

static void
redo(const struct file *f, const struct change *c)
{
    if (!c->truncates) {
        for (size_t done = 0; done < c->len;)
            done += redo_page(f, c, done);
    } else if (is_kept()) {
        if (syscall(SYS_ftruncate, f->fd, c->at) != 0)
            die("redo");
        kept++;
    }
}

static void
report(void)
{
    const char *path = getenv("POWERCUT_COUNT");
    char line[120];
    int fd, n;

    if (path == NULL || getpid() != owner)
        return;
    fd = (int)syscall(SYS_openat, AT_FDCWD, path,
                      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    n = snprintf(line, sizeof line, "events %llu undone %lu kept %lu\n", events,
                 undone, kept);
    if (fd < 0 || syscall(SYS_write, fd, line, (size_t)n) != n)
        die("report");
}

static void __attribute__((noreturn)) cut(void)
{
    for (struct file *f = files; f != NULL; f = f->next) {
        for (struct change *c = f->last; c != NULL; c = c->prev)
            undo(f, c);
        for (struct change *c = f->first; c != NULL; c = c->next)
            redo(f, c);
    }
    report();
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Every write and sync of a watched file comes through here, with the lock
 * held; from a cut nobody returns, and nobody else gets the lock again. */
static void
event(void)
{
    last_zeroed = NULL;
    if (++events == cut_at)
        cut();
}

/* Zeroing a file from some place on, which a recovery does with thousands of
 * writes, is one event: else hardly a cut would come behind it. */
static void
write_event(const struct file *f, const char *data, size_t len)
{
    bool zero = len > 0 && data[0] == 0 && memcmp(data, data + 1, len - 1) == 0;

    if (zero && f == last_zeroed)
        return;
    event();
    if (zero)
        last_zeroed = f;
}

static void __attribute__((destructor)) finish(void)
{
    if (dir_len > 0)
        report();
}

/* --- what is wrapped --- */

static ssize_t
write_at(int fd, const void *data, size_t len, off_t at)
{
    off_t size = 0;
    struct change *c = NULL;
    struct file *f;
    ssize_t n;
    int saved;

    pthread_mutex_lock(&lock);
    f = file_of(fd, &size);
    if (f != NULL) {
        write_event(f, data, len);
        c = note_write(f, at, data, len, size);
    }
    n = sys_pwrite(fd, data, len, at);
    saved = errno;
    /* What was not written (a full disk) is not written again. */
    if (c != NULL && n < (ssize_t)len)
        c->len = n > 0 ? (size_t)n : 0;
    pthread_mutex_unlock(&lock);
    errno = saved;
    return n;
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
    return write_at(fd, data, len, at);
}

ssize_t
pwrite64(int fd, const void *data, size_t len, off_t at)
{
    return write_at(fd, data, len, at);
}

ssize_t
write(int fd, const void *data, size_t len)
{
    off_t size = 0, at;
    struct change *c;
    struct file *f;
    ssize_t n;
    int saved;

    /* Sockets and pipes must not wait for each other. */
    if (dir_len == 0 || lseek(fd, 0, SEEK_CUR) < 0)
        return syscall(SYS_write, fd, data, len);
    pthread_mutex_lock(&lock);
    f = file_of(fd, &size);
    if (f == NULL) {
        pthread_mutex_unlock(&lock);
        return syscall(SYS_write, fd, data, len);
    }
    write_event(f, data, len);
    at = (fcntl(fd, F_GETFL) & O_APPEND) != 0 ? size : lseek(fd, 0, SEEK_CUR);
    c = note_write(f, at, data, len, size);
    n = syscall(SYS_write, fd, data, len);
    saved = errno;
    if (n < (ssize_t)len)
        c->len = n > 0 ? (size_t)n : 0;
    pthread_mutex_unlock(&lock);
    errno = saved;
    return n;
}

static int
truncate_to(int fd, off_t to)
{
    off_t size = 0;
    struct file *f;
    int r, saved;

    pthread_mutex_lock(&lock);
    f = file_of(fd, &size);
    if (f != NULL) {
        event();
        note_truncate(f, to, size);
    }
    r = (int)syscall(SYS_ftruncate, fd, to);
    saved = errno;
    pthread_mutex_unlock(&lock);
    errno = saved;
    return r;
}

int
ftruncate(int fd, off_t to)
{
    return truncate_to(fd, to);
}

int
ftruncate64(int fd, off_t to)
{
    return truncate_to(fd, to);
}

static int
sync_file(int fd, long number)
{
    off_t size = 0;
    struct file *f;

    pthread_mutex_lock(&lock);
    f = file_of(fd, &size);
    if (f != NULL) {
        event();
        if (!deaf)
            forget_changes(f);
    }
    pthread_mutex_unlock(&lock);
    return f != NULL ? 0 : (int)syscall(number, fd);
}

int
fsync(int fd)
{
    return sync_file(fd, SYS_fsync);
}

int
fdatasync(int fd)
{
    return sync_file(fd, SYS_fdatasync);
}

int
unlink(const char *path)
{
    int r;

    pthread_mutex_lock(&lock);
    forget_path(AT_FDCWD, path);
    r = (int)syscall(SYS_unlink, path);
    pthread_mutex_unlock(&lock);
    return r;
}

int
unlinkat(int at, const char *path, int flags)
{
    int r;

    pthread_mutex_lock(&lock);
    forget_path(at, path);
    r = (int)syscall(SYS_unlinkat, at, path, flags);
    pthread_mutex_unlock(&lock);
    return r;
}

int
rename(const char *from, const char *to)
{
    int r;

    pthread_mutex_lock(&lock);
    forget_path(AT_FDCWD, to);
    r = (int)syscall(SYS_rename, from, to);
    pthread_mutex_unlock(&lock);
    return r;
}
