/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "util/clock.h"
#include "ximss/server/rules/alert_admin.h"

Suite *admin_alerts_suite(void);

/* The clock stands at 2026-11-22 13:30:00. */

START_TEST(speaks_for_the_server)
{
    static const struct exchange e[] = {
        {LOCAL, "GETSERVERALERTS", "201 {}"},
        {LOCAL, "PostServerAlert \"Please logout, as we are shutting down.\"",
         "200 OK"},
        {MONITOR, "getserveralerts",
         "201 {20261122133000=\"Please logout, as we are shutting down.\";}"},
        {ALL, "removeserveralert 20261122133000", "200 OK"},
        {ALL, "RemoveServerAlert 20261122133000", "514 no such alert"},
        {ALL, "GetServerAlerts", "201 {}"},
        /* what senders of the family make of a text */
        {ALL, "SetServerAlerts {}", "200 OK"},
        {ALL, "PostServerAlert now", "200 OK"},
        {ALL, "PostServerAlert #123", "200 OK"},
        {ALL, "PostServerAlert \"a\\eb\\010c\\\"d\\\\\"", "200 OK"},
        {ALL, "PostServerAlert \"\xc3\xa4 \xf0\x9f\x98\x80\"", "200 OK"},
        {ALL, "GetServerAlerts",
         "201 {20261122133000=now;20261122133001=\"#123\";"
         "20261122133002=\"a\\eb\\ec\\\"d\\\\\";"
         "20261122133003=\"\xc3\xa4 \xf0\x9f\x98\x80\";}"},
        /* malformed ones change nothing */
        {ALL, "PostServerAlert", "501 alert text is missing"},
        {ALL, "PostServerAlert a b", "501 too many arguments"},
        {ALL, "PostServerAlert ALERT b", "501 too many arguments"},
        {ALL, "PostServerAlert {a=b;}", "501 alert text is missing"},
        {ALL, "PostServerAlert \"hi \"there\" \\ back\"",
         "501 malformed at byte 22"},
        {ALL, "PostServerAlert \"\"", "522 alert text is blank"},
        {ALL, "PostServerAlert \" \\e \"", "522 alert text is blank"},
        {ALL, "PostServerAlert \"a\\027b\"",
         "522 alert text has the character U.001B at byte 1"},
        {ALL, "GetServerAlerts x", "501 too many arguments"},
        {ALL, "RemoveServerAlert", "501 time stamp is missing"},
        {ALL, "RemoveServerAlert yesterday", "501 not a time stamp"},
        {ALL, "RemoveServerAlert 20260230000000", "501 not a time stamp"},
        {ALL, "SetServerAlerts", "501 dictionary is missing"},
        {ALL, "SetServerAlerts (a)", "501 dictionary is missing"},
        {ALL, "SetServerAlerts {x=y;}", "501 not a time stamp x"},
        {ALL, "SetServerAlerts {20261122133000=(a);}",
         "501 alert text is missing"},
        {ALL, "SetServerAlerts {20261122133000=\"\";}",
         "522 alert text is blank"},
        {ALL, "SetServerAlerts {20261122133000=a;22-11-2026_13:30:00=b;}",
         "501 the same time stamp again"},
        {ALL, "SetServerAlerts {20261122133000=a}", "501 malformed at byte 34"},
        {ALL, "GetServerAlerts",
         "201 {20261122133000=now;20261122133001=\"#123\";"
         "20261122133002=\"a\\eb\\ec\\\"d\\\\\";"
         "20261122133003=\"\xc3\xa4 \xf0\x9f\x98\x80\";}"},
    };

    CONVERSE(e);
}
END_TEST

