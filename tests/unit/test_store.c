/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/log_files.h"
#include "storage/txn.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"
#include "util/xmalloc.h"

Suite *store_suite(void);

/* --- a gate: while it is shut the writer waits in a job, and what is
 * submitted meanwhile becomes one batch --- */

static sem_t gate_reached, gate_open;

static enum store_result
wait_at_gate(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)t;
    (void)arg;
    (void)err;
    sem_post(&gate_reached);
    sem_wait(&gate_open);
    return STORE_OK;
}

static void
shut_gate(void)
{
    sem_init(&gate_reached, 0, 0);
    sem_init(&gate_open, 0, 0);
    store_submit(fixture_store, wait_at_gate, NULL, NULL);
    sem_wait(&gate_reached);
}

/* Opens the gate and waits until all is done. */
static enum store_result
nothing(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)t;
    (void)arg;
    (void)err;
    return STORE_OK;
}

static void
pass_gate(void)
{
    sem_post(&gate_open);
    fixture_run(nothing, NULL, STORE_OK);
    sem_destroy(&gate_reached);
    sem_destroy(&gate_open);
}

/* --- jobs that do what a test wants --- */

enum act {
    ACT_POST,       /* posts an alert */
    ACT_POST_LARGE, /* posts one of LARGE bytes */
    ACT_READ,       /* counts the alerts it sees */
    ACT_REFUSE,     /* says no, without having written */
    ACT_POST_FAIL,  /* posts, then says that it failed */
    ACT_POST_NO,    /* posts, then says no: what a body must not do */
    ACT_POST_FULL,  /* posts, then says that the store is full */
    ACT_HIDE_ERROR, /* posts; the database fails, but it says all is well */
    ACT_DEADLOCK_3, /* meets a deadlock three times */
    ACT_DEADLOCK    /* meets a deadlock each time */
};

#define LARGE (350 << 10)

struct act_job {
    enum act act;
    unsigned runs;
    uint32_t txn; /* of the last run */
    uint64_t id;
    unsigned seen;
    enum store_result result;
    unsigned done_at; /* 1: the first to be done */
    bool err_is_set;
};

static unsigned dones;
static pthread_t writer;

static bool
count(const struct alert_rec *a, void *arg)
{
    (void)a;
    ++*(unsigned *)arg;
    return true;
}

static enum store_result
act(struct store_txn *t, void *arg, struct errbuf *err)
{
    static char large[LARGE];
    struct act_job *j = arg;
    struct alert_rec a = fixture_alert(ALERT_SERVER, 0, SECOND, "x");
    enum store_result r;

    if (j->act == ACT_POST_LARGE) {
        memset(large, 'x', sizeof large);
        a.text = large;
        a.text_len = sizeof large;
    }
    j->runs++;
    j->txn = t->handle->id(t->handle);
    if (j->act == ACT_READ) {
        j->seen = 0;
        return alert_walk(t, ALERT_SERVER, 0, 0, count, &j->seen, err);
    }
    if (j->act == ACT_REFUSE) {
        err_set(err, "no");
        return STORE_REFUSED;
    }
    r = alert_add(t, &a, err);
    j->id = a.id;
    if (r != STORE_OK || j->act == ACT_POST || j->act == ACT_POST_LARGE)
        return r;
    if (j->act == ACT_DEADLOCK || (j->act == ACT_DEADLOCK_3 && j->runs <= 3))
        return txn_fail(t, DB_LOCK_DEADLOCK, "waiting", err);
    if (j->act == ACT_DEADLOCK_3)
        return STORE_OK;
    if (j->act == ACT_HIDE_ERROR) {
        r = txn_fail(t, EIO, "trying", err);
        return r == STORE_ERROR ? STORE_OK : r;
    }
    err_set(err, "on purpose");
    if (j->act == ACT_POST_FULL)
        return STORE_FULL;
    return j->act == ACT_POST_NO ? STORE_REFUSED : STORE_ERROR;
}

static void
act_done(enum store_result result, void *arg, const struct errbuf *err)
{
    struct act_job *j = arg;

    j->result = result;
    j->done_at = ++dones;
    j->err_is_set = err->text[0] != 0;
    writer = pthread_self();
}

