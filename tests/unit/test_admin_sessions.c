/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "util/clock.h"
#include "ximss/server/rules/lasting.h"

Suite *admin_sessions_suite(void);

START_TEST(names_sessions)
{
    fixture_say(WATCHER, "ListAccountSessions joe@a.test");
    ck_assert_int_eq(fixture_live->command, ADMIN_LIVE_LIST_SESSIONS);
    ck_assert_uint_eq(fixture_live->account, fixture_caller(JOE)->account);

    ck_assert_str_eq(fixture_say(WATCHER, "GetSession 100000-Ab12"), "200 OK");
    ck_assert_int_eq(fixture_live->command, ADMIN_LIVE_GET_SESSION);
    ck_assert_str_eq(fixture_live->session, "100000-Ab12");
    ck_assert_uint_eq(fixture_live->domain, fixture_caller(JOE)->domain);

    ck_assert_str_eq(fixture_say(ALL, "KillSession \"100000-Ab12\""), "200 OK");
    ck_assert_int_eq(fixture_live->command, ADMIN_LIVE_KILL_SESSION);
    ck_assert_uint_eq(fixture_live->domain, 0);
    fixture_say(ALL, "KillSession 100000-Ab12 domain A.test");
    ck_assert_uint_eq(fixture_live->domain, fixture_caller(JOE)->domain);
}
END_TEST

/* "address proxied protocol transport nothing" */
static const char *
print_filter(void)
{
    static char text[160];
    const struct admin_session_filter *f = &fixture_live->filter;
    char address[PEER_TEXT_SIZE], proxied[PEER_TEXT_SIZE];

    peer_format(&f->address, address);
    peer_format(&f->proxied, proxied);
    snprintf(text, sizeof text, "[%s] [%s] [%s] [%s] %s", address, proxied,
             f->protocol, f->transport, f->nothing ? "none" : "");
    return text;
}

START_TEST(reads_filters)
{
    static const struct {
        const char *args, *filter;
    } rows[] = {
        {"", "[] [] [] [] "},
        {"ADDRESS 192.0.2.1", "[192.0.2.1] [] [] [] "},
        {"address \"[2001:db8::1]:25\"", "[2001:db8::1] [] [] [] "},
        {"ADDRESS #I[192.0.2.1]:25", "[192.0.2.1] [] [] [] "},
        {"ADDRESS ::ffff:192.0.2.1", "[192.0.2.1] [] [] [] "},
        {"ADDRESS 192.0.2.1 FOR 2001:db8::1",
         "[192.0.2.1] [2001:db8::1] [] [] "},
        {"ADDRESS 192.0.2.1 PROTOCOL XIMSS TRANSPORT Http",
         "[192.0.2.1] [] [XIMSS] [Http] "},
        {"PROTOCOL aProtocolOfLongName", "[] [] [] [] none"},
        {"PROTOCOL \"\"", "[] [] [] [] none"},
        {"CLIENT Pronto", "[] [] [] [] none"},
    };
    static const char *const verbs[] = {
        "FindAccountSession", "ListAccountSessions", "FindWebUserSession"};
    char line[160];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(line, sizeof line, "%s joe@a.test %s", verbs[i % 3],
                 rows[i].args);
        ck_assert_str_eq(fixture_say(WATCHER, line), "201 ()");
        ck_assert_int_eq(fixture_live->command, i % 3 == 1
                                                    ? ADMIN_LIVE_LIST_SESSIONS
                                                    : ADMIN_LIVE_FIND_SESSION);
        ck_assert_uint_eq(fixture_live->account, fixture_caller(JOE)->account);
        ck_assert_str_eq(print_filter(), rows[i].filter);
    }
}
END_TEST

START_TEST(refuses_bad_session_commands)
{
    static const struct exchange e[] = {
        {ALL, "ListAccountSessions", "501 account name is missing"},
        {ALL, "ListAccountSessions nobody@a.test", "513 unknown user account"},
        {ALL, "ListAccountSessions joe@a.test 1.2.3.4",
         "501 too many arguments"},
        {ALL, "FindAccountSession", "501 account name is missing"},
        {ALL, "FindAccountSession joe@a.test ADDRESS",
         "501 address is missing"},
        {ALL, "FindAccountSession joe@a.test ADDRESS here",
         "501 not an address"},
        {ALL, "FindAccountSession joe@a.test ADDRESS 192.0.2.1 FOR",
         "501 address is missing"},
        {ALL, "FindAccountSession joe@a.test FOR 192.0.2.1",
         "501 too many arguments"},
        {ALL, "FindAccountSession joe@a.test PROTOCOL", "501 name is missing"},
        {ALL, "FindAccountSession joe@a.test CLIENT", "501 name is missing"},
        {ALL, "GetSession", "501 session is missing"},
        {ALL, "GetSession 1-x DOMAIN", "501 domain name is missing"},
        {ALL, "GetSession 1-x DOMAIN nowhere.test",
         "512 unknown secondary domain name"},
        {ALL, "GetSession 1-x y", "501 too many arguments"},
        {ALL,
         "KillSession "
         "1-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
         "501 session is missing"},
        {ALL, "KillSession \"", "501 malformed at byte 13"},
    };

    CONVERSE(e);
}
END_TEST

/* --- sessions that are made --- */

static enum store_result
take(struct admin_context *x, void *arg, struct errbuf *err)
{
    static struct ticket_rec k;
    uint8_t hash[TICKET_HASH_BYTES];
    struct account_rec a = {0};
    enum store_result r;

    ck_assert_int_eq(lasting_hash(arg, hash), 0);
    r = ticket_find(x->txn, hash, &k, err);
    ck_assert(k.is_session && k.is_waiting);
    if (r != STORE_OK)
        return r;
    ck_assert_uint_eq(k.account, fixture_caller(JOE)->account);
    ck_assert_int_eq(k.expires, fixture_now + 600 * CLOCK_SECOND);
    r = account_get(x->txn, k.account, &a, err);
    ck_assert_uint_eq(k.cred_serial, a.cred_serial);
    account_rec_clear(&a);
    return r;
}

