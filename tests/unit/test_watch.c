/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/watch.h"

#include <check.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/unit/stage.h"
#include "ximss/server/live/alert.h"
#include "ximss/server/rules/rights.h"

Suite *watch_suite(void);

static struct watch_spec
spec(enum alert_scope scope, enum stage_who who)
{
    static const char *const names[] = {
        [MASTER] = "postmaster@main.test",
        [ANN] = "ann@main.test",
        [DAN] = "dan@a.test",
        [EVE] = "eve@a.test",
        [SUE] = "sue@shared.test",
    };
    struct watch_spec s = {.scope = scope};

    if (scope == ALERT_DOMAIN) {
        s.target = s.domain = stage_domain(who);
        s.name = strchr(names[who], '@') + 1;
    } else if (scope == ALERT_ACCOUNT) {
        s.target = stage_account(who);
        s.domain = stage_domain(who);
        s.name = names[who];
    }
    return s;
}

static void
watch(struct client *c, enum alert_scope scope, enum stage_who who)
{
    struct watch_spec s = spec(scope, who);

    ck_assert(watch_add(session_worker(c->s), c->s, &s));
}

static void
unwatch(struct client *c, enum alert_scope scope, enum stage_who who)
{
    struct watch_spec s = spec(scope, who);

    watch_remove(session_worker(c->s), c->s, &s);
}

static const char *
report(uint64_t id, const char *scope, const char *target, bool posting,
       const char *text)
{
    static struct buf b;

    b.len = 0;
    buf_appendf(&b, "<alertReport alertID=\"%llu\" scope=\"%s\"",
                (unsigned long long)id, scope);
    if (target != NULL)
        buf_appendf(&b, " target=\"%s\"", target);
    buf_append_str(&b, " severity=\"warning\" gmtTime=\"20261122T133000Z\" "
                       "localTime=\"20261122T133000\"");
    if (posting)
        buf_append_str(&b, " author=\"local:0\" origin=\"local socket\" "
                           "key=\"20261122133000\"");
    buf_appendf(&b, ">%s</alertReport>\n", text);
    return buf_cstr(&b);
}

static const struct {
    enum stage_who who;
    unsigned rights; /* instead of his own */
    enum alert_scope scope;
    enum stage_who target;
    bool told, posting;
} told_rows[] = {
    {EVE, RIGHT_POST_ALERTS, ALERT_DOMAIN, DAN, true, true},
    {EVE, RIGHT_POST_ALERTS, ALERT_ACCOUNT, DAN, true, true},
    {EVE, RIGHT_POST_ALERTS, ALERT_DOMAIN, ANN, false, false},
    {EVE, RIGHT_POST_ALERTS, ALERT_ACCOUNT, ANN, false, false},
    {EVE, RIGHT_POST_ALERTS, ALERT_SERVER, 0, true, false},
    {EVE, RIGHT_CREATE_ACCOUNTS, ALERT_SERVER, 0, false, false},
    {SUE, RIGHT_POST_ALERTS, ALERT_SERVER, 0, false, false},
    {EVE, 0, ALERT_DOMAIN, DAN, false, false},
    {MASTER, RIGHT_MASTER, ALERT_SERVER, 0, true, true},
    {MASTER, RIGHT_MASTER, ALERT_DOMAIN, DAN, true, true},
    {MASTER, RIGHT_MASTER, ALERT_ACCOUNT, SUE, true, true},
    {MASTER, RIGHT_MONITOR, ALERT_DOMAIN, DAN, true, false},
    {MASTER, RIGHT_MONITOR, ALERT_SERVER, 0, true, false},
    {MASTER, RIGHT_SETTINGS, ALERT_SERVER, 0, false, false},
};

/* Who is told of what he follows: by scope, target and rights at the moment. */
START_TEST(test_told)
{
    static const char *const scopes[] = {[ALERT_SERVER] = "server",
                                         [ALERT_DOMAIN] = "domain",
                                         [ALERT_ACCOUNT] = "account"};
    const struct watch_spec target =
        spec(told_rows[_i].scope, told_rows[_i].target);
    struct client *c = client_open(told_rows[_i].who, CLIENT_NO_ALERTS);
    uint64_t id;

    watch(c, told_rows[_i].scope, told_rows[_i].target);
    stage_loaded(told_rows[_i].who)->rights = told_rows[_i].rights;
    id = stage_post(told_rows[_i].scope, told_rows[_i].target, "watched");
    ck_assert_str_eq(client_hear(c),
                     told_rows[_i].told
                         ? report(id, scopes[told_rows[_i].scope], target.name,
                                  told_rows[_i].posting, "watched")
                         : "");
    stage_remove(id);
    ck_assert_str_eq(client_hear(c), told_rows[_i].told
                                         ? "<alertRemoved alertID=\"1\"/>\n"
                                         : "");
    client_free(&c);
}
END_TEST

/* Other scopes, other targets: nothing. */
START_TEST(test_only_what_is_followed)
{
    struct client *c = client_open(MASTER, CLIENT_NO_ALERTS);

    watch(c, ALERT_DOMAIN, DAN);
    watch(c, ALERT_DOMAIN, DAN); /* again: nothing */
    watch(c, ALERT_ACCOUNT, EVE);
    stage_post(ALERT_SERVER, 0, "1");
    stage_post(ALERT_DOMAIN, ANN, "2");
    stage_post(ALERT_ACCOUNT, DAN, "3");
    ck_assert_str_eq(client_hear(c), "");
    stage_post(ALERT_DOMAIN, EVE, "4");
    ck_assert_str_eq(client_hear(c), report(4, "domain", "a.test", true, "4"));
    stage_post(ALERT_ACCOUNT, EVE, "5");
    ck_assert_str_eq(client_hear(c),
                     report(5, "account", "eve@a.test", true, "5"));
    unwatch(c, ALERT_DOMAIN, EVE);
    unwatch(c, ALERT_DOMAIN, EVE);
    unwatch(c, ALERT_SERVER, 0);
    stage_post(ALERT_DOMAIN, DAN, "6");
    stage_remove(4);
    ck_assert_str_eq(client_hear(c), "");
    stage_remove(5);
    ck_assert_str_eq(client_hear(c), "<alertRemoved alertID=\"5\"/>\n");
    watch_remove_all(stage_worker(MASTER), c->s);
    ck_assert(stage_worker(MASTER)->n_watches == 0);
    stage_post(ALERT_ACCOUNT, EVE, "7");
    ck_assert_str_eq(client_hear(c), "");
    client_free(&c);
}
END_TEST

