/* SPDX-License-Identifier: BSD-2-Clause */

/* Checks a whole store without changing it.  First it checks whether a start
 * would accept the store (examine.c).  Then, in a copy after recovery, it lets
 * Berkeley DB check the pages of each file.  If these are sound, it checks
 * every record, and whether the tables agree with each other in both
 * directions. */
#include "config.h"

#include "storage/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/copy.h"
#include "storage/env.h"
#include "storage/examine.h"
#include "storage/log_files.h"
#include "storage/store.h"
#include "storage/txn_commit.h"
#include "util/xmalloc.h"

/* Records between two looks whether it is to go on. */
#define LOOK_EVERY 256

/* --- pages --- */

/* A store of an older format has not all tables: they are made when it is
 * opened, and if it should have this one, that was found before. */
static bool
is_yet_to_come(const struct verify *v)
{
    char *path = xasprintf("%s/%s", v->env->home, table_file[v->table]);
    bool is = v->table >= TABLE_FORMAT_1 && access(path, F_OK) != 0 &&
              errno == ENOENT;

    free(path);
    return is;
}

static void
on_feedback(DB *db, int opcode, int percent)
{
    (void)opcode;
    (void)percent;
    (void)env_goes_on(db->get_env(db)->app_private);
}

static int
check_pages(struct verify *v, struct errbuf *err)
{
    for (v->table = 0; v->table < TABLE_COUNT; v->table++) {
        DB *db;
        int ret;

        if (is_yet_to_come(v))
            continue;
        ret = db_create(&db, v->env->dbenv, 0);
        if (ret != 0)
            return err_set(err, "checking %s: %s", table_file[v->table],
                           db_strerror(ret));
        /* It closes the handle, whatever it finds. */
        if (v->env->go_on != NULL)
            (void)db->set_feedback(db, on_feedback);
        ret = db->verify(db, table_file[v->table], NULL, NULL, 0);
        if (ret != 0)
            verify_finding(v, "damaged: %s", db_strerror(ret));
        if (atomic_load(&v->env->panicked))
            break;
        if (!env_goes_on(v->env))
            return err_set(err, "checking: stopped");
    }
    return 0;
}

static verify_fn *const checks[TABLE_COUNT] = {
    [TABLE_META] = verify_meta,
    [TABLE_DOMAIN] = verify_domain,
    [TABLE_DOMAIN_NAME] = verify_domain_name,
    [TABLE_ACCOUNT] = verify_account,
    [TABLE_ACCOUNT_NAME] = verify_account_name,
    [TABLE_PREFS] = verify_prefs,
    [TABLE_STATE] = verify_state,
    [TABLE_ALERT] = verify_alert,
    [TABLE_ALERT_ID] = verify_alert_id,
    [TABLE_ALERT_UNTIL] = verify_alert_until,
    [TABLE_POST_KEY] = verify_post_key,
    [TABLE_POST_KEY_TIME] = verify_post_key_time,
    [TABLE_TICKET] = verify_ticket,
    [TABLE_TICKET_TIME] = verify_ticket_time,
    [TABLE_AUDIT] = verify_audit,
    [TABLE_TRASH] = verify_trash,
    [TABLE_USAGE] = verify_usage,
    [TABLE_TICKET_ACCOUNT] = verify_ticket_account,
    [TABLE_TOKEN] = verify_token,
    [TABLE_OBJECT] = verify_object,
    [TABLE_AUDIT_CHAIN] = verify_audit_chain,
    [TABLE_TRIGGER] = verify_trigger,
    [TABLE_HANDLER] = verify_trigger,
};

/* --- the whole --- */

