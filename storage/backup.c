/* SPDX-License-Identifier: BSD-2-Clause */

/* The thread makes a copy (backup_copy.c), opens it as a store of its own, which
 * applies the log to it, checks everything in it, and closes it.  Then it gets
 * its label and its name. */
#include "config.h"

#include "storage/backup.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "storage/backup_copy.h"
#include "storage/backup_keep.h"
#include "storage/backup_label.h"
#include "storage/env.h"
#include "storage/examine.h"
#include "storage/guard.h"
#include "storage/log_files.h"
#include "storage/store_private.h"
#include "storage/thread.h"
#include "storage/verify.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

/* Beside what is copied: what recovery adds to the log, and the end of it. */
#define SPARE (UINT64_C(34) << 20)

#define STOP_TIME (5 * CLOCK_SECOND)

/* A clock that goes back by less was set right. */
#define CLOCK_SLACK (3600 * CLOCK_SECOND)

/* The answer to other users of the machine is more urgent. */
#define NICE 10

struct backups {
    /* Held while the store is used; `closed` under it: it is not any more. */
    pthread_mutex_t using;
    bool closed, keeps_log;
    struct store *store;
    struct env *env;

    pthread_mutex_t lock; /* of the following */
    pthread_cond_t ended;
    bool running;   /* there is a thread */
    bool cancelled; /* it is to end */
    bool hangs;     /* it was given up, and nobody waits for it */
    int64_t beat;   /* when it was last seen to go on, clock_mono */
    int64_t started;
    struct backup_status now;
    struct instance_rec instance;

    /* The thread's own, while it runs. */
    char *dir, *home_dir, *path, *partial, *to;
    char version[BACKUP_NAME_SIZE];
    unsigned keep;
    int64_t timeout;
    uint64_t format; /* of the copy */
};

/* --- the store --- */

static enum store_result
read_instance(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct instance_rec *rec = arg;
    enum store_result r = meta_instance_get(t, rec, err);

    if (r != STORE_NOTFOUND)
        return r;
    if (instance_new(rec, clock_now(), err) != 0)
        return STORE_ERROR;
    return meta_instance_put(t, rec, err);
}

static enum store_result
write_instance(struct store_txn *t, void *arg, struct errbuf *err)
{
    return meta_instance_put(t, arg, err);
}

static int
use_store(struct backups *b, store_body_fn *body, struct instance_rec *rec,
          struct errbuf *err)
{
    enum store_result r = STORE_REFUSED;

    pthread_mutex_lock(&b->using);
    if (b->closed)
        err_set(err, "stopped: the server ends");
    else
        r = store_run(b->store, body, rec, err);
    pthread_mutex_unlock(&b->using);
    return r == STORE_OK ? 0 : -1;
}

/* With b->using. */
static void
set_keeps_log(struct backups *b, bool on)
{
    if (b->closed || b->keeps_log == on)
        return;
    b->keeps_log = on;
    (void)b->env->dbenv->log_set_config(b->env->dbenv, DB_LOG_AUTO_REMOVE,
                                        on ? 0 : 1);
}

static void
keep_log(struct backups *b, bool on)
{
    pthread_mutex_lock(&b->using);
    set_keeps_log(b, on);
    pthread_mutex_unlock(&b->using);
}

static struct log_pos
durable(struct backups *b)
{
    struct log_pos at = {UINT32_MAX, 0};

    pthread_mutex_lock(&b->using);
    if (!b->closed)
        at = guard_durable(b->env);
    pthread_mutex_unlock(&b->using);
    return at;
}

/* --- whether it goes on --- */

static bool
go_on(void *arg, uint64_t bytes, struct errbuf *err)
{
    struct backups *b = arg;
    bool on;

    pthread_mutex_lock(&b->lock);
    on = !b->cancelled && !b->hangs;
    b->beat = clock_mono();
    b->now.done += bytes;
    pthread_mutex_unlock(&b->lock);
    if (!on)
        err_set(err, "stopped: the server ends");
    return on;
}

static bool
label_goes_on(void *arg, uint64_t bytes)
{
    return go_on(arg, bytes, NULL);
}

static bool
copy_goes_on(void *arg)
{
    return go_on(arg, 0, NULL);
}

static void
step(struct backups *b, const char *what)
{
    pthread_mutex_lock(&b->lock);
    b->now.step = what;
    b->beat = clock_mono();
    pthread_mutex_unlock(&b->lock);
}

/* Gives up a thread that hangs in the directory.  It holds nothing that anybody
 * needs, but the log. */