START_TEST(speaks_for_domains_and_accounts)
{
    static const struct exchange e[] = {
        {ADMIN, "PostDomainAlert a.test ALERT \"for a\"", "200 OK"},
        {ADMIN, "PostDomainAlert \"A.Test\" alert \"for a too\"", "200 OK"},
        {POSTER, "GetDomainAlerts",
         "201 {20261122133000=\"for a\";20261122133001=\"for a too\";}"},
        {POSTER, "GetDomainAlerts A.TEST",
         "201 {20261122133000=\"for a\";20261122133001=\"for a too\";}"},
        {STRANGER, "GetDomainAlerts", "201 {}"},
        {LOCAL, "GetDomainAlerts", "201 {}"}, /* the main domain */
        {LOCAL, "SetDomainAlerts {20260101000000=m;}", "200 OK"},
        {LOCAL, "GetDomainAlerts main.test", "201 {20260101000000=m;}"},
        {ADMIN, "RemoveDomainAlert a.test ALERT 20261122133000", "200 OK"},
        {ADMIN, "RemoveDomainAlert a.test ALERT 20260101000000",
         "514 no such alert"},
        {ADMIN, "GetDomainAlerts \"a.test\"",
         "201 {20261122133001=\"for a too\";}"},
        {ADMIN, "PostDomainAlert a.test \"for a\"",
         "501 keyword ALERT is missing"},
        {ADMIN, "PostDomainAlert ALERT \"for a\"",
         "501 keyword ALERT is missing"},
        {ADMIN, "PostDomainAlert", "501 domain name is missing"},
        {LOCAL, "PostDomainAlert \"no name\" ALERT x",
         "512 unknown secondary domain name"},

        {ADMIN, "PostAccountAlert joe@a.test ALERT hi", "200 OK"},
        {ADMIN, "PostAccountAlert \"JOE@A.TEST\" ALERT ho", "200 OK"},
        {ADMIN, "PostAccountAlert joe ALERT ha", "200 OK"},
        {JOE, "GetAccountAlerts *",
         "201 {20261122133000=hi;20261122133001=ho;20261122133002=ha;}"},
        {ADMIN, "GetAccountAlerts joe",
         "201 {20261122133000=hi;20261122133001=ho;20261122133002=ha;}"},
        {ADMIN, "RemoveAccountAlert joe@a.test ALERT \"20261122133001\"",
         "200 OK"},
        {ADMIN, "SetAccountAlerts joe@a.test {20261122133002=ha;}", "200 OK"},
        {ADMIN, "GetAccountAlerts joe@a.test", "201 {20261122133002=ha;}"},
        {ADMIN, "GetAccountAlerts *", "201 {}"},
        {LOCAL, "PostAccountAlert joe ALERT x", "513 unknown user account"},
        {LOCAL, "PostAccountAlert @a.test ALERT x", "513 unknown user account"},
        {LOCAL, "PostAccountAlert joe@ ALERT x",
         "512 unknown secondary domain name"},
        {LOCAL, "PostAccountAlert joe@b@a.test ALERT x",
         "513 unknown user account"},
        {LOCAL, "GetAccountAlerts", "501 account name is missing"},

        {LOCAL, "GetClusterAlerts",
         "501 available in the Dynamic Cluster only"},
        {LOCAL, "PostClusterAlert x",
         "501 available in the Dynamic Cluster only"},
        {LOCAL, "SetClusterAlerts {}",
         "501 available in the Dynamic Cluster only"},
        {LOCAL, "RemoveClusterAlert 20260101000000",
         "501 available in the Dynamic Cluster only"},
    };

    CONVERSE(e);
}
END_TEST

/* The key comes back in each form that clients know. */
START_TEST(takes_every_form_of_a_key)
{
    static const char *const forms[] = {
        "20261122133000",
        "20261122133000Z",
        "20261122T133000",
        "20261122T133000Z",
        "22-11-2026_13:30:00",
        "22-11-2026_13:30:00Z",
        "#T22-11-2026_13:30:00",
        "\"20261122133000\"",
        "\"20261122T133000Z\"",
        "\"22-11-2026_13:30:00\"",
        "\"#T22-11-2026_13:30:00\"",
    };
    char line[80];

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        ck_assert_str_eq(fixture_say(ALL, "PostServerAlert x"), "200 OK");
        snprintf(line, sizeof line, "RemoveServerAlert %s", forms[i]);
        ck_assert_str_eq(fixture_say(ALL, line), "200 OK");
        ck_assert_str_eq(fixture_say(ALL, "GetServerAlerts"), "201 {}");
        snprintf(line, sizeof line, "SetServerAlerts {%s=x;}", forms[i]);
        ck_assert_str_eq(fixture_say(ALL, line), "200 OK");
        ck_assert_str_eq(fixture_say(ALL, "GetServerAlerts"),
                         "201 {20261122133000=x;}");
        ck_assert_str_eq(fixture_say(ALL, "SetServerAlerts {}"), "200 OK");
    }
    ck_assert_str_eq(fixture_say(ALL, "RemoveServerAlert 20261122133000ZZ"),
                     "501 not a time stamp");
    ck_assert_str_eq(fixture_say(ALL, "RemoveServerAlert 19691231235959"),
                     "501 not a time stamp");
}
END_TEST

