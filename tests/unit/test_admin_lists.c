/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "util/arena.h"
#include "util/xmalloc.h"
#include "ximss/proto/cli_data.h"

Suite *admin_lists_suite(void);

/* --- many of them --- */

struct crowd {
    const char *prefix; /* of a name, with a number behind it */
    int from, n;
    bool aliases; /* each has one: its name, and "-alias" */
};

static enum store_result
add_one(struct admin_context *x, uint64_t domain, const struct crowd *c, int i,
        struct errbuf *err)
{
    char name[64], type[] = "MultiMailbox";
    struct account_rec a = {.domain = domain, .name = name, .type = type};
    struct alias_list l = {0};
    uint64_t number;
    enum store_result r;

    snprintf(name, sizeof name, "%s%05d", c->prefix, i);
    r = account_add(x->txn, &a, &number, err);
    if (r == STORE_OK && c->aliases) {
        strcat(name, "-alias");
        alias_list_add(&l, name);
        r = account_aliases_set(x->txn, number, &l, err);
        alias_list_clear(&l);
    }
    return r;
}

static enum store_result
add_crowd(struct admin_context *x, void *arg, struct errbuf *err)
{
    const struct crowd *c = arg;
    struct domain_rec d = {0};
    enum store_result r = domain_find(x->txn, "b.test", &d, err);

    for (int i = c->from; i < c->from + c->n && r == STORE_OK; i++)
        r = add_one(x, d.number, c, i, err);
    domain_rec_clear(&d);
    return r;
}

static void
make_crowd(const char *prefix, int n, bool aliases)
{
    struct crowd c = {prefix, 0, 0, aliases};

    for (; c.from < n; c.from += c.n) {
        c.n = n - c.from < 5000 ? n - c.from : 5000;
        fixture_run(LOCAL, add_crowd, &c);
    }
}

/* The result of a line, as it was put together, read again. */
static struct cli_value *
ask(const char *line, struct arena *arena)
{
    const char *answer = fixture_say(LOCAL, line);
    struct cli_value *v = NULL;
    struct errbuf err;

    ck_assert_msg(strncmp(answer, "201 ", 4) == 0, "%.100s", answer);
    ck_assert_msg(cli_data_parse(answer + 4, strlen(answer) - 4,
                                 &(struct cli_limits){.bytes = 64 << 20}, arena,
                                 &v, &err) == 0,
                  "%s", err.text);
    return v;
}

static const struct cli_value *
element(const struct cli_value *array, unsigned i)
{
    const struct cli_value *v = array->first;

    while (v != NULL && i-- > 0)
        v = v->next;
    ck_assert_ptr_nonnull(v);
    return v;
}

/* --- accounts --- */

/* Text of a piece: no more than that, whatever there is to list. */
#define PIECE_MAX (33 * 1024)

START_TEST(lists_accounts_in_pieces)
{
    struct arena *arena = arena_new();
    const struct cli_value *v, *entry;

    make_crowd("user", 30000, false);
    v = ask("ListAccounts b.test", arena);
    ck_assert_uint_gt(fixture_jobs, 10);
    ck_assert_uint_le(fixture_longest, PIECE_MAX);
    ck_assert_int_eq(v->kind, CLI_DICTIONARY);
    ck_assert_uint_eq(v->n, 30001);
    ck_assert_str_eq(v->first->key, "stranger");
    entry = v->first->next;
    for (int i = 0; i < 30000; i++, entry = entry->next) {
        char name[16];

        snprintf(name, sizeof name, "user%05d", i);
        ck_assert_str_eq(entry->key, name);
        ck_assert_str_eq(entry->text, "macnt");
    }
    arena_free(&arena);
}
END_TEST

/* --- what changes meanwhile --- */

static int remove_from;

static enum store_result
remove_next(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    char name[64];
    enum store_result r = domain_find(x->txn, "b.test", &d, err);

    (void)arg;
    snprintf(name, sizeof name, "u%05d", remove_from);
    if (r == STORE_OK)
        r = account_find(x->txn, d.number, name, &a, err);
    if (r == STORE_OK)
        r = account_remove(x->txn, a.number, err);
    account_rec_clear(&a);
    domain_rec_clear(&d);
    return r;
}

