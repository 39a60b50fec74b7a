/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounts that make themselves. */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "tests/unit/suite.h"
#include "ximss/server/base/auth_list.h"
#include "ximss/server/rules/admin_target.h"
#include "ximss/server/rules/auto_account.h"
#include "ximss/server/rules/settings.h"

Suite *auto_account_suite(void);

struct want {
    const char *address;
    enum auto_account what;
    const char *name; /* of the account; NULL: none */
    uint64_t number;
};

static enum store_result
get(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct want *w = arg;
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum auto_account what;
    char full[300] = "";
    enum store_result r =
        auto_account_get(x, w->address, "dovecot", &d, &a, &what, err);

    ck_assert_msg(what == w->what, "%s: %s", w->address,
                  auto_account_reason(what));
    if (r == STORE_OK && a.number != 0)
        snprintf(full, sizeof full, "%s@%s", a.name, d.name);
    ck_assert_str_eq(full, w->name != NULL ? w->name : "");
    ck_assert_uint_eq(a.cred.iterations, 0);
    w->number = a.number;
    admin_clear(&d, &a);
    return r;
}

static uint64_t
check_get(struct want w)
{
    fixture_run(LOCAL, get, &w);
    return w.number;
}

START_TEST(makes_one_account)
{
    uint64_t number;

    fixture_say(LOCAL, "UpdateAccountTemplate a.test "
                       "{RealName=\"A Newcomer\";City=Bonn;}");
    fixture_audit();
    number = check_get(
        (struct want){" Nora@A.test", AUTO_ACCOUNT_MADE, "nora@a.test", 0});
    ck_assert_str_eq(fixture_effects, "account nora@a.test;");
    ck_assert_ptr_nonnull(
        strstr(fixture_audit(), "|AutoCreate nora@a.test dovecot|ok\n"));
    ck_assert_str_eq(fixture_say(LOCAL, "GetAccountSettings nora@a.test"),
                     "201 {RealName=\"A Newcomer\";City=Bonn;}");
    ck_assert_str_eq(fixture_say(LOCAL, "GetAccountRights nora@a.test"),
                     "201 ()");
    ck_assert_uint_eq(number,
                      check_get((struct want){"nora@a.test", AUTO_ACCOUNT_THERE,
                                              "nora@a.test", 0}));
    ck_assert_str_eq(fixture_effects, "");
    ck_assert_str_eq(fixture_audit(), "");
}
END_TEST

START_TEST(finds_what_is_there)
{
    uint64_t joe = check_get(
        (struct want){"joe@a.test", AUTO_ACCOUNT_THERE, "joe@a.test", 0});

    fixture_say(LOCAL, "SetAccountAliases joe@a.test (jojo)");
    fixture_say(LOCAL, "SetDomainAliases a.test (alias.test)");
    ck_assert_uint_eq(
        joe, check_get((struct want){"JoJo@alias.test", AUTO_ACCOUNT_THERE,
                                     "joe@a.test", 0}));
    check_get((struct want){"postmaster", AUTO_ACCOUNT_THERE,
                            "postmaster@main.test", 0});
}
END_TEST

START_TEST(makes_none_where_none_may_be)
{
    fixture_say(LOCAL, "CreateGroup team@a.test");
    fixture_say(LOCAL, "UpdateDomainSettings b.test {AutoCreate=NO;}");
    check_get((struct want){"x@no.test", AUTO_ACCOUNT_NO_DOMAIN, NULL, 0});
    check_get((struct want){"team@a.test", AUTO_ACCOUNT_TAKEN, NULL, 0});
    check_get((struct want){"a b@a.test", AUTO_ACCOUNT_BAD_NAME, NULL, 0});
    check_get((struct want){"../x@a.test", AUTO_ACCOUNT_BAD_NAME, NULL, 0});
    check_get((struct want){"@a.test", AUTO_ACCOUNT_BAD_NAME, NULL, 0});
    check_get((struct want){"new@b.test", AUTO_ACCOUNT_OFF, NULL, 0});
    ck_assert_str_eq(fixture_effects, "");
    fixture_say(LOCAL, "UpdateDomainDefaults {AutoCreate=NO;}");
    check_get((struct want){"new@a.test", AUTO_ACCOUNT_OFF, NULL, 0});
    fixture_say(LOCAL, "UpdateDomainSettings a.test {AutoCreate=YES;}");
    fixture_say(LOCAL, "SuspendDomain a.test");
    check_get((struct want){"new@a.test", AUTO_ACCOUNT_SUSPENDED, NULL, 0});
    fixture_say(LOCAL, "ResumeDomain a.test");
    check_get((struct want){"new@a.test", AUTO_ACCOUNT_MADE, "new@a.test", 0});
}
END_TEST

