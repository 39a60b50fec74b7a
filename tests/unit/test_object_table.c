/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/tables.h"
#include "tests/unit/store_fixture.h"
#include "tests/unit/suite.h"
#include "util/buf.h"
#include "util/xmalloc.h"

Suite *object_table_suite(void);

#define TEXT "{Members=(a,b);}"

static struct object_rec
object_of(uint64_t domain, enum object_kind kind, const char *name)
{
    static char text[] = TEXT;

    return (struct object_rec){.domain = domain,
                               .kind = kind,
                               .name = (char *)(uintptr_t)name,
                               .created = 5,
                               .text = text};
}

static enum store_result
add(struct store_txn *t, uint64_t domain, enum object_kind kind,
    const char *name, struct errbuf *err)
{
    struct object_rec o = object_of(domain, kind, name);

    return object_add(t, &o, err);
}

static uint64_t
number_of(struct store_txn *t, uint64_t domain, enum object_kind kind,
          struct errbuf *err)
{
    uint64_t n = 99;

    ck_assert_int_eq(object_count(t, domain, kind, &n, err), STORE_OK);
    return n;
}

static bool
note(const struct object_rec *o, void *arg)
{
    struct buf *b = arg;

    ck_assert_str_eq(o->text, TEXT);
    ck_assert_int_eq(o->created, 5);
    buf_appendf(b, "%s ", o->name);
    return strcmp(o->name, "stop") != 0;
}

static void
check_walk(struct store_txn *t, uint64_t domain, enum object_kind kind,
           const char *after, const char *expected, struct errbuf *err)
{
    struct buf b = {0};

    ck_assert_int_eq(object_walk(t, domain, kind, after, note, &b, err),
                     STORE_OK);
    ck_assert_str_eq(buf_cstr(&b), expected);
    buf_clear(&b);
}

static enum store_result
names_are_taken_once(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct account_rec a = {0};
    enum object_kind kind;
    char long_name[300];

    (void)arg;
    memset(long_name, 'x', sizeof long_name);
    long_name[256] = '\0';
    ck_assert_int_eq(add(t, 1, OBJECT_GROUP, "Sales", err), STORE_OK);
    ck_assert_int_eq(add(t, 1, OBJECT_GROUP, "sales", err), STORE_EXISTS);
    ck_assert_int_eq(add(t, 1, OBJECT_FORWARDER, "SALES", err), STORE_EXISTS);
    ck_assert_int_eq(add(t, 1, OBJECT_GROUP, "joe", err), STORE_EXISTS);
    ck_assert_int_eq(add(t, 1, OBJECT_FORWARDER, "alias", err), STORE_EXISTS);
    ck_assert_int_eq(add(t, 2, OBJECT_FORWARDER, "sales", err), STORE_OK);
    ck_assert_int_eq(add(t, 9, OBJECT_GROUP, "sales", err), STORE_REFUSED);
    ck_assert_int_eq(add(t, 1, OBJECT_GROUP, "", err), STORE_REFUSED);
    ck_assert_int_eq(add(t, 1, OBJECT_GROUP, long_name, err), STORE_REFUSED);
    long_name[255] = '\0';
    ck_assert_int_eq(add(t, 1, OBJECT_GROUP, long_name, err), STORE_OK);
    ck_assert_int_eq(object_remove(t, 1, OBJECT_GROUP, long_name, err),
                     STORE_OK);
    /* It is no account's. */
    ck_assert_int_eq(account_find(t, 1, "sales", &a, err), STORE_NOTFOUND);
    ck_assert_int_eq(object_kind_of(t, 1, "SALES", &kind, err), STORE_OK);
    ck_assert_int_eq(kind, OBJECT_GROUP);
    ck_assert_int_eq(object_kind_of(t, 1, "alias", &kind, err), STORE_OK);
    ck_assert_int_eq(kind, OBJECT_NONE);
    ck_assert_int_eq(object_kind_of(t, 1, "nobody", &kind, err),
                     STORE_NOTFOUND);
    return STORE_OK;
}

static enum store_result
accounts_cannot_take_them(struct store_txn *t, void *arg, struct errbuf *err)
{
    char name[] = "SALES";
    struct account_rec a = {.domain = 1, .name = name};
    struct alias_list l = {0};
    uint64_t number;

    (void)arg;
    ck_assert_int_eq(account_add(t, &a, &number, err), STORE_EXISTS);
    alias_list_add(&l, "x");
    alias_list_add(&l, "sales");
    ck_assert_int_eq(account_aliases_set(t, 1, &l, err), STORE_EXISTS);
    alias_list_clear(&l);
    a = (struct account_rec){0};
    ck_assert_int_eq(account_get(t, 1, &a, err), STORE_OK);
    free(a.name);
    a.name = xstrdup(name);
    ck_assert_int_eq(account_put(t, &a, err), STORE_EXISTS);
    account_rec_clear(&a);
    return STORE_OK;
}

