/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "storage/page_cache.h"

#include <stdlib.h>

/* Between two looks no more changes than this, or an eighth of the cache; a
 * look writes about as much, and the transaction waits for that. */
#define STEP_BYTES (UINT64_C(8) << 20)

static uint64_t
step(const struct env *env)
{
    return env->cache_bytes / 8 < STEP_BYTES ? env->cache_bytes / 8
                                             : STEP_BYTES;
}

void
page_cache_changed(struct env *env, uint64_t bytes)
{
    env->cache_room -= bytes < env->cache_room ? bytes : env->cache_room;
}

void
page_cache_doubt(struct env *env)
{
    env->cache_room = 0;
}

/* Until that share of the pages is clean. */
static int
write_pages(struct env *env, uint64_t percent)
{
    return env->dbenv->memp_trickle(env->dbenv,
                                    percent < 100 ? (int)percent : 100, NULL);
}

/* A few first: if those fail, thousands would, at each look. */
static int
write_some(struct env *env, const DB_MPOOL_STAT *st)
{
    uint64_t clean = UINT64_C(100) * st->st_page_clean / st->st_pages;
    int ret = write_pages(env, clean + 1);

    if (ret == 0)
        ret = write_pages(env, clean + 2 + 100 * step(env) / env->cache_bytes);
    return ret;
}

int
page_cache_look(struct env *env)
{
    DB_MPOOL_STAT *st;
    int ret;

    if (env->cache_room > 0)
        return 0;
    ret = env->dbenv->memp_stat(env->dbenv, &st, NULL, 0);
    if (ret != 0)
        return ret;
    if ((uint64_t)st->st_page_dirty * ENV_PAGE_BYTES >= env->cache_bytes / 2)
        ret = write_some(env, st);
    free(st);
    if (ret == 0)
        env->cache_room = step(env);
    return ret;
}
