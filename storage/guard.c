/* SPDX-License-Identifier: BSD-2-Clause */

/* The mark of an open store is written after each commit, without waiting for
 * the disk.  This takes a microsecond, and survives a crash of the process.
 * The mark is synced within a second and at each checkpoint.  What it says of
 * the tables is as of the last checkpoint; the current state is collected
 * beside it, for the next one.  A store that is closed gets a log of one empty
 * file, whose number follows that of the old log, so that all pages are older.
 * The old log is then removed, because nothing in it is needed. */
#include "config.h"

#include "storage/guard.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/log_files.h"
#include "util/log.h"
#include "util/xmalloc.h"

struct guard {
    pthread_mutex_t lock; /* of all; the writer's and the checkpoints' thread */
    struct mark_file file;
    struct table_facts now[TABLE_COUNT];     /* with the last commit */
    struct table_facts pending[TABLE_COUNT]; /* with the checkpoint that runs */
    struct log_pos checkpoint;               /* the last one */
    bool recovered;                          /* by the log, not closed */
};

/* --- opening --- */

/* The log of a closed store may be gone or damaged: it is not needed. */
static int
tidy_closed(const char *home, const struct examined *x, struct errbuf *err)
{
    struct log_pos end = x->mark.durable;

    if (log_pos_compare(x->log.end, end) != 0) {
        log_warn("storage: the log in %s is damaged; the store was closed and "
                 "does not need it: it is made anew",
                 home);
        if (!log_files_make(home, end.file, 0))
            return err_set(err, "making the log in %s: %s", home,
                           strerror(errno));
    }
    log_files_remove(home, end.file);
    return 0;
}

static struct mark
first_mark(const struct examined *x)
{
    struct mark m = x->mark;

    m.closed = false;
    m.durable = log_pos_later(m.durable, x->log.proven);
    m.needed = x->closed ? m.durable.file : x->log.first.file;
    return m;
}

int
guard_start(struct env *env, const struct examined *x, struct errbuf *err)
{
    struct mark m = first_mark(x);
    struct guard *g;

    if (x->closed && tidy_closed(env->home, x, err) != 0)
        return -1;
    g = xcalloc(1, sizeof *g);
    /* On a full disk an older mark stays, which is true as well; but not that
     * the store is closed. */
    if (mark_open(&g->file, env->home, &m, err) != 0 && x->closed) {
        free(g);
        return -1;
    }
    (void)log_files_sync_dir(env->home);
    if (x->closed)
        log_files_fill(env->home, m.durable.file);
    pthread_mutex_init(&g->lock, NULL);
    g->recovered = !x->closed && x->log.files > 0;
    env->guard = g;
    return 0;
}

/* Up to where the log is on the disk now, by the database. */
static struct log_pos
durable_now(struct env *env)
{
    struct log_pos at = {0, 0};
    DB_LOG_STAT *stat;

    if (env->dbenv->log_stat(env->dbenv, &stat, 0) != 0)
        return at;
    at.file = stat->st_disk_file;
    at.offset = stat->st_disk_offset;
    free(stat);
    return at;
}

/* Where the last checkpoint is; recovery may begin before it, which that says
 * itself. */
static struct log_pos
last_checkpoint(struct env *env)
{
    DB_TXN_STAT *stat;
    struct log_pos at = {0, 0};

    if (env->dbenv->txn_stat(env->dbenv, &stat, 0) != 0)
        return at;
    at.file = stat->st_last_ckp.file;
    at.offset = stat->st_last_ckp.offset;
    free(stat);
    return at;
}

static void
count_pages(struct env *env)
{
    for (enum table i = 0; i < TABLE_COUNT; i++) {
        DB_MPOOLFILE *file = env->table[i]->get_mpf(env->table[i]);
        db_pgno_t last;

        if (file->get_last_pgno(file, &last) == 0)
            env->guard->now[i].pages = last + 1;
    }
}

/* What recovery wrote is newer than the last checkpoint knew. */
static void
take_newest(struct env *env, enum table i)
{
    struct guard *g = env->guard;
    char *path = xasprintf("%s/%s", env->home, table_file[i]);
    struct log_pos newest;

    if (page_newest(path, &newest)) {
        g->file.now.table[i].newest = newest;
        g->now[i].newest = newest;
    }
    free(path);
}

/* The tables as they are; what the mark says of older ones stays. */
static void
take_tables(struct env *env)
{
    struct guard *g = env->guard;
    struct mark *m = &g->file.now;

    for (enum table i = 0; i < TABLE_COUNT; i++) {
        DB_MPOOLFILE *file = env->table[i]->get_mpf(env->table[i]);

        if (i < m->n_tables)
            g->now[i] = m->table[i];
        if (file->get_fileid(file, g->now[i].uid) != 0)
            memset(g->now[i].uid, 0, LOG_UID_BYTES);
        if (i >= m->n_tables)
            m->table[i] = g->now[i];
    }
    m->n_tables = TABLE_COUNT;
    count_pages(env);
    /* Recovery may have given pages back. */
    for (enum table i = 0; i < TABLE_COUNT; i++)
        if (m->table[i].pages > g->now[i].pages)
            m->table[i].pages = g->now[i].pages;
}

