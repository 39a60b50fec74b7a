/* SPDX-License-Identifier: BSD-2-Clause */

/* The environment lives in DIR/db, and DIR/lock is locked while a process has
 * it open.  Because of this lock we are the only user, so recovery is run at
 * every start, whatever the last end was; it makes the shared regions anew,
 * and nothing that a power cut left in them is ever believed.  That is why
 * DB_REGISTER, which would skip recovery after what looks like a clean end and
 * would let a second server join, is not used.
 *
 * The regions (cache, locks, log buffer) are in our own memory, DB_PRIVATE: a
 * region in a file grows as it is used, also with DB_REGION_INIT, and touching
 * a page of it that has no place on a full disk is SIGBUS.  The price is that
 * no other program can look into a store that is open. */
#include "config.h"

#include "storage/env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/copy.h"
#include "storage/examine.h"
#include "storage/guard.h"
#include "storage/space.h"
#include "storage/txn.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define CREATE_SUBDIR ENV_SUBDIR ".new"

#define CACHE_BYTES   (UINT64_C(64) << 20)
#define CACHE_MIN     (UINT64_C(1) << 20)
#define LOG_BUFFER    (UINT32_C(1) << 20)
#define LOCKS         50000
#define SPARE_MUTEXES 10000

/* Of the database in the log between two checkpoints: it has some for each of
 * thousands of pages that it cannot write. */
#define COMPLAINTS 20

static void
on_error(const DB_ENV *dbenv, const char *prefix, const char *message)
{
    struct env *env = dbenv->app_private;

    (void)prefix;
    if (env->report != NULL)
        env_report(env, "%s", message);
    else if (atomic_load(&env->full) || atomic_load(&env->stuck) != 0 ||
             atomic_fetch_add(&env->complaints, 1) >= COMPLAINTS)
        log_debug("storage: %s", message); /* one line about it is enough */
    else
        log_warn("storage: %s", message);
}

static void
on_event(DB_ENV *dbenv, uint32_t event, void *info)
{
    struct env *env = dbenv->app_private;

    (void)info;
    if (event != DB_EVENT_PANIC)
        return;
    atomic_store(&env->panicked, true);
    if (env->on_panic != NULL)
        env->on_panic(env->panic_arg);
}

static int
check_library(struct errbuf *err)
{
    int major, minor, patch;

    db_version(&major, &minor, &patch);
    if (major == DB_VERSION_MAJOR && minor == DB_VERSION_MINOR)
        return 0;
    return err_set(err,
                   "built for Berkeley DB %d.%d, but the library is %d.%d.%d",
                   DB_VERSION_MAJOR, DB_VERSION_MINOR, major, minor, patch);
}

