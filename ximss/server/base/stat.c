/* SPDX-License-Identifier: BSD-2-Clause */
/* The figures behind the table.  Threads that count the same thing must not
 * wait for each other's cache lines, so each takes a set of its own (more
 * threads than sets share), and reading adds them up.  What is set instead is
 * kept as the difference to that sum. */
#include "config.h"

#include "ximss/server/base/stat.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include "util/clock.h"
#include "util/text.h"

#define CACHE_LINE 64
#define SETS       16

const int64_t stat_bounds[STAT_BOUNDS] = {
    100,   250,    500,    1000,   2500,    5000,    10000,   25000,
    50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000};

struct times {
    atomic_uint_least64_t within[STAT_BOUNDS + 1]; /* the last: longer */
    atomic_uint_least64_t sum;
};

static struct {
    _Alignas(CACHE_LINE) atomic_int_least64_t value[STAT_N];
    struct times times[STAT_TIMES];
} sets[SETS];
static atomic_uint next_set;
static _Thread_local unsigned own_set; /* counted from 1; 0: none yet */

static struct {
    atomic_int_least64_t difference; /* to the sum of all sets */
    atomic_bool known;               /* it has been set */
    stat_source_fn *read;            /* with sources_lock */
    void *arg;
} whole[STAT_N];
static pthread_mutex_t sources_lock = PTHREAD_MUTEX_INITIALIZER;

static void
take_set(void)
{
    own_set = atomic_fetch_add(&next_set, 1) % SETS + 1;
}

void
stat_add(enum stat_id s, int64_t n)
{
    if (own_set == 0)
        take_set();
    atomic_fetch_add_explicit(&sets[own_set - 1].value[s], n,
                              memory_order_relaxed);
}

/* What was added, here and to the rows that it is the sum of. */
static int64_t
added(enum stat_id s)
{
    const struct stat_row *row = stat_row(s);
    int64_t n = 0;

    for (size_t i = 0; i < SETS; i++)
        n += atomic_load_explicit(&sets[i].value[s], memory_order_relaxed);
    for (unsigned i = 0; i < row->n_sum; i++)
        n += stat_get((enum stat_id)(row->sum_of + i));
    return n;
}

static int64_t
seconds(void)
{
    return clock_mono() / CLOCK_SECOND;
}

void
stat_set(enum stat_id s, int64_t n)
{
    if (stat_row(s)->age)
        n = n < 0 ? n : seconds() - n;
    else
        n -= added(s);
    atomic_store(&whole[s].difference, n);
    atomic_store(&whole[s].known, true);
}

static bool
read_source(enum stat_id s, int64_t *n_r)
{
    bool has;

    pthread_mutex_lock(&sources_lock);
    has = whole[s].read != NULL;
    if (has)
        *n_r = whole[s].read(whole[s].arg);
    pthread_mutex_unlock(&sources_lock);
    return has;
}

static int64_t
read_sets(enum stat_id s)
{
    const struct stat_row *row = stat_row(s);
    int64_t n = atomic_load(&whole[s].difference);

    if (row->late && !atomic_load(&whole[s].known))
        return -1;
    if (row->age)
        return n < 0 ? n : seconds() - n;
    return added(s) + n;
}

int64_t
stat_get(enum stat_id s)
{
    int64_t n;

    if (!read_source(s, &n))
        n = read_sets(s);
    /* Below 0 between two threads' steps. */
    return n >= 0 ? n : stat_row(s)->late ? -1 : 0;
}

void
stat_source(enum stat_id s, stat_source_fn *read, void *arg)
{
    pthread_mutex_lock(&sources_lock);
    whole[s].read = read;
    whole[s].arg = arg;
    pthread_mutex_unlock(&sources_lock);
}

enum stat_id
stat_find(const char *name)
{
    enum stat_id s = 0;

    while (s < STAT_N && !text_equal_nocase(stat_row(s)->name, name))
        s++;
    return s;
}

bool
stat_is_settable(const struct stat_row *row)
{
    return row->kind == STAT_COUNTER && !row->sampled;
}

const char *
stat_kind_name(const struct stat_row *row)
{
    return row->kind == STAT_COUNTER ? "counter" : "integer";
}

const char *
stat_unit_name(const struct stat_row *row)
{
    static const char *const names[] = {[STAT_NO_UNIT] = "",
                                        [STAT_SECONDS] = "seconds",
                                        [STAT_BYTES] = "bytes",
                                        [STAT_DAYS] = "days"};

    return names[row->unit];
}

/* --- how long things take --- */

void
stat_time_add(enum stat_time h, int64_t us)
{
    struct times *t;
    size_t i = 0;

    if (own_set == 0)
        take_set();
    t = &sets[own_set - 1].times[h];
    while (i < STAT_BOUNDS && us > stat_bounds[i])
        i++;
    atomic_fetch_add_explicit(&t->within[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&t->sum, us > 0 ? (uint64_t)us : 0,
                              memory_order_relaxed);
}

void
stat_time_get(enum stat_time h, struct stat_times *times_r)
{
    *times_r = (struct stat_times){0};
    for (size_t i = 0; i <= STAT_BOUNDS; i++) {
        for (size_t k = 0; k < SETS; k++)
            times_r->count += atomic_load_explicit(&sets[k].times[h].within[i],
                                                   memory_order_relaxed);
        if (i < STAT_BOUNDS)
            times_r->up_to[i] = times_r->count;
    }
    for (size_t k = 0; k < SETS; k++)
        times_r->sum +=
            atomic_load_explicit(&sets[k].times[h].sum, memory_order_relaxed);
}
