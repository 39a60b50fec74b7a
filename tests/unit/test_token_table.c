/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <string.h>

#include "storage/tables.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

Suite *token_table_suite(void);

static char name[] = "Nightly", author[] = "joe@a.test", sealed[] = "a\0b";

static struct token_rec
token_of(uint64_t account, char *its_name)
{
    return (struct token_rec){.account = account,
                              .id = 7,
                              .name = its_name,
                              .created = 1,
                              .expires = 2,
                              .author = author,
                              .sealed = sealed,
                              .sealed_len = sizeof sealed};
}

static void
count(const struct token_rec *k, void *arg)
{
    unsigned *n = arg;

    ck_assert_uint_eq(k->id, 7);
    ++*n;
}

static unsigned
number_of(struct store_txn *t, uint64_t account, struct errbuf *err)
{
    unsigned n = 0;

    ck_assert_int_eq(token_walk(t, account, count, &n, err), STORE_OK);
    return n;
}

static void
check_record(struct store_txn *t, uint64_t account, struct errbuf *err)
{
    struct token_rec k = {0};

    ck_assert_int_eq(token_get(t, account, "nightly", &k, err), STORE_OK);
    ck_assert_uint_eq(k.account, account);
    ck_assert_str_eq(k.name, name);
    ck_assert_str_eq(k.author, author);
    ck_assert_int_eq(k.created, 1);
    ck_assert_int_eq(k.expires, 2);
    ck_assert_uint_eq(k.sealed_len, sizeof sealed);
    ck_assert_mem_eq(k.sealed, sealed, sizeof sealed);
    token_rec_clear(&k);
}

static enum store_result
whole_life(struct store_txn *t, void *arg, struct errbuf *err)
{
    static char small[] = "nightly",
                long_name[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxx"
                              "xxxxxxxxxxxxxxxxxxxxxxxxxxx"
                              "xxxxxxxxxxx",
                other[] = "other", none[] = "";
    struct token_rec k = token_of(1, name);

    (void)arg;
    ck_assert_uint_eq(strlen(long_name), TOKEN_NAME_MOST + 1);
    ck_assert_int_eq(token_put(t, &k, err), STORE_OK);
    check_record(t, 1, err);
    k.name = small;
    ck_assert_int_eq(token_put(t, &k, err), STORE_EXISTS);
    k.name = none;
    ck_assert_int_eq(token_put(t, &k, err), STORE_REFUSED);
    k.name = long_name;
    ck_assert_int_eq(token_put(t, &k, err), STORE_REFUSED);
    long_name[TOKEN_NAME_MOST] = '\0';
    ck_assert_int_eq(token_put(t, &k, err), STORE_OK);
    k = token_of(99, name);
    ck_assert_int_eq(token_put(t, &k, err), STORE_NOTFOUND);
    k = token_of(2, other);
    ck_assert_int_eq(token_put(t, &k, err), STORE_OK);
    ck_assert_uint_eq(number_of(t, 1, err), 2);
    ck_assert_int_eq(token_remove(t, 1, "NIGHTLY", err), STORE_OK);
    ck_assert_int_eq(token_remove(t, 1, "NIGHTLY", err), STORE_NOTFOUND);
    ck_assert_uint_eq(number_of(t, 1, err), 1);
    ck_assert_int_eq(account_remove(t, 1, err), STORE_OK);
    ck_assert_uint_eq(number_of(t, 1, err), 0);
    ck_assert_uint_eq(number_of(t, 2, err), 1);
    return STORE_OK;
}

START_TEST(tokens_live_with_their_account)
{
    uint64_t domain = fixture_domain("a.test");

    ck_assert_uint_eq(fixture_account(domain, "joe"), 1);
    ck_assert_uint_eq(fixture_account(domain, "ann"), 2);
    fixture_run(whole_life, NULL, STORE_OK);
    fixture_verify();
}
END_TEST

Suite *
token_table_suite(void)
{
    Suite *s = suite_create("token_table");
    TCase *tc = tcase_create("all");

    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, tokens_live_with_their_account);
    suite_add_tcase(s, tc);
    return s;
}
