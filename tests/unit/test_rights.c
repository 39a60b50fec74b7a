/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>

#include "ximss/server/rules/alert_names.h"
#include "ximss/server/rules/rights.h"

Suite *rights_suite(void);

static const struct {
    const char *text;
    unsigned rights;
} parses[] = {
    {"", 0},
    {"()", 0},
    {"(Master)", RIGHT_MASTER},
    {"(master)", RIGHT_MASTER},
    {"(\"All Domains\")", RIGHT_ALL_DOMAINS},
    {"(Domain)", RIGHT_ALL_DOMAINS},
    {"(\"Can Monitor\",\"Domains Read\")", RIGHT_MONITOR | RIGHT_DOMAINS_READ},
    {"(\"Server Settings\")", RIGHT_SETTINGS},
    {"(\"Can Reject Queues\")", RIGHT_OTHER_SERVER},
    {"( CanPostAlerts , CanCreateAccounts )",
     RIGHT_POST_ALERTS | RIGHT_CREATE_ACCOUNTS},
    {"(BasicSettings,CanCreateWebUserSessions)",
     RIGHT_BASIC_SETTINGS | RIGHT_SESSIONS},
    {"(CanCreateAliases)", RIGHT_CREATE_ALIASES},
    {"(CanCreateGroups)", RIGHT_CREATE_GROUPS},
    {"(cancreateforwarders)", RIGHT_CREATE_FORWARDERS},
    {"(MaxAccountSize,CentralDirectory)", RIGHT_OTHER_DOMAIN},
    {"(\"Master \")", RIGHT_OTHER_DOMAIN}, /* not Master */
    {"((Master))", 0},
    {"{Master=YES;}", 0},
    {"Master", 0},
    {"(Master", 0},
};

START_TEST(parses_codes)
{
    ck_assert_uint_eq(rights_parse(parses[_i].text), parses[_i].rights);
}
END_TEST

#define ALL_OF_DOMAIN ((unsigned)RIGHTS_OF_DOMAIN)

/* The caller is of domain 2; "own" is domain 2, "other" domain 3. */
static const struct {
    unsigned rights;
    bool post_server, list_server, post_own, list_own, post_other, list_other;
    bool read_own, read_other; /* and all scopes */
} alerts[] = {
    {0, false, false, false, false, false, false, false, false},
    {RIGHT_MASTER, true, true, true, true, true, true, true, true},
    {RIGHT_ALL_DOMAINS, true, true, true, true, true, true, true, true},
    {RIGHT_MONITOR, false, true, false, true, false, true, true, true},
    {RIGHT_DOMAINS_READ, false, true, false, true, false, true, true, true},
    {RIGHT_SETTINGS, false, false, false, false, false, false, false, false},
    {RIGHT_OTHER_SERVER, false, false, false, false, false, false, false,
     false},
    {RIGHT_POST_ALERTS, false, true, true, true, false, false, true, false},
    {ALL_OF_DOMAIN & ~(unsigned)RIGHT_POST_ALERTS, false, false, false, false,
     false, false, true, false},
};

START_TEST(tells_who_may_post_and_list)
{
    struct caller c = {.account = 1, .domain = 2, .rights = alerts[_i].rights};

    ck_assert(rights_may_post(&c, ALERT_SERVER, 0) == alerts[_i].post_server);
    ck_assert(rights_may_post(&c, ALERT_CLUSTER, 0) == alerts[_i].post_server);
    ck_assert(rights_may_list(&c, ALERT_SERVER, 0) == alerts[_i].list_server);
    /* His users do not get those. */
    ck_assert(rights_may_list(&c, ALERT_CLUSTER, 0) == alerts[_i].read_other);
    c.shared = true;
    ck_assert(rights_may_list(&c, ALERT_SERVER, 0) == alerts[_i].read_other);
    ck_assert(rights_may_list(&c, ALERT_CLUSTER, 0) == alerts[_i].list_server);
    c.shared = false;
    for (enum alert_scope s = ALERT_DOMAIN; s <= ALERT_ACCOUNT; s++) {
        ck_assert(rights_may_post(&c, s, 2) == alerts[_i].post_own);
        ck_assert(rights_may_list(&c, s, 2) == alerts[_i].list_own);
        ck_assert(rights_may_post(&c, s, 3) == alerts[_i].post_other);
        ck_assert(rights_may_list(&c, s, 3) == alerts[_i].list_other);
    }
    ck_assert(rights_may_read(&c, 2) == alerts[_i].read_own);
    ck_assert(rights_may_read(&c, 3) == alerts[_i].read_other);
}
END_TEST

