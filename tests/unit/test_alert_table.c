/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "storage/txn.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

Suite *alert_table_suite(void);

#define T0 (INT64_C(1764000000) * SECOND)

static uint64_t domain, other_domain, account;

static void
setup(void)
{
    fixture_setup();
    domain = fixture_domain("example.test");
    other_domain = fixture_domain("other.test");
    account = fixture_account(domain, "joe");
}

/* --- what a test asks for, in one struct for all bodies --- */

#define MANY 64

struct ask {
    uint64_t id;
    enum alert_scope scope;
    uint64_t target, after;
    int64_t key, now, next;
    unsigned max;
    struct alert_rec a;
    uint64_t ids[MANY];
    unsigned n, stop_at; /* stop_at 0: never */
};

static enum store_result
get(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return alert_get(t, q->id, &q->a, err);
}

static enum store_result
drop(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return alert_remove(t, q->id, err);
}

static bool
collect(const struct alert_rec *a, void *arg)
{
    struct ask *q = arg;

    ck_assert_uint_lt(q->n, MANY);
    q->ids[q->n++] = a->id;
    return q->n != q->stop_at;
}

static enum store_result
walk(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    q->n = 0;
    return alert_walk(t, q->scope, q->target, q->after, collect, q, err);
}

static enum store_result
walk_broad(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    q->n = 0;
    return alert_walk_broad(t, collect, q, err);
}

static enum store_result
walk_ended(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    q->n = 0;
    return alert_walk_ended(t, q->now, q->max, collect, q, &q->next, err);
}

static enum store_result
find_key(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return alert_find_key(t, q->scope, q->target, q->key, &q->a, err);
}

static enum store_result
add(struct store_txn *t, void *arg, struct errbuf *err)
{
    return alert_add(t, arg, err);
}

static void
check_ids(const struct ask *q, const uint64_t *ids, unsigned n)
{
    ck_assert_uint_eq(q->n, n);
    for (unsigned i = 0; i < n; i++)
        ck_assert_msg(q->ids[i] == ids[i], "place %u: %llu, not %llu", i,
                      (unsigned long long)q->ids[i],
                      (unsigned long long)ids[i]);
}

/* --- tests --- */

START_TEST(all_fields_come_back)
{
    const enum alert_scope scopes[] = {ALERT_SERVER, ALERT_CLUSTER,
                                       ALERT_DOMAIN, ALERT_ACCOUNT};
    uint64_t targets[] = {0, 0, domain, account};

    for (unsigned i = 0; i < 4; i++) {
        struct alert_rec a =
            fixture_alert(scopes[i], targets[i], T0 + 123456, "two\nlines");
        struct ask q = {0};

        a.severity = ALERT_CRITICAL;
        a.until = T0 + SECOND;
        a.author = 77;
        fixture_run(add, &a, STORE_OK);
        ck_assert_uint_eq(a.id, i + 1);
        fixture_reopen();
        q.id = a.id;
        fixture_run(get, &q, STORE_OK);
        ck_assert_uint_eq(q.a.id, a.id);
        ck_assert_int_eq(q.a.scope, scopes[i]);
        ck_assert_uint_eq(q.a.target, targets[i]);
        ck_assert_int_eq(q.a.severity, ALERT_CRITICAL);
        ck_assert_int_eq(q.a.posted, T0 + 123456);
        ck_assert_int_eq(q.a.until, T0 + SECOND);
        ck_assert_int_eq(q.a.key, T0 / SECOND);
        ck_assert_uint_eq(q.a.author, 77);
        ck_assert_str_eq(q.a.author_name, "postmaster@example.test");
        ck_assert_str_eq(q.a.origin, "192.0.2.1 ximss");
        ck_assert_uint_eq(q.a.text_len, 9);
        ck_assert_str_eq(q.a.text, "two\nlines");
        alert_rec_clear(&q.a);
    }
    fixture_verify();
}
END_TEST

