/* SPDX-License-Identifier: BSD-2-Clause */
/* Lanes of jobs, and jobs in parts: who does much does not keep others
 * waiting. */
#include "config.h"

#include <semaphore.h>
#include <string.h>

#include "storage/job_queue.h"
#include "storage/txn.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

Suite *lanes_suite(void);

/* --- the queue alone --- */

/* Takes all, each costing that much, and notes whose turn it was. */
static void
turns_of(struct job_queue *q, uint64_t work, char *order)
{
    struct queued_job *job;

    while ((job = job_queue_take(q)) != NULL) {
        *order++ = *(const char *)job->arg;
        job_queue_charge(job, work);
        job_queue_forget(q, job);
    }
    *order = '\0';
}

static void
fill(struct job_queue *q, struct queued_job *jobs, const char *lanes)
{
    job_queue_init(q);
    for (size_t i = 0; lanes[i] != '\0'; i++) {
        jobs[i] = (struct queued_job){.arg = (void *)(uintptr_t)(lanes + i)};
        job_queue_add(q, (uint64_t)lanes[i], &jobs[i]);
    }
}

START_TEST(lanes_take_turns)
{
    struct job_queue q;
    struct queued_job jobs[16];
    char order[16];

    fill(&q, jobs, "aaaaabbc");
    turns_of(&q, 1, order);
    ck_assert_str_eq(order, "abcabaaa");
    ck_assert(job_queue_is_empty(&q));
    job_queue_clear(&q);
}
END_TEST

/* b and c cost little; a has had much, and waits until they have had some. */
START_TEST(who_costs_much_has_fewer_turns)
{
    struct job_queue q;
    struct queued_job jobs[16], *job;
    char order[16];

    fill(&q, jobs, "aaabbbccc");
    job = job_queue_take(&q);
    job_queue_charge(job, 3 * LANE_SHARE);
    job_queue_forget(&q, job);
    turns_of(&q, 1, order);
    ck_assert_str_eq(order, "bcbcbcaa");
    /* alone, it has them all at once */
    fill(&q, jobs, "aaa");
    turns_of(&q, 10 * LANE_SHARE, order);
    ck_assert_str_eq(order, "aaa");
    job_queue_clear(&q);
}
END_TEST

/* What was taken and not run has its turn as if it had not been taken. */
START_TEST(what_comes_back_has_its_place)
{
    struct job_queue q;
    struct queued_job jobs[16], *taken[16];
    char order[16];
    int n = 0;

    fill(&q, jobs, "aaabbc");
    while (n < 5)
        taken[n++] = job_queue_take(&q);
    while (n-- > 0)
        job_queue_return(&q, taken[n]);
    turns_of(&q, 1, order);
    ck_assert_str_eq(order, "abcaba");

    /* one that is to run again is the first of its lane, and others of other
     * lanes come before it */
    fill(&q, jobs, "aab");
    taken[0] = job_queue_take(&q);
    taken[0]->again = true;
    job_queue_return(&q, taken[0]);
    ck_assert_ptr_eq(job_queue_take(&q), &jobs[2]);
    ck_assert_ptr_eq(job_queue_take(&q), &jobs[0]);
    ck_assert_ptr_eq(job_queue_take(&q), &jobs[1]);
    for (int i = 0; i < 3; i++)
        job_queue_forget(&q, &jobs[i]);
    job_queue_clear(&q);
}
END_TEST

/* --- in the store --- */

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

struct parts_job {
    unsigned parts; /* to be done */
    struct store_mark mark;
    unsigned runs, agains;
    unsigned place;  /* when it had ended: 1 the first */
    unsigned before; /* how many others ended before */
    uint32_t txn;    /* of its end */
    int fail_at;     /* of its runs: the database fails; -1 never */
    bool fail_late;  /* ... when the part is done */
    enum store_result result;
};

static unsigned ended;

