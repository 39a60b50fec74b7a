/* SPDX-License-Identifier: BSD-2-Clause */

/* Usually one look at the file system, and an upper bound of the growth of the
 * tables, give the answer.  Only in case of doubt, the last page of each table
 * is compared with the space of its file.  A record of 4,000 bytes takes two
 * pages, one of 10 bytes often none, so no bound is close to both.  Files of
 * the log, and tables, can have holes, so st_blocks is what counts. */
#include "config.h"

#include "storage/space.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "util/log.h"
#include "util/xmalloc.h"

#define MIB (UINT64_C(1) << 20)

/* Beside the reserve: for the transactions that are under way. */
#define ORDINARY_MARGIN (6 * MIB)
/* What recovery writes beside pages and the file of the log. */
#define RECOVERY_MARGIN MIB
/* So near to its end, the next file of the log is as good as begun. */
#define LOG_NEARLY_FULL (4 * MIB)
/* Taken from the reserve for removals when nothing else is left. */
#define REMOVAL_PIECE (2 * MIB)

static uint64_t
occupied(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}

static uint64_t
above(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static bool
free_space(struct env *env, uint64_t *free_r)
{
    struct statvfs fs;

    if (statvfs(env->home, &fs) != 0)
        return false; /* the write itself will tell */
    *free_r = (uint64_t)fs.f_bavail * fs.f_frsize;
    return true;
}

/* --- what is needed --- */

uint64_t
space_of_change(uint64_t bytes)
{
    return (2 + 2 * (bytes / ENV_PAGE_BYTES)) * ENV_PAGE_BYTES;
}

/* What the tables will have grown by when all their pages are written. */
static uint64_t
growth(struct env *env)
{
    uint64_t sum = 0;

    for (enum table i = 0; i < TABLE_COUNT; i++) {
        DB_MPOOLFILE *mpf;
        db_pgno_t last;
        char *path;

        if (env->table[i] == NULL)
            continue;
        mpf = env->table[i]->get_mpf(env->table[i]);
        if (mpf->get_last_pgno(mpf, &last) != 0)
            continue;
        path = xasprintf("%s/%s", env->home, table_file[i]);
        sum += above(((uint64_t)last + 1) * ENV_PAGE_BYTES, occupied(path));
        free(path);
    }
    return sum;
}

/* Recovery fills the last file of the log, which may be one that is yet to be
 * begun.  0: the log can go on in space that it has. */
static uint64_t
log_growth(struct env *env)
{
    DB_LOG_STAT *st;
    uint64_t need = ENV_LOG_FILE;
    char *path;

    if (env->dbenv->log_stat(env->dbenv, &st, 0) != 0)
        return need;
    path = xasprintf("%s/log.%010" PRIu32, env->home, st->st_cur_file);
    need = above(ENV_LOG_FILE - ENV_PAGE_BYTES, occupied(path));
    if (st->st_cur_offset > ENV_LOG_FILE - LOG_NEARLY_FULL)
        need += ENV_LOG_FILE;
    free(path);
    free(st);
    return need;
}

/* Where nothing else is left, the log goes on in space of the reserve, if that
 * can spare it. */
static void
help_removals(struct env *env, uint64_t left, uint64_t spare)
{
    uint64_t held;

    if (left >= REMOVAL_PIECE || spare < REMOVAL_PIECE)
        return;
    pthread_mutex_lock(&env->reserve_lock);
    held = atomic_load(&env->reserved);
    if (held >= REMOVAL_PIECE &&
        truncate(env->reserve_path, (off_t)(held - REMOVAL_PIECE)) == 0)
        atomic_store(&env->reserved, held - REMOVAL_PIECE);
    pthread_mutex_unlock(&env->reserve_lock);
}

static enum space
look_closely(struct env *env, uint64_t left)
{
    uint64_t held = atomic_load(&env->reserved), grow = growth(env);
    uint64_t log = log_growth(env), need = grow + log + RECOVERY_MARGIN;

    if (left >= ORDINARY_MARGIN + grow + above(env->reserve_size, held))
        return SPACE_ENOUGH;
    if (left + held < need)
        return SPACE_LOW;
    if (log > 0)
        help_removals(env, left, left + held - need);
    return SPACE_REMOVALS;
}

enum space
space_look(struct env *env, uint64_t pending)
{
    uint64_t held = atomic_load(&env->reserved), left;

    if (!free_space(env, &left))
        return SPACE_ENOUGH;
    if (left >= ORDINARY_MARGIN + above(env->reserve_size, held) + pending +
                    atomic_load(&env->unwritten))
        return SPACE_ENOUGH;
    return look_closely(env, left);
}

bool
space_much_unwritten(struct env *env)
{
    uint64_t spare = above(env->reserve_size, ENV_LOG_FILE);

    return atomic_load(&env->unwritten) > spare / 2 && growth(env) > spare / 2;
}

/* --- the reserve --- */

void
space_reserve_measure(struct env *env)
{
    uint64_t n = occupied(env->reserve_path);
    struct stat st;

    if (n > 0 && stat(env->reserve_path, &st) == 0 && (uint64_t)st.st_size < n)
        n = (uint64_t)st.st_size;
    atomic_store(&env->reserved, n);
}

/* Also where a quota says so, which the file system as a whole does not show. */
bool
space_is_used_up(struct env *env)
{
    char *path = xasprintf("%s.try", env->reserve_path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int code = fd < 0 ? errno : posix_fallocate(fd, 0, MIB);

    if (fd >= 0) {
        close(fd);
        unlink(path);
    }
    free(path);
    return code == ENOSPC || code == EDQUOT;
}

bool
space_reserve_give(struct env *env)
{
    if (atomic_exchange(&env->reserved, 0) == 0)
        return false;
    return unlink(env->reserve_path) == 0;
}

/* As much as there is, but for what is under way: less than all of it is
 * better than none. */
static uint64_t
affordable(struct env *env)
{
    uint64_t held = atomic_load(&env->reserved), left = 0;

    if (!free_space(env, &left))
        return env->reserve_size;
    left = above(left, ORDINARY_MARGIN) & ~(MIB - 1);
    return held + left < env->reserve_size ? held + left : env->reserve_size;
}

static int
fill(struct env *env, uint64_t size)
{
    int fd = open(env->reserve_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                  0600);
    int code;

    if (fd < 0)
        return errno;
    code = posix_fallocate(fd, 0, (off_t)size);
    if (code != 0 && ftruncate(fd, (off_t)atomic_load(&env->reserved)) != 0)
        code = errno;
    close(fd);
    return code;
}

/* 0, or why it is not what was wanted. */
static int
resize(struct env *env)
{
    uint64_t held = atomic_load(&env->reserved), size = affordable(env);
    int code = 0;

    if (size > held)
        code = fill(env, size);
    else if (held > env->reserve_size &&
             truncate(env->reserve_path, (off_t)size) != 0)
        code = errno;
    if (code == 0)
        atomic_store(&env->reserved, size);
    return code == 0 && size < env->reserve_size ? ENOSPC : code;
}

void
space_reserve_take(struct env *env)
{
    int code;

    pthread_mutex_lock(&env->reserve_lock);
    code = resize(env);
    pthread_mutex_unlock(&env->reserve_lock);
    if (code != 0 && !env->reserve_told)
        log_warn("storage: %" PRIu64 " MiB cannot be set aside for recovery "
                 "in %s: %s",
                 env->reserve_size / MIB, env->reserve_path, strerror(code));
    env->reserve_told = code != 0;
}