int
guard_opened(struct env *env, struct errbuf *err)
{
    struct guard *g = env->guard;

    if (g == NULL)
        return 0;
    if (log_files_sync(env->home, err) != 0)
        return -1;
    /* A table that was made just now is there after a power cut, too. */
    if (log_files_sync_dir(env->home) != 0)
        return err_set(err, "%s: %s", env->home, strerror(errno));
    take_tables(env);
    for (enum table i = 0; g->recovered && i < TABLE_COUNT; i++)
        take_newest(env, i);
    g->checkpoint = last_checkpoint(env);
    g->file.now.durable = durable_now(env);
    (void)mark_write(&g->file);
    guard_sync(env);
    (void)guard_before_commit(env, NULL); /* so that the log is known as ours */
    return 0;
}

/* --- open --- */

int
guard_before_commit(struct env *env, DB_TXN *txn)
{
    char text[LOG_MARK_BYTES];
    struct guard *g = env->guard;

    if (g == NULL)
        return 0;
    pthread_mutex_lock(&g->lock);
    log_mark_text(text, g->now[TABLE_META].uid, g->file.now.durable);
    pthread_mutex_unlock(&g->lock);
    return env->dbenv->log_printf(env->dbenv, txn, "%s", text);
}

void
guard_committed(struct env *env, uint32_t tables)
{
    struct guard *g = env->guard;

    if (g == NULL)
        return;
    pthread_mutex_lock(&g->lock);
    /* The changes are behind what was on the disk when they began. */
    for (enum table i = 0; i < TABLE_COUNT; i++)
        if ((tables & UINT32_C(1) << i) != 0)
            g->now[i].newest = g->file.now.durable;
    count_pages(env);
    g->file.now.durable = log_pos_later(g->file.now.durable, durable_now(env));
    (void)mark_write(&g->file);
    pthread_mutex_unlock(&g->lock);
}

struct log_pos
guard_durable(struct env *env)
{
    struct guard *g = env->guard;
    struct log_pos at = {0, 0};

    if (g == NULL)
        return at;
    pthread_mutex_lock(&g->lock);
    at = g->file.now.durable;
    pthread_mutex_unlock(&g->lock);
    return at;
}

void
guard_checkpoint_begin(struct env *env)
{
    struct guard *g = env->guard;

    if (g == NULL)
        return;
    pthread_mutex_lock(&g->lock);
    memcpy(g->pending, g->now, sizeof g->pending);
    pthread_mutex_unlock(&g->lock);
}

void
guard_checkpoint_end(struct env *env)
{
    struct guard *g = env->guard;
    struct log_pos last;

    if (g == NULL)
        return;
    last = last_checkpoint(env);
    pthread_mutex_lock(&g->lock);
    if (log_pos_compare(g->checkpoint, last) < 0) {
        g->checkpoint = last;
        memcpy(g->file.now.table, g->pending, sizeof g->pending);
        g->file.now.needed = last.file;
        (void)mark_write(&g->file);
    }
    pthread_mutex_unlock(&g->lock);
    guard_sync(env);
}

void
guard_sync(struct env *env)
{
    struct guard *g = env->guard;
    bool wanted;

    if (g == NULL)
        return;
    /* The writer does not wait for the disk here. */
    pthread_mutex_lock(&g->lock);
    wanted = g->file.unsynced;
    g->file.unsynced = false;
    pthread_mutex_unlock(&g->lock);
    if (wanted)
        (void)fdatasync(g->file.fd);
}

/* --- closing --- */

void
guard_seal(struct env *env)
{
    struct guard *g = env->guard;
    struct log_walk w;
    struct errbuf err;

    if (g == NULL)
        return;
    if (log_walk_home(&w, env->home, NULL, &err) != 0 || w.stopped ||
        w.files == 0 || log_pos_compare(w.end, g->file.now.durable) < 0 ||
        !log_files_make(env->home, w.newest + 1, w.last))
        return;
    memcpy(g->file.now.table, g->now, sizeof g->now);
    g->file.now.closed = true;
    g->file.now.durable = (struct log_pos){w.newest + 1, LOG_HEAD_BYTES};
    g->file.now.needed = w.newest + 1;
    if (mark_write_through(&g->file))
        log_files_remove(env->home, w.newest + 1);
}

void
guard_free(struct env *env)
{
    struct guard *g = env->guard;

    env->guard = NULL;
    if (g == NULL)
        return;
    mark_close(&g->file);
    pthread_mutex_destroy(&g->lock);
    free(g);
}