/* The result is the id of a session that the store knows, each time another. */
START_TEST(makes_sessions)
{
    static const char *const lines[] = {
        "CreateXIMSSSession joe@a.test ADDRESS 192.0.2.1",
        "createximsssession joe ADDRESS 192.0.2.1 FOR 10.0.0.1",
        "CreateWebUserSession joe@a.test ADDRESS 192.0.2.1",
        "CreateWebUserSession joe ADDRESS 192.0.2.1 FOR 10.0.0.1 WML SKIN x",
        "CreateWebUserSession joe ADDRESS 192.0.2.1 IMode",
    };
    char ticket[64], last[64] = "";
    const char *answer;
    size_t len;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        answer = fixture_say(WATCHER, lines[i]);
        ck_assert_int_eq(strncmp(answer, "201 ", 4), 0);
        answer += 4;
        len = strspn(answer, "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz");
        ck_assert_uint_eq(len, 6 + 1 + SESSION_ID_SECRET_CHARS);
        memcpy(ticket, answer, len);
        ticket[len] = '\0';
        ck_assert_str_ne(ticket, last);
        strcpy(last, ticket);
        fixture_run(LOCAL, take, ticket);
    }
}
END_TEST

/* Somebody's, which ends before one that waits would. */
static enum store_result
put_his(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct ticket_rec k = {.account = fixture_caller(JOE)->account,
                           .expires = x->now + CLOCK_SECOND,
                           .is_session = true};

    (void)arg;
    return ticket_put(x->txn, &k, err);
}

static enum store_result
count_sessions(struct admin_context *x, void *arg, struct errbuf *err)
{
    unsigned *n = arg; /* those that wait, and others */
    struct ticket_rec *list;
    size_t all;
    enum store_result r =
        ticket_sessions(x->txn, fixture_caller(JOE)->account, &list, &all, err);

    n[0] = n[1] = 0;
    for (size_t i = 0; i < all; i++)
        n[list[i].is_waiting ? 0 : 1]++;
    free(list);
    return r;
}

START_TEST(made_sessions_make_room_for_each_other)
{
    unsigned n[2];
    char id[64], line[160];

    fixture_settings.max_tickets = 3;
    fixture_run(LOCAL, put_his, NULL);
    for (unsigned i = 0; i < 5; i++) {
        snprintf(id, sizeof id, "%.27s",
                 fixture_say(WATCHER, "CreateXIMSSSession joe@a.test ADDRESS "
                                      "192.0.2.1") +
                     4);
        fixture_run(LOCAL, count_sessions, n);
        ck_assert_uint_eq(n[0], i < 2 ? i + 1 : 2);
        ck_assert_uint_eq(n[1], 1);
        snprintf(line, sizeof line, "GetSession %s", id);
        ck_assert_int_eq(strncmp(fixture_say(WATCHER, line), "201 ", 4), 0);
    }
}
END_TEST

START_TEST(audits_made_sessions)
{
    fixture_audit();
    fixture_say(WATCHER, "CreateXIMSSSession joe ADDRESS 192.0.2.7");
    ck_assert_str_eq(fixture_audit(),
                     "watcher@a.test|192.0.2.1 ximss|"
                     "CREATEXIMSSSESSION joe ADDRESS 192.0.2.7|ok\n");
}
END_TEST

START_TEST(refuses_to_make_sessions)
{
    static const struct exchange e[] = {
        {ALL, "CreateXIMSSSession", "501 account name is missing"},
        {ALL, "CreateXIMSSSession joe@a.test",
         "501 keyword ADDRESS is missing"},
        {ALL, "CreateXIMSSSession joe@a.test ADDRESS",
         "501 address is missing"},
        {ALL, "CreateXIMSSSession joe@a.test ADDRESS 300.1.1.1",
         "501 not an address"},
        {ALL, "CreateXIMSSSession joe@a.test ADDRESS 192.0.2.1 FOR me",
         "501 not an address"},
        {ALL, "CreateXIMSSSession joe@a.test ADDRESS 192.0.2.1 SKIN x",
         "501 too many arguments"},
        {ALL, "CreateWebUserSession joe@a.test ADDRESS 192.0.2.1 SKIN",
         "501 skin is missing"},
        {ALL, "CreateXIMSSSession nobody@a.test ADDRESS 192.0.2.1",
         "513 unknown user account"},
        {ALL, "CreateXIMSSSession joe@nowhere.test ADDRESS 192.0.2.1",
         "512 unknown secondary domain name"},
        {ALL, "SuspendDomain a.test", "200 OK"},
        {ALL, "CreateXIMSSSession joe@a.test ADDRESS 192.0.2.1",
         "501 the domain is suspended"},
    };

    CONVERSE(e);
}
END_TEST

Suite *
admin_sessions_suite(void)
{
    Suite *s = suite_create("admin_sessions");
    TCase *t = tcase_create("admin_sessions");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_add_test(t, names_sessions);
    tcase_add_test(t, reads_filters);
    tcase_add_test(t, refuses_bad_session_commands);
    tcase_add_test(t, makes_sessions);
    tcase_add_test(t, made_sessions_make_room_for_each_other);
    tcase_add_test(t, audits_made_sessions);
    tcase_add_test(t, refuses_to_make_sessions);
    suite_add_tcase(s, t);
    return s;
}