/* The two names at which the piece ended, and the first of the next. */
static void
remove_at_the_seam(void)
{
    for (int i = 0; i < 3; i++) {
        fixture_run(LOCAL, remove_next, NULL);
        remove_from++;
    }
    remove_from += 1498; /* the next piece begins behind them */
}

START_TEST(goes_on_behind_a_name_that_is_gone)
{
    struct arena *arena = arena_new();
    const struct cli_value *v;

    make_crowd("u", 5000, false);
    remove_from = 1497; /* with the stranger in front, 1498 is the last */
    fixture_between = remove_at_the_seam;
    v = ask("ListAccounts b.test", arena);
    ck_assert_uint_eq(fixture_jobs, 4);
    /* At each seam two went that had been listed, and one that then was not. */
    ck_assert_uint_eq(v->n, 5001 - 3);
    ck_assert_ptr_null(cli_data_find(v, "u01499"));
    ck_assert_ptr_null(cli_data_find(v, "u03000"));
    ck_assert_ptr_null(cli_data_find(v, "u04501"));
    ck_assert_ptr_nonnull(cli_data_find(v, "u01498"));
    ck_assert_ptr_nonnull(cli_data_find(v, "u01500"));
    arena_free(&arena);
}
END_TEST

static enum store_result
rename_domain(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = domain_find(x->txn, "b.test", &d, err);

    (void)arg;
    if (r == STORE_OK) {
        free(d.name);
        d.name = xstrdup("other.test");
        r = domain_put(x->txn, &d, err);
    }
    domain_rec_clear(&d);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static void
rename_between(void)
{
    fixture_run(LOCAL, rename_domain, NULL);
}

START_TEST(goes_on_in_a_domain_that_is_renamed)
{
    struct arena *arena = arena_new();

    make_crowd("u", 3000, false);
    fixture_between = rename_between;
    ck_assert_uint_eq(ask("ListAccounts b.test", arena)->n, 3001);
    fixture_between = NULL;
    ck_assert_str_eq(fixture_say(LOCAL, "ListAccounts b.test"),
                     "512 unknown secondary domain name");
    arena_free(&arena);
}
END_TEST

/* --- objects --- */

static enum store_result
add_many(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct crowd c = {"u", 0, *(int *)arg, false};

    return add_crowd(x, &c, err);
}

START_TEST(lists_objects)
{
    static const struct exchange e[] = {
        {LOCAL, "ListDomainObjects b.test 0 ACCOUNTS", "201 (6,{},0,0)"},
        {LOCAL, "ListDomainObjects \"b.test\" #10", /* as PY-C sends it */
         "201 (6,{},0,0)"},
        {LOCAL, "ListDomainObjects b.test 2 ACCOUNTS",
         "201 (6,{stranger=macnt;u00000=macnt;},0,0)"},
        {LOCAL,
         "ListDomainObjects b.test 2 ACCOUNTS ALIASES FORWARDERS COOKIE "
         "\"\"",
         "201 (6,{stranger=macnt;u00000=macnt;},0,0,u00000)"},
        {LOCAL, "ListDomainObjects b.test 2 ACCOUNTS  COOKIE ",
         "201 (6,{stranger=macnt;u00000=macnt;},0,0,u00000)"},
        {LOCAL, "ListDomainObjects b.test 2 ACCOUNTS COOKIE u00000",
         "201 (6,{u00001=macnt;u00002=macnt;},0,0,u00002)"},
        {LOCAL, "ListDomainObjects b.test 2 ACCOUNTS COOKIE u00002",
         "201 (6,{u00003=macnt;u00004=macnt;},0,0,\"\")"},
        {LOCAL, "ListDomainObjects b.test FILTER U0000 3 ACCOUNTS COOKIE \"\"",
         "201 (6,{u00000=macnt;u00001=macnt;u00002=macnt;},0,0,u00002)"},
        {LOCAL, "ListDomainObjects b.test FILTER x 3 ACCOUNTS COOKIE \"\"",
         "201 (6,{},0,0,\"\")"},
        {LOCAL, "ListDomainObjects b.test", "501 limit is missing"},
        {LOCAL, "ListDomainObjects b.test -1", "501 limit is missing"},
        {LOCAL, "ListDomainObjects b.test 1 GROUPS",
         "501 unknown kind of object"},
        {LOCAL, "ListAccounts b.test",
         "201 {stranger=macnt;u00000=macnt;u00001=macnt;u00002=macnt;"
         "u00003=macnt;u00004=macnt;}"},
    };
    int n = 5;

    fixture_run(LOCAL, add_many, &n);
    CONVERSE(e);
}
END_TEST

START_TEST(lists_aliases_with_their_accounts)
{
    static const struct exchange e[] = {
        {LOCAL, "SetAccountAliases u00001@b.test (u00000a,\"-x\")", "200 OK"},
        {LOCAL, "ListDomainObjects b.test 9", "201 (3,{},2,0)"},
        {LOCAL, "ListDomainObjects b.test 9 ALIASES",
         "201 (3,{\"-x\"=u00001;u00000a=u00001;},2,0)"},
        {LOCAL, "ListDomainObjects b.test 9 FORWARDERS", "201 (3,{},2,0)"},
        {LOCAL, "ListDomainObjects b.test 9 ACCOUNTS ALIASES",
         "201 (3,{\"-x\"=u00001;stranger=macnt;u00000=macnt;u00000a=u00001;"
         "u00001=macnt;},2,0)"},
        {LOCAL, "ListDomainObjects b.test 2 ALIASES ACCOUNTS COOKIE \"-x\"",
         "201 (3,{stranger=macnt;u00000=macnt;},2,0,u00000)"},
        {LOCAL, "ListDomainObjects b.test FILTER 0a 9 ACCOUNTS ALIASES",
         "201 (3,{u00000a=u00001;},2,0)"},
        {LOCAL, "ListAccounts b.test",
         "201 {stranger=macnt;u00000=macnt;u00001=macnt;}"},
    };
    int n = 2;

    fixture_run(LOCAL, add_many, &n);
    CONVERSE(e);
}
END_TEST

/* What no client sends, but anybody may. */
START_TEST(takes_any_cookie)
{
    char line[600];
    int n = 1;

    fixture_run(LOCAL, add_many, &n);
    ck_assert_str_eq(
        fixture_say(LOCAL,
                    "ListDomainObjects b.test 9 ACCOUNTS COOKIE \"t  x\""),
        "201 (2,{u00000=macnt;},0,0,\"\")");
    snprintf(line, sizeof line,
             "ListDomainObjects b.test 9 ACCOUNTS COOKIE %0400d", 0);
    ck_assert_str_eq(fixture_say(LOCAL, line),
                     "201 (2,{stranger=macnt;u00000=macnt;},0,0,\"\")");
}
END_TEST

/* As mail programs of the family walk a domain. */
START_TEST(walks_by_cookies)
{
    struct arena *arena = arena_new();
    char *cookie = xstrdup("");
    unsigned pages = 0, names = 0;

    make_crowd("user", 12000, false);
    do {
        char *line = xasprintf("ListDomainObjects b.test 5000 ACCOUNTS "
                               "COOKIE \"%s\"",
                               cookie);
        const struct cli_value *v = ask(line, arena);

        ck_assert_uint_eq(v->n, 5);
        ck_assert_str_eq(element(v, 0)->text, "12001");
        names += element(v, 1)->n;
        free(cookie);
        cookie = xstrdup(element(v, 4)->text);
        free(line);
        pages++;
    } while (cookie[0] != '\0');
    ck_assert_uint_eq(pages, 3);
    ck_assert_uint_eq(names, 12001);
    ck_assert_uint_le(fixture_longest, PIECE_MAX);
    free(cookie);
    arena_free(&arena);
}
END_TEST

START_TEST(honours_any_limit)
{
    static const struct {
        const char *rest;
        unsigned n, elements;
    } rows[] = {
        {"100000 ACCOUNTS ALIASES", 20001, 4},
        {"18446744073709551615 ACCOUNTS", 10001, 4},
        {"15000 ACCOUNTS ALIASES", 15000, 4},
        {"2000 ACCOUNTS ALIASES", 2000, 4}, /* one piece, and no more */
        {"4000 ALIASES COOKIE u05000", 4000, 5},
    };

    make_crowd("u", 10000, true);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena *arena = arena_new();
        char *line = xasprintf("ListDomainObjects b.test %s", rows[i].rest);
        const struct cli_value *v = ask(line, arena);

        ck_assert_uint_eq(v->n, rows[i].elements);
        ck_assert_str_eq(element(v, 0)->text, "10001");
        ck_assert_msg(element(v, 1)->n == rows[i].n, "%s: %u", line,
                      element(v, 1)->n);
        ck_assert_str_eq(element(v, 2)->text, "10000");
        free(line);
        arena_free(&arena);
    }
    ck_assert_uint_le(fixture_longest, PIECE_MAX);
}
END_TEST

