/* SPDX-License-Identifier: BSD-2-Clause */
/* What is measured of a store from outside of its thread. */
#include "config.h"

#include "storage/store_figures.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "storage/log_files.h"
#include "storage/store.h"
#include "util/xmalloc.h"

void
store_figures_of(struct env *env, struct store_figures *figures_r)
{
    DB_MPOOL_STAT *st;

    *figures_r = (struct store_figures){.full = atomic_load(&env->full) ||
                                                atomic_load(&env->stuck) != 0};
    if (env->dbenv->memp_stat(env->dbenv, &st, NULL, 0) != 0)
        return;
    figures_r->cache_hits = st->st_cache_hit;
    figures_r->cache_misses = st->st_cache_miss;
    free(st);
}

static uint64_t
log_bytes(const char *home)
{
    uint32_t *files;
    uint64_t sum = 0;
    size_t n;
    struct errbuf err;

    if (log_files_list(home, &files, &n, &err) < 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        char *path = log_file_path(home, files[i]);
        struct stat st;

        if (stat(path, &st) == 0)
            sum += (uint64_t)st.st_size;
        free(path);
    }
    free(files);
    return sum;
}

bool
store_disk(const char *dir, struct store_disk *disk_r)
{
    char *home = xasprintf("%s/" ENV_SUBDIR, dir);
    struct statvfs fs;
    bool ok = statvfs(home, &fs) == 0;

    *disk_r = (struct store_disk){0};
    if (ok) {
        disk_r->free = (uint64_t)fs.f_bavail * fs.f_frsize;
        disk_r->size = (uint64_t)fs.f_blocks * fs.f_frsize;
        disk_r->log = log_bytes(home);
    }
    free(home);
    return ok;
}
