/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "ximss/server/rules/settings.h"

Suite *settings_suite(void);

static const struct {
    const char *before, *changes, *after;
} updates[] = {
    {"", "{}", ""},
    {"", "{a=b;}", "{a=b;}"},
    {"{a=b;}", "{a=c;}", "{a=c;}"},
    {"{a=b;c=d;}", "{a=default;}", "{c=d;}"},
    {"{a=b;c=d;}", "{a=#NULL#;}", "{c=d;}"},
    {"{a=b;}", "{a=\"#NULL#\";}", "{a=\"#NULL#\";}"},
    {"{}", "{a={b=#NULL#;c={d=#NULL#;e=f;};};}", "{a={c={e=f;};};}"},
    {"{}", "{a=(b,#NULL#,{c=#NULL#;});}", "{a=(b,#NULL#,{});}"},
    {"{a=b;}", "{a=Default;}", ""},
    {"{a=b;}", "{x=default;}", "{a=b;}"},
    {"{a=b;}", "{a=(default);}", "{a=(default);}"},
    {"{a=b;c=d;}", "{e=f;c=g;}", "{a=b;c=g;e=f;}"},
    {"{a=b;}", "{A=c;}", "{a=b;A=c;}"}, /* keys know their case */
    {"", "{wn_MaximumAliases=#5;\"a b\"=(1,{c=\"\";});t=#T22-11-2026;}",
     "{wn_MaximumAliases=#5;\"a b\"=(1,{c=\"\";});t=#T22-11-2026;}"},
};

START_TEST(updates_dictionaries)
{
    struct arena *arena = arena_new();
    struct cli_value *dict, *changes;
    char *text;

    ck_assert_int_eq(settings_read(arena, updates[_i].before, &dict, NULL), 0);
    ck_assert_int_eq(settings_read(arena, updates[_i].changes, &changes, NULL),
                     0);
    settings_update(arena, dict, changes);
    text = settings_text(dict);
    ck_assert_str_eq(text, updates[_i].after);
    /* The changes are as they were. */
    free(text);
    text = settings_text(changes);
    ck_assert_str_eq(text[0] != '\0' ? text : "{}", updates[_i].changes);
    free(text);
    arena_free(&arena);
}
END_TEST

START_TEST(refuses_what_is_no_dictionary)
{
    static const char *const bad[] = {"x", "(a)", "{a=b}", "{", " "};
    struct arena *arena = arena_new();
    struct cli_value *dict;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(settings_read(arena, bad[i], &dict, NULL), -1);
    arena_free(&arena);
}
END_TEST

START_TEST(gives_strings)
{
    struct arena *arena = arena_new();
    struct cli_value *dict;

    ck_assert_int_eq(
        settings_read(arena, "{a=b;n=#12;l=(x);e=\"\";}", &dict, NULL), 0);
    ck_assert_str_eq(settings_string(dict, "a"), "b");
    ck_assert_str_eq(settings_string(dict, "n"), "12");
    ck_assert_str_eq(settings_string(dict, "e"), "");
    ck_assert_ptr_null(settings_string(dict, "l"));
    ck_assert_ptr_null(settings_string(dict, "A"));
    arena_free(&arena);
}
END_TEST

/* --- what is in force, from a store --- */

struct question {
    bool shared;
    const char *domain_settings, *defaults, *settings;
    const char *answer;
    bool cram;
};

static enum store_result
put_defaults(struct admin_context *x, void *arg, struct errbuf *err)
{
    static const struct {
        enum store_text which;
        const char *text;
    } texts[] = {
        {STORE_TEXT_SERVER_ACCOUNT_DEFAULTS, "{QuotaAlert=70;s=server;}"},
        {STORE_TEXT_CLUSTER_ACCOUNT_DEFAULTS, "{QuotaAlert=60;s=cluster;}"},
        {STORE_TEXT_SERVER_DOMAIN_DEFAULTS, "{d=server;}"},
        {STORE_TEXT_CLUSTER_DOMAIN_DEFAULTS, "{d=cluster;CRAMMD5=YES;}"},
    };
    enum store_result r = STORE_OK;

    (void)arg;
    for (size_t i = 0; i < 4 && r == STORE_OK; i++)
        r = meta_text_put(x->txn, texts[i].which, texts[i].text, err);
    return r;
}

