/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

Suite *meta_table_suite(void);

struct ask {
    uint8_t secret[STORE_SECRET_BYTES];
    enum store_text which;
    const char *put;
    char *text;
    uint64_t id;
    enum store_result answer;
};

static enum store_result
secret(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return meta_secret(t, q->secret, err);
}

static enum store_result
get_text(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return meta_text_get(t, q->which, &q->text, err);
}

static enum store_result
put_text(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return meta_text_put(t, q->which, q->put, err);
}

static enum store_result
next_id(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    enum store_result r = meta_next_alert_id(t, &q->id, err);

    return r == STORE_OK ? q->answer : r;
}

static enum store_result
last_id(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return meta_last_alert_id(t, &q->id, err);
}

START_TEST(the_secret_stays)
{
    static const uint8_t zeros[STORE_SECRET_BYTES];
    struct ask a = {0}, b = {0};

    fixture_run(secret, &a, STORE_OK);
    fixture_reopen();
    fixture_run(secret, &b, STORE_OK);
    ck_assert_mem_eq(a.secret, b.secret, sizeof a.secret);
    ck_assert_mem_ne(a.secret, zeros, sizeof zeros);
}
END_TEST

START_TEST(texts)
{
    static const char *const values[] = {"main.test", "{a=1;}", "{b=2;}",
                                         "{c=3;}",    "{d=4;}", ""};

    for (int i = 0; i < 6; i++) {
        struct ask q = {.which = (enum store_text)i, .put = values[i]};

        fixture_run(get_text, &q, STORE_OK);
        ck_assert_str_eq(q.text, "");
        free(q.text);
        fixture_run(put_text, &q, STORE_OK);
    }
    fixture_reopen();
    for (int i = 0; i < 6; i++) {
        struct ask q = {.which = (enum store_text)i};

        fixture_run(get_text, &q, STORE_OK);
        ck_assert_str_eq(q.text, values[i]);
        free(q.text);
    }
    fixture_verify();
}
END_TEST

/* Ids of jobs that failed may come again, for nobody has seen them; all others
 * never do. */
START_TEST(ids_grow_over_everything)
{
    struct ask q = {0};

    fixture_run(last_id, &q, STORE_OK);
    ck_assert_uint_eq(q.id, 0);
    for (uint64_t i = 1; i <= 20; i++) {
        q.answer = STORE_OK;
        fixture_run(next_id, &q, STORE_OK);
        ck_assert_uint_eq(q.id, i);
        if (i % 3 == 0) {
            q.answer = STORE_REFUSED;
            fixture_run(next_id, &q, STORE_REFUSED);
            fixture_run(last_id, &q, STORE_OK);
            ck_assert_uint_eq(q.id, i);
        }
        if (i % 5 == 0)
            fixture_reopen();
        fixture_run(last_id, &q, STORE_OK);
        ck_assert_uint_eq(q.id, i);
    }
}
END_TEST

Suite *
meta_table_suite(void)
{
    Suite *s = suite_create("meta_table");
    TCase *tc = tcase_create("meta_table");

    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, the_secret_stays);
    tcase_add_test(tc, texts);
    tcase_add_test(tc, ids_grow_over_everything);
    suite_add_tcase(s, tc);
    return s;
}