START_TEST(needs_the_matching_code)
{
    struct caller c = {.account = 1, .domain = 2};

    for (unsigned have = RIGHT_POST_ALERTS; have <= RIGHT_OTHER_DOMAIN;
         have <<= 1) {
        for (unsigned need = RIGHT_POST_ALERTS; need <= RIGHT_OTHER_DOMAIN;
             need <<= 1) {
            c.rights = have;
            ck_assert(rights_administers(&c, 2, need) == (have == need));
            ck_assert(!rights_administers(&c, 3, need));
        }
    }
    /* The local administrator's domain is none. */
    c = (struct caller){.rights = ALL_OF_DOMAIN};
    ck_assert(!rights_administers(&c, 0, ALL_OF_DOMAIN));
    ck_assert(!rights_may_list(&c, ALERT_SERVER, 0));
}
END_TEST

static const struct {
    unsigned have, held;
    bool own, other;
} covers[] = {
    {0, 0, true, true},
    {0, RIGHT_POST_ALERTS, false, false},
    {RIGHT_POST_ALERTS, RIGHT_POST_ALERTS, true, false},
    {RIGHT_POST_ALERTS, RIGHT_POST_ALERTS | RIGHT_SESSIONS, false, false},
    {ALL_OF_DOMAIN, RIGHT_MASTER, false, false},
    {ALL_OF_DOMAIN, RIGHT_MONITOR, false, false},
    {ALL_OF_DOMAIN, ALL_OF_DOMAIN, true, false},
    {RIGHT_ALL_DOMAINS, ALL_OF_DOMAIN, true, true},
    {RIGHT_ALL_DOMAINS, RIGHT_ALL_DOMAINS | RIGHT_MONITOR, true, true},
    {RIGHT_ALL_DOMAINS, RIGHT_MASTER, false, false},
    {RIGHT_ALL_DOMAINS, RIGHT_SETTINGS, false, false},
    {RIGHT_MASTER, ~0u, true, true},
};

START_TEST(covers_what_is_held)
{
    struct caller c = {.account = 1, .domain = 2, .rights = covers[_i].have};

    ck_assert(rights_cover(&c, 2, covers[_i].held) == covers[_i].own);
    ck_assert(rights_cover(&c, 3, covers[_i].held) == covers[_i].other);
}
END_TEST

START_TEST(names_scopes_and_severities)
{
    enum alert_scope scope;
    enum alert_severity severity;

    for (enum alert_scope s = ALERT_SERVER; s <= ALERT_ACCOUNT; s++) {
        ck_assert_int_eq(alert_scope_parse(alert_scope_name(s), &scope), 0);
        ck_assert_int_eq(scope, s);
    }
    for (enum alert_severity s = ALERT_INFO; s <= ALERT_CRITICAL; s++) {
        ck_assert_int_eq(
            alert_severity_parse(alert_severity_name(s), &severity), 0);
        ck_assert_int_eq(severity, s);
    }
    ck_assert_str_eq(alert_scope_name(ALERT_SERVER), "server");
    ck_assert_str_eq(alert_severity_name(ALERT_WARNING), "warning");
    ck_assert_int_eq(alert_scope_parse("Server", &scope), -1);
    ck_assert_int_eq(alert_scope_parse("", &scope), -1);
    ck_assert_int_eq(alert_severity_parse("fatal", &severity), -1);
}
END_TEST

Suite *
rights_suite(void)
{
    Suite *s = suite_create("rights");
    TCase *t = tcase_create("rights");

    tcase_add_loop_test(t, parses_codes, 0, sizeof parses / sizeof parses[0]);
    tcase_add_loop_test(t, tells_who_may_post_and_list, 0,
                        sizeof alerts / sizeof alerts[0]);
    tcase_add_test(t, needs_the_matching_code);
    tcase_add_loop_test(t, covers_what_is_held, 0,
                        sizeof covers / sizeof covers[0]);
    tcase_add_test(t, names_scopes_and_severities);
    suite_add_tcase(s, t);
    return s;
}