/* Runs the jobs as one batch. */
static void
run_batch(struct act_job *jobs, unsigned n)
{
    dones = 0;
    shut_gate();
    for (unsigned i = 0; i < n; i++)
        store_submit(fixture_store, act, act_done, &jobs[i]);
    ck_assert_uint_eq(store_backlog(fixture_store), n + 1);
    pass_gate();
    ck_assert_uint_eq(dones, n);
    ck_assert_uint_eq(store_backlog(fixture_store), 0);
    for (unsigned i = 0; i < n; i++)
        ck_assert_uint_eq(jobs[i].done_at, i + 1);
}

static unsigned
alerts_there(void)
{
    struct act_job j = {.act = ACT_READ};

    fixture_run(act, &j, STORE_OK);
    return j.seen;
}

/* --- batches --- */

START_TEST(what_waits_is_one_transaction)
{
    struct act_job jobs[50];

    for (unsigned i = 0; i < 50; i++)
        jobs[i] = (struct act_job){.act = i % 2 == 0 ? ACT_POST : ACT_READ};
    run_batch(jobs, 50);
    ck_assert(!pthread_equal(writer, pthread_self()));
    for (unsigned i = 0; i < 50; i++) {
        ck_assert_int_eq(jobs[i].result, STORE_OK);
        ck_assert_uint_eq(jobs[i].runs, 1);
        ck_assert_uint_eq(jobs[i].txn, jobs[0].txn);
        if (i % 2 == 0)
            ck_assert_uint_eq(jobs[i].id, i / 2 + 1);
        else /* it sees what those before it did */
            ck_assert_uint_eq(jobs[i].seen, i / 2 + 1);
    }
    fixture_verify();
}
END_TEST

/* Opens with these options, and posts n, at most 20, in one go. */
static unsigned
transactions_of(const struct store_options *o, unsigned n, enum act what)
{
    struct act_job jobs[20];
    unsigned txns = 1;

    fixture_close();
    fixture_store = store_open(o, &fixture_err);
    ck_assert_ptr_nonnull(fixture_store);
    for (unsigned i = 0; i < n; i++)
        jobs[i] = (struct act_job){.act = what};
    run_batch(jobs, n);
    for (unsigned i = 1; i < n; i++)
        txns += jobs[i].txn != jobs[i - 1].txn;
    ck_assert_uint_eq(alerts_there(), n);
    return txns;
}

START_TEST(a_batch_has_a_limit)
{
    const struct store_options o = {.dir = fixture_dir,
                                    .batch_jobs = 8,
                                    .batch_us = FIXTURE_LONG_S * SECOND};

    ck_assert_uint_eq(transactions_of(&o, 20, ACT_POST), 3);
}
END_TEST

/* Three of them are 1 MiB, and four would be too much work. */
START_TEST(a_batch_has_a_limit_of_bytes)
{
    const struct store_options o = {.dir = fixture_dir,
                                    .batch_us = FIXTURE_LONG_S * SECOND};

    ck_assert_uint_eq(transactions_of(&o, 12, ACT_POST_LARGE), 4);
}
END_TEST

/* No job is done within a microsecond. */
START_TEST(a_batch_has_a_limit_of_time)
{
    const struct store_options o = {.dir = fixture_dir, .batch_us = 1};

    ck_assert_uint_eq(transactions_of(&o, 20, ACT_POST), 20);
}
END_TEST

struct commits {
    unsigned n, jobs, wrote;
};

static void
note_commit(void *arg, const struct store_commit *c)
{
    struct commits *s = arg;

    ck_assert_int_ge(c->us, 0);
    s->n++;
    s->jobs += c->jobs;
    s->wrote += c->wrote;
}

START_TEST(commits_are_told)
{
    struct commits seen = {0}, before;
    const struct store_options o = {.dir = fixture_dir,
                                    .batch_us = FIXTURE_LONG_S * SECOND,
                                    .on_commit = note_commit,
                                    .commit_arg = &seen};

    ck_assert_uint_eq(transactions_of(&o, 20, ACT_POST), 1);
    /* The gate's two jobs, the batch, and what counts the alerts. */
    ck_assert_uint_eq(seen.jobs, 20 + 3);
    ck_assert_uint_eq(seen.wrote, 1);
    before = seen;
    ck_assert_uint_eq(alerts_there(), 20);
    ck_assert_uint_eq(seen.n, before.n + 1);
    ck_assert_uint_eq(seen.wrote, before.wrote);
}
END_TEST

