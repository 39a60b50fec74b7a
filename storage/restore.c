/* SPDX-License-Identifier: BSD-2-Clause */

/* Brings a backup back.  It is copied beside the store, checked there, and then
 * the two change names.
 *
 * DIR/db.restored is made here.  While it has the file `restoring`, it is not
 * the store, and may be thrown away: all of it is in the backup.  The file goes
 * when db.restored has become db.  So a db.restored without it is the old store,
 * whose new name did not come before the process was killed. */
#include "config.h"

#include "storage/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "storage/backup_label.h"
#include "storage/copy.h"
#include "storage/env.h"
#include "storage/log_files.h"
#include "storage/replace.h"
#include "storage/store.h"
#include "storage/txn_commit.h"
#include "storage/verify.h"
#include "util/clock.h"
#include "util/xmalloc.h"

/* Beside the copy: the log of a store that is opened. */
#define SPARE (UINT64_C(34) << 20)

struct restore {
    const char *backup, *dir;
    int64_t now;
    FILE *report;
    struct backup_label label;
    char *home, *made, *flag; /* DIR/db, DIR/db.restored, what is in it */
    char *unsure;             /* DIR/.db.restored: always to be removed */
    bool has_store;
};

/* --- the copy --- */

static int
sync_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int ret = fd >= 0 ? fsync(fd) : -1;

    if (fd >= 0)
        close(fd);
    return ret;
}

static int
copy_files(const struct restore *r, struct errbuf *err)
{
    int ret = 0;

    for (unsigned i = 0; ret == 0 && i < r->label.n_files; i++) {
        const char *name = r->label.files[i].name;
        char *from = xasprintf("%s/" ENV_SUBDIR "/%s", r->backup, name);
        char *to = xasprintf("%s/%s", r->made, name);

        ret = copy_file(from, to, err);
        if (ret == 0 && sync_file(to) != 0)
            ret = err_set(err, "writing %s: %s", to, strerror(errno));
        free(from);
        free(to);
    }
    return ret;
}

static int
check_room(const struct restore *r, struct errbuf *err)
{
    struct statvfs fs;
    uint64_t need = SPARE;

    for (unsigned i = 0; i < r->label.n_files; i++)
        need += r->label.files[i].size;
    if (statvfs(r->dir, &fs) != 0)
        return err_set(err, "%s: %s", r->dir, strerror(errno));
    if ((uint64_t)fs.f_bavail * fs.f_frsize >= need)
        return 0;
    return err_set(err,
                   "%s has too little space: the backup needs %llu MiB beside "
                   "the store",
                   r->dir, (unsigned long long)(need >> 20));
}

/* Without its flag, a directory of that name is the store that was replaced: so
 * it never has that name without the flag, but as one. */