static enum store_result
do_parts(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct parts_job *j = arg;
    uint64_t at = store_mark_begin(&j->mark, t);
    struct alert_rec a = fixture_alert(ALERT_SERVER, 0, 1000000, "x");
    enum store_result r;
    bool fails;

    ck_assert_uint_eq(at, store_part(t));
    j->txn = t->handle->id(t->handle);
    fails = (int)j->runs++ == j->fail_at;
    if (fails && !j->fail_late)
        return txn_fail(t, DB_LOCK_DEADLOCK, "waiting", err);
    r = alert_add(t, &a, err);
    if (r == STORE_OK && at + 1 < j->parts) {
        store_charge(t, WORK_TURN);
        ck_assert(store_tired(t));
        store_mark_set(&j->mark, t, at + 1);
        r = STORE_AGAIN;
    }
    return fails ? txn_fail(t, DB_LOCK_DEADLOCK, "waiting", err) : r;
}

static void
parts_done(enum store_result result, void *arg, const struct errbuf *err)
{
    struct parts_job *j = arg;

    (void)err;
    if (result == STORE_AGAIN) {
        j->agains++;
        return;
    }
    j->result = result;
    j->place = ++ended;
}

static enum store_result
nothing(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)t;
    (void)arg;
    (void)err;
    return STORE_OK;
}

/* Opens the gate and waits for the end of the jobs. */
static void
pass_gate(const struct parts_job *jobs, unsigned n)
{
    sem_post(&gate_open);
    for (unsigned i = 0; i < n; i++)
        while (*(const volatile unsigned *)&jobs[i].place == 0)
            fixture_run(nothing, NULL, STORE_OK);
    sem_destroy(&gate_reached);
    sem_destroy(&gate_open);
}

static bool
count_one(const struct alert_rec *a, void *arg)
{
    (void)a;
    ++*(unsigned *)arg;
    return true;
}

static enum store_result
count_alerts(struct store_txn *t, void *arg, struct errbuf *err)
{
    return alert_walk(t, ALERT_SERVER, 0, 0, count_one, arg, err);
}

/* A job of 50 parts and two small ones behind it in its lane; the small ones of
 * other lanes do not wait for it, and those of its own do. */
START_TEST(one_lane_does_not_keep_others_waiting)
{
    struct parts_job jobs[6] = {{.parts = 50}};
    unsigned n = 0;

    ended = 0;
    for (int i = 0; i < 6; i++) {
        jobs[i].fail_at = -1;
        if (i > 0)
            jobs[i].parts = 1;
    }
    shut_gate();
    store_submit_lane(fixture_store, 7, do_parts, parts_done, &jobs[0]);
    store_submit_lane(fixture_store, 7, do_parts, parts_done, &jobs[1]);
    store_submit_lane(fixture_store, 7, do_parts, parts_done, &jobs[2]);
    for (int i = 3; i < 6; i++)
        store_submit_lane(fixture_store, (uint64_t)i, do_parts, parts_done,
                          &jobs[i]);
    pass_gate(jobs, 6);
    ck_assert_uint_eq(jobs[0].runs, 50);
    ck_assert_uint_eq(jobs[0].agains, 49);
    for (unsigned i = 3; i < 6; i++)
        ck_assert_uint_eq(jobs[i].place, i - 2);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_uint_eq(jobs[i].place, i + 4);
    fixture_run(count_alerts, &n, STORE_OK);
    ck_assert_uint_eq(n, 55);
    fixture_verify();
}
END_TEST

/* A part that is taken back is done once, and those before it stay: whether it
 * had not begun, or was marked as done already. */
START_TEST(parts_are_done_once)
{
    for (int fail_at = 0; fail_at < 6; fail_at++) {
        struct parts_job j = {
            .parts = 5, .fail_at = fail_at, .fail_late = _i > 0};
        unsigned n = 0;

        ended = 0;
        shut_gate();
        store_submit_lane(fixture_store, 7, do_parts, parts_done, &j);
        pass_gate(&j, 1);
        ck_assert_int_eq(j.result, STORE_OK);
        ck_assert_uint_eq(j.agains, 4);
        ck_assert_uint_eq(j.runs, fail_at < 5 ? 6 : 5);
        fixture_run(count_alerts, &n, STORE_OK);
        ck_assert_uint_eq(n, 5 * ((unsigned)fail_at + 1));
    }
    fixture_verify();
}
END_TEST