START_TEST(has_figures)
{
    struct store_figures before, after;
    struct act_job post = {.act = ACT_POST};
    struct store_disk d;

    store_figures(fixture_store, &before);
    ck_assert(!before.full);
    ck_assert_uint_gt(before.cache_hits, 0);
    fixture_run(act, &post, STORE_OK);
    store_figures(fixture_store, &after);
    ck_assert_uint_gt(after.cache_hits, before.cache_hits);
    ck_assert(store_disk(fixture_dir, &d));
    ck_assert_uint_gt(d.free, 0);
    ck_assert_uint_gt(d.log, 0);
    ck_assert(!store_disk("/nowhere", &d));
    ck_assert_uint_eq(d.size, 0);
}
END_TEST

START_TEST(who_says_no_in_time_hurts_nobody)
{
    struct act_job jobs[] = {
        {.act = ACT_POST}, {.act = ACT_REFUSE}, {.act = ACT_POST}};

    run_batch(jobs, 3);
    ck_assert_int_eq(jobs[1].result, STORE_REFUSED);
    ck_assert(jobs[1].err_is_set);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(jobs[i].runs, 1);
        ck_assert_uint_eq(jobs[i].txn, jobs[0].txn);
    }
    ck_assert_uint_eq(alerts_there(), 2);
}
END_TEST

/* Whatever one of a batch does, and wherever in the batch. */
START_TEST(a_failing_job_fails_alone)
{
    static const struct {
        enum act act;
        enum store_result result;
        bool posts;
    } rows[] = {
        {ACT_POST_FAIL, STORE_ERROR, false},
        {ACT_POST_NO, STORE_REFUSED, false},
        {ACT_POST_FULL, STORE_FULL, false},
        {ACT_HIDE_ERROR, STORE_ERROR, false},
        {ACT_DEADLOCK, STORE_ERROR, false},
        {ACT_DEADLOCK_3, STORE_OK, true},
    };
    unsigned expected = 0;

    for (unsigned row = 0; row < sizeof rows / sizeof rows[0]; row++)
        for (unsigned at = 0; at < 5; at++) {
            struct act_job jobs[5];

            for (unsigned i = 0; i < 5; i++)
                jobs[i] =
                    (struct act_job){.act = i == at ? rows[row].act : ACT_POST};
            run_batch(jobs, 5);
            for (unsigned i = 0; i < 5; i++) {
                ck_assert_msg(jobs[i].result ==
                                  (i == at ? rows[row].result : STORE_OK),
                              "row %u at %u: job %u gave %d", row, at, i,
                              (int)jobs[i].result);
                if (i > 0 && i != at && i - 1 != at)
                    ck_assert_uint_gt(jobs[i].id, jobs[i - 1].id);
            }
            ck_assert(rows[row].posts || jobs[at].err_is_set);
            expected += rows[row].posts ? 5 : 4;
            ck_assert_uint_eq(alerts_there(), expected);
        }
    fixture_verify();
    ck_assert_uint_eq(alerts_there(), expected);
}
END_TEST

START_TEST(several_fail)
{
    struct act_job jobs[40];
    unsigned good = 0;

    for (unsigned i = 0; i < 40; i++) {
        jobs[i] = (struct act_job){.act = i % 3 == 1   ? ACT_POST_FAIL
                                          : i % 7 == 0 ? ACT_REFUSE
                                                       : ACT_POST};
        good += jobs[i].act == ACT_POST;
    }
    run_batch(jobs, 40);
    for (unsigned i = 0; i < 40; i++)
        ck_assert_int_eq(jobs[i].result, jobs[i].act == ACT_POST ? STORE_OK
                                         : jobs[i].act == ACT_REFUSE
                                             ? STORE_REFUSED
                                             : STORE_ERROR);
    ck_assert_uint_eq(alerts_there(), good);
    /* Nobody gets an id that another has. */
    for (unsigned i = 0; i < 40; i++)
        for (unsigned j = 0; j < i; j++)
            ck_assert(jobs[i].act != ACT_POST || jobs[j].act != ACT_POST ||
                      jobs[i].id != jobs[j].id);
    fixture_verify();
}
END_TEST

START_TEST(retries_are_bounded)
{
    struct act_job j = {.act = ACT_DEADLOCK};

    fixture_run(act, &j, STORE_ERROR);
    ck_assert_uint_eq(j.runs, 6); /* once, and five times more */
}
END_TEST

/* A job whose id was taken back: the next one gets it, and CLI keys do not
 * keep holes or claims from what never was. */
