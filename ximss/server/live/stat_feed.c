/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in memory is asked of its owner when somebody wants to know, and what
 * takes longer is sampled (stat_sample.h). */
#include "config.h"

#include "ximss/server/live/stat_feed.h"

#include <stdatomic.h>

#include "quota/sources.h"
#include "storage/backup.h"
#include "util/clock.h"
#include "util/conn.h"
#include "util/tls.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/auth_cache.h"
#include "ximss/server/auth/hash_pool.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/stat_sample.h"
#include "ximss/server/live/usage_feed.h"
#include "ximss/server/live/worker.h"

#define SAMPLE_US (5 * CLOCK_SECOND)

/* --- asked --- */

static int64_t
output_waiting(void *arg)
{
    const struct server *s = arg;
    int64_t n = 0;

    for (unsigned i = 0; i < s->n_workers; i++)
        n += (int64_t)conn_loop_total(s->workers[i]->loop);
    return n;
}

static int64_t
login_cache_entries(void *arg)
{
    return (int64_t)auth_cache_count(((struct server *)arg)->auth_cache);
}

static int64_t
hash_queue(void *arg)
{
    return hash_pool_waiting(((struct server *)arg)->hash_pool);
}

static int64_t
name_queue(void *arg)
{
    struct hash_pool *pool = ((struct server *)arg)->name_pool;

    return pool != NULL ? hash_pool_waiting(pool) : 0;
}

static int64_t
quota_queue(void *arg)
{
    return usage_feed_waiting(((struct server *)arg)->usage_feed);
}

static int64_t
store_queue(void *arg)
{
    return store_backlog(((struct server *)arg)->store);
}

static struct quota_sources_counts
quota_counts(void *arg)
{
    struct quota_sources_counts c;

    quota_sources_get_counts(((struct server *)arg)->quota_sources, &c);
    return c;
}

static int64_t
dict_connections(void *arg)
{
    return (int64_t)quota_counts(arg).dict.sockets.accepted;
}

static int64_t
dict_malformed(void *arg)
{
    return (int64_t)quota_counts(arg).dict.sockets.malformed;
}

static int64_t
warning_connections(void *arg)
{
    return (int64_t)quota_counts(arg).warning.sockets.accepted;
}

static int64_t
warning_malformed(void *arg)
{
    return (int64_t)quota_counts(arg).warning.sockets.malformed;
}

static atomic_int_least64_t certificate_end; /* microseconds UTC; 0: none */

static int64_t
certificate_days(void *arg)
{
    int64_t end = atomic_load(&certificate_end), now = clock_now();

    (void)arg;
    if (end == 0)
        return -1;
    return end > now ? (end - now) / (86400 * CLOCK_SECOND) : 0;
}

void
stat_feed_certificate(struct ssl_ctx_st *tls)
{
    atomic_store(&certificate_end, tls != NULL ? tls_context_end(tls) : 0);
}

static int64_t
age_of_backup(void *arg)
{
    const struct server *s = arg;

    return s->backups != NULL ? backup_age(s->backups, clock_now()) : -1;
}

static int64_t
backup_running(void *arg)
{
    const struct server *s = arg;
    struct backup_status status;

    if (s->backups == NULL)
        return 0;
    backup_status(s->backups, &status);
    return status.state == BACKUP_RUNNING;
}

static const struct {
    enum stat_id element;
    stat_source_fn *read;
} asked[] = {
    {STAT_BACKUP_AGE, age_of_backup},
    {STAT_BACKUP_RUNNING, backup_running},
    {STAT_OUTPUT_WAITING, output_waiting},
    {STAT_LOGIN_CACHE_ENTRIES, login_cache_entries},
    {STAT_HASH_QUEUE, hash_queue},
    {STAT_NAME_QUEUE, name_queue},
    {STAT_QUOTA_QUEUE, quota_queue},
    {STAT_STORE_QUEUE, store_queue},
    {STAT_QUOTA_DICT_CONNECTIONS, dict_connections},
    {STAT_QUOTA_DICT_MALFORMED, dict_malformed},
    {STAT_QUOTA_WARNING_CONNECTIONS, warning_connections},
    {STAT_QUOTA_WARNING_MALFORMED, warning_malformed},
    {STAT_BACKUP_AGE, age_of_backup},
    {STAT_BACKUP_RUNNING, backup_running},
    {STAT_CERTIFICATE_DAYS, certificate_days},
};

/* --- told --- */

void
stat_feed_commit(void *arg, const struct store_commit *c)
{
    (void)arg;
    stat_add(STAT_STORE_JOBS, c->jobs);
    stat_add(STAT_STORE_COMMITS, 1);
    if (c->wrote)
        stat_time_add(STAT_TIME_COMMIT, c->us);
}

/* --- sampled --- */

static void
sample_memory(void *arg)
{
    struct store_figures f;

    store_figures(arg, &f);
    stat_set(STAT_PAGE_CACHE_HITS, (int64_t)f.cache_hits);
    stat_set(STAT_PAGE_CACHE_MISSES, (int64_t)f.cache_misses);
    stat_set(STAT_STORE_FULL, f.full);
}

static void
sample_disk(void *arg)
{
    struct store_disk d;
    bool ok = store_disk(arg, &d);

    stat_set(STAT_DISK_FREE, ok ? (int64_t)d.free : -1);
    stat_set(STAT_DISK_SIZE, ok ? (int64_t)d.size : -1);
    stat_set(STAT_LOG_BYTES, ok ? (int64_t)d.log : -1);
}

void
stat_feed_start(struct server *s)
{
    const struct stat_samples samples = {.interval = SAMPLE_US,
                                         .memory = sample_memory,
                                         .memory_arg = s->store,
                                         .disk = sample_disk,
                                         .disk_arg = xstrdup(s->config->store)};

    stat_set(STAT_UPTIME, 0);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        stat_source(asked[i].element, asked[i].read, s);
    s->stat_sampler = stat_sampler_start(&samples);
}

void
stat_feed_stop(struct server *s)
{
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        stat_source(asked[i].element, NULL, NULL);
    stat_sampler_stop(&s->stat_sampler);
}
