/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"

Suite *domain_table_suite(void);

struct ask {
    uint64_t number;
    const char *name, *after;
    struct domain_rec d;
    char names[512];
    unsigned stop_at, n;
};

static enum store_result
add(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return domain_add(t, &q->d, &q->number, err);
}

static enum store_result
get(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return domain_get(t, q->number, &q->d, err);
}

static enum store_result
find(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return domain_find(t, q->name, &q->d, err);
}

static enum store_result
put(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return domain_put(t, &q->d, err);
}

static enum store_result
drop(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    return domain_remove(t, q->number, err);
}

static bool
collect(const struct domain_rec *d, void *arg)
{
    struct ask *q = arg;

    strcat(q->names, d->name);
    strcat(q->names, " ");
    return ++q->n != q->stop_at;
}

static enum store_result
walk(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;

    q->names[0] = 0;
    q->n = 0;
    return domain_walk(t, q->after, collect, q, err);
}

START_TEST(all_fields_come_back)
{
    char name[] = "Example.TEST", settings[] = "{a=1;}", defaults[] = "{b=2;}";
    char template[] = "{c=3;}";
    struct ask q = {.d = {.name = name,
                          .created = 12345,
                          .shared = true,
                          .suspended = true,
                          .settings = settings,
                          .defaults = defaults,
                          .account_template = template}};
    struct ask r = {.name = "eXAMPLE.test"};

    fixture_run(add, &q, STORE_OK);
    ck_assert_uint_eq(q.number, 1);
    fixture_reopen();
    fixture_run(find, &r, STORE_OK);
    ck_assert_uint_eq(r.d.number, 1);
    ck_assert_str_eq(r.d.name, "example.test");
    ck_assert_int_eq(r.d.created, 12345);
    ck_assert(r.d.shared);
    ck_assert(r.d.suspended);
    ck_assert_str_eq(r.d.settings, "{a=1;}");
    ck_assert_str_eq(r.d.defaults, "{b=2;}");
    ck_assert_str_eq(r.d.account_template, "{c=3;}");
    r.number = 1; /* into a record that is not empty */
    fixture_run(get, &r, STORE_OK);
    ck_assert_str_eq(r.d.name, "example.test");
    domain_rec_clear(&r.d);
    fixture_verify();
}
END_TEST

START_TEST(null_is_empty)
{
    char name[] = "a";
    struct ask q = {.d = {.name = name}}, r = {.name = "a"};

    fixture_run(add, &q, STORE_OK);
    fixture_run(find, &r, STORE_OK);
    ck_assert_str_eq(r.d.settings, "");
    ck_assert_str_eq(r.d.defaults, "");
    ck_assert_str_eq(r.d.account_template, "");
    ck_assert(!r.d.shared);
    domain_rec_clear(&r.d);
}
END_TEST

START_TEST(names_are_unique_without_case)
{
    char name[] = "A.test";
    struct ask q = {.d = {.name = name}};

    fixture_domain("a.TEST");
    fixture_run(add, &q, STORE_EXISTS);
    ck_assert_uint_eq(fixture_domain("b.test"), 2);
}
END_TEST

START_TEST(names_of_all_sizes)
{
    const struct {
        size_t len;
        enum store_result expected;
    } rows[] = {{0, STORE_REFUSED},
                {1, STORE_OK},
                {255, STORE_OK},
                {256, STORE_REFUSED}};

    for (unsigned i = 0; i < 4; i++) {
        char name[300] = {0};
        struct ask q = {.d = {.name = name}, .name = name};

        memset(name, 'x', rows[i].len);
        fixture_run(add, &q, rows[i].expected);
        q.d.name = NULL;
        fixture_run(find, &q,
                    rows[i].expected == STORE_OK ? STORE_OK : STORE_NOTFOUND);
        domain_rec_clear(&q.d);
    }
    fixture_verify();
}
END_TEST

START_TEST(renaming)
{
    uint64_t a = fixture_domain("a.test"), b = fixture_domain("b.test");
    struct ask q = {.number = a};
    char other[] = "B.test", fresh[] = "C.Test", same[] = "c.TEST";
    char *kept;

    fixture_account(a, "joe");
    fixture_run(get, &q, STORE_OK);
    kept = q.d.name;
    q.d.name = other;
    fixture_run(put, &q, STORE_EXISTS);
    q.d.name = fresh;
    fixture_run(put, &q, STORE_OK);
    q.d.name = same; /* the same name is no renaming */
    q.d.suspended = true;
    fixture_run(put, &q, STORE_OK);
    q.d.name = kept;
    q.name = "a.test";
    fixture_run(find, &q, STORE_NOTFOUND);
    q.name = "c.test";
    fixture_run(find, &q, STORE_OK);
    ck_assert_uint_eq(q.d.number, a);
    ck_assert(q.d.suspended);
    domain_rec_clear(&q.d);
    ck_assert_uint_eq(fixture_domain("a.test"), b + 1); /* free again */
    q.d = (struct domain_rec){.number = 99, .name = fresh};
    fixture_run(put, &q, STORE_NOTFOUND);
    fixture_verify();
}
END_TEST

