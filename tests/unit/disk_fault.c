/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/disk_fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/store_fixture.h"

static atomic_bool armed, space_told;
static atomic_uint writes_left, writes_failed;
static atomic_ullong space;

void
disk_fault_after(unsigned writes)
{
    atomic_store(&writes_left, writes);
    atomic_store(&writes_failed, 0);
    atomic_store(&armed, true);
}

void
disk_fault_space(uint64_t bytes)
{
    atomic_store(&space, bytes);
    atomic_store(&space_told, true);
}

void
disk_fault_end(void)
{
    atomic_store(&armed, false);
    atomic_store(&space_told, false);
}

unsigned
disk_fault_count(void)
{
    return atomic_load(&writes_failed);
}

static bool
is_in_store(int fd)
{
    char link[64], path[4096];
    ssize_t n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    if (n < 0)
        return false;
    path[n] = 0;
    return fixture_dir[0] != 0 && strstr(path, fixture_dir) != NULL;
}

/* True if this write is to fail. */
static bool
fails(int fd)
{
    unsigned left;

    if (!atomic_load(&armed) || !is_in_store(fd))
        return false;
    left = atomic_load(&writes_left);
    while (left > 0)
        if (atomic_compare_exchange_weak(&writes_left, &left, left - 1))
            return false;
    atomic_fetch_add(&writes_failed, 1);
    errno = ENOSPC;
    return true;
}

ssize_t
write(int fd, const void *data, size_t len)
{
    return fails(fd) ? -1 : syscall(SYS_write, fd, data, len);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
    return fails(fd) ? -1 : syscall(SYS_pwrite64, fd, data, len, at);
}

int
posix_fallocate(int fd, off_t from, off_t len)
{
    if (fails(fd))
        return ENOSPC;
    return syscall(SYS_fallocate, fd, 0, from, len) == 0 ? 0 : errno;
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