static char *
own(const char *s)
{
    return (char *)(uintptr_t)s;
}

static enum store_result
ask_account(struct admin_context *x, void *arg, struct errbuf *err)
{
    const struct question *q = arg;
    struct domain_rec d = {.shared = q->shared, .defaults = own(q->defaults)};
    struct account_rec a = {.settings = own(q->settings)};
    struct arena *arena = arena_new();
    struct cli_value *dict = NULL;
    char *text;
    enum store_result r = settings_account(x->txn, arena, &d, &a, &dict, err);

    if (r == STORE_OK) {
        text = settings_text(dict);
        ck_assert_str_eq(text, q->answer);
        free(text);
    }
    arena_free(&arena);
    return r;
}

#define REST "QuotaNotice=90;QuotaSuspend=100;"

static struct question accounts[] = {
    {false, "", "", "",
     "{MaxAccountSize=unlimited;QuotaAlert=70;" REST "s=server;}", false},
    {true, "", "", "",
     "{MaxAccountSize=unlimited;QuotaAlert=60;" REST "s=cluster;}", false},
    {false, "", "{QuotaAlert=50;}", "",
     "{MaxAccountSize=unlimited;QuotaAlert=50;" REST "s=server;}", false},
    {false, "", "{QuotaAlert=50;}", "{QuotaAlert=40;MaxAccountSize=40M;x=y;}",
     "{MaxAccountSize=40M;QuotaAlert=40;" REST "s=server;x=y;}", false},
};

START_TEST(finds_what_is_in_force_for_an_account)
{
    fixture_run(LOCAL, put_defaults, NULL);
    fixture_run(LOCAL, ask_account, &accounts[_i]);
}
END_TEST

static enum store_result
ask_domain(struct admin_context *x, void *arg, struct errbuf *err)
{
    const struct question *q = arg;
    struct domain_rec d = {.shared = q->shared,
                           .settings = own(q->domain_settings)};
    struct arena *arena = arena_new();
    struct cli_value *dict = NULL;
    char *text;
    bool cram = false;
    enum store_result r = settings_domain(x->txn, arena, &d, &dict, err);

    if (r == STORE_OK) {
        text = settings_text(dict);
        ck_assert_str_eq(text, q->answer);
        free(text);
        r = settings_domain_cram(x->txn, &d, &cram, err);
        ck_assert(cram == q->cram);
    }
    arena_free(&arena);
    return r;
}

static struct question domains[] = {
    {false, "", "", "", "{CRAMMD5=NO;d=server;}", false},
    {false, "{CRAMMD5=YES;}", "", "", "{CRAMMD5=YES;d=server;}", true},
    {false, "{d=own;}", "", "", "{CRAMMD5=NO;d=own;}", false},
    {true, "", "", "", "{CRAMMD5=YES;d=cluster;}", true},
    {true, "{CRAMMD5=NO;}", "", "", "{CRAMMD5=NO;d=cluster;}", false},
    {false, "{CRAMMD5=perhaps;}", "", "", "{CRAMMD5=perhaps;d=server;}", false},
};

START_TEST(finds_what_is_in_force_for_a_domain)
{
    fixture_run(LOCAL, put_defaults, NULL);
    fixture_run(LOCAL, ask_domain, &domains[_i]);
}
END_TEST

Suite *
settings_suite(void)
{
    Suite *s = suite_create("settings");
    TCase *t = tcase_create("settings");
    TCase *stored = tcase_create("stored");

    tcase_add_loop_test(t, updates_dictionaries, 0,
                        sizeof updates / sizeof updates[0]);
    tcase_add_test(t, refuses_what_is_no_dictionary);
    tcase_add_test(t, gives_strings);
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(stored, fixture_setup, fixture_teardown);
    tcase_add_loop_test(stored, finds_what_is_in_force_for_an_account, 0,
                        sizeof accounts / sizeof accounts[0]);
    tcase_add_loop_test(stored, finds_what_is_in_force_for_a_domain, 0,
                        sizeof domains / sizeof domains[0]);
    suite_add_tcase(s, stored);
    return s;
}