START_TEST(removed_is_gone_and_its_id_too)
{
    uint64_t ids[4];
    struct ask q = {0};

    ids[0] = fixture_post(ALERT_SERVER, 0, T0, "a");
    ids[1] = fixture_post(ALERT_CLUSTER, 0, T0, "b");
    ids[2] = fixture_post(ALERT_DOMAIN, domain, T0, "c");
    ids[3] = fixture_post(ALERT_ACCOUNT, account, T0, "d");
    for (unsigned i = 0; i < 4; i++) {
        q.id = ids[i];
        fixture_run(drop, &q, STORE_OK);
        fixture_run(get, &q, STORE_NOTFOUND);
        fixture_run(drop, &q, STORE_NOTFOUND);
    }
    q.id = 0;
    fixture_run(get, &q, STORE_NOTFOUND);
    q.id = UINT64_MAX;
    fixture_run(get, &q, STORE_NOTFOUND);
    fixture_reopen();
    ck_assert_uint_eq(fixture_post(ALERT_SERVER, 0, T0, "e"), ids[3] + 1);
    fixture_verify();
}
END_TEST

START_TEST(walks_see_their_set_in_order)
{
    struct ask q = {.scope = ALERT_SERVER};

    fixture_run(walk, &q, STORE_OK);
    check_ids(&q, NULL, 0);
    for (unsigned i = 0; i < 3; i++) {
        fixture_post(ALERT_ACCOUNT, account, T0, "account");
        fixture_post(ALERT_SERVER, 0, T0, "server");
        fixture_post(ALERT_DOMAIN, domain, T0, "domain");
        fixture_post(ALERT_DOMAIN, other_domain, T0, "other");
    }
    fixture_run(walk, &q, STORE_OK);
    check_ids(&q, (uint64_t[]){2, 6, 10}, 3);
    q.after = 2;
    fixture_run(walk, &q, STORE_OK);
    check_ids(&q, (uint64_t[]){6, 10}, 2);
    q.after = 10;
    fixture_run(walk, &q, STORE_OK);
    check_ids(&q, NULL, 0);
    q.after = UINT64_MAX;
    fixture_run(walk, &q, STORE_OK);
    check_ids(&q, NULL, 0);
    q = (struct ask){.scope = ALERT_DOMAIN, .target = domain, .stop_at = 2};
    fixture_run(walk, &q, STORE_OK);
    check_ids(&q, (uint64_t[]){3, 7}, 2);
    q = (struct ask){.scope = ALERT_ACCOUNT, .target = account};
    fixture_run(walk, &q, STORE_OK);
    check_ids(&q, (uint64_t[]){1, 5, 9}, 3);
    q = (struct ask){.scope = ALERT_CLUSTER};
    fixture_run(walk, &q, STORE_OK);
    check_ids(&q, NULL, 0);
    fixture_run(walk_broad, &q, STORE_OK);
    check_ids(&q, (uint64_t[]){2, 6, 10, 3, 7, 11, 4, 8, 12}, 9);
    q.stop_at = 1;
    fixture_run(walk_broad, &q, STORE_OK);
    check_ids(&q, (uint64_t[]){2}, 1);
}
END_TEST

/* The key of a post is the first free second, also after removals and when
 * the clock was set back, with the set in memory or just opened. */
START_TEST(keys_are_the_first_free_second)
{
    static const struct {
        int64_t posted; /* seconds after T0 */
        int64_t key;
        unsigned drop; /* first remove that alert, 0: none */
        bool reopen;
    } rows[] = {
        {0, 0, 0, false},  {0, 1, 0, false},   {0, 2, 0, true},
        {2, 3, 0, false},  {10, 10, 0, false}, {9, 9, 0, true},
        {9, 11, 0, false}, {1, 4, 0, false},   {1, 1, 2, false},
        {0, 5, 0, true},   {3, 3, 4, true},    {-5, -5, 0, false},
        {8, 8, 0, false},  {3, 6, 0, false},   {3, 7, 0, true},
        {3, 12, 0, true},  {-5, -4, 0, false},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct alert_rec a = fixture_alert(
            ALERT_SERVER, 0, T0 + rows[i].posted * SECOND + 999999, "x");
        struct ask q = {.id = rows[i].drop};

        if (rows[i].drop != 0)
            fixture_run(drop, &q, STORE_OK);
        if (rows[i].reopen)
            fixture_reopen();
        fixture_run(add, &a, STORE_OK);
        ck_assert_msg(a.key - T0 / SECOND == rows[i].key,
                      "row %u: key %lld, not %lld", i,
                      (long long)(a.key - T0 / SECOND), (long long)rows[i].key);
    }
    fixture_verify();
}
END_TEST