START_TEST(what_was_aborted_never_was)
{
    struct act_job jobs[] = {{.act = ACT_POST}, {.act = ACT_POST_FAIL}};

    run_batch(jobs, 2);
    ck_assert_uint_eq(jobs[0].id, 1);
    ck_assert_uint_eq(fixture_post(ALERT_SERVER, 0, SECOND, "y"), 2);
    jobs[0] = (struct act_job){.act = ACT_POST};
    run_batch(jobs, 2);
    ck_assert_uint_eq(jobs[0].id, 3);
    fixture_verify(); /* finds keys that are not unique */
}
END_TEST

static enum store_result
log_end(struct store_txn *t, void *arg, struct errbuf *err)
{
    DB_LOG_STAT *stat;
    uint64_t *end = arg;

    (void)err;
    if (t->env->dbenv->log_stat(t->env->dbenv, &stat, 0) != 0)
        return STORE_ERROR;
    *end = (uint64_t)stat->st_cur_file << 32 | stat->st_cur_offset;
    free(stat);
    return STORE_OK;
}

START_TEST(reading_writes_no_log)
{
    struct act_job jobs[20];
    uint64_t before, after;

    fixture_post(ALERT_SERVER, 0, SECOND, "x");
    for (unsigned i = 0; i < 20; i++)
        jobs[i] = (struct act_job){.act = i % 4 == 0 ? ACT_REFUSE : ACT_READ};
    fixture_run(log_end, &before, STORE_OK);
    run_batch(jobs, 20);
    fixture_run(log_end, &after, STORE_OK);
    ck_assert_uint_eq(before, after);
    fixture_post(ALERT_SERVER, 0, SECOND, "x");
    fixture_run(log_end, &after, STORE_OK);
    ck_assert_uint_lt(before, after);
}
END_TEST

/* --- jobs that submit jobs; closing --- */

#define CHAIN 100

static unsigned chained;

static void
chain(enum store_result result, void *arg, const struct errbuf *err)
{
    (void)err;
    ck_assert_int_eq(result, STORE_OK);
    if (++chained < CHAIN)
        store_submit(arg, nothing, chain, arg);
}

START_TEST(closing_runs_what_was_submitted)
{
    chained = 0;
    store_submit(fixture_store, nothing, chain, fixture_store);
    fixture_close();
    ck_assert_uint_eq(chained, CHAIN);
    fixture_close(); /* of nothing */
    fixture_open();
}
END_TEST

/* --- several threads --- */

#define THREADS    4
#define PER_THREAD 100

struct poster {
    pthread_t thread;
    struct act_job jobs[PER_THREAD];
};

static void *
post_many(void *arg)
{
    struct poster *p = arg;

    for (unsigned i = 0; i < PER_THREAD; i++) {
        p->jobs[i] = (struct act_job){.act = i % 50 == 9  ? ACT_POST_FAIL
                                             : i % 3 == 0 ? ACT_READ
                                                          : ACT_POST};
        store_submit(fixture_store, act, act_done, &p->jobs[i]);
        (void)store_backlog(fixture_store);
    }
    fixture_run(nothing, NULL, STORE_OK);
    return NULL;
}

START_TEST(several_threads_submit)
{
    struct poster *p = calloc(THREADS, sizeof *p);
    unsigned posted = 0;

    dones = 0;
    for (unsigned i = 0; i < THREADS; i++)
        pthread_create(&p[i].thread, NULL, post_many, &p[i]);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(p[i].thread, NULL);
    ck_assert_uint_eq(dones, THREADS * PER_THREAD);
    for (unsigned i = 0; i < THREADS; i++)
        for (unsigned j = 0; j < PER_THREAD; j++) {
            const struct act_job *job = &p[i].jobs[j];

            ck_assert_int_eq(job->result, job->act == ACT_POST_FAIL
                                              ? STORE_ERROR
                                              : STORE_OK);
            posted += job->act == ACT_POST;
            if (j > 0)
                ck_assert_uint_gt(job->done_at, p[i].jobs[j - 1].done_at);
        }
    ck_assert_uint_eq(alerts_there(), posted);
    free(p);
}
END_TEST

/* --- opening --- */

static void
check_open_fails(const struct store_options *o, const char *why)
{
    struct errbuf err = {{0}};
    struct store *s = store_open(o, &err);

    ck_assert_ptr_null(s);
    ck_assert_msg(strstr(err.text, why) != NULL, "\"%s\" is not in \"%s\"", why,
                  err.text);
}