static void
watch(struct backups *b, const struct errbuf *disk)
{
    bool given_up = false;

    if (pthread_mutex_trylock(&b->using) != 0)
        return; /* it uses the store just now */
    pthread_mutex_lock(&b->lock);
    if (b->running && !b->hangs && b->keeps_log && disk != NULL) {
        given_up = true;
        b->now.err = *disk;
    } else if (b->running && !b->hangs && b->timeout > 0 &&
               clock_mono() - b->beat > b->timeout) {
        given_up = true;
        err_set(&b->now.err, "%s: %s: nothing went on for %" PRId64 " seconds",
                b->now.path, b->now.step, b->timeout / CLOCK_SECOND);
    }
    if (given_up) {
        b->hangs = true;
        b->now.state = BACKUP_FAILED;
        b->now.ended = clock_now();
    }
    pthread_mutex_unlock(&b->lock);
    if (given_up) {
        set_keeps_log(b, false);
        log_error("backup: failed: %s", b->now.err.text);
    }
    pthread_mutex_unlock(&b->using);
}

/* However slow the directory is: the log that is kept for it may not fill the
 * disk of the store. */
static void
watch_second(void *arg)
{
    struct backups *b = arg;
    struct errbuf err;
    bool full;

    pthread_mutex_lock(&b->lock);
    full = b->running && !b->hangs;
    pthread_mutex_unlock(&b->lock);
    full = full && backup_copy_disk(b->env->home, &err) != 0;
    watch(b, full ? &err : NULL);
}

/* --- the copy --- */

static int
check_room(const char *dir, uint64_t bytes, struct errbuf *err)
{
    struct statvfs fs;

    if (statvfs(dir, &fs) != 0)
        return err_set(err, "%s: %s", dir, strerror(errno));
    if ((uint64_t)fs.f_bavail * fs.f_frsize >= bytes + SPARE)
        return 0;
    return err_set(err,
                   "%s has too little space: the backup needs %" PRIu64 " MiB",
                   dir, (bytes + SPARE) >> 20);
}

static int
copy(struct backups *b, struct errbuf *err)
{
    struct backup_run r = {b->env, b->home_dir, b->to, go_on, b};
    uint64_t size = backup_copy_size(&r);
    int ret;

    pthread_mutex_lock(&b->lock);
    b->now.total = size;
    pthread_mutex_unlock(&b->lock);
    if (check_room(b->dir, size, err) != 0)
        return -1;
    if (mkdir(b->partial, 0700) != 0 || mkdir(b->to, 0700) != 0)
        return err_set(err, "making %s: %s", b->partial, strerror(errno));
    step(b, "copying");
    keep_log(b, true);
    ret = backup_copy_tables(&r, err);
    if (ret == 0)
        ret = backup_copy_log(&r, durable(b), err);
    keep_log(b, false);
    return ret;
}

/* --- the check --- */

static int
check_open(struct env *env, FILE *report, struct errbuf *err)
{
    unsigned long findings = 0;

    if (verify_env(env, &findings, err) != 0)
        return -1;
    fflush(report);
    if (findings > 0)
        return err_set(err, "the copy is not sound: %lu findings", findings);
    env_complete(env);
    return env->complete ? 0 : err_set(err, "the copy cannot be written");
}

static int
check_closed(const char *home, struct errbuf *err)
{
    struct examined x;

    if (examine(&x, home, NULL, err) != 0)
        return -1;
    return x.closed ? 0 : err_set(err, "the copy could not be closed");
}