START_TEST(removing)
{
    uint64_t a = fixture_domain("a.test");
    uint64_t joe = fixture_account(a, "joe");
    uint64_t alert = fixture_post(ALERT_DOMAIN, a, SECOND, "x");
    struct ask q = {.number = a, .name = "a.test"};

    ck_assert_uint_eq(joe, 1);
    fixture_run(drop, &q, STORE_REFUSED);
    ck_assert_str_eq(fixture_err.text,
                     "the domain has 1 accounts, 0 groups, 0 forwarders");
    q.number = 7;
    fixture_run(drop, &q, STORE_NOTFOUND);
    q.number = fixture_domain("b.test");
    fixture_post(ALERT_DOMAIN, q.number, SECOND, "y");
    fixture_run(drop, &q, STORE_OK);
    fixture_run(get, &q, STORE_NOTFOUND);
    q.name = "b.test";
    fixture_run(find, &q, STORE_NOTFOUND);
    ck_assert_uint_eq(fixture_post(ALERT_SERVER, 0, 0, "z"), alert + 2);
    fixture_reopen();
    /* A number does not come back. */
    ck_assert_uint_eq(fixture_domain("b.test"), q.number + 1);
    fixture_verify();
}
END_TEST

START_TEST(walking)
{
    struct ask q = {0};

    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "");
    fixture_domain("b.test");
    fixture_domain("a.test");
    fixture_domain("a.test.b");
    fixture_domain("c");
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "a.test a.test.b b.test c ");
    q.after = "A.TEST";
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "a.test.b b.test c ");
    q.after = "a.test.a"; /* need not exist */
    q.stop_at = 2;
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "a.test.b b.test ");
    q.after = "c";
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "");
    q.after = "";
    q.stop_at = 1;
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "a.test ");
}
END_TEST

/* --- aliases --- */

static enum store_result
set_aliases(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct alias_list l = {0};
    char words[128];
    enum store_result r;

    snprintf(words, sizeof words, "%s", q->name);
    for (char *w = strtok(words, " "); w != NULL; w = strtok(NULL, " "))
        alias_list_add(&l, w);
    r = domain_aliases_set(t, q->number, &l, err);
    alias_list_clear(&l);
    return r;
}

static enum store_result
get_aliases(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct ask *q = arg;
    struct alias_list l = {0};
    enum store_result r = domain_aliases_get(t, q->number, &l, err);

    q->names[0] = 0;
    for (size_t i = 0; i < l.n; i++) {
        strcat(q->names, l.name[i]);
        strcat(q->names, " ");
    }
    alias_list_clear(&l);
    return r;
}

static void
give(uint64_t domain, const char *aliases, enum store_result expected)
{
    struct ask q = {.number = domain, .name = aliases};

    fixture_run(set_aliases, &q, expected);
}

static void
check_aliases(uint64_t domain, const char *expected)
{
    struct ask q = {.number = domain};

    fixture_run(get_aliases, &q, STORE_OK);
    ck_assert_str_eq(q.names, expected);
}

static uint64_t
lookup(const char *name)
{
    struct ask q = {.name = name};
    enum store_result r = store_run(fixture_store, find, &q, &fixture_err);
    uint64_t found = r == STORE_OK ? q.d.number : 0;

    domain_rec_clear(&q.d);
    return found;
}

START_TEST(aliases_lead_to_their_domain)
{
    uint64_t a = fixture_domain("a.test"), b = fixture_domain("b.test");
    struct ask q = {0};

    check_aliases(a, "");
    give(a, "Z.test aa.test z.TEST", STORE_OK);
    check_aliases(a, "aa.test z.test ");
    check_aliases(b, "");
    ck_assert_uint_eq(lookup("AA.test"), a);
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "a.test b.test "); /* each once */
    q.after = "aa.test";
    fixture_run(walk, &q, STORE_OK);
    ck_assert_str_eq(q.names, "b.test ");
    fixture_verify();
    give(a, "z.test", STORE_OK);
    give(b, "aa.test", STORE_OK);
    fixture_reopen();
    ck_assert_uint_eq(lookup("aa.test"), b);
    ck_assert_uint_eq(lookup("z.test"), a);
    give(99, "x", STORE_NOTFOUND);
    q.number = 99;
    fixture_run(get_aliases, &q, STORE_NOTFOUND);
    fixture_verify();
}
END_TEST

START_TEST(aliases_share_the_names_of_domains)
{
    uint64_t a = fixture_domain("a.test"), b = fixture_domain("b.test");
    char alias[] = "C.test", fresh[] = "d.test";
    struct ask q = {.d = {.name = alias}};

    give(a, "c.test", STORE_OK);
    give(b, "d.test C.test", STORE_EXISTS);
    ck_assert_str_eq(fixture_err.text, "the name c.test is taken");
    give(b, "d.test b.test", STORE_EXISTS);
    check_aliases(b, "");
    ck_assert_uint_eq(lookup("d.test"), 0);
    fixture_run(add, &q, STORE_EXISTS);
    q.d.number = b;
    fixture_run(put, &q, STORE_EXISTS);
    q.d.number = a; /* not into its own alias either */
    fixture_run(put, &q, STORE_EXISTS);
    q.d.name = fresh;
    fixture_run(put, &q, STORE_OK);
    check_aliases(a, "c.test ");
    ck_assert_uint_eq(lookup("c.test"), a);
    q.number = a; /* and they go with it */
    fixture_run(drop, &q, STORE_OK);
    ck_assert_uint_eq(lookup("c.test"), 0);
    ck_assert_uint_eq(fixture_domain("c.test"), b + 1);
    fixture_verify();
}
END_TEST

Suite *
domain_table_suite(void)
{
    Suite *s = suite_create("domain_table");
    TCase *tc = tcase_create("domain_table");

    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, all_fields_come_back);
    tcase_add_test(tc, null_is_empty);
    tcase_add_test(tc, names_are_unique_without_case);
    tcase_add_test(tc, names_of_all_sizes);
    tcase_add_test(tc, renaming);
    tcase_add_test(tc, removing);
    tcase_add_test(tc, walking);
    tcase_add_test(tc, aliases_lead_to_their_domain);
    tcase_add_test(tc, aliases_share_the_names_of_domains);
    suite_add_tcase(s, tc);
    return s;
}