static enum store_result
check_table(struct verify *v, enum table table, struct errbuf *err)
{
    struct errbuf detail;
    struct key from = {0};
    struct cursor c;
    enum store_result r =
        cursor_open(&c, v->t, table, &from, "checking records", err);

    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    v->table = table;
    for (unsigned i = 1; r == STORE_OK; i++) {
        checks[table](v, &c.key, &c.value, &detail);
        r = cursor_next(&c, err);
        if (i % LOOK_EVERY == 0 && !env_goes_on(v->env)) {
            err_set(err, "checking: stopped");
            r = STORE_REFUSED;
        }
    }
    if (table == TABLE_ACCOUNT_NAME)
        verify_count(v);
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static int
check_records(struct verify *v, struct errbuf *err)
{
    enum store_result r;

    v->t = txn_new(v->env, 0, err);
    if (v->t == NULL)
        return -1;
    r = txn_begin(v->t, err);
    for (enum table i = 0; r == STORE_OK && i < TABLE_COUNT; i++)
        r = check_table(v, i, err);
    if (r == STORE_OK)
        r = verify_audit_whole(v, err);
    if (v->t->handle != NULL)
        txn_abort(v->t);
    alert_set_free(&v->set);
    txn_free(&v->t);
    return r == STORE_OK ? 0 : -1;
}

/* Reads the records of a store that is open. */
int
verify_records(struct env *env, FILE *report, unsigned long *findings_r,
               struct errbuf *err)
{
    struct verify v = {.env = env};
    int ret;

    env->report = report;
    ret = check_records(&v, err);
    *findings_r = v.findings;
    return ret;
}

int
verify_env(struct env *env, unsigned long *findings_r, struct errbuf *err)
{
    struct verify v = {.env = env};
    int ret = check_pages(&v, err);

    if (ret == 0 && v.findings == 0 && env_open_tables(env, err) != 0)
        ret = -1;
    if (ret == 0 && v.findings == 0)
        ret = check_records(&v, err);
    *findings_r = v.findings;
    return ret;
}

/* What recovery makes of a copy is checked. */
static int
verify_copy(const char *home, FILE *report, unsigned long *findings_r,
            struct errbuf *err)
{
    struct env *env = env_open_copy(home, report, err);
    int ret = env != NULL ? verify_env(env, findings_r, err) : -1;

    env_close(&env);
    return ret;
}

/* Where the copy is made: $TMPDIR, or beside the store. */
static char *
copy_path(const char *dir, struct errbuf *err)
{
    const char *other = getenv("TMPDIR");
    char *path;

    if (other != NULL && other[0] == '/') {
        path = xasprintf("%s/ximssd-verify-XXXXXX", other);
        if (mkdtemp(path) != NULL && rmdir(path) == 0)
            return path;
    } else {
        path = xasprintf("%s/" ENV_SUBDIR ".verify", dir);
        if (copy_remove(path) == 0)
            return path;
    }
    err_set(err, "making %s: %s", path, strerror(errno));
    free(path);
    return NULL;
}

bool
verify_is_wanted(const char *name)
{
    size_t n = strlen(name);

    return strncmp(name, "log.", 4) == 0 ||
           (n > 3 && strcmp(name + n - 3, ".db") == 0);
}

static bool
is_table(const char *name)
{
    return verify_is_wanted(name) && strncmp(name, "log.", 4) != 0;
}

/* A closed store does not need its log, and what there is in its place would
 * only mislead: the copy gets one as a start makes it. */
static int
copy_closed(const char *home, const char *copy, const struct examined *x,
            FILE *report, struct errbuf *err)
{
    if (log_pos_compare(x->log.end, x->mark.durable) != 0)
        fprintf(report,
                "the log is missing or damaged; the store was closed and does "
                "not need it: a start makes it anew\n");
    if (copy_dir(home, copy, is_table, err) != 0)
        return -1;
    if (log_files_make(copy, x->mark.durable.file, 0))
        return 0;
    err_set(err, "making a log in %s: %s", copy, strerror(errno));
    (void)!copy_remove(copy);
    return -1;
}

static int
verify_locked(const char *dir, const char *home, FILE *report,
              unsigned long *findings_r, struct errbuf *err)
{
    struct examined x;
    char *copy;
    int ret;

    if (examine(&x, home, report, err) != 0) {
        *findings_r = x.findings;
        return 0;
    }
    copy = copy_path(dir, err);
    if (copy == NULL)
        return -1;
    ret = x.closed ? copy_closed(home, copy, &x, report, err)
                   : copy_dir(home, copy, verify_is_wanted, err);
    if (ret == 0) {
        ret = verify_copy(copy, report, findings_r, err);
        (void)!copy_remove(copy);
    }
    free(copy);
    return ret;
}

enum store_verdict
store_verify(const char *dir, FILE *report, struct errbuf *err)
{
    struct env *env = env_lock(dir, err);
    unsigned long findings = 0;
    int ret;

    if (env == NULL)
        return STORE_UNKNOWN;
    ret = verify_locked(dir, env->home, report, &findings, err);
    env_close(&env);
    if (ret == 0 && findings == 0)
        return STORE_SOUND;
    if (findings == 0)
        return STORE_UNKNOWN;
    err_set(err, "the store is damaged: %lu finding%s", findings,
            findings == 1 ? "" : "s");
    return STORE_DAMAGED;
}