static int
make_directory(const struct restore *r, struct errbuf *err)
{
    char *flag = xasprintf("%s/" ENV_RESTORING, r->unsure);
    int fd, ret = 0;

    if (mkdir(r->unsure, 0700) != 0 ||
        (fd = open(flag, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) < 0 ||
        close(fd) != 0 || log_files_sync_dir(r->unsure) != 0 ||
        rename(r->unsure, r->made) != 0)
        ret = err_set(err, "making %s: %s", r->made, strerror(errno));
    free(flag);
    return ret;
}

static int
remove_made(const struct restore *r)
{
    if (rename(r->made, r->unsure) != 0 && errno != ENOENT)
        return -1;
    return copy_remove(r->unsure);
}

static int
make_copy(const struct restore *r, struct errbuf *err)
{
    if (make_directory(r, err) != 0)
        return -1;
    if (copy_files(r, err) != 0)
        return -1;
    /* The backup's files and their copies at once. */
    return backup_label_check(&r->label, r->made, err);
}

/* --- the copy becomes a store --- */

/* Two stores now come from one, and each goes its own way.  The last backup of
 * this one is the one that it came from. */
static int
renew(struct restore *r, struct env *env, struct errbuf *err)
{
    struct store_txn *t = txn_new(env, 0, err);
    struct instance_rec rec;
    enum store_result s = STORE_ERROR;

    if (t != NULL && instance_new(&rec, r->now, err) == 0)
        s = txn_begin(t, err);
    if (s == STORE_OK) {
        rec.last = r->label.time;
        s = meta_instance_put(t, &rec, err);
        if (s == STORE_OK)
            s = txn_commit(t, err);
        else
            txn_abort(t);
    }
    txn_free(&t);
    return s == STORE_OK ? 0 : -1;
}

static int
open_and_check(struct restore *r, struct errbuf *err)
{
    struct env *env = env_open_made(r->made, err);
    unsigned long findings = 0;
    int ret = env != NULL ? 0 : -1;

    if (ret == 0 && env_open_tables(env, err) != 0)
        ret = -1;
    if (ret == 0)
        ret = renew(r, env, err);
    if (ret == 0)
        ret = verify_records(env, r->report, &findings, err);
    if (ret == 0 && findings > 0)
        ret = err_set(err, "the backup is not sound: %lu findings", findings);
    if (ret == 0) {
        env_complete(env);
        if (!env->complete)
            ret = err_set(err, "%s cannot be written", r->made);
    }
    env_close(&env);
    return ret;
}

/* --- its place --- */

static int
put_in_place(const struct restore *r, char **kept_r, struct errbuf *err)
{
    char *kept = replace_kept_name(r->dir, "replaced", r->now);
    int ret = 0;

    if (log_files_sync_dir(r->made) != 0)
        ret = err_set(err, "%s: %s", r->made, strerror(errno));
    else if (r->has_store)
        ret = replace_store(r->home, r->made, kept, kept_r, err);
    else if (rename(r->made, r->home) != 0)
        ret = err_set(err, "moving %s to %s: %s", r->made, r->home,
                      strerror(errno));
    free(kept);
    if (ret == 0 && log_files_sync_dir(r->dir) != 0)
        ret = err_set(err, "%s: %s", r->dir, strerror(errno));
    if (ret == 0)
        env_tidy_restored(r->home);
    return ret;
}

/* What an earlier attempt left. */
static int
clear_way(const struct restore *r, struct errbuf *err)
{
    char *kept;
    int ret = 0;

    env_tidy_restored(r->home);
    if (copy_remove(r->unsure) != 0)
        return err_set(err, "removing %s: %s", r->unsure, strerror(errno));
    if (access(r->made, F_OK) != 0 || access(r->flag, F_OK) == 0) {
        if (remove_made(r) != 0)
            ret = err_set(err, "removing %s: %s", r->made, strerror(errno));
        return ret;
    }
    kept = replace_kept_name(r->dir, "replaced", r->now);
    if (rename(r->made, kept) != 0)
        ret =
            err_set(err, "moving %s to %s: %s", r->made, kept, strerror(errno));
    else
        fprintf(r->report, "a store that was replaced before is kept in %s\n",
                kept);
    free(kept);
    return ret;
}

static int
restore_locked(struct restore *r, char **kept_r, struct errbuf *err)
{
    int ret = clear_way(r, err);

    if (ret == 0)
        ret = check_room(r, err);
    if (ret != 0)
        return ret;
    ret = make_copy(r, err);
    if (ret == 0)
        ret = open_and_check(r, err);
    if (ret == 0)
        ret = replace_owner(r->made, r->has_store ? r->home : r->dir, err);
    if (ret == 0)
        ret = put_in_place(r, kept_r, err);
    if (ret != 0 && access(r->flag, F_OK) == 0)
        (void)!remove_made(r);
    return ret;
}

/* --- from outside --- */

static int
read_label(struct restore *r, struct errbuf *err)
{
    if (backup_label_read(&r->label, r->backup, err) != 0)
        return -1;
    if (r->label.format <= STORE_FORMAT)
        return 0;
    return err_set(
        err,
        "the backup %s is of a store of format %llu, made by version "
        "%s; this one knows formats up to %d",
        r->backup, (unsigned long long)r->label.format, r->label.version,
        STORE_FORMAT);
}

static int
look(struct restore *r, struct errbuf *err)
{
    switch (env_look(r->dir, err)) {
    case STORE_PRESENT:
        r->has_store = true;
        return 0;
    case STORE_NONE_YET:
    case STORE_UNFINISHED:
        return 0;
    case STORE_NOWHERE:
    case STORE_OTHER_FILES:
    case STORE_BARRED:
        break;
    }
    return -1;
}

int
store_restore(const struct restore_wanted *w, FILE *report, char **kept_r,
              struct errbuf *err)
{
    struct restore r = {
        .backup = w->backup, .dir = w->dir, .now = w->now, .report = report};
    struct env *lock = NULL;
    int ret = -1;

    *kept_r = NULL;
    if (read_label(&r, err) != 0 || look(&r, err) != 0 ||
        (lock = env_lock_place(w->dir, err)) == NULL)
        return -1;
    r.home = xasprintf("%s/" ENV_SUBDIR, w->dir);
    r.made = xasprintf("%s/" ENV_RESTORED, w->dir);
    r.unsure = xasprintf("%s/." ENV_RESTORED, w->dir);
    r.flag = xasprintf("%s/" ENV_RESTORING, r.made);
    ret = restore_locked(&r, kept_r, err);
    env_close(&lock);
    free(r.home);
    free(r.made);
    free(r.flag);
    free(r.unsure);
    return ret;
}