START_TEST(only_a_store_is_opened)
{
    char path[128];
    struct store_options o = {.dir = path};

    ck_assert(store_exists(fixture_dir));
    snprintf(path, sizeof path, "%s/none", fixture_dir);
    check_open_fails(&o, "there is no directory");
    o.create = true;
    check_open_fails(&o, "No such file");
    o.create = false;
    mkdir(path, 0700);
    ck_assert(!store_exists(path));
    check_open_fails(&o, "holds no store");
    o.create = true;
    ck_assert(!store_exists(path));
    fixture_close();
    fixture_store = store_open(&o, &fixture_err);
    ck_assert_msg(fixture_store != NULL, "%s", fixture_err.text);
    ck_assert(store_exists(path));
}
END_TEST

START_TEST(a_store_is_one_process_s)
{
    struct store_options o = {.dir = fixture_dir, .create = true};
    struct errbuf err;
    char lock[300];

    check_open_fails(&o, "in use by another process");
    ck_assert_int_eq(store_verify(fixture_dir, stderr, &err), STORE_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(err.text, "in use by another process"));
    fixture_reopen();
    /* Also when the file that is locked is removed. */
    snprintf(lock, sizeof lock, "%s/lock", fixture_dir);
    ck_assert_int_eq(unlink(lock), 0);
    check_open_fails(&o, "in use by another process");
    ck_assert_int_eq(store_verify(fixture_dir, stderr, &err), STORE_UNKNOWN);
}
END_TEST

/* What an interrupted creation left is cleared away. */
START_TEST(creation_is_all_or_nothing)
{
    char path[256];
    struct store_options o = {.dir = path, .create = true};
    struct store *s;
    int fd;

    snprintf(path, sizeof path, "%s/half", fixture_dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/half/db.new", fixture_dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/half/db.new/meta.db", fixture_dir);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    close(fd);
    snprintf(path, sizeof path, "%s/half", fixture_dir);
    ck_assert(!store_exists(path));
    s = store_open(&o, &fixture_err);
    ck_assert_msg(s != NULL, "%s", fixture_err.text);
    store_close(&s);
    ck_assert_int_eq(store_verify(path, stderr, &fixture_err), 0);
}
END_TEST

static enum store_result
set_format(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct key k = {0};

    key_bytes(&k, "format", 6);
    number_encode(txn_record(t), *(uint64_t *)arg);
    return txn_put(t, TABLE_META, &k, "testing", err);
}

START_TEST(a_newer_format_is_refused)
{
    struct store_options o = {.dir = fixture_dir, .create = true};
    uint64_t format = STORE_FORMAT + 1;
    struct errbuf err;

    fixture_run(set_format, &format, STORE_OK);
    fixture_close();
    check_open_fails(&o, "format 9, made by a newer version");
    ck_assert_int_eq(store_verify(fixture_dir, stderr, &err), STORE_UNKNOWN);
    check_open_fails(&o, "newer version"); /* and nothing was changed */
}
END_TEST

static enum store_result
get_format(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct key k = {0};
    struct slice value;
    enum store_result r;

    key_bytes(&k, "format", 6);
    r = txn_get(t, TABLE_META, &k, &value, "testing", err);
    if (r == STORE_OK && number_decode(value.data, value.len, arg, err) != 0)
        r = STORE_ERROR;
    return r;
}

static enum store_result
add_alias(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct alias_list l = {0};
    enum store_result r;

    alias_list_add(&l, arg);
    r = account_aliases_set(t, 1, &l, err);
    alias_list_clear(&l);
    return r;
}

static enum store_result
add_alias_in_vain(struct store_txn *t, void *arg, struct errbuf *err)
{
    enum store_result r = add_alias(t, arg, err);

    return r == STORE_OK ? STORE_ERROR : r;
}

static enum store_result
add_template(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = domain_get(t, 1, &d, err);

    if (r == STORE_OK) {
        free(d.account_template);
        d.account_template = xstrdup(arg);
        r = domain_put(t, &d, err);
    }
    domain_rec_clear(&d);
    return r;
}

static enum store_result
put_usage(struct store_txn *t, void *arg, struct errbuf *err)
{
    bool unshown = arg != NULL;

    return usage_put(t, 1, &(struct usage_rec){.used = 1, .unshown = unshown},
                     err);
}

static enum store_result
put_ticket(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)arg;
    return ticket_put(t, &(struct ticket_rec){.account = 1, .expires = 1}, err);
}

static enum store_result
put_hash(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct account_rec a = {0};
    enum store_result r = account_get(t, 1, &a, err);

    strcpy(a.cred.hash, arg);
    if (r == STORE_OK)
        r = account_put(t, &a, err);
    account_rec_clear(&a);
    return r;
}

