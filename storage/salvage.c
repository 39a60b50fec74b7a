/* SPDX-License-Identifier: BSD-2-Clause */

/* A damaged store is never repaired in place.  If the database can do it, the
 * log is applied to a copy of the tables up to the damage; otherwise the tables
 * are used as they are.  A new store is built from what can be read there.  It
 * is checked, and then replaces the old store. */
#include "config.h"

#include "storage/salvage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/copy.h"
#include "storage/env.h"
#include "storage/examine.h"
#include "storage/log_files.h"
#include "storage/replace.h"
#include "storage/txn_commit.h"
#include "storage/verify.h"
#include "util/xmalloc.h"

struct paths {
    char *home; /* the store */
    char *work; /* a copy of it */
    char *made; /* the new one */
    char *kept; /* where the old one goes */
};

/* --- the copy --- */

static bool
is_table(const char *name)
{
    return verify_is_wanted(name) && strncmp(name, "log.", 4) != 0;
}

/* The log of the copy ends where the damage begins. */
static int
copy_log(const struct examined *x, const struct paths *p, struct errbuf *err)
{
    int ret = 0;

    for (uint32_t file = x->log.first.file; ret == 0 && file <= x->log.end.file;
         file++) {
        char *from = log_file_path(p->home, file);
        char *to = log_file_path(p->work, file);

        ret = copy_file(from, to, err);
        if (ret == 0 && file == x->log.end.file &&
            truncate(to, (off_t)x->log.end.offset) != 0)
            ret = err_set(err, "%s: %s", to, strerror(errno));
        free(from);
        free(to);
    }
    return ret;
}

/* Recovery could undo the making of a table. */
static bool
tables_are_there(const struct paths *p)
{
    bool all = true;

    for (enum table i = 0; all && i < TABLE_COUNT; i++) {
        char *from = xasprintf("%s/%s", p->home, table_file[i]);
        char *to = xasprintf("%s/%s", p->work, table_file[i]);

        all = access(from, F_OK) != 0 || access(to, F_OK) == 0;
        free(from);
        free(to);
    }
    return all;
}

static bool
log_is_of_use(const struct examined *x)
{
    return !x->closed && x->log.foreign == 0 && x->log.files > 0 &&
           x->log.end.offset > 0 &&
           (!x->log.has_checkpoint || x->log.recover.file >= x->log.first.file);
}

/* What the database says when it cannot is of no use to anybody. */
static bool
recover_copy(const struct paths *p)
{
    FILE *nowhere = fopen("/dev/null", "w");
    struct errbuf err;
    struct env *env =
        nowhere != NULL ? env_open_copy(p->work, nowhere, &err) : NULL;
    bool done = env != NULL && !atomic_load(&env->panicked);

    env_close(&env);
    if (nowhere != NULL)
        fclose(nowhere);
    return done && tables_are_there(p);
}

static int
copy_tables(const struct paths *p, struct errbuf *err)
{
    if (copy_remove(p->work) != 0)
        return err_set(err, "removing %s: %s", p->work, strerror(errno));
    return copy_dir(p->home, p->work, is_table, err);
}

static int
make_copy(struct salvage *s, const struct examined *x, const struct paths *p,
          struct errbuf *err)
{
    if (copy_tables(p, err) != 0)
        return -1;
    if (log_is_of_use(x)) {
        if (copy_log(x, p, err) != 0)
            return -1;
        if (recover_copy(p)) {
            fprintf(s->report, "the log is used up to log.%010u, offset %u\n",
                    x->log.end.file, x->log.end.offset);
            return 0;
        }
        if (copy_tables(p, err) != 0)
            return -1;
    }
    if (!x->closed) {
        s->lacks = s->unsure = s->log_lost = true;
        fprintf(s->report, "the log cannot be used: the tables are as they "
                           "were written last\n");
    }
    return 0;
}

/* --- the new store --- */

static int
fill(struct salvage *s, struct env *env, struct errbuf *err)
{
    unsigned long findings;
    int ret;

    if (env_open_tables(env, err) != 0)
        return -1;
    s->t = txn_new(env, 0, err);
    if (s->t == NULL)
        return -1;
    ret = salvage_rows(s, err);
    txn_free(&s->t);
    if (ret == 0)
        ret = verify_records(env, s->report, &findings, err);
    if (ret == 0 && findings > 0)
        ret = err_set(err,
                      "what was brought back does not fit together: "
                      "%lu findings",
                      findings);
    if (ret == 0)
        env_complete(env);
    if (ret == 0 && !env->complete)
        ret = err_set(err, "the new store cannot be written");
    return ret;
}

static int
make_store(struct salvage *s, struct paths *p, struct errbuf *err)
{
    struct env *env = env_make(p->made, err);
    char *kept = NULL;
    int ret = env != NULL ? fill(s, env, err) : -1;

    env_close(&env);
    if (ret == 0)
        ret = replace_owner(p->made, p->home, err);
    if (ret == 0)
        ret = replace_store(p->home, p->made, p->kept, &kept, err);
    if (ret == 0) {
        s->replaced = true;
        fprintf(s->report, "what was there is kept in %s\n", kept);
    }
    free(kept);
    return ret;
}

/* --- the whole --- */

static void
set_paths(struct paths *p, const char *dir, int64_t now)
{
    p->home = xasprintf("%s/" ENV_SUBDIR, dir);
    p->work = xasprintf("%s/" ENV_SUBDIR ".work", dir);
    p->made = xasprintf("%s/" ENV_SUBDIR ".salvaged", dir);
    p->kept = replace_kept_name(dir, "damaged", now);
}

static void
free_paths(struct paths *p)
{
    free(p->home);
    free(p->work);
    free(p->made);
    free(p->kept);
}

/* Of a table that was cut, or is an older one, all that is there can be read. */
static void
note_damage(struct salvage *s, const struct examined *x)
{
    s->lacks = s->log_lost = x->damaged_log && !x->closed;
    for (size_t i = 0; i < SALVAGE_SOURCES; i++) {
        enum table table = salvage_sources[i].table;

        if (!x->damaged_table[table])
            continue;
        s->lacks = true;
        fprintf(s->report, "%s: it was damaged: records may be missing\n",
                table_file[table]);
    }
    s->unsure = s->lacks || x->has_mark == MARK_DAMAGED;
}

static int
salvage(struct salvage *s, struct paths *p, struct errbuf *err)
{
    struct examined x;
    struct errbuf found;
    int ret;

    if (copy_remove(p->made) != 0)
        return err_set(err, "removing %s: %s", p->made, strerror(errno));
    (void)!examine(&x, p->home, s->report, &found);
    note_damage(s, &x);
    s->from = p->work;
    ret = make_copy(s, &x, p, err);
    if (ret == 0)
        ret = make_store(s, p, err);
    (void)!copy_remove(p->work);
    if (!s->replaced)
        (void)!copy_remove(p->made);
    return ret;
}

enum store_salvage
store_salvage(const char *dir, int64_t now, FILE *report, struct errbuf *err)
{
    struct env *lock = env_lock(dir, err);
    struct salvage s = {.report = report, .now = now};
    struct paths p;
    int ret;

    if (lock == NULL)
        return STORE_NOT_SALVAGED;
    set_paths(&p, dir, now);
    ret = salvage(&s, &p, err);
    free_paths(&p);
    env_close(&lock);
    if (ret != 0)
        return STORE_NOT_SALVAGED;
    return s.lacks ? STORE_SALVAGED_PART : STORE_SALVAGED;
}