/* Removing one never moves another's key. */
START_TEST(keeps_keys_of_alerts_of_one_second)
{
    static const struct exchange e[] = {
        {ALL, "PostServerAlert a", "200 OK"},
        {ALL, "PostServerAlert b", "200 OK"},
        {ALL, "PostServerAlert c", "200 OK"},
        {ALL, "RemoveServerAlert 20261122133001", "200 OK"},
        {ALL, "GetServerAlerts", "201 {20261122133000=a;20261122133002=c;}"},
        {ALL, "PostServerAlert d", "200 OK"}, /* the first second free */
        {ALL, "GetServerAlerts",
         "201 {20261122133000=a;20261122133002=c;20261122133001=d;}"},
        /* each set counts for itself */
        {ALL, "PostDomainAlert a.test ALERT e", "200 OK"},
        {ALL, "GetDomainAlerts a.test", "201 {20261122133000=e;}"},
    };

    CONVERSE(e);
}
END_TEST

/* Ids are given out from 1 on; effects tell what was really done. */
START_TEST(sets_alerts_by_difference)
{
    ck_assert_str_eq(fixture_say(ALL, "PostServerAlert a"), "200 OK");
    ck_assert_str_eq(fixture_effects, "added 1;");
    fixture_say(ALL, "PostServerAlert b");
    fixture_say(ALL, "PostServerAlert c");
    ck_assert_str_eq(fixture_effects, "added 3;");

    /* all as it is: nothing happens */
    ck_assert_str_eq(fixture_say(ALL, "SetServerAlerts {20261122133000=a;"
                                      "20261122133001=b;20261122133002=c;}"),
                     "200 OK");
    ck_assert_str_eq(fixture_effects, "");

    /* a stays, b has another text, c is absent, d is new */
    ck_assert_str_eq(fixture_say(ALL, "SetServerAlerts {20261122133000=a;"
                                      "20261122133001=B;20250101000000=d;}"),
                     "200 OK");
    ck_assert_str_eq(fixture_effects,
                     "added 4; removed 2; added 5; removed 3;");
    ck_assert_str_eq(fixture_say(ALL, "GetServerAlerts"),
                     "201 {20261122133000=a;20250101000000=d;"
                     "20261122133001=B;}");
    ck_assert_str_eq(fixture_say(ALL, "SetServerAlerts {}"), "200 OK");
    ck_assert_str_eq(fixture_effects, "removed 4; removed 1; removed 5;");
    ck_assert_str_eq(fixture_say(ALL, "RemoveServerAlert 20261122133000"),
                     "514 no such alert");
    ck_assert_str_eq(fixture_effects, "");
}
END_TEST

START_TEST(gives_default_lifetimes)
{
    fixture_settings.lifetime[ALERT_SERVER] = 60 * CLOCK_SECOND;
    fixture_say(ALL, "PostServerAlert a");
    fixture_say(ALL, "PostDomainAlert a.test ALERT b");
    fixture_say(ALL, "SetServerAlerts {20261122133000=a;20200101000000=c;}");
    fixture_now += 60 * CLOCK_SECOND - 1;
    ck_assert_str_eq(fixture_say(ALL, "GetServerAlerts"),
                     "201 {20261122133000=a;20200101000000=c;}");
    fixture_now += 1;
    /* gone for all, also before somebody has swept */
    ck_assert_str_eq(fixture_say(ALL, "GetServerAlerts"), "201 {}");
    ck_assert_str_eq(fixture_say(ALL, "RemoveServerAlert 20261122133000"),
                     "514 no such alert");
    ck_assert_str_eq(fixture_say(ALL, "GetDomainAlerts a.test"),
                     "201 {20261122133000=b;}");
    /* what has ended does not count as there */
    ck_assert_str_eq(fixture_say(ALL, "SetServerAlerts {20261122133000=a;}"),
                     "200 OK");
    ck_assert_str_eq(fixture_effects, "removed 1; added 4; removed 3;");
    ck_assert_str_eq(fixture_say(ALL, "GetServerAlerts"),
                     "201 {20261122133000=a;}");
}
END_TEST

/* --- many of them: in parts --- */

#define MANY 1500

/* What one turn may do, and one thing beyond. */
#define TURN_MOST 2300

static void
many_entries(struct buf *b, const char *command, int from, int to)
{
    char key[16];

    b->len = 0;
    buf_append_str(b, command);
    buf_append_str(b, " {");
    for (int i = from; i < to; i++) {
        snprintf(key, sizeof key, "2025010100%02d%02d", i / 60, i % 60);
        buf_appendf(b, "%s=\"text %d\";", key, i);
    }
    buf_append_char(b, '}');
}