/* A member of the audience gets both messages, but one removal. */
START_TEST(test_member)
{
    static const struct {
        unsigned flags;
        unsigned alerts, removals;
    } rows[] = {{0, 1, 1}, {CLIENT_CHANGES, 1, 1}, {CLIENT_NO_ALERTS, 0, 1}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client *c = client_open(EVE, rows[i].flags);
        uint64_t id;
        const char *text;

        client_hear(c);
        watch(c, ALERT_DOMAIN, EVE);
        id = stage_post(ALERT_DOMAIN, EVE, "both");
        text = client_hear(c);
        ck_assert_ptr_nonnull(
            strstr(text, report(id, "domain", "a.test", true, "both")));
        ck_assert_msg((strstr(text, "<alert ") != NULL) == (rows[i].alerts > 0),
                      "row %zu", i);
        stage_remove(id);
        text = client_hear(c);
        ck_assert_msg(strncmp(text, "<alertRemoved ", 14) == 0, "row %zu", i);
        ck_assert_msg(strstr(text + 1, "<alertRemoved ") == NULL, "row %zu", i);
        client_free(&c);
    }
}
END_TEST

/* Watchers whose connections break off in the middle of being told: those that
 * follow several scopes, beside others. */
START_TEST(test_ends_while_told)
{
    struct client *gone[3], *c = client_open(MASTER, CLIENT_NO_ALERTS);
    struct alert_rec rec = {.id = 8, .scope = ALERT_SERVER};
    struct alert *a = alert_new(&rec);

    watch(c, ALERT_SERVER, 0);
    for (int i = 0; i < 3; i++) {
        gone[i] = client_open(MASTER, CLIENT_NO_ALERTS);
        watch(gone[i], ALERT_SERVER, 0);
        watch(gone[i], ALERT_DOMAIN, DAN);
        watch(gone[i], ALERT_DOMAIN, ANN);
    }
    watch(gone[0], ALERT_ACCOUNT, ANN);
    for (int i = 0; i < 3; i++)
        shutdown(gone[i]->fd, SHUT_RDWR); /* not noticed yet */
    watch_tell_removed(stage_worker(MASTER),
                       &(struct alert_rec){.id = 7, .scope = ALERT_SERVER});
    for (int i = 0; i < 3; i++) {
        ck_assert(!client_is_open(gone[i]));
        client_free(&gone[i]);
    }
    ck_assert_str_eq(client_hear(c), "<alertRemoved alertID=\"7\"/>\n");
    /* The same with reports, and with all of them following all. */
    for (int i = 0; i < 3; i++) {
        gone[i] = client_open(MASTER, CLIENT_NO_ALERTS);
        watch(gone[i], ALERT_DOMAIN, DAN);
        watch(gone[i], ALERT_SERVER, 0);
        shutdown(gone[i]->fd, SHUT_RDWR);
    }
    watch_tell_added(stage_worker(MASTER), a);
    alert_unref(&a);
    ck_assert_ptr_nonnull(strstr(client_hear(c), "alertID=\"8\""));
    for (int i = 0; i < 3; i++)
        client_free(&gone[i]);
    client_free(&c);
    ck_assert(stage_worker(MASTER)->n_watches == 0);
}
END_TEST

/* By request, as a client does it; also on the local socket. */
START_TEST(test_request)
{
    struct client *c =
        _i == 0 ? client_open(MASTER, CLIENT_NO_ALERTS) : client_open_local();

    client_say(c, "<alertWatch id=\"1\" scope=\"domain\" target=\"A.Test\"/>\n"
                  "<alertWatch id=\"2\" scope=\"domain\" target=\"no.test\"/>\n"
                  "<noop id=\"3\"/>\n");
    client_expect(c, "<response id=\"1\"/>\n<response id=\"2\" errorText="
                     "\"unknown secondary domain name\" errorNum=\"512\"/>\n"
                     "<response id=\"3\"/>\n");
    stage_post(ALERT_DOMAIN, DAN, "text");
    ck_assert_str_eq(client_hear(c),
                     report(1, "domain", "a.test", true, "text"));
    client_say(c, "<alertWatch id=\"4\" scope=\"domain\" target=\"a.test\" "
                  "stop=\"yes\"/>\n");
    client_expect(c, "<response id=\"4\"/>\n");
    stage_remove(1);
    ck_assert_str_eq(client_hear(c), "");
    client_free(&c);
}
END_TEST

Suite *
watch_suite(void)
{
    Suite *s = suite_create("watch");
    TCase *t = tcase_create("watch");

    tcase_add_checked_fixture(t, stage_setup, stage_teardown);
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, test_told, 0,
                        sizeof told_rows / sizeof told_rows[0]);
    tcase_add_test(t, test_only_what_is_followed);
    tcase_add_test(t, test_member);
    tcase_add_test(t, test_ends_while_told);
    tcase_add_loop_test(t, test_request, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
