/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/txn.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

Suite *audit_table_suite(void);

#define DAY (86400 * SECOND)

struct ask {
    int64_t time, since; /* since: 0: the beginning, or the end */
    bool back;
    struct audit_place place; /* of the line seen last */
    unsigned lines;           /* to add */
    enum store_result result; /* of adding */
    char seen[4096];          /* what, each with a blank */
    unsigned n, stop_at;
    unsigned records;
};

static enum store_result
add(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    for (unsigned i = 0; i < q->lines; i++) {
        char what[32];
        struct audit_rec a = {.time = q->time + i,
                              .who = "postmaster@example.test",
                              .from = "192.0.2.1 ximss",
                              .what = what,
                              .outcome = "ok"};
        enum store_result r;

        snprintf(what, sizeof what, "%lld", (long long)a.time);
        r = audit_add(t, &a, err);
        if (r != STORE_OK)
            return r;
    }
    return q->result;
}

static bool
see(const struct audit_rec *a, const struct audit_place *at, void *arg)
{
    struct ask *q = arg;

    q->place = *at;
    ck_assert_str_eq(a->who, "postmaster@example.test");
    ck_assert_str_eq(a->from, "192.0.2.1 ximss");
    ck_assert_str_eq(a->outcome, "ok");
    if (strlen(q->seen) + 32 < sizeof q->seen) {
        strcat(q->seen, a->what);
        strcat(q->seen, " ");
    }
    return ++q->n != q->stop_at;
}

static enum store_result
walk(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct audit_place from = {0};

    if (q->since != 0)
        from = audit_place_of(q->since, q->back);
    q->seen[0] = 0;
    q->n = 0;
    return audit_walk(t, &from, q->back, see, q, err);
}

static enum store_result
count_records(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct key from = {0};
    struct cursor c;
    enum store_result r =
        cursor_open(&c, t, TABLE_AUDIT, &from, "counting", err);

    q->records = 0;
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    for (; r == STORE_OK; r = cursor_next(&c, err))
        q->records++;
    cursor_close(&c);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* Nothing of what other jobs of the transaction have added is written early, or
 * lost, because somebody reads. */
static enum store_result
add_and_walk(struct store_txn *t, void *arg, struct errbuf *err)
{
    enum store_result r = add(t, arg, err);
    unsigned before = store_changes(t);
    size_t waiting = t->audit.len;

    if (r == STORE_OK)
        r = walk(t, arg, err);
    ck_assert_uint_eq(store_changes(t), before);
    ck_assert_uint_eq(t->audit.len, waiting);
    return r;
}

static void
add_lines(int64_t time, unsigned n)
{
    struct ask q = {.time = time, .lines = n};

    fixture_run(add, &q, STORE_OK);
}

START_TEST(lines_of_a_transaction_are_one_record)
{
    struct ask q = {0};

    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.seen, "");
    add_lines(100, 3);
    add_lines(50, 1); /* the clock was set back */
    add_lines(102, 1);
    fixture_reopen();
    add_lines(102, 1); /* the same moment, after a restart */
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.seen, "50 100 101 102 102 102 ");
    fixture_run(count_records, &q, STORE_OK);
    ck_assert_uint_eq(q.records, 4);
    q.since = 101; /* a record is seen whole */
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.seen, "100 101 102 102 102 ");
    q.stop_at = 2;
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.seen, "100 101 ");
    q.since = 103;
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.seen, "");
    fixture_verify();
}
END_TEST

START_TEST(a_job_that_fails_leaves_no_line)
{
    struct ask q = {.time = 1, .lines = 2, .result = STORE_REFUSED};

    fixture_run(add, &q, STORE_REFUSED);
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.seen, "");
}
END_TEST

START_TEST(reading_writes_nothing)
{
    struct ask q = {.time = 1, .lines = 2};

    fixture_run(add_and_walk, &q, STORE_OK);
    ck_assert_str_eq(q.seen, "");
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.seen, "1 2 ");
    fixture_verify();
}
END_TEST

static enum store_result
walk_on(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct audit_place from = q->place;

    q->n = 0;
    return audit_walk(t, &from, q->back, see, q, err);
}

