/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

Suite *usage_table_suite(void);

static uint64_t joe;

static void
setup(void)
{
    fixture_setup();
    joe = fixture_account(fixture_domain("example.test"), "joe");
}

struct ask {
    uint64_t account;
    struct usage_rec u;
};

static enum store_result
put(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return usage_put(t, q->account, &q->u, err);
}

static enum store_result
get(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return usage_get(t, q->account, &q->u, err);
}

static enum store_result
remove_joe(struct store_txn *t, void *arg, struct errbuf *err)
{
    (void)arg;
    return account_remove(t, joe, err);
}

static const struct usage_rec some = {
    .used = UINT64_MAX,
    .reported = 5 * SECOND,
    .source = 3,
    .has_limit = true,
    .limit = 7,
    .alerted = -1,
    .reached = true,
    .unshown = true,
};

static void
check_equal(const struct usage_rec *a, const struct usage_rec *b)
{
    ck_assert_uint_eq(a->used, b->used);
    ck_assert_int_eq(a->reported, b->reported);
    ck_assert_uint_eq(a->source, b->source);
    ck_assert(a->has_limit == b->has_limit);
    ck_assert_uint_eq(a->limit, b->limit);
    ck_assert_int_eq(a->alerted, b->alerted);
    ck_assert_uint_eq(a->alert, b->alert);
    ck_assert(a->reached == b->reached);
    ck_assert(a->told == b->told);
    ck_assert(a->unshown == b->unshown);
}

START_TEST(what_is_put_is_got)
{
    struct ask q = {joe, some};

    fixture_run(put, &q, STORE_OK);
    fixture_reopen();
    memset(&q.u, 0x55, sizeof q.u);
    fixture_run(get, &q, STORE_OK);
    check_equal(&q.u, &some);
    fixture_verify();
}
END_TEST

START_TEST(nothing_is_known_at_first)
{
    static const struct usage_rec none;
    struct ask q = {joe, some};

    fixture_run(get, &q, STORE_OK);
    check_equal(&q.u, &none);
}
END_TEST

START_TEST(it_goes_with_the_account)
{
    static const struct usage_rec none;
    struct ask q = {joe, some};

    fixture_run(put, &q, STORE_OK);
    fixture_run(remove_joe, NULL, STORE_OK);
    fixture_run(get, &q, STORE_OK);
    check_equal(&q.u, &none);
    fixture_run(put, &q, STORE_NOTFOUND);
    fixture_verify();
}
END_TEST

Suite *
usage_table_suite(void)
{
    Suite *s = suite_create("usage_table");
    TCase *tc = tcase_create("usage_table");

    tcase_add_checked_fixture(tc, setup, fixture_teardown);
    tcase_add_test(tc, what_is_put_is_got);
    tcase_add_test(tc, nothing_is_known_at_first);
    tcase_add_test(tc, it_goes_with_the_account);
    suite_add_tcase(s, tc);
    return s;
}
