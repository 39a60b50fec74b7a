/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounts that make themselves. */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "tests/unit/suite.h"
#include "util/config_value.h"
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
                     "201 {RealName=\"A Newcomer\";City=Bonn;Outside=YES;}");
    ck_assert_str_eq(fixture_say(LOCAL, "GetAccountRights nora@a.test"),
                     "201 ()");
    ck_assert_uint_eq(number,
                      check_get((struct want){"nora@a.test", AUTO_ACCOUNT_THERE,
                                              "nora@a.test", 0}));
    ck_assert_str_eq(fixture_effects, "");
    ck_assert_str_eq(fixture_audit(), "");
}
END_TEST

/* Of Cyrillic or Greek letters that all look like Latin ones, or of two scripts. */
START_TEST(makes_those_who_look_like_others)
{
    static const char *const names[] = {"\u0441\u0430\u0440\u0430@a.test",
                                        "\u03bd\u03b9\u03ba\u03bf@a.test",
                                        "\u0430dmin@a.test"};
    char line[100];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_get((struct want){names[i], AUTO_ACCOUNT_MADE, names[i], 0});
        snprintf(line, sizeof line, "DeleteAccount \"%s\"", names[i]);
        ck_assert_str_eq(fixture_say(LOCAL, line), "200 OK");
        snprintf(line, sizeof line, "CreateAccount \"%s\"", names[i]);
        ck_assert_int_eq(strncmp(fixture_say(LOCAL, line), "501 ", 4), 0);
    }
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
    check_get((struct want){"*@a.test", AUTO_ACCOUNT_BAD_NAME, NULL, 0});
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

/* --- domains that make themselves --- */

static char first_domain[] = "New.Test", any_domain[] = "*";
static char *listed[] = {first_domain};
static char *anything[] = {any_domain};

START_TEST(makes_domains_that_are_listed)
{
    const struct config_texts list = {listed, 1}, any = {anything, 1};

    fixture_settings.auto_domains = &list;
    check_get((struct want){"x@other.test", AUTO_ACCOUNT_NO_DOMAIN, NULL, 0});
    check_get((struct want){"a b@new.test", AUTO_ACCOUNT_NO_DOMAIN, NULL, 0});
    fixture_say(LOCAL, "UpdateDomainDefaults {AutoCreate=NO;}");
    check_get((struct want){"x@new.test", AUTO_ACCOUNT_NO_DOMAIN, NULL, 0});
    fixture_say(LOCAL, "UpdateDomainDefaults {AutoCreate=default;}");
    fixture_audit();
    check_get((struct want){"X@NEW.test", AUTO_ACCOUNT_MADE, "x@new.test", 0});
    ck_assert_str_eq(fixture_effects, "domain new.test; account x@new.test;");
    ck_assert_ptr_nonnull(
        strstr(fixture_audit(), "|AutoCreate new.test dovecot|ok\n"));
    fixture_settings.auto_domains = &any;
    check_get(
        (struct want){"x@other.test", AUTO_ACCOUNT_MADE, "x@other.test", 0});
    check_get((struct want){"x@-/-", AUTO_ACCOUNT_NO_DOMAIN, NULL, 0});
    fixture_settings.auto_domains = NULL;
}
END_TEST

/* --- whom to ask a user database about --- */

struct wanted {
    const char *address;
    bool is_wanted;
};

static enum store_result
ask(struct admin_context *x, void *arg, struct errbuf *err)
{
    const struct wanted *w = arg;
    char name[NAME_ADDRESS_SIZE];
    enum store_result r = auto_account_wanted(x, w->address, name, err);

    ck_assert_msg((name[0] != '\0') == w->is_wanted, "%s", w->address);
    ck_assert(!w->is_wanted || name_is_same(name, w->address));
    return r;
}