START_TEST(keys_are_per_set)
{
    struct alert_rec a = fixture_alert(ALERT_SERVER, 0, T0, "x");
    struct alert_rec b = fixture_alert(ALERT_DOMAIN, domain, T0, "x");
    struct alert_rec c = fixture_alert(ALERT_ACCOUNT, account, -1, "x");
    struct ask q = {.scope = ALERT_DOMAIN, .target = domain};

    fixture_run(add, &a, STORE_OK);
    fixture_run(add, &b, STORE_OK);
    fixture_run(add, &c, STORE_OK);
    ck_assert_int_eq(a.key, T0 / SECOND);
    ck_assert_int_eq(b.key, T0 / SECOND);
    ck_assert_int_eq(c.key, -1);
    q.key = b.key;
    fixture_run(find_key, &q, STORE_OK);
    ck_assert_uint_eq(q.a.id, b.id);
    ck_assert_uint_eq(q.a.target, domain);
    alert_rec_clear(&q.a);
    q.key++;
    fixture_run(find_key, &q, STORE_NOTFOUND);
    q.key--;
    q.target = other_domain;
    fixture_run(find_key, &q, STORE_NOTFOUND);
}
END_TEST

/* More sets than are kept in memory. */
START_TEST(keys_of_many_sets)
{
    uint64_t numbers[TXN_SETS + 8];
    const unsigned n = sizeof numbers / sizeof numbers[0];

    for (unsigned i = 0; i < n; i++) {
        char name[32];

        snprintf(name, sizeof name, "user%u", i);
        numbers[i] = fixture_account(domain, name);
    }
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < n; i++) {
            struct alert_rec a =
                fixture_alert(ALERT_ACCOUNT, numbers[i], T0, "x");

            fixture_run(add, &a, STORE_OK);
            ck_assert_int_eq(a.key, T0 / SECOND + round);
        }
}
END_TEST

START_TEST(ended_come_in_order_of_their_ends)
{
    const int64_t ends[] = {30, 10, 0, 20, 10};
    struct ask q = {.max = MANY};

    fixture_run(walk_ended, &q, STORE_OK);
    check_ids(&q, NULL, 0);
    ck_assert_int_eq(q.next, 0);
    for (unsigned i = 0; i < 5; i++) {
        struct alert_rec a =
            fixture_alert(i % 2 == 0 ? ALERT_SERVER : ALERT_DOMAIN,
                          i % 2 == 0 ? 0 : domain, T0, "x");

        a.until = ends[i] == 0 ? 0 : T0 + ends[i];
        fixture_run(add, &a, STORE_OK);
    }
    q.now = T0 + 9;
    fixture_run(walk_ended, &q, STORE_OK);
    check_ids(&q, NULL, 0);
    ck_assert_int_eq(q.next, T0 + 10);
    q.now = T0 + 20; /* at or before */
    fixture_run(walk_ended, &q, STORE_OK);
    check_ids(&q, (uint64_t[]){2, 5, 4}, 3);
    ck_assert_int_eq(q.next, T0 + 30);
    q.max = 2;
    fixture_run(walk_ended, &q, STORE_OK);
    check_ids(&q, (uint64_t[]){2, 5}, 2);
    ck_assert_int_eq(q.next, T0 + 20);
    q.max = MANY;
    q.now = INT64_MAX;
    fixture_run(walk_ended, &q, STORE_OK);
    check_ids(&q, (uint64_t[]){2, 5, 4, 1}, 4);
    ck_assert_int_eq(q.next, 0);
    q.id = 2;
    fixture_run(drop, &q, STORE_OK);
    fixture_run(walk_ended, &q, STORE_OK);
    check_ids(&q, (uint64_t[]){5, 4, 1}, 3);
    fixture_verify();
}
END_TEST

