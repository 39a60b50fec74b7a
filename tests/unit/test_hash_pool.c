/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ximss/server/auth/hash_pool.h"

Suite *hash_pool_suite(void);

/* Jobs note what happens to them; `gate` holds a thread until it is opened. */
struct task {
    struct hash_pool *pool;
    sem_t *at_work, *gate, *finished;
    int order;
    pthread_t worker;
    bool done_there;
};

static atomic_int order;

static void
on_work(void *arg)
{
    struct task *task = arg;

    if (task->at_work != NULL)
        sem_post(task->at_work);
    if (task->gate != NULL)
        sem_wait(task->gate);
    task->worker = pthread_self();
    task->order = ++order;
}

static void
on_done(void *arg)
{
    struct task *task = arg;

    task->done_there = pthread_equal(task->worker, pthread_self()) != 0;
    if (task->finished != NULL)
        sem_post(task->finished);
}

static struct hash_pool *
new_pool(unsigned threads, unsigned max_waiting)
{
    struct errbuf err = {""};
    struct hash_pool *pool = hash_pool_new(threads, max_waiting, &err);

    ck_assert_msg(pool != NULL, "%s", err.text);
    order = 0;
    return pool;
}

START_TEST(works_in_order_and_calls_done_behind)
{
    struct hash_pool *pool = new_pool(1, 10);
    struct task tasks[10] = {{0}};

    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(hash_pool_submit(pool, 1, on_work, on_done, &tasks[i]),
                         0);
    hash_pool_free(&pool);
    ck_assert_ptr_null(pool);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(tasks[i].order, i + 1);
        ck_assert(tasks[i].done_there);
        ck_assert(!pthread_equal(tasks[i].worker, pthread_self()));
    }
}
END_TEST

START_TEST(refuses_when_full)
{
    struct hash_pool *pool = new_pool(1, 2);
    struct task blocker = {0}, tasks[3] = {{0}};
    sem_t at_work, gate;

    sem_init(&at_work, 0, 0);
    sem_init(&gate, 0, 0);
    blocker.at_work = &at_work;
    blocker.gate = &gate;
    ck_assert_int_eq(hash_pool_submit(pool, 1, on_work, NULL, &blocker), 0);
    sem_wait(&at_work);
    ck_assert_uint_eq(hash_pool_waiting(pool), 0);
    ck_assert_int_eq(hash_pool_submit(pool, 1, on_work, on_done, &tasks[0]), 0);
    ck_assert_int_eq(hash_pool_submit(pool, 1, on_work, NULL, &tasks[1]), 0);
    ck_assert_int_eq(hash_pool_submit(pool, 1, on_work, on_done, &tasks[2]),
                     -1);
    ck_assert_uint_eq(hash_pool_waiting(pool), 2);
    sem_post(&gate);
    hash_pool_free(&pool);
    ck_assert_int_eq(tasks[0].order, 2);
    ck_assert_int_eq(tasks[1].order, 3);
    ck_assert_int_eq(tasks[2].order, 0);
    sem_destroy(&at_work);
    sem_destroy(&gate);
}
END_TEST

/* All threads are at work at once: each waits until the others are there. */
START_TEST(uses_all_threads)
{
    struct hash_pool *pool = new_pool(3, 3);
    struct task tasks[3] = {{0}};
    sem_t at_work, gate, finished;

    sem_init(&at_work, 0, 0);
    sem_init(&gate, 0, 0);
    sem_init(&finished, 0, 0);
    for (int i = 0; i < 3; i++) {
        tasks[i].at_work = &at_work;
        tasks[i].gate = &gate;
        tasks[i].finished = &finished;
        ck_assert_int_eq(hash_pool_submit(pool, 1, on_work, on_done, &tasks[i]),
                         0);
    }
    for (int i = 0; i < 3; i++)
        sem_wait(&at_work);
    for (int i = 0; i < 3; i++)
        sem_post(&gate);
    for (int i = 0; i < 3; i++)
        sem_wait(&finished);
    ck_assert(!pthread_equal(tasks[0].worker, tasks[1].worker));
    ck_assert(!pthread_equal(tasks[1].worker, tasks[2].worker));
    hash_pool_free(&pool);
    sem_destroy(&at_work);
    sem_destroy(&gate);
    sem_destroy(&finished);
}
END_TEST

struct look {
    char name[16];
    bool term_blocked;
};

static void
look_around(void *arg)
{
    struct look *look = arg;
    sigset_t blocked;

    pthread_getname_np(pthread_self(), look->name, sizeof look->name);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    look->term_blocked = sigismember(&blocked, SIGTERM) == 1;
}

START_TEST(threads_are_named_and_take_no_signals)
{
    struct hash_pool *pool = new_pool(1, 1);
    struct look look = {"", false};
    sigset_t blocked;

    ck_assert_int_eq(hash_pool_submit(pool, 1, look_around, NULL, &look), 0);
    hash_pool_free(&pool);
    ck_assert_str_eq(look.name, "hash-0");
    ck_assert(look.term_blocked);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    ck_assert_int_eq(sigismember(&blocked, SIGTERM), 0);
}
END_TEST

