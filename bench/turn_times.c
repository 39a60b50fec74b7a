/* SPDX-License-Identifier: BSD-2-Clause */
/* Preloaded into the server: measures how long a turn of a worker's loop works,
 * from one epoll_wait to the next, and keeps the longest in the file that the
 * environment variable TURN_TIMES names, where the bench reads it and begins
 * anew.  It counts the processor time of the thread, so that others on the
 * machine do not lengthen a turn. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct turn_times {
    _Atomic uint64_t longest_ns, turns, all_ns;
};

static struct turn_times *times; /* of the file, mapped; NULL: nobody asks */
static int (*real_epoll_wait)(int fd, struct epoll_event *events, int n,
                              int timeout);

static _Thread_local bool known; /* to be a worker */
static _Thread_local uint64_t began;

__attribute__((constructor)) static void
init(void)
{
    const char *path = getenv("TURN_TIMES");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *map;

    *(void **)&real_epoll_wait = dlsym(RTLD_NEXT, "epoll_wait");
    if (fd < 0)
        return;
    map = mmap(NULL, sizeof *times, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED)
        times = map;
    close(fd);
}

static uint64_t
thread_time(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* A thread gets its name a little after its start. */
static bool
is_worker(void)
{
    char name[16];

    if (!known)
        known = pthread_getname_np(pthread_self(), name, sizeof name) == 0 &&
                strncmp(name, "worker-", 7) == 0;
    return known;
}

static void
end_turn(void)
{
    uint64_t took = thread_time() - began;
    uint64_t longest = atomic_load(&times->longest_ns);

    atomic_fetch_add(&times->turns, 1);
    atomic_fetch_add(&times->all_ns, took);
    while (took > longest &&
           !atomic_compare_exchange_weak(&times->longest_ns, &longest, took))
        continue;
}

int
epoll_wait(int fd, struct epoll_event *events, int n, int timeout)
{
    int r;

    if (times == NULL || !is_worker())
        return real_epoll_wait(fd, events, n, timeout);
    if (began != 0)
        end_turn();
    r = real_epoll_wait(fd, events, n, timeout);
    began = thread_time();
    return r;
}