static enum store_result
work_much(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct parts_job *j = arg;

    (void)err;
    j->txn = t->handle->id(t->handle);
    store_charge(t, WORK_TURN / 2);
    return STORE_OK;
}

/* Many jobs of one lane wait; a transaction takes as many as are not too much,
 * and who comes meanwhile is in the next one, before the rest. */
START_TEST(a_transaction_does_not_grow)
{
    struct parts_job jobs[100], late = {.parts = 1, .fail_at = -1};
    struct store_load load;
    unsigned of_first = 0;

    memset(jobs, 0, sizeof jobs);
    ended = 0;
    shut_gate();
    for (int i = 0; i < 100; i++)
        store_submit_lane(fixture_store, 7, work_much, parts_done, &jobs[i]);
    (void)store_load(fixture_store);
    store_submit_lane(fixture_store, 8, do_parts, parts_done, &late);
    pass_gate(jobs, 100);
    load = store_load(fixture_store);
    ck_assert_uint_ge(load.job, WORK_TURN / 2);
    ck_assert_uint_lt(load.job, WORK_TURN);
    ck_assert_uint_lt(load.transaction, 5 * WORK_TURN);
    ck_assert_uint_le(late.place, 3);
    for (int i = 0; i < 100; i++)
        of_first += jobs[i].txn == jobs[0].txn;
    ck_assert_uint_ge(of_first, 1);
    ck_assert_uint_le(of_first, 10);
    for (unsigned i = 1; i < 100; i++)
        ck_assert_uint_gt(jobs[i].place, jobs[i - 1].place);
}
END_TEST

/* --- keys of a large set --- */

#define SET 3000

static enum store_result
add_set(struct store_txn *t, void *arg, struct errbuf *err)
{
    enum store_result r = STORE_OK;

    (void)arg;
    for (int i = 0; i < SET && r == STORE_OK; i++) {
        struct alert_rec a = fixture_alert(ALERT_SERVER, 0, 1000000, "x");

        r = alert_add(t, &a, err);
    }
    return r;
}

static enum store_result
count_set(struct store_txn *t, void *arg, struct errbuf *err)
{
    return alert_count(t, ALERT_SERVER, 0, arg, err);
}

static enum store_result
find_key(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct alert_rec *a = arg;

    return alert_find_key(t, ALERT_SERVER, 0, a->key, a, err);
}

START_TEST(keys_of_a_large_set_are_read_in_parts)
{
    struct alert_rec a = {.key = SET};
    uint64_t n = 0;
    struct store_load load;

    fixture_run(add_set, NULL, STORE_OK);
    fixture_close();
    fixture_open();
    (void)store_load(fixture_store);
    fixture_run(count_set, &n, STORE_OK);
    ck_assert_uint_eq(n, SET);
    load = store_load(fixture_store);
    ck_assert_uint_ge(load.job, WORK_TURN);
    ck_assert_uint_lt(load.job, WORK_TURN + 100);
    /* and then nothing is walked any more */
    fixture_run(find_key, &a, STORE_OK);
    ck_assert_uint_eq(a.id, SET);
    load = store_load(fixture_store);
    ck_assert_uint_lt(load.job, 10);
    alert_rec_clear(&a);
}
END_TEST

Suite *
lanes_suite(void)
{
    Suite *s = suite_create("lanes");
    TCase *q = tcase_create("queue"), *tc = tcase_create("store");

    tcase_add_test(q, lanes_take_turns);
    tcase_add_test(q, who_costs_much_has_fewer_turns);
    tcase_add_test(q, what_comes_back_has_its_place);
    suite_add_tcase(s, q);
    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, one_lane_does_not_keep_others_waiting);
    tcase_add_loop_test(tc, parts_are_done_once, 0, 2);
    tcase_add_test(tc, a_transaction_does_not_grow);
    tcase_add_test(tc, keys_of_a_large_set_are_read_in_parts);
    suite_add_tcase(s, tc);
    return s;
}