START_TEST(knows_whom_to_ask_about)
{
    static struct wanted rows[] = {
        {"new@a.test", true},   {"NEW@A.TEST", true}, {"joe@a.test", false},
        {"a b@a.test", false},  {"@a.test", false},   {"group@a.test", false},
        {"new@b.test", false}, /* asks the store alone */
        {"new@no.test", false}, {"new", false},
    };

    fixture_say(LOCAL, "UpdateDomainSettings a.test {Auth=(store,dovecot);}");
    fixture_say(LOCAL, "UpdateDomainSettings b.test {Auth=(store,pam);}");
    fixture_say(LOCAL, "CreateGroup group@a.test");
    fixture_run(LOCAL, ask, &(struct wanted){"new@a.test", false});
    fixture_settings.has_userdb = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        fixture_run(LOCAL, ask, &rows[i]);
    fixture_say(LOCAL, "UpdateDomainSettings a.test {AutoCreate=NO;}");
    fixture_run(LOCAL, ask, &(struct wanted){"new@a.test", false});
    fixture_settings.has_userdb = false;
}
END_TEST

/* --- accounts that their source has no more --- */

START_TEST(those_that_are_gone)
{
    static const struct exchange e[] = {
        {ADMIN, "PlanOutsideUsers a.test ABSENT (new,joe,admin,none)",
         "201 {disabled=(new);kept={joe=made-here;admin=made-here;};}"},
        {ADMIN, "SyncOutsideUsers a.test ABSENT (new)",
         "201 {disabled=(new);}"},
        {ADMIN, "SyncOutsideUsers a.test ABSENT (new)", "201 {}"},
        {ADMIN, "GetAccountSettings new@a.test", "201 {Outside=GONE;}"},
    };
    static const struct exchange back[] = {
        {ADMIN, "PlanOutsideUsers a.test PRESENT (new,newer,\"a b\")",
         "201 {made=(newer);enabled=(new);kept={\"a b\"=illegal-name;};}"},
        {ADMIN, "SyncOutsideUsers a.test PRESENT (new)",
         "201 {enabled=(new);}"},
        {ADMIN, "GetAccountSettings new@a.test", "201 {Outside=YES;}"},
        {ADMIN, "SetAccountAliases new@a.test (also)", "200 OK"},
        {ADMIN, "SyncOutsideUsers a.test ABSENT (also) DELETE",
         "201 {kept={also=alias;};}"},
        {ADMIN, "SyncOutsideUsers a.test ABSENT (new) DELETE",
         "201 {deleted=(new);}"},
        {STRANGER, "SyncOutsideUsers a.test ABSENT (new)",
         "510 insufficient access rights"},
        {ADMIN, "SyncOutsideUsers a.test (new)",
         "501 keyword ABSENT is missing"},
        {ADMIN, "SyncOutsideUsers a.test ABSENT ((new))",
         "501 name is missing"},
    };

    fixture_settings.has_userdb = true;
    fixture_say(LOCAL, "UpdateDomainSettings a.test {Auth=(store,dovecot);}");
    check_get((struct want){"new@a.test", AUTO_ACCOUNT_MADE, "new@a.test", 0});
    CONVERSE(e);
    check_get((struct want){"new@a.test", AUTO_ACCOUNT_GONE, "new@a.test", 0});
    CONVERSE(back);
    fixture_settings.has_userdb = false;
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
    tcase_add_test(tc, makes_those_who_look_like_others);
    tcase_add_test(tc, finds_what_is_there);
    tcase_add_test(tc, makes_none_where_none_may_be);
    tcase_add_test(tc, makes_domains_that_are_listed);
    tcase_add_test(tc, knows_whom_to_ask_about);
    tcase_add_test(tc, those_that_are_gone);
    tcase_add_test(tc, domains_say_where);
    suite_add_tcase(s, tc);
    tc = tcase_create("pure");
    tcase_add_test(tc, reads_lists);
    suite_add_tcase(s, tc);
    return s;
}