static enum store_result
put_key(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct alert_rec a = fixture_alert(ALERT_SERVER, 0, SECOND, "x");
    struct post_key_rec rec = {.posted = SECOND, .scope = ALERT_SERVER};
    enum store_result r;

    a.post_key = arg;
    r = alert_add(t, &a, err);
    rec.alert = a.id;
    return r == STORE_OK && arg != NULL ? post_key_put(t, 1, arg, &rec, err)
                                        : r;
}

static enum store_result
put_group(struct store_txn *t, void *arg, struct errbuf *err)
{
    char none[] = "";
    const struct object_rec o = {
        .domain = 1, .kind = OBJECT_GROUP, .name = arg, .text = none};

    return object_add(t, &o, err);
}

static void
check_format(uint64_t expected)
{
    uint64_t format;

    fixture_run(get_format, &format, STORE_OK);
    ck_assert_uint_eq(format, expected);
}

/* What a store of the version before is like. */
static void
make_old(void)
{
    uint64_t format = 1;

    fixture_account(fixture_domain("a.test"), "joe");
    check_format(STORE_FORMAT);
    fixture_run(set_format, &format, STORE_OK);
    fixture_reopen();
}

/* The program that made it can go on with it, until there is something in it
 * that this program cannot read. */
START_TEST(an_older_format_is_kept)
{
    char alias[] = "j", text[] = "{a=b;}", none[] = "", key[] = "k",
         joe[] = "joe", hash[] = "{SSHA}x";

    make_old();
    fixture_account(1, "amy");
    fixture_domain("b.test");
    fixture_run(add_template, none, STORE_OK);
    fixture_run(add_alias_in_vain, alias, STORE_ERROR);
    fixture_verify();
    check_format(1);
    fixture_run(add_alias, alias, STORE_OK);
    check_format(2);
    fixture_verify();
    check_format(2);

    fixture_teardown();
    fixture_setup();
    make_old();
    fixture_run(add_template, text, STORE_OK);
    check_format(2);
    fixture_verify();
    fixture_run(put_usage, NULL, STORE_OK);
    check_format(3);
    fixture_verify();
    fixture_run(put_ticket, NULL, STORE_OK);
    fixture_run(put_key, NULL, STORE_OK);
    check_format(4);
    fixture_verify();
    fixture_run(put_key, key, STORE_OK);
    check_format(5);
    fixture_verify();
    fixture_run(put_usage, key, STORE_OK);
    check_format(6);
    fixture_verify();
    fixture_run(put_hash, none, STORE_OK);
    check_format(6);
    fixture_run(put_hash, hash, STORE_OK);
    check_format(7);
    fixture_verify();

    fixture_teardown();
    fixture_setup();
    make_old();
    fixture_run(put_group, joe, STORE_EXISTS);
    check_format(1);
    fixture_run(put_group, key, STORE_OK);
    check_format(5);
    fixture_verify();
}
END_TEST

/* A store that was made before there was a table for it. */
START_TEST(a_new_table_is_made)
{
    char path[300];

    make_old();
    fixture_close();
    snprintf(path, sizeof path, "%s/db/usage.db", fixture_dir);
    ck_assert_int_eq(unlink(path), 0);
    /* A program that did not know the table knew no mark either. */
    snprintf(path, sizeof path, "%s/db/mark", fixture_dir);
    ck_assert_int_eq(unlink(path), 0);
    fixture_open();
    check_format(1);
    fixture_run(put_usage, NULL, STORE_OK);
    fixture_reopen();
    check_format(3);
    fixture_verify();
}
END_TEST

/* --- checkpoints --- */

static enum store_result
get_checkpoint(struct store_txn *t, void *arg, struct errbuf *err)
{
    DB_TXN_STAT *stat;

    (void)err;
    if (t->env->dbenv->txn_stat(t->env->dbenv, &stat, 0) != 0)
        return STORE_ERROR;
    *(DB_LSN *)arg = stat->st_last_ckp;
    free(stat);
    return STORE_OK;
}

static enum store_result
post_and_get_checkpoint(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct alert_rec a = fixture_alert(ALERT_SERVER, 0, SECOND, "x");
    enum store_result r = alert_add(t, &a, err);

    return r == STORE_OK ? get_checkpoint(t, arg, err) : r;
}