static enum store_result
whole_life(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct object_rec o = {0};
    char text[] = "new";

    (void)arg;
    ck_assert_int_eq(object_get(t, 1, OBJECT_GROUP, "SALES", &o, err),
                     STORE_OK);
    ck_assert_str_eq(o.name, "sales");
    ck_assert_str_eq(o.text, TEXT);
    ck_assert_int_eq(o.created, 5);
    ck_assert_uint_eq(o.domain, 1);
    ck_assert_int_eq(object_rename(t, &o, 1, "joe", err), STORE_EXISTS);
    ck_assert_int_eq(object_rename(t, &o, 2, "sales", err), STORE_EXISTS);
    ck_assert_int_eq(object_rename(t, &o, 9, "sales", err), STORE_REFUSED);
    ck_assert_int_eq(object_rename(t, &o, 2, "Staff", err), STORE_OK);
    ck_assert_int_eq(object_rename(t, &o, 2, "again", err), STORE_NOTFOUND);
    ck_assert_int_eq(object_put(t, &o, err), STORE_NOTFOUND);
    object_rec_clear(&o);
    ck_assert_int_eq(object_get(t, 1, OBJECT_GROUP, "sales", &o, err),
                     STORE_NOTFOUND);
    ck_assert_int_eq(object_get(t, 2, OBJECT_FORWARDER, "staff", &o, err),
                     STORE_NOTFOUND);
    o = object_of(2, OBJECT_GROUP, "STAFF");
    o.text = text;
    ck_assert_int_eq(object_put(t, &o, err), STORE_OK);
    o = (struct object_rec){0};
    ck_assert_int_eq(object_get(t, 2, OBJECT_GROUP, "staff", &o, err),
                     STORE_OK);
    ck_assert_str_eq(o.text, text);
    object_rec_clear(&o);
    ck_assert_uint_eq(number_of(t, 1, OBJECT_GROUP, err), 0);
    ck_assert_uint_eq(number_of(t, 2, OBJECT_GROUP, err), 1);
    ck_assert_uint_eq(number_of(t, 2, OBJECT_FORWARDER, err), 1);
    ck_assert_int_eq(domain_remove(t, 2, err), STORE_REFUSED);
    ck_assert_str_eq(err->text, "the domain has 0 accounts, 1 groups, "
                                "1 forwarders");
    ck_assert_int_eq(object_remove(t, 2, OBJECT_FORWARDER, "staff", err),
                     STORE_NOTFOUND);
    ck_assert_int_eq(object_remove(t, 2, OBJECT_GROUP, "Staff", err), STORE_OK);
    ck_assert_int_eq(object_remove(t, 2, OBJECT_FORWARDER, "sales", err),
                     STORE_OK);
    ck_assert_int_eq(domain_remove(t, 2, err), STORE_OK);
    return STORE_OK;
}

static enum store_result
listing(struct store_txn *t, void *arg, struct errbuf *err)
{
    static const char *const names[] = {"b", "joe-2", "a", "stop", "zz"};

    (void)arg;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        ck_assert_int_eq(add(t, 1, OBJECT_GROUP, names[i], err), STORE_OK);
        ck_assert_int_eq(add(t, 2, OBJECT_FORWARDER, names[i], err), STORE_OK);
    }
    ck_assert_int_eq(add(t, 1, OBJECT_FORWARDER, "f", err), STORE_OK);
    check_walk(t, 1, OBJECT_GROUP, NULL, "a b joe-2 stop ", err);
    check_walk(t, 1, OBJECT_GROUP, "", "a b joe-2 stop ", err);
    check_walk(t, 1, OBJECT_GROUP, "A", "b joe-2 stop ", err);
    check_walk(t, 1, OBJECT_GROUP, "aa", "b joe-2 stop ", err);
    check_walk(t, 1, OBJECT_GROUP, "stop", "zz ", err);
    check_walk(t, 1, OBJECT_GROUP, "zz", "", err);
    check_walk(t, 1, OBJECT_FORWARDER, NULL, "f ", err);
    check_walk(t, 3, OBJECT_GROUP, NULL, "", err);
    return STORE_OK;
}

static void
two_domains(void)
{
    uint64_t domain = fixture_domain("a.test");

    ck_assert_uint_eq(fixture_account(domain, "joe"), 1);
    ck_assert_uint_eq(fixture_domain("b.test"), 2);
}

static enum store_result
add_alias(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct alias_list l = {0};
    enum store_result r;

    (void)arg;
    alias_list_add(&l, "alias");
    r = account_aliases_set(t, 1, &l, err);
    alias_list_clear(&l);
    return r;
}

START_TEST(objects_share_the_names_of_accounts)
{
    two_domains();
    fixture_run(add_alias, NULL, STORE_OK);
    fixture_run(names_are_taken_once, NULL, STORE_OK);
    fixture_run(accounts_cannot_take_them, NULL, STORE_OK);
    fixture_verify();
    fixture_run(whole_life, NULL, STORE_OK);
    fixture_verify();
}
END_TEST

START_TEST(objects_are_listed_by_kind)
{
    two_domains();
    fixture_run(listing, NULL, STORE_OK);
    fixture_reopen();
    fixture_verify();
}
END_TEST

static bool
is_object(const struct account_name *n, void *arg)
{
    struct buf *b = arg;

    buf_appendf(b, "%s%s ", n->name,
                n->object == OBJECT_GROUP       ? "(g)"
                : n->object == OBJECT_FORWARDER ? "(f)"
                                                : "");
    return true;
}

static enum store_result
walk_names(struct store_txn *t, void *arg, struct errbuf *err)
{
    return account_walk(t, 1, NULL, is_object, arg, err);
}

START_TEST(names_say_what_they_are_of)
{
    struct buf b = {0};

    two_domains();
    fixture_run(listing, NULL, STORE_OK);
    fixture_run(walk_names, &b, STORE_OK);
    ck_assert_str_eq(buf_cstr(&b),
                     "a(g) b(g) f(f) joe joe-2(g) stop(g) zz(g) ");
    buf_clear(&b);
}
END_TEST

Suite *
object_table_suite(void)
{
    Suite *s = suite_create("object_table");
    TCase *tc = tcase_create("all");

    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, objects_share_the_names_of_accounts);
    tcase_add_test(tc, objects_are_listed_by_kind);
    tcase_add_test(tc, names_say_what_they_are_of);
    suite_add_tcase(s, tc);
    return s;
}