/* The lock goes with the descriptor, however the process ends. */
static int
lock_dir(struct env *env, const char *dir, struct errbuf *err)
{
    char *path = xasprintf("%s/lock", dir);

    env->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (env->lock_fd < 0)
        err_set(err, "opening the lock of the store, %s: %s", path,
                strerror(errno));
    free(path);
    if (env->lock_fd < 0)
        return -1;
    if (flock(env->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return err_set(err, "the store is in use by another process");
    return err_set(err, "locking the store: %s", strerror(errno));
}

/* The directory of the environment is locked, too: somebody may remove the file
 * while the store is open, or copy another's over it.  Where a file system
 * cannot lock directories, the file must do. */
static int
lock_home(struct env *env, struct errbuf *err)
{
    env->home_fd = open(env->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (env->home_fd >= 0 && flock(env->home_fd, LOCK_EX | LOCK_NB) != 0 &&
        errno == EWOULDBLOCK)
        return err_set(err, "the store is in use by another process");
    return 0;
}

static int
configure(DB_ENV *dbenv, uint64_t cache, struct errbuf *err)
{
    const struct {
        int code;
        const char *what;
    } steps[] = {
        {dbenv->set_cachesize(dbenv, (uint32_t)(cache >> 30),
                              (uint32_t)(cache & ((UINT32_C(1) << 30) - 1)), 1),
         "cache"},
        {dbenv->set_mp_pagesize(dbenv, ENV_PAGE_BYTES), "page size"},
        {dbenv->mutex_set_increment(dbenv, (uint32_t)(cache / ENV_PAGE_BYTES) +
                                               SPARE_MUTEXES),
         "mutexes"},
        {dbenv->set_lg_max(dbenv, ENV_LOG_FILE), "log file"},
        {dbenv->set_lg_bsize(dbenv, LOG_BUFFER), "log buffer"},
        {dbenv->log_set_config(dbenv, DB_LOG_AUTO_REMOVE, 1), "log removal"},
        {dbenv->set_lk_max_locks(dbenv, LOCKS), "locks"},
        {dbenv->set_lk_max_objects(dbenv, LOCKS), "lock objects"},
        {dbenv->set_lk_detect(dbenv, DB_LOCK_DEFAULT), "deadlock detection"},
    };

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i].code != 0)
            return err_set(err, "setting up the database (%s): %s",
                           steps[i].what, db_strerror(steps[i].code));
    return 0;
}

static uint64_t
cache_size(uint64_t wanted)
{
    if (wanted == 0)
        return CACHE_BYTES;
    return wanted < CACHE_MIN ? CACHE_MIN : wanted;
}

static void
on_feedback(DB_ENV *dbenv, int opcode, int percent)
{
    (void)opcode;
    (void)percent;
    (void)env_goes_on(dbenv->app_private);
}

static int
open_home(struct env *env, uint64_t cache, struct errbuf *err)
{
    const uint32_t flags = DB_CREATE | DB_PRIVATE | DB_THREAD | DB_INIT_LOCK |
                           DB_INIT_LOG | DB_INIT_MPOOL | DB_INIT_TXN |
                           (env->whole_log ? DB_RECOVER_FATAL : DB_RECOVER);
    DB_ENV *dbenv;
    int ret = db_env_create(&dbenv, 0);

    if (ret != 0)
        return err_set(err, "starting the database: %s", db_strerror(ret));
    env->dbenv = dbenv;
    env->cache_bytes = cache;
    dbenv->app_private = env;
    dbenv->set_errcall(dbenv, on_error);
    if ((ret = dbenv->set_event_notify(dbenv, on_event)) != 0 ||
        (env->go_on != NULL &&
         (ret = dbenv->set_feedback(dbenv, on_feedback)) != 0))
        return err_set(err, "starting the database: %s", db_strerror(ret));
    if (configure(dbenv, cache, err) != 0)
        return -1;
    ret = dbenv->open(dbenv, env->home, flags, 0600);
    /* Recovery that finds no space says that recovery is needed. */
    if (ret != 0 && space_is_used_up(env))
        return err_set(err,
                       "opening the database in %s: no space left on the disk",
                       env->home);
    if (ret != 0)
        return err_set(err, "opening the database in %s: %s", env->home,
                       db_strerror(ret));
    return 0;
}

/* Recovery may need what was set aside for it.  What it did before it failed
 * does no harm when it begins anew. */
static int
open_with_reserve(struct env *env, uint64_t cache, struct errbuf *err)
{
    space_reserve_measure(env);
    if (open_home(env, cache, err) == 0)
        return 0;
    if (!space_is_used_up(env) || !space_reserve_give(env))
        return -1;
    log_warn("storage: the disk is full: the reserve in %s is given up for "
             "recovery",
             env->reserve_path);
    if (env->dbenv != NULL)
        env->dbenv->close(env->dbenv, 0);
    env->dbenv = NULL;
    atomic_store(&env->panicked, false);
    return open_home(env, cache, err);
}

static struct env *
env_of(const char *home)
{
    struct env *env = xcalloc(1, sizeof *env);

    env->lock_fd = env->home_fd = -1;
    env->home = xstrdup(home);
    env->reserve_path = xasprintf("%s/" ENV_RESERVE, home);
    pthread_mutex_init(&env->reserve_lock, NULL);
    return env;
}

static struct env *
env_new(const char *dir, const char *subdir)
{
    char *home = xasprintf("%s/%s", dir, subdir);
    struct env *env = env_of(home);

    free(home);
    free(env->reserve_path);
    env->reserve_path = xasprintf("%s/" ENV_RESERVE, dir);
    env->reserve_size = SPACE_RESERVE;
    return env;
}

/* Before anything is changed. */
static int
check_home(struct env *env, bool *damaged_r, struct errbuf *err)
{
    struct examined x;
    struct errbuf found;

    if (examine(&x, env->home, NULL, &found) == 0)
        return guard_start(env, &x, err);
    *damaged_r = true;
    return err_set(err, "the store in %s is damaged, nothing was changed: %s",
                   env->home, found.text);
}

struct env *
env_lock(const char *dir, struct errbuf *err)
{
    struct env *env = env_new(dir, ENV_SUBDIR);

    if (env_look(dir, err) == STORE_PRESENT && check_library(err) == 0 &&
        lock_dir(env, dir, err) == 0 && lock_home(env, err) == 0)
        return env;
    env_close(&env);
    return NULL;
}

struct env *
env_lock_place(const char *dir, struct errbuf *err)
{
    struct env *env = env_new(dir, ENV_SUBDIR);

    if (check_library(err) == 0 && lock_dir(env, dir, err) == 0 &&
        lock_home(env, err) == 0)
        return env;
    env_close(&env);
    return NULL;
}

struct env *
env_open(const char *dir, uint64_t cache_bytes, bool *damaged_r,
         struct errbuf *err)
{
    struct env *env = env_lock(dir, err);

    *damaged_r = false;
    if (env == NULL)
        return NULL;
    env_tidy_restored(env->home);
    env_tell_restored(dir);
    if ((check_home(env, damaged_r, err) != 0 ||
         open_with_reserve(env, cache_size(cache_bytes), err) != 0))
        env_close(&env);
    return env;
}

struct env *
env_open_copy(const char *home, FILE *report, struct errbuf *err)
{
    struct env *env = env_of(home);

    env->report = report;
    if (open_home(env, CACHE_BYTES, err) != 0)
        env_close(&env);
    return env;
}

struct env *
env_open_backup(const char *home, FILE *report, bool (*go_on)(void *arg),
                void *arg, struct errbuf *err)
{
    const struct examined copied = {.has_mark = MARK_NONE, .log.files = 1};
    struct env *env = env_of(home);

    env->report = report;
    env->go_on = go_on;
    env->go_on_arg = arg;
    env->whole_log = true;
    if (guard_start(env, &copied, err) != 0 ||
        open_home(env, CACHE_BYTES, err) != 0)
        env_close(&env);
    return env;
}

static int
open_table(struct env *env, enum table i, DB_TXN *txn, uint32_t flags,
           struct errbuf *err)
{
    DB *db;
    int ret = db_create(&db, env->dbenv, 0);

    if (ret != 0)
        return err_set(err, "opening %s: %s", table_file[i], db_strerror(ret));
    env->table[i] = db;
    if ((flags & DB_CREATE) != 0) {
        ret = db->set_pagesize(db, ENV_PAGE_BYTES);
        if (ret == 0)
            ret = db->set_flags(db, DB_CHKSUM);
    }
    if (ret == 0)
        ret = db->open(db, txn, table_file[i], NULL, DB_BTREE,
                       DB_THREAD | flags, 0600);
    if (ret != 0)
        return err_set(err, "opening %s: %s", table_file[i], db_strerror(ret));
    return 0;
}

/* A table that came with a later format is made when an older store is opened;
 * it is empty, and programs that know only older formats do not see it. */
static uint32_t
open_flags(enum table i)
{
    return DB_AUTO_COMMIT | (i >= TABLE_FORMAT_1 ? DB_CREATE : 0);
}

int
env_open_tables(struct env *env, struct errbuf *err)
{
    for (enum table i = 0; i < TABLE_COUNT; i++) {
        /* The format first: a newer one may have other tables. */
        if (open_table(env, i, NULL, open_flags(i), err) != 0)
            return -1;
        if (i == TABLE_META && meta_check_format(env, err) != 0)
            return -1;
    }
    return guard_opened(env, err);
}

static int
sync_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int ret;

    if (fd < 0)
        return -1;
    ret = fsync(fd);
    close(fd);
    return ret;
}