/* What the database and the check say of the copy goes to the log. */
static void
log_report(const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");

        log_warn("backup: %.*s", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

static int
recover_and_check(struct backups *b, struct errbuf *err)
{
    char *text = NULL;
    size_t len;
    FILE *report = open_memstream(&text, &len);
    struct env *env;
    int ret = -1;

    step(b, "recovering");
    env = env_open_backup(b->to, report, copy_goes_on, b, err);
    if (env != NULL) {
        step(b, "checking");
        ret = check_open(env, report, err);
        b->format = env->format;
    }
    env_close(&env);
    if (ret == 0)
        ret = check_closed(b->to, err);
    fclose(report);
    if (ret != 0)
        log_report(text);
    free(text);
    return go_on(b, 0, err) ? ret : -1;
}

/* --- its label and name --- */

static int
sync_dir(const char *path, struct errbuf *err)
{
    if (log_files_sync_dir(path) == 0)
        return 0;
    return err_set(err, "%s: %s", path, strerror(errno));
}

static int
finish(struct backups *b, const struct instance_rec *rec, struct errbuf *err)
{
    struct backup_label l = {.serial = rec->serial, .time = rec->last};
    int ret;

    step(b, "finishing");
    memcpy(l.instance, rec->id, sizeof l.instance);
    memcpy(l.version, b->version, sizeof l.version);
    l.format = b->format;
    ret = backup_label_fill(&l, b->to, label_goes_on, b, err);
    if (ret == 0)
        ret = sync_dir(b->to, err);
    if (ret == 0)
        ret = backup_label_write(&l, b->partial, err);
    if (ret == 0)
        ret = sync_dir(b->partial, err);
    if (ret == 0 && rename(b->partial, b->path) != 0)
        ret = err_set(err, "%s: %s", b->path, strerror(errno));
    if (ret == 0)
        ret = sync_dir(b->dir, err);
    return ret;
}

/* --- the whole --- */

static void
set_paths(struct backups *b, const struct instance_rec *rec)
{
    char prefix[BACKUP_PREFIX_SIZE], when[CLOCK_GMT_SIZE];

    backup_prefix(prefix, rec->id);
    clock_format_gmt(rec->last, when);
    b->path = xasprintf("%s/%s%s", b->dir, prefix, when);
    for (unsigned i = 2; access(b->path, F_OK) == 0; i++) {
        free(b->path);
        b->path = xasprintf("%s/%s%s-%u", b->dir, prefix, when, i);
    }
    b->partial = xasprintf("%s" BACKUP_PARTIAL, b->path);
    b->to = xasprintf("%s/" ENV_SUBDIR, b->partial);
}

static int
check_dir(const struct backups *b, struct errbuf *err)
{
    char *real = realpath(b->dir, NULL), *home;
    size_t n;
    int ret = 0;

    if (real == NULL || access(real, W_OK | X_OK) != 0) {
        ret = err_set(err, "%s: %s", b->dir, strerror(errno));
        free(real);
        return ret;
    }
    home = realpath(b->home_dir, NULL);
    n = home != NULL ? strlen(home) : 0;
    if (n > 0 && strncmp(real, home, n) == 0 &&
        (real[n] == '/' || real[n] == '\0'))
        ret = err_set(err, "%s is inside of the store", b->dir);
    free(real);
    free(home);
    return ret;
}

static int
make(struct backups *b, struct instance_rec *rec, struct errbuf *err)
{
    int ret;

    step(b, "starting");
    if (check_dir(b, err) != 0 || use_store(b, read_instance, rec, err) != 0)
        return -1;
    backup_tidy(b->dir, rec->id, 0);
    rec->serial++;
    rec->last = b->now.begun;
    rec->last_id = strtoull(b->now.id, NULL, 16);
    set_paths(b, rec);
    ret = copy(b, err);
    if (ret == 0)
        ret = recover_and_check(b, err);
    if (ret == 0)
        ret = finish(b, rec, err);
    if (ret != 0 && b->partial != NULL)
        (void)!backup_remove(b->partial);
    return ret;
}

/* It is done, whatever becomes of this. */
static unsigned
conclude(struct backups *b, struct instance_rec *rec, struct errbuf *err)
{
    struct errbuf why;

    if (use_store(b, write_instance, rec, &why) != 0)
        err_set(err, "the store could not note it: %s", why.text);
    return b->keep > 0 ? backup_tidy(b->dir, rec->id, b->keep) : 0;
}

static void
end(struct backups *b, int ret, const struct instance_rec *rec,
    unsigned removed, const struct errbuf *err)
{
    pthread_mutex_lock(&b->lock);
    if (ret == 0)
        b->instance = *rec;
    if (!b->hangs) {
        b->now.state = ret == 0 ? BACKUP_DONE : BACKUP_FAILED;
        b->now.ended = clock_now();
        b->now.err = *err;
        b->now.removed = removed;
        if (ret == 0)
            snprintf(b->now.path, sizeof b->now.path, "%s", b->path);
    }
    free(b->dir);
    free(b->home_dir);
    free(b->path);
    free(b->partial);
    free(b->to);
    b->dir = b->home_dir = b->path = b->partial = b->to = NULL;
    b->running = false;
    pthread_cond_broadcast(&b->ended);
    pthread_mutex_unlock(&b->lock);
}

static void *
run(void *arg)
{
    struct backups *b = arg;
    struct instance_rec rec = {.created = 0};
    struct errbuf err = {.text = ""};
    unsigned removed = 0;
    int ret;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    ret = make(b, &rec, &err);
    if (ret == 0) {
        log_info("backup: done: %s", b->path);
        removed = conclude(b, &rec, &err);
    }
    if (err.text[0] != '\0')
        log_error("backup: %s: %s", ret == 0 ? "done, but" : "failed",
                  err.text);
    end(b, ret, &rec, removed, &err);
    return NULL;
}

/* --- from outside --- */

static int
start_locked(struct backups *b, const struct backup_wanted *w,
             struct errbuf *err)
{
    uint64_t id;
    pthread_t thread;

    if (b->running)
        return err_set(err,
                       b->hangs ? "the last backup still hangs in %s"
                                : "a backup to %s is running",
                       b->dir);
    if (b->cancelled)
        return err_set(err, "the server ends");
    if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
        return err_set(err, "making an id: %s", strerror(errno));
    b->now =
        (struct backup_status){.state = BACKUP_RUNNING, .step = "starting"};
    snprintf(b->now.id, sizeof b->now.id, "%016" PRIx64, id);
    snprintf(b->now.path, sizeof b->now.path, "%s", w->dir);
    b->now.begun = clock_now();
    b->beat = clock_mono();
    b->running = true;
    b->hangs = false;
    b->dir = xstrdup(w->dir);
    b->home_dir = xstrdup(b->env->home);
    b->keep = w->keep;
    b->timeout = w->timeout_us;
    snprintf(b->version, sizeof b->version, "%s", w->version);
    thread_start(&thread, "backup", run, b);
    pthread_detach(thread);
    return 0;
}

int
backup_start(struct backups *b, const struct backup_wanted *w,
             char id_r[BACKUP_ID_SIZE], struct errbuf *err)
{
    int ret;

    if (w->dir[0] != '/' || strlen(w->dir) >= BACKUP_PATH_SIZE / 2)
        return err_set(err, "not an absolute path of a directory: %.200s",
                       w->dir);
    watch(b, NULL);
    pthread_mutex_lock(&b->lock);
    ret = start_locked(b, w, err);
    if (ret == 0)
        memcpy(id_r, b->now.id, BACKUP_ID_SIZE);
    pthread_mutex_unlock(&b->lock);
    return ret;
}

void
backup_status(struct backups *b, struct backup_status *status_r)
{
    watch(b, NULL);
    pthread_mutex_lock(&b->lock);
    *status_r = b->now;
    status_r->hangs = b->running && b->hangs;
    status_r->last = b->instance.last;
    if (b->instance.last != 0)
        snprintf(status_r->last_id, sizeof status_r->last_id, "%016" PRIx64,
                 b->instance.last_id);
    pthread_mutex_unlock(&b->lock);
}

int64_t
backup_age(struct backups *b, int64_t now)
{
    int64_t since;

    pthread_mutex_lock(&b->lock);
    since = b->instance.last;
    if (since == 0 || since > now + CLOCK_SLACK)
        since = b->instance.created;
    if (since == 0 || since > now + CLOCK_SLACK)
        since = now - (clock_mono() - b->started);
    pthread_mutex_unlock(&b->lock);
    return since < now ? (now - since) / CLOCK_SECOND : 0;
}

struct backups *
backups_new(struct store *store)
{
    struct backups *b = xcalloc(1, sizeof *b);
    pthread_condattr_t attr;
    struct errbuf err;

    b->store = store;
    b->env = store_env(store);
    b->started = clock_mono();
    pthread_mutex_init(&b->using, NULL);
    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&b->ended, &attr);
    pthread_condattr_destroy(&attr);
    /* On a full disk there is none yet; the first backup makes it. */
    if (store_run(store, read_instance, &b->instance, &err) != STORE_OK)
        log_warn("backup: %s", err.text);
    store_each_second(store, watch_second, b);
    return b;
}

void
backups_cancel(struct backups *b)
{
    pthread_mutex_lock(&b->lock);
    b->cancelled = true;
    pthread_mutex_unlock(&b->lock);
}

void
backups_close(struct backups *b)
{
    backups_cancel(b);
    store_each_second(b->store, NULL, NULL);
    pthread_mutex_lock(&b->using);
    set_keeps_log(b, false);
    b->closed = true;
    pthread_mutex_unlock(&b->using);
}

/* True if there is no thread, in time. */
static bool
wait_for_end(struct backups *b)
{
    struct timespec until;
    bool gone;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STOP_TIME / CLOCK_SECOND;
    pthread_mutex_lock(&b->lock);
    while (b->running && !b->hangs)
        if (pthread_cond_timedwait(&b->ended, &b->lock, &until) == ETIMEDOUT)
            break;
    gone = !b->running;
    if (!gone)
        log_warn("backup: it hangs in %s, and is left alone", b->now.path);
    pthread_mutex_unlock(&b->lock);
    return gone;
}

void
backups_free(struct backups **b_p)
{
    struct backups *b = *b_p;

    *b_p = NULL;
    if (b == NULL || !wait_for_end(b))
        return;
    pthread_cond_destroy(&b->ended);
    pthread_mutex_destroy(&b->lock);
    pthread_mutex_destroy(&b->using);
    free(b);
}