/* Jobs are run until the other thread has been seen to do its work. */
START_TEST(checkpoints_come_by_themselves)
{
    struct store_options o = {.dir = fixture_dir, .checkpoint_s = 1};
    DB_LSN before, now;

    fixture_close();
    fixture_store = store_open(&o, &fixture_err);
    ck_assert_ptr_nonnull(fixture_store);
    for (int i = 0; i < 2; i++) {
        fixture_run(post_and_get_checkpoint, &before, STORE_OK);
        do
            fixture_run(get_checkpoint, &now, STORE_OK);
        while (log_compare(&now, &before) <= 0);
    }
}
END_TEST

/* Also when nothing was logged since the last one's record: it may have been
 * committed before that, and after its page was written. */
START_TEST(a_checkpoint_is_always_written)
{
    DB_LSN before, now;

    fixture_checkpoint();
    fixture_run(get_checkpoint, &before, STORE_OK);
    fixture_checkpoint();
    fixture_run(get_checkpoint, &now, STORE_OK);
    ck_assert_int_gt(log_compare(&now, &before), 0);
}
END_TEST

static enum store_result
post_megabytes(struct store_txn *t, void *arg, struct errbuf *err)
{
    static char text[1 << 20];
    struct alert_rec a = fixture_alert(ALERT_SERVER, 0, SECOND, "");
    enum store_result r = STORE_OK;

    memset(text, 'x', sizeof text);
    a.text = text;
    a.text_len = sizeof text;
    for (int i = 0; r == STORE_OK && i < *(int *)arg; i++)
        r = alert_add(t, &a, err);
    return r;
}

static uint32_t
oldest_log(void)
{
    char path[128];
    uint32_t *files, oldest;
    size_t n;

    snprintf(path, sizeof path, "%s/db", fixture_dir);
    ck_assert_int_eq(log_files_list(path, &files, &n, &fixture_err), 0);
    ck_assert_uint_gt(n, 0);
    oldest = files[0];
    free(files);
    return oldest;
}

static size_t
log_bytes(uint32_t file)
{
    char home[128], *path;
    struct stat st = {.st_size = 0};

    snprintf(home, sizeof home, "%s/db", fixture_dir);
    path = log_file_path(home, file);
    (void)!stat(path, &st);
    free(path);
    return (size_t)st.st_size;
}

START_TEST(old_log_files_go)
{
    uint32_t first = oldest_log(), closed;
    int n = 6;

    for (int i = 0; i < 3; i++)
        fixture_run(post_megabytes, &n, STORE_OK);
    ck_assert_uint_eq(oldest_log(), first);
    fixture_checkpoint();
    for (int i = 0; i < 3; i++)
        fixture_run(post_megabytes, &n, STORE_OK);
    ck_assert_uint_gt(oldest_log(), first);
    /* A store that is closed needs none. */
    fixture_close();
    closed = oldest_log();
    ck_assert_uint_gt(closed, first + 2);
    ck_assert_uint_eq(log_bytes(closed), 28);
    ck_assert_uint_eq(log_bytes(closed + 1), 0);
    fixture_open();
    fixture_verify();
}
END_TEST

/* --- the process dies --- */

struct child_post {
    int fd;
    struct alert_rec a;
};

static enum store_result
post_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct child_post *p = arg;

    p->a = fixture_alert(ALERT_SERVER, 0, SECOND, "x");
    return alert_add(t, &p->a, err);
}

static void
post_done(enum store_result result, void *arg, const struct errbuf *err)
{
    struct child_post *p = arg;

    (void)err;
    if (result == STORE_AGAIN) /* it reads the keys */
        return;
    if (result != STORE_OK ||
        write(p->fd, &p->a.id, sizeof p->a.id) != sizeof p->a.id)
        _exit(1);
    free(p);
}

/* Posts for ever, and tells of each alert that is said to be on disk. */
static void __attribute__((noreturn)) post_until_killed(int fd)
{
    fixture_open();
    for (;;) {
        struct child_post *p = calloc(1, sizeof *p);

        p->fd = fd;
        store_submit(fixture_store, post_body, post_done, p);
        if (store_backlog(fixture_store) > 50)
            fixture_run(nothing, NULL, STORE_OK);
    }
}

static bool
note_id(const struct alert_rec *a, void *arg)
{
    bool *there = arg;

    if (a->id < 100000)
        there[a->id] = true;
    return true;
}

static enum store_result
list_ids(struct store_txn *t, void *arg, struct errbuf *err)
{
    return alert_walk(t, ALERT_SERVER, 0, 0, note_id, arg, err);
}