/* All tables and the first records, in one transaction. */
static int
create_tables(struct env *env, struct errbuf *err)
{
    DB_TXN *txn;
    int ret = env->dbenv->txn_begin(env->dbenv, NULL, &txn, 0);

    if (ret != 0)
        return err_set(err, "making the store: %s", db_strerror(ret));
    for (enum table i = 0; i < TABLE_COUNT; i++)
        if (open_table(env, i, txn, DB_CREATE, err) != 0) {
            txn->abort(txn);
            return -1;
        }
    if (meta_create(env, txn, err) != 0) {
        txn->abort(txn);
        return -1;
    }
    if ((ret = txn->commit(txn, DB_TXN_SYNC)) != 0)
        return err_set(err, "making the store: %s", db_strerror(ret));
    if (guard_opened(env, err) != 0)
        return -1;
    ret = env->dbenv->txn_checkpoint(env->dbenv, 0, 0, DB_FORCE);
    if (ret != 0)
        return err_set(err, "making the store: %s", db_strerror(ret));
    env->complete = true;
    return 0;
}

static int
make_home(struct env *env, struct errbuf *err)
{
    const struct examined none = {.has_mark = MARK_NONE};

    if (mkdir(env->home, 0700) != 0)
        return err_set(err, "making %s: %s", env->home, strerror(errno));
    if (guard_start(env, &none, err) != 0 ||
        open_home(env, CACHE_MIN, err) != 0)
        return -1;
    return create_tables(env, err);
}