static enum store_result
count_active(struct admin_context *x, void *arg, struct errbuf *err)
{
    return alert_count(x->txn, ALERT_SERVER, 0, arg, err);
}

static uint64_t
active(void)
{
    uint64_t n = 0;

    fixture_run(LOCAL, count_active, &n);
    return n;
}

static unsigned
count(const char *text, const char *what)
{
    unsigned n = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

START_TEST(sets_many_in_parts)
{
    struct buf b = {0};
    const char *got;

    many_entries(&b, "SetServerAlerts", 0, MANY);
    (void)fixture_load();
    ck_assert_str_eq(fixture_say(ALL, buf_cstr(&b)), "200 OK");
    ck_assert_uint_gt(fixture_parts, 3);
    ck_assert_uint_le(fixture_load().job, TURN_MOST);
    ck_assert_uint_eq(count(fixture_effects, "added"), MANY);
    ck_assert_uint_eq(active(), MANY);

    /* half of them go, half of them are new, one has another text */
    many_entries(&b, "SetServerAlerts", MANY / 2, MANY + MANY / 2);
    b.len--;
    buf_append_str(&b, "20240101000000=old;}");
    ck_assert_str_eq(fixture_say(ALL, buf_cstr(&b)), "200 OK");
    ck_assert_uint_le(fixture_load().job, TURN_MOST);
    ck_assert_uint_eq(count(fixture_effects, "added"), MANY / 2 + 1);
    ck_assert_uint_eq(count(fixture_effects, "removed"), MANY / 2);
    /* nothing goes before all has come */
    ck_assert_ptr_null(strstr(strstr(fixture_effects, "removed"), "added"));

    /* in pieces, too */
    got = fixture_say(MONITOR, "GetServerAlerts");
    ck_assert_uint_gt(fixture_jobs, 1);
    ck_assert_uint_le(fixture_load().job, TURN_MOST);
    ck_assert_uint_eq(count(got, "=\"text "), MANY);
    ck_assert_int_eq(got[strlen(got) - 1], '}');
    ck_assert_uint_eq(count(got, "{"), 1);

    ck_assert_str_eq(fixture_say(ALL, "SetServerAlerts {}"), "200 OK");
    ck_assert_uint_le(fixture_load().job, TURN_MOST);
    ck_assert_uint_eq(count(fixture_effects, "removed"), MANY + 1);
    ck_assert_uint_eq(active(), 0);
    /* Records of the audit log: of the beginning and of the end of each, not
     * of each part. */
    got = fixture_audit();
    ck_assert_uint_eq(count(got, "SETSERVERALERTS"), 6);
    ck_assert_uint_eq(count(got, "|begun\n"), 3);
    ck_assert_uint_eq(count(got, "|ok\n"), 3);
    buf_clear(&b);
}
END_TEST

/* The newest first, by their keys. */
START_TEST(removes_by_key_without_a_walk)
{
    struct buf b = {0};
    char line[60];

    many_entries(&b, "SetServerAlerts", 0, MANY);
    fixture_say(ALL, buf_cstr(&b));
    (void)fixture_load();
    for (int i = MANY; i-- > MANY - 50;) {
        snprintf(line, sizeof line, "RemoveServerAlert 2025010100%02d%02d",
                 i / 60, i % 60);
        ck_assert_str_eq(fixture_say(ALL, line), "200 OK");
    }
    ck_assert_uint_lt(fixture_load().job, 100);
    buf_clear(&b);
}
END_TEST

static enum store_result
expire_some(struct admin_context *x, void *arg, struct errbuf *err)
{
    int64_t next;

    (void)arg;
    return alert_admin_expire(x, 1000, &next, err);
}

START_TEST(ends_many_in_parts)
{
    struct buf b = {0};
    uint64_t n;

    fixture_settings.lifetime[ALERT_SERVER] = 60 * CLOCK_SECOND;
    many_entries(&b, "SetServerAlerts", 0, MANY);
    fixture_say(ALL, buf_cstr(&b));
    fixture_now += 61 * CLOCK_SECOND;
    (void)fixture_load();
    for (unsigned jobs = 0; (n = active()) > 0; jobs++) {
        fixture_run(LOCAL, expire_some, NULL);
        ck_assert_uint_lt(active(), n);
        ck_assert_uint_lt(jobs, MANY);
    }
    ck_assert_uint_le(fixture_load().job, TURN_MOST);
    buf_clear(&b);
}
END_TEST

/* --- their number --- */

START_TEST(takes_so_many_and_no_more)
{
    static const struct exchange e[] = {
        {ALL, "PostServerAlert a", "200 OK"},
        {ALL, "PostServerAlert b", "200 OK"},
        {ALL, "PostServerAlert c", "200 OK"},
        {ALL, "PostServerAlert d",
         "526 too many alerts. at most 3 are possible here"},
        {ALL,
         "SetServerAlerts {20200101000000=a;20200101000001=b;"
         "20200101000002=c;20200101000003=d;}",
         "526 too many alerts. at most 3 are possible here"},
        /* one in the place of each */
        {ALL,
         "SetServerAlerts {20200101000000=a;20200101000001=b;"
         "20200101000002=c;}",
         "200 OK"},
        {ALL, "RemoveServerAlert 20200101000001", "200 OK"},
        {ALL, "PostServerAlert d", "200 OK"},
        /* each domain and each account for itself */
        {POSTER, "PostDomainAlert a.test ALERT a", "200 OK"},
        {POSTER, "PostDomainAlert a.test ALERT a", "200 OK"},
        {POSTER, "PostDomainAlert a.test ALERT a",
         "526 too many alerts. at most 2 are possible here"},
        {ALL, "PostDomainAlert b.test ALERT a", "200 OK"},
        {POSTER, "PostAccountAlert joe@a.test ALERT a", "200 OK"},
        {POSTER, "PostAccountAlert joe@a.test ALERT a",
         "526 too many alerts. at most 1 are possible here"},
        {POSTER, "PostAccountAlert poster@a.test ALERT a", "200 OK"},
    };

    fixture_settings.max_alerts[ALERT_SERVER] = 3;
    fixture_settings.max_alerts[ALERT_DOMAIN] = 2;
    fixture_settings.max_alerts[ALERT_ACCOUNT] = 1;
    CONVERSE(e);
    /* what is there beyond a lower limit stays, and can be read and removed */
    fixture_settings.max_alerts[ALERT_SERVER] = 1;
    ck_assert_uint_eq(count(fixture_say(ALL, "GetServerAlerts"), "="), 3);
    ck_assert_str_eq(fixture_say(ALL, "RemoveServerAlert 20200101000000"),
                     "200 OK");
    ck_assert_str_eq(fixture_say(ALL, "PostServerAlert e"),
                     "526 too many alerts. at most 1 are possible here");
}
END_TEST

/* --- what goes with its target --- */

START_TEST(deletes_an_account_with_many_in_parts)
{
    struct buf b = {0};

    many_entries(&b, "SetAccountAlerts joe@a.test", 0, MANY);
    ck_assert_str_eq(fixture_say(ADMIN, buf_cstr(&b)), "200 OK");
    (void)fixture_load();
    ck_assert_str_eq(fixture_say(ADMIN, "DeleteAccount joe@a.test"), "200 OK");
    ck_assert_uint_gt(fixture_parts, 5);
    ck_assert_uint_le(fixture_load().job, TURN_MOST);
    /* who watches is told of each */
    ck_assert_uint_eq(count(fixture_effects, "removed"), MANY);
    ck_assert_uint_eq(count(fixture_effects, "no account joe@a.test"), 1);
    ck_assert_str_eq(fixture_say(ADMIN, "GetAccountAlerts joe@a.test"),
                     "513 unknown user account");
    buf_clear(&b);
}
END_TEST

Suite *
admin_alerts_suite(void)
{
    Suite *s = suite_create("admin_alerts");
    TCase *t = tcase_create("admin_alerts");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_add_test(t, speaks_for_the_server);
    tcase_add_test(t, speaks_for_domains_and_accounts);
    tcase_add_test(t, takes_every_form_of_a_key);
    tcase_add_test(t, keeps_keys_of_alerts_of_one_second);
    tcase_add_test(t, sets_alerts_by_difference);
    tcase_add_test(t, gives_default_lifetimes);
    tcase_add_test(t, sets_many_in_parts);
    tcase_add_test(t, removes_by_key_without_a_walk);
    tcase_add_test(t, ends_many_in_parts);
    tcase_add_test(t, takes_so_many_and_no_more);
    tcase_add_test(t, deletes_an_account_with_many_in_parts);
    suite_add_tcase(s, t);
    return s;
}