/* --- where passwords are checked --- */

START_TEST(reads_lists)
{
    static const struct {
        const char *text, *words; /* words: NULL: no list */
    } cases[] = {
        {"store", "store "},
        {"store, dovecot", "store dovecot "},
        {" PAM\tStore ,", "pam store "},
        {"dovecot,store,pam", "dovecot store pam "},
        {"", NULL},
        {", ,", NULL},
        {"store,store", NULL},
        {"stores", NULL},
        {"store dovecot pam store dovecot", NULL},
        {"dovecotdovecotdovecotdovecotdovecotdovecotdovecot", NULL},
    };
    struct auth_list l;
    struct errbuf err;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char words[64] = "";
        int r = auth_list_parse(cases[i].text, &l, &err);

        ck_assert_msg((r == 0) == (cases[i].words != NULL), "%zu", i);
        for (unsigned k = 0; r == 0 && k < l.n; k++) {
            strcat(words, auth_source_name(l.item[k]));
            strcat(words, " ");
        }
        ck_assert_msg(r < 0 || strcmp(words, cases[i].words) == 0, "%zu: %s", i,
                      words);
    }
}
END_TEST

struct logins {
    const char *domain;
    bool outside, store;
};

static enum store_result
look(struct admin_context *x, void *arg, struct errbuf *err)
{
    const struct auth_list server = {{AUTH_STORE}, 1};
    const struct logins *want = arg;
    struct domain_rec d = {0};
    struct domain_logins logins;
    enum store_result r = domain_find(x->txn, want->domain, &d, err);

    if (r == STORE_OK)
        r = settings_domain_logins(x->txn, &d, &server, &logins, err);
    domain_rec_clear(&d);
    ck_assert_int_eq(auth_list_is_outside(&logins.auth), want->outside);
    ck_assert_int_eq(auth_list_has(&logins.auth, AUTH_STORE), want->store);
    return r;
}

START_TEST(domains_say_where)
{
    static const struct exchange e[] = {
        {LOCAL, "UpdateDomainSettings a.test {Auth=\"dovecot, pam\";}",
         "200 OK"},
        {LOCAL, "UpdateDomainSettings b.test {Auth=(store,dovecot);}",
         "200 OK"},
        {LOCAL, "UpdateDomainSettings a.test {Auth=ldap;}",
         "501 Auth must name store or dovecot or pam"},
        {LOCAL, "UpdateDomainSettings a.test {Auth=();}",
         "501 Auth must name store or dovecot or pam"},
        {LOCAL, "UpdateDomainSettings a.test {Auth=(store,store);}",
         "501 Auth store stands there twice"},
        {LOCAL, "UpdateDomainSettings a.test {AutoCreate=perhaps;}",
         "501 AutoCreate must be yes or no"},
    };

    CONVERSE(e);
    fixture_run(LOCAL, look, &(struct logins){"main.test", false, true});
    fixture_run(LOCAL, look, &(struct logins){"a.test", true, false});
    fixture_run(LOCAL, look, &(struct logins){"b.test", true, true});
    fixture_say(LOCAL, "UpdateDomainSettings a.test {Auth=\"store\";}");
    ck_assert_str_eq(fixture_effects, "logins; domain a.test;");
    fixture_run(LOCAL, look, &(struct logins){"a.test", false, true});
    fixture_say(LOCAL, "UpdateDomainSettings a.test {Auth=default;}");
    fixture_say(LOCAL, "UpdateDomainDefaults {Auth=dovecot;}");
    fixture_run(LOCAL, look, &(struct logins){"a.test", true, false});
}
END_TEST

Suite *
auto_account_suite(void)
{
    Suite *s = suite_create("auto_account");
    TCase *tc = tcase_create("store");

    tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
    tcase_add_test(tc, makes_one_account);
    tcase_add_test(tc, finds_what_is_there);
    tcase_add_test(tc, makes_none_where_none_may_be);
    tcase_add_test(tc, domains_say_where);
    suite_add_tcase(s, tc);
    tc = tcase_create("pure");
    tcase_add_test(tc, reads_lists);
    suite_add_tcase(s, tc);
    return s;
}