/* The private directory becomes the store by a rename. */
static int
create_in(struct env *env, const char *dir, struct errbuf *err)
{
    char *home = xasprintf("%s/" ENV_SUBDIR, dir);
    char *made = xstrdup(env->home);
    int ret = -1;

    if (lock_dir(env, dir, err) != 0)
        goto out;
    switch (env_look(dir, err)) {
    case STORE_PRESENT:
        err_set(err, "%s holds a store already", dir);
        goto out;
    case STORE_BARRED:
    case STORE_UNFINISHED:
        goto out;
    case STORE_NONE_YET:
    case STORE_NOWHERE:
    case STORE_OTHER_FILES:
        break;
    }
    if (copy_remove(made) != 0) {
        err_set(err, "removing %s: %s", made, strerror(errno));
        goto out;
    }
    if (make_home(env, err) != 0)
        goto out;
    env_close(&env);
    if (sync_dir(made) != 0 || rename(made, home) != 0 || sync_dir(dir) != 0) {
        err_set(err, "making %s: %s", home, strerror(errno));
        goto out;
    }
    ret = 0;
out:
    env_close(&env);
    free(home);
    free(made);
    return ret;
}

struct env *
env_open_made(const char *home, struct errbuf *err)
{
    struct env *env = env_of(home);
    bool damaged;

    if (check_home(env, &damaged, err) != 0 ||
        open_home(env, CACHE_BYTES, err) != 0)
        env_close(&env);
    return env;
}

/* Opened as any other, so that what fills it is guarded. */
struct env *
env_make(const char *home, struct errbuf *err)
{
    struct env *env = env_of(home);
    int ret = make_home(env, err);

    env_close(&env);
    return ret == 0 ? env_open_made(home, err) : NULL;
}

int
env_create(const char *dir, struct errbuf *err)
{
    if (check_library(err) != 0)
        return -1;
    return create_in(env_new(dir, CREATE_SUBDIR), dir, err);
}

int
env_checkpoint(struct env *env, unsigned kbytes)
{
    unsigned long long before = atomic_load(&env->unwritten);
    int ret;

    guard_checkpoint_begin(env);
    /* Berkeley DB counts what was logged from the record on that ends a
     * checkpoint.  What was committed while that one was under way, with
     * nothing behind it, would be passed over. */
    ret = env->dbenv->txn_checkpoint(env->dbenv, kbytes, 0,
                                     kbytes == 0 ? DB_FORCE : 0);

    /* By volume it may have done nothing; the next one by time will count. */
    if (ret == 0)
        guard_checkpoint_end(env);
    if (ret == 0 && kbytes == 0) {
        atomic_fetch_sub(&env->unwritten, before);
        env_set_stuck(env, 0);
    }
    if (ret != 0 && !atomic_load(&env->panicked))
        env_set_stuck(env, ret);
    return ret == 0 ? 0 : -1;
}

void
env_complete(struct env *env)
{
    env->complete = !atomic_load(&env->panicked) && env_checkpoint(env, 0) == 0;
}

void
env_close(struct env **env_p)
{
    struct env *env = *env_p;
    bool closed = true;

    *env_p = NULL;
    if (env == NULL)
        return;
    /* A table that would not close has nothing to lose: the log has it. */
    for (enum table i = 0; i < TABLE_COUNT; i++)
        if (env->table[i] != NULL)
            closed &= env->table[i]->close(env->table[i], 0) == 0;
    if (env->dbenv != NULL)
        closed &= env->dbenv->close(env->dbenv, 0) == 0;
    if (env->complete && closed)
        guard_seal(env);
    guard_free(env);
    if (env->home_fd >= 0)
        close(env->home_fd);
    if (env->lock_fd >= 0)
        close(env->lock_fd);
    free(env->home);
    pthread_mutex_destroy(&env->reserve_lock);
    free(env->reserve_path);
    free(env);
}