/* Each piece begins with the line that the one before ended with. */
START_TEST(both_ways_in_pieces)
{
    static const char *const seen[2] = {
        "5 5 6 6 7 7 100 100 101 101 200 ",
        "200 200 101 101 100 100 7 7 6 6 5 ",
    };
    struct ask q = {.back = _i, .stop_at = 1};

    add_lines(5, 3);
    add_lines(100, 2);
    add_lines(200, 1);
    fixture_run(walk, &q, STORE_OK);
    q.stop_at = 2;
    for (int i = 0; i < 5; i++)
        fixture_run(walk_on, &q, STORE_OK);
    ck_assert_str_eq(q.seen, seen[_i]);
}
END_TEST

/* Of the time when it is to end, what may be in records that begin later. */
START_TEST(back_from_a_time)
{
    struct ask q = {.back = true, .since = 100 * SECOND};

    add_lines(99 * SECOND, 1);
    add_lines(159 * SECOND, 1);
    add_lines(161 * SECOND, 1);
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.seen, "159000000 99000000 ");
}
END_TEST

START_TEST(many_lines_are_several_records)
{
    struct ask q = {0};

    add_lines(1, 5000);
    fixture_run(walk, &q, STORE_OK);
    ck_assert_uint_eq(q.n, 5000);
    fixture_run(count_records, &q, STORE_OK);
    ck_assert_uint_gt(q.records, 5);
    ck_assert_uint_lt(q.records, 50);
    fixture_verify();
}
END_TEST

static void
reopen_keeping(unsigned days)
{
    const struct store_options o = {.dir = fixture_dir, .audit_days = days};

    fixture_close();
    fixture_store = store_open(&o, &fixture_err);
    ck_assert_msg(fixture_store != NULL, "%s", fixture_err.text);
}

START_TEST(old_lines_go)
{
    struct ask q = {0};

    for (int i = 0; i < 300; i++)
        add_lines(i, 1);
    add_lines(2 * DAY, 1);
    reopen_keeping(3);
    add_lines(3 * DAY, 1); /* older than three days: none */
    fixture_run(walk, &q, STORE_OK);
    ck_assert_uint_eq(q.n, 302);
    add_lines(3 * DAY + 1800 * SECOND, 1); /* not looked for so soon */
    fixture_run(walk, &q, STORE_OK);
    ck_assert_uint_eq(q.n, 303);
    /* A few at a time, at each record until there are no more. */
    for (int i = 0; i < 10; i++)
        add_lines(4 * DAY, 1);
    fixture_run(walk, &q, STORE_OK);
    ck_assert_uint_eq(q.n, 13);
    fixture_verify();
}
END_TEST

/* What was dated in the future stands at the beginning of the chain, and goes
 * with what was written after it; and what a clock without a battery dated does
 * not take what was written before with it. */
START_TEST(wrong_clocks)
{
    struct ask q = {0};

    for (int i = 0; i < 150; i++)
        add_lines(9999 * DAY + i, 1);
    for (int i = 0; i < 10; i++)
        add_lines(100 * DAY + i, 1);
    add_lines(1, 1); /* 1970 */
    add_lines(101 * DAY, 1);
    reopen_keeping(3);
    for (int i = 0; i < 8; i++)
        add_lines(102 * DAY + i, 1);
    fixture_run(walk, &q, STORE_OK);
    ck_assert_uint_eq(q.n, 170);
    fixture_verify();
    reopen_keeping(3);
    for (int i = 0; i < 20; i++)
        add_lines(104 * DAY + 2 * SECOND + i, 1);
    fixture_run(walk, &q, STORE_OK);
    ck_assert_uint_eq(q.n, 28);
    ck_assert_str_eq(q.seen + strlen(q.seen) - 14, "8985602000019 ");
    fixture_verify();
}
END_TEST

Suite *
audit_table_suite(void)
{
    Suite *s = suite_create("audit_table");
    TCase *tc = tcase_create("audit_table");

    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, lines_of_a_transaction_are_one_record);
    tcase_add_test(tc, a_job_that_fails_leaves_no_line);
    tcase_add_test(tc, reading_writes_nothing);
    tcase_add_loop_test(tc, both_ways_in_pieces, 0, 2);
    tcase_add_test(tc, back_from_a_time);
    tcase_add_test(tc, many_lines_are_several_records);
    tcase_add_test(tc, old_lines_go);
    tcase_add_test(tc, wrong_clocks);
    suite_add_tcase(s, tc);
    return s;
}
