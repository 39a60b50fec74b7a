/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/moved_clock.h"

#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MICRO INT64_C(1000000)

static atomic_int_least64_t offset, held; /* held: 0 if it goes on */

static int64_t
read_machine(clockid_t id)
{
    struct timespec ts = {0};

    syscall(SYS_clock_gettime, id, &ts);
    return ts.tv_sec * MICRO + ts.tv_nsec / 1000;
}

void
moved_clock_advance(int64_t us)
{
    atomic_fetch_add(&offset, us);
}

void
moved_clock_hold(bool hold)
{
    atomic_store(&held, hold ? read_machine(CLOCK_MONOTONIC) : 0);
}

static int64_t
now(clockid_t id)
{
    int64_t at = atomic_load(&held);

    return (at != 0 ? at : read_machine(id)) + atomic_load(&offset);
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
    int64_t us;

    if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE)
        return (int)syscall(SYS_clock_gettime, id, ts);
    us = now(id);
    ts->tv_sec = (time_t)(us / MICRO);
    ts->tv_nsec = (long)(us % MICRO * 1000);
    return 0;
}