/* A filter that lets nothing through takes pieces, too. */
START_TEST(looks_at_so_many_in_a_job)
{
    make_crowd("u", 10000, false);
    ck_assert_str_eq(
        fixture_say(LOCAL, "ListDomainObjects b.test FILTER no 5 ACCOUNTS"),
        "201 (10001,{},0,0)");
    ck_assert_uint_ge(fixture_jobs, 5);
}
END_TEST

/* --- domains --- */

static enum store_result
add_domains(struct admin_context *x, void *arg, struct errbuf *err)
{
    enum store_result r = STORE_OK;

    for (int i = 0; i < *(int *)arg && r == STORE_OK; i++) {
        char name[32];
        struct domain_rec d = {.name = name};
        uint64_t number;

        snprintf(name, sizeof name, "d%05d.test", i);
        r = domain_add(x->txn, &d, &number, err);
    }
    return r;
}

START_TEST(lists_domains_in_pieces)
{
    struct arena *arena = arena_new();
    const struct cli_value *v;
    int n = 5000;

    fixture_run(LOCAL, add_domains, &n);
    (void)fixture_load();
    v = ask("ListDomains", arena);
    ck_assert_uint_ge(fixture_jobs, 2);
    ck_assert_uint_le(fixture_load().job,
                      3000); /* a turn ends with its piece */
    ck_assert_uint_le(fixture_longest, PIECE_MAX);
    ck_assert_int_eq(v->kind, CLI_ARRAY);
    ck_assert_uint_eq(v->n, 5003);
    ck_assert_str_eq(element(v, 0)->text, "a.test");
    ck_assert_str_eq(element(v, 2)->text, "d00000.test");
    ck_assert_str_eq(v->last->text, "main.test");
    ck_assert_str_eq(fixture_say(ADMIN, "ListDomains"), "201 (a.test)");
    arena_free(&arena);
}
END_TEST

Suite *
admin_lists_suite(void)
{
    Suite *s = suite_create("admin_lists");
    TCase *t = tcase_create("admin_lists");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, lists_accounts_in_pieces);
    tcase_add_test(t, goes_on_behind_a_name_that_is_gone);
    tcase_add_test(t, goes_on_in_a_domain_that_is_renamed);
    tcase_add_test(t, lists_objects);
    tcase_add_test(t, lists_aliases_with_their_accounts);
    tcase_add_test(t, takes_any_cookie);
    tcase_add_test(t, walks_by_cookies);
    tcase_add_test(t, honours_any_limit);
    tcase_add_test(t, looks_at_so_many_in_a_job);
    tcase_add_test(t, lists_domains_in_pieces);
    suite_add_tcase(s, t);
    return s;
}