static void
submit_another(void *arg)
{
    struct task *task = arg;

    ck_assert_int_eq(hash_pool_submit(task->pool, 1, on_work, on_done, task),
                     0);
}

START_TEST(takes_jobs_from_a_job)
{
    struct hash_pool *pool = new_pool(1, 1);
    struct task task = {.pool = pool};
    sem_t finished;

    sem_init(&finished, 0, 0);
    task.finished = &finished;
    ck_assert_int_eq(hash_pool_submit(pool, 1, submit_another, NULL, &task), 0);
    sem_wait(&finished);
    ck_assert_int_eq(task.order, 1);
    hash_pool_free(&pool);
    sem_destroy(&finished);
}
END_TEST

/* Holds the only thread of a pool until it is opened. */
struct block {
    struct task task;
    sem_t at_work, gate;
};

static void
block(struct hash_pool *pool, struct block *b)
{
    *b = (struct block){.task = {.at_work = &b->at_work, .gate = &b->gate}};
    sem_init(&b->at_work, 0, 0);
    sem_init(&b->gate, 0, 0);
    ck_assert_int_eq(hash_pool_submit(pool, 99, on_work, NULL, &b->task), 0);
    sem_wait(&b->at_work);
}

static void
unblock(struct block *b)
{
    sem_post(&b->gate);
}

#define FLOOD 500

/* However many one has waiting, another waits for as many as there are
 * others. */
START_TEST(owners_take_turns)
{
    struct hash_pool *pool = new_pool(1, 10000);
    struct task flood[2][FLOOD] = {{{0}}}, late[3] = {{0}};
    struct block b;

    block(pool, &b);
    for (unsigned i = 0; i < 2 * FLOOD; i++)
        ck_assert_int_eq(hash_pool_submit(pool, 1 + i % 2, on_work, on_done,
                                          &flood[i % 2][i / 2]),
                         0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(hash_pool_submit(pool, 3, on_work, on_done, &late[i]),
                         0);
    ck_assert_uint_eq(hash_pool_waiting(pool), 2 * FLOOD + 3);
    ck_assert_uint_eq(hash_pool_waiting_of(pool, 1), FLOOD);
    ck_assert_uint_eq(hash_pool_waiting_of(pool, 3), 3);
    ck_assert_uint_eq(hash_pool_waiting_of(pool, 4), 0);
    unblock(&b);
    hash_pool_free(&pool);
    /* The blocker was the first; then one of each in turn. */
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(flood[0][i].order, 3 * i + 2);
        ck_assert_int_eq(flood[1][i].order, 3 * i + 3);
        ck_assert_int_eq(late[i].order, 3 * i + 4);
    }
    for (int i = 1; i < FLOOD; i++)
        ck_assert_int_lt(flood[0][i - 1].order, flood[0][i].order);
}
END_TEST

START_TEST(a_full_queue_still_takes_newcomers)
{
    struct hash_pool *pool = new_pool(1, 4);
    struct task flood[5] = {{0}}, others[5] = {{0}};
    struct block b;

    block(pool, &b);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(hash_pool_submit(pool, 1, on_work, on_done, &flood[i]),
                         0);
    ck_assert_int_eq(hash_pool_submit(pool, 1, on_work, on_done, &flood[4]),
                     -1);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_int_eq(
            hash_pool_submit(pool, 10 + i, on_work, on_done, &others[i]), 0);
        ck_assert_int_eq(
            hash_pool_submit(pool, 10 + i, on_work, on_done, &flood[4]), -1);
    }
    ck_assert_int_eq(hash_pool_submit(pool, 20, on_work, on_done, &others[4]),
                     -1);
    unblock(&b);
    hash_pool_free(&pool);
    ck_assert_int_eq(others[0].order, 3);
    ck_assert_int_eq(others[4].order, 0);
    ck_assert_int_eq(flood[4].order, 0);
}
END_TEST

START_TEST(frees_nothing)
{
    struct hash_pool *pool = NULL;

    hash_pool_free(&pool);
    ck_assert_ptr_null(pool);
}
END_TEST

Suite *
hash_pool_suite(void)
{
    Suite *s = suite_create("hash_pool");
    TCase *t = tcase_create("hash_pool");

    tcase_add_test(t, works_in_order_and_calls_done_behind);
    tcase_add_test(t, refuses_when_full);
    tcase_add_test(t, uses_all_threads);
    tcase_add_test(t, threads_are_named_and_take_no_signals);
    tcase_add_test(t, takes_jobs_from_a_job);
    tcase_add_test(t, owners_take_turns);
    tcase_add_test(t, a_full_queue_still_takes_newcomers);
    tcase_add_test(t, frees_nothing);
    suite_add_tcase(s, t);
    return s;
}