START_TEST(what_was_acknowledged_survives_a_kill)
{
    uint64_t last = 0, kills = 0;
    bool *there = calloc(100000, sizeof *there);

    fixture_close();
    while (kills++ < 5) {
        uint64_t id, stop_after = last + 100 + kills * 37;
        int fds[2];
        pid_t pid;

        ck_assert_int_eq(pipe(fds), 0);
        pid = fork();
        if (pid == 0)
            post_until_killed(fds[1]);
        close(fds[1]);
        while (read(fds[0], &id, sizeof id) == sizeof id) {
            ck_assert_uint_gt(id, last);
            last = id;
            if (id == stop_after)
                kill(pid, SIGKILL);
        }
        close(fds[0]);
        waitpid(pid, NULL, 0);
        ck_assert_uint_ge(last, stop_after);
    }
    fixture_open();
    fixture_run(list_ids, there, STORE_OK);
    for (uint64_t id = 1; id <= last; id++)
        ck_assert_msg(there[id], "alert %llu is gone", (unsigned long long)id);
    ck_assert_uint_gt(fixture_post(ALERT_SERVER, 0, SECOND, "x"), last);
    fixture_verify();
    free(there);
}
END_TEST

/* --- panic: by a page that is damaged --- */

static void
damage(const char *file)
{
    char path[256];
    int fd;

    snprintf(path, sizeof path, "%s/db/%s", fixture_dir, file);
    fd = open(path, O_RDWR);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, "\xff", 1, 4096 + 2000), 1);
    close(fd);
}

START_TEST(a_panic_ends_the_process)
{
    int status;
    pid_t pid;

    fixture_post(ALERT_SERVER, 0, SECOND, "x");
    fixture_close();
    pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        dup2(null, STDERR_FILENO); /* it is expected to complain */
        fixture_open();
        damage("alert.db");
        fixture_post(ALERT_SERVER, 0, SECOND, "x");
        _exit(0);
    }
    waitpid(pid, &status, 0);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 75);
}
END_TEST

static sem_t panicked;

static void
on_panic(void *arg)
{
    *(pthread_t *)arg = pthread_self();
    sem_post(&panicked);
}

START_TEST(a_panic_can_be_told)
{
    struct act_job j = {.act = ACT_READ};
    pthread_t teller;

    sem_init(&panicked, 0, 0);
    fixture_post(ALERT_SERVER, 0, SECOND, "x");
    fixture_reopen();
    damage("alert.db"); /* what is not read yet */
    store_on_panic(fixture_store, on_panic, &teller);
    store_submit(fixture_store, act, act_done, &j);
    sem_wait(&panicked);
    fixture_run(nothing, NULL, STORE_ERROR);
    ck_assert_int_eq(j.result, STORE_ERROR);
    ck_assert(pthread_equal(teller, writer));
    ck_assert_int_eq(sem_trywait(&panicked), -1); /* told once */
}
END_TEST

Suite *
store_suite(void)
{
    Suite *s = suite_create("store");
    TCase *tc = tcase_create("store");

    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, what_waits_is_one_transaction);
    tcase_add_test(tc, a_batch_has_a_limit);
    tcase_add_test(tc, commits_are_told);
    tcase_add_test(tc, has_figures);
    tcase_add_test(tc, a_batch_has_a_limit_of_bytes);
    tcase_add_test(tc, a_batch_has_a_limit_of_time);
    tcase_add_test(tc, who_says_no_in_time_hurts_nobody);
    tcase_add_test(tc, a_failing_job_fails_alone);
    tcase_add_test(tc, several_fail);
    tcase_add_test(tc, retries_are_bounded);
    tcase_add_test(tc, what_was_aborted_never_was);
    tcase_add_test(tc, reading_writes_no_log);
    tcase_add_test(tc, closing_runs_what_was_submitted);
    tcase_add_test(tc, several_threads_submit);
    tcase_add_test(tc, only_a_store_is_opened);
    tcase_add_test(tc, a_store_is_one_process_s);
    tcase_add_test(tc, creation_is_all_or_nothing);
    tcase_add_test(tc, a_newer_format_is_refused);
    tcase_add_test(tc, an_older_format_is_kept);
    tcase_add_test(tc, a_new_table_is_made);
    tcase_add_test(tc, checkpoints_come_by_themselves);
    tcase_add_test(tc, a_checkpoint_is_always_written);
    tcase_add_test(tc, old_log_files_go);
    tcase_add_test(tc, what_was_acknowledged_survives_a_kill);
    tcase_add_test(tc, a_panic_ends_the_process);
    tcase_add_test(tc, a_panic_can_be_told);
    suite_add_tcase(s, tc);
    return s;
}
