/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/disk_fault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/store_fixture.h"

static atomic_bool armed, space_told, moves_counted;
static atomic_uint writes_left, writes_failed, moves_left;
static atomic_uint sleeps;
static atomic_int tables_error; /* 0: whatever is written fails */
static atomic_ullong space;
static _Atomic(const char *) in_the_way; /* writes fail while it is there */
static atomic_uint tables_synced, marks_early;
static _Atomic(const char *) held_part;
static atomic_uint held;

void
disk_fault_after(unsigned writes)
{
    atomic_store(&writes_left, writes);
    atomic_store(&writes_failed, 0);
    atomic_store(&armed, true);
}

void
disk_fault_tables(int error)
{
    disk_fault_after(0);
    atomic_store(&sleeps, 0);
    atomic_store(&tables_error, error);
}

unsigned
disk_fault_sleeps(void)
{
    return atomic_load(&sleeps);
}

void
disk_fault_until_gone(const char *path)
{
    atomic_store(&writes_failed, 0);
    atomic_store(&in_the_way, path);
}

void
disk_fault_space(uint64_t bytes)
{
    atomic_store(&space, bytes);
    atomic_store(&space_told, true);
}

void
disk_fault_moves(unsigned moves)
{
    atomic_store(&moves_left, moves);
    atomic_store(&moves_counted, true);
}

void
disk_fault_hold(const char *part)
{
    atomic_store(&held_part, part);
}

unsigned
disk_fault_held(void)
{
    return atomic_load(&held);
}

void
disk_fault_end(void)
{
    atomic_store(&held_part, NULL);
    atomic_store(&tables_error, 0);
    atomic_store(&moves_counted, false);
    atomic_store(&in_the_way, NULL);
    atomic_store(&armed, false);
    atomic_store(&space_told, false);
}

unsigned
disk_fault_count(void)
{
    return atomic_load(&writes_failed);
}

static bool
path_of(int fd, char path[PATH_MAX])
{
    char link[64];
    ssize_t n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, PATH_MAX - 1);
    path[n > 0 ? n : 0] = 0;
    return n > 0 && fixture_dir[0] != 0 && strstr(path, fixture_dir) != NULL;
}

/* --- names that are not on the disk --- */

static bool
ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    return n >= m && strcmp(name + n - m, end) == 0;
}

static unsigned
count_tables(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *e;
    unsigned n = 0;

    while (dir != NULL && (e = readdir(dir)) != NULL)
        n += ends_with(e->d_name, ".db");
    if (dir != NULL)
        closedir(dir);
    return n;
}

void
disk_fault_watch_names(const char *home)
{
    atomic_store(&tables_synced, count_tables(home));
    atomic_store(&marks_early, 0);
}

unsigned
disk_fault_marks_early(void)
{
    return atomic_load(&marks_early);
}

/* Before a write: of the mark, while a table's name is not on the disk? */
static void
look_at_mark(int fd)
{
    char path[PATH_MAX];

    if (!path_of(fd, path) || !ends_with(path, "/mark"))
        return;
    *strrchr(path, '/') = 0;
    if (count_tables(path) > atomic_load(&tables_synced))
        atomic_fetch_add(&marks_early, 1);
}

int
fsync(int fd)
{
    char path[PATH_MAX];
    struct stat st;
    int ret = (int)syscall(SYS_fsync, fd);

    if (ret == 0 && path_of(fd, path) && fstat(fd, &st) == 0 &&
        S_ISDIR(st.st_mode))
        atomic_store(&tables_synced, count_tables(path));
    return ret;
}

/* --- a full disk --- */

static bool
has_room(void)
{
    const char *path = atomic_load(&in_the_way);

    if (path != NULL && access(path, F_OK) != 0)
        atomic_store(&in_the_way, NULL);
    return atomic_load(&in_the_way) == NULL;
}

static bool
has_writes_left(void)
{
    unsigned left = atomic_load(&writes_left);

    if (!atomic_load(&armed))
        return true;
    while (left > 0)
        if (atomic_compare_exchange_weak(&writes_left, &left, left - 1))
            return true;
    return false;
}

/* True if this write is to fail. */
static bool
fails(int fd)
{
    char path[PATH_MAX];
    int error = atomic_load(&tables_error);

    if (!path_of(fd, path) || (error != 0 && !ends_with(path, ".db")) ||
        (has_room() && has_writes_left()))
        return false;
    atomic_fetch_add(&writes_failed, 1);
    errno = error != 0 ? error : ENOSPC;
    return true;
}

/* --- a disk that hangs --- */

static void
hold(int fd)
{
    const char *part = atomic_load(&held_part);
    char path[PATH_MAX];

    if (part == NULL || !path_of(fd, path) || strstr(path, part) == NULL)
        return;
    atomic_fetch_add(&held, 1);
    while (atomic_load(&held_part) != NULL)
        poll(NULL, 0, 1);
    atomic_fetch_sub(&held, 1);
}

ssize_t
write(int fd, const void *data, size_t len)
{
    return fails(fd) ? -1 : syscall(SYS_write, fd, data, len);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
    look_at_mark(fd);
    hold(fd);
    return fails(fd) ? -1 : syscall(SYS_pwrite64, fd, data, len, at);
}

int
posix_fallocate(int fd, off_t from, off_t len)
{
    if (fails(fd))
        return ENOSPC;
    return syscall(SYS_fallocate, fd, 0, from, len) == 0 ? 0 : errno;
}

/* Without descriptors, it is how the database sleeps. */
int
select(int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *wait)
{
    if (n == 0 && atomic_load(&tables_error) != 0) {
        atomic_fetch_add(&sleeps, 1);
        return 0;
    }
    return (int)syscall(SYS_select, n, in, out, except, wait);
}

int
statvfs(const char *path, struct statvfs *fs)
{
    if (strstr(path, fixture_dir) == NULL)
        return -1;
    memset(fs, 0, sizeof *fs);
    fs->f_frsize = 4096;
    fs->f_bavail =
        (atomic_load(&space_told) ? atomic_load(&space) : UINT64_C(1) << 40) /
        4096;
    return 0;
}

/* --- names that cannot be changed --- */

static bool
is_counted(const char *path)
{
    size_t n = strlen(fixture_dir);

    return atomic_load(&moves_counted) && strncmp(path, fixture_dir, n) == 0 &&
           strrchr(path, '/') == path + n;
}

int
renameat2(int from_at, const char *from, int to_at, const char *to,
          unsigned flags)
{
    if (flags != 0 && is_counted(from)) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_at, from, to_at, to, flags);
}

int
rename(const char *from, const char *to)
{
    if (is_counted(from) && atomic_fetch_sub(&moves_left, 1) == 0) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}