START_TEST(a_target_must_exist)
{
    struct alert_rec a = fixture_alert(ALERT_DOMAIN, 99, T0, "x");

    fixture_run(add, &a, STORE_NOTFOUND);
    a.scope = ALERT_ACCOUNT;
    fixture_run(add, &a, STORE_NOTFOUND);
    ck_assert_uint_eq(fixture_post(ALERT_SERVER, 0, T0, "x"), 1);
}
END_TEST

/* Texts around the sizes where records leave their page. */
START_TEST(texts_of_all_sizes)
{
    for (size_t len = 1; len <= 8000; len = len < 900 ? len * 3 : len + 997) {
        char text[8192];
        struct ask q = {0};

        memset(text, 'a' + (int)(len % 26), len);
        text[len] = 0;
        q.id = fixture_post(ALERT_SERVER, 0, T0, text);
        fixture_run(get, &q, STORE_OK);
        ck_assert_uint_eq(q.a.text_len, len);
        ck_assert_str_eq(q.a.text, text);
        alert_rec_clear(&q.a);
    }
    fixture_verify();
}
END_TEST

/* --- targets that go, with more alerts than one transaction removes --- */

#define CROWD 6000

struct crowd {
    uint64_t target;
    unsigned n;
};

static enum store_result
add_crowd(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct crowd *c = arg;
    enum store_result r = STORE_OK;

    for (unsigned i = 0; r == STORE_OK && i < c->n; i++) {
        struct alert_rec a = fixture_alert(ALERT_ACCOUNT, c->target, T0, "x");

        a.until = T0 + 5;
        r = alert_add(t, &a, err);
    }
    return r;
}

static enum store_result
remove_account(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct crowd *c = arg;

    return account_remove(t, c->target, err);
}

/* Counts what is left in the tables, with nothing in between. */
static enum store_result
count_left(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct crowd *c = arg;
    struct key from = {0};
    struct cursor cur;
    enum store_result r =
        cursor_open(&cur, t, TABLE_ALERT_ID, &from, "counting", err);

    c->n = 0;
    if (r != STORE_OK)
        return r == STORE_NOTFOUND ? STORE_OK : r;
    while (r == STORE_OK) {
        c->n++;
        r = cursor_next(&cur, err);
    }
    cursor_close(&cur);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

START_TEST(a_crowd_goes_with_its_target)
{
    struct crowd c = {.target = account, .n = CROWD};
    struct ask q = {.scope = ALERT_ACCOUNT, .target = account, .max = 3};

    fixture_run(add_crowd, &c, STORE_OK);
    fixture_post(ALERT_DOMAIN, domain, T0, "stays");
    fixture_run(remove_account, &c, STORE_OK);
    /* Whether or not the sweep has come round, nothing of it can be found. */
    q.id = CROWD;
    fixture_run(get, &q, STORE_NOTFOUND);
    fixture_run(walk, &q, STORE_OK);
    ck_assert_uint_eq(q.n, 0);
    q.now = INT64_MAX;
    fixture_run(walk_ended, &q, STORE_OK);
    ck_assert_uint_eq(q.n, 0);
    do
        fixture_run(count_left, &c, STORE_OK);
    while (c.n > 1); /* each job is followed by a step of sweeping */
    fixture_verify();
    q.id = CROWD + 1;
    fixture_run(get, &q, STORE_OK);
    alert_rec_clear(&q.a);
}
END_TEST

Suite *
alert_table_suite(void)
{
    Suite *s = suite_create("alert_table");
    TCase *tc = tcase_create("alert_table");

    tcase_add_checked_fixture(tc, setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, all_fields_come_back);
    tcase_add_test(tc, removed_is_gone_and_its_id_too);
    tcase_add_test(tc, walks_see_their_set_in_order);
    tcase_add_test(tc, keys_are_the_first_free_second);
    tcase_add_test(tc, keys_are_per_set);
    tcase_add_test(tc, keys_of_many_sets);
    tcase_add_test(tc, ended_come_in_order_of_their_ends);
    tcase_add_test(tc, a_target_must_exist);
    tcase_add_test(tc, texts_of_all_sizes);
    tcase_add_test(tc, a_crowd_goes_with_its_target);
    suite_add_tcase(s, tc);
    return s;
}
