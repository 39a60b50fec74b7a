/* SPDX-License-Identifier: BSD-2-Clause */
/* Alerts as the requests of XIMSS post and remove them, and the audit log. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/admin_fixture.h"
#include "util/clock.h"
#include "ximss/server/rules/alert_admin.h"
#include "ximss/server/rules/alert_request.h"

Suite *admin_post_suite(void);

#define DAY (24 * 3600 * CLOCK_SECOND)

/* --- posting --- */

struct try_post {
    struct post post;
    struct post_result result;
};

static enum store_result
run_post(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct try_post *t = arg;

    return alert_request_post(x, &t->post, &t->result, err);
}

static struct post_result
post(enum who who, struct post p)
{
    struct try_post t = {.post = p};

    if (t.post.severity == 0)
        t.post.severity = ALERT_WARNING;
    if (t.post.text == NULL)
        t.post.text = "text";
    if (t.post.text_len == 0)
        t.post.text_len = strlen(t.post.text);
    fixture_run(who, run_post, &t);
    return t.result;
}

static struct post_result
post_server(enum who who, const char *key, const char *text)
{
    return post(who,
                (struct post){.scope = ALERT_SERVER, .key = key, .text = text});
}

static const struct {
    enum who who;
    enum alert_scope scope;
    const char *target;
    int code;
    const char *text;
} posts[] = {
    {ALL, ALERT_SERVER, NULL, 200, "OK"},
    {MONITOR, ALERT_SERVER, NULL, 510, "insufficient access rights"},
    {ADMIN, ALERT_SERVER, NULL, 510, "insufficient access rights"},
    {ALL, ALERT_CLUSTER, NULL, 501, "available in the Dynamic Cluster only"},
    {ADMIN, ALERT_CLUSTER, NULL, 510, "insufficient access rights"},
    {ADMIN, ALERT_DOMAIN, "A.test", 200, "OK"},
    {ADMIN, ALERT_DOMAIN, "b.test", 510, "insufficient access rights"},
    {ADMIN, ALERT_DOMAIN, "nowhere.test", 510, "insufficient access rights"},
    {ALL, ALERT_DOMAIN, "nowhere.test", 512, "unknown secondary domain name"},
    {ADMIN, ALERT_DOMAIN, NULL, 200, "OK"}, /* one's own */
    {ADMIN, ALERT_ACCOUNT, "Joe@a.test", 200, "OK"},
    {ADMIN, ALERT_ACCOUNT, "nobody@a.test", 513, "unknown user account"},
    {ADMIN, ALERT_ACCOUNT, "stranger@b.test", 510,
     "insufficient access rights"},
    {ADMIN, ALERT_ACCOUNT, NULL, 501, "target is missing"},
    {JOE, ALERT_ACCOUNT, "joe@a.test", 510, "insufficient access rights"},
};

START_TEST(posts_to_whom_it_may)
{
    struct post_result r;

    for (size_t i = 0; i < sizeof posts / sizeof posts[0]; i++) {
        r = post(posts[i].who, (struct post){.scope = posts[i].scope,
                                             .target = posts[i].target});
        ck_assert_int_eq(r.code, posts[i].code);
        ck_assert_str_eq(r.text, posts[i].text);
        ck_assert(!r.repeated);
        if (r.code == 200) {
            ck_assert_uint_gt(r.id, 0);
            ck_assert_int_eq(r.posted, FIXTURE_NOW);
            ck_assert((r.target != 0) == (posts[i].scope != ALERT_SERVER));
        } else {
            ck_assert_uint_eq(r.id, 0);
            ck_assert_str_eq(fixture_effects, "");
        }
    }
}
END_TEST

START_TEST(checks_texts_and_ends)
{
    struct post_result r;

    r = post_server(ALL, NULL, " \n");
    ck_assert_int_eq(r.code, 522);
    ck_assert_str_eq(r.text, "alert text is blank");
    r = post(ALL, (struct post){
                      .scope = ALERT_SERVER, .text = "a\0b", .text_len = 3});
    ck_assert_int_eq(r.code, 522);
    fixture_settings.alert_bytes = 4;
    r = post_server(ALL, NULL, "12345");
    ck_assert_int_eq(r.code, 522);
    r = post_server(ALL, NULL, "1234");
    ck_assert_int_eq(r.code, 200);

    r = post(ALL, (struct post){.scope = ALERT_SERVER, .until = fixture_now});
    ck_assert_int_eq(r.code, 501);
    ck_assert_str_eq(r.text, "until is in the past");
    r = post(ALL,
             (struct post){.scope = ALERT_SERVER, .until = fixture_now + 1});
    ck_assert_int_eq(r.code, 200);
}
END_TEST

START_TEST(posts_a_key_once)
{
    struct post_result first = post_server(ALL, "backup", "a"), r;

    ck_assert_int_eq(first.code, 200);
    fixture_now += CLOCK_SECOND;
    r = post_server(ALL, "backup", "a");
    ck_assert_int_eq(r.code, 200);
    ck_assert(r.repeated);
    ck_assert_uint_eq(r.id, first.id);
    ck_assert_int_eq(r.posted, first.posted);
    ck_assert_str_eq(fixture_effects, "");

    /* each part of it makes it another alert */
    r = post_server(ALL, "backup", "b");
    ck_assert_int_eq(r.code, 518);
    ck_assert_str_eq(r.text, "the key was used for another alert");
    r = post(ALL, (struct post){.scope = ALERT_SERVER,
                                .key = "backup",
                                .text = "a",
                                .severity = ALERT_CRITICAL});
    ck_assert_int_eq(r.code, 518);
    r = post(ALL, (struct post){.scope = ALERT_SERVER,
                                .key = "backup",
                                .text = "a",
                                .until = fixture_now + DAY});
    ck_assert_int_eq(r.code, 518);
    r = post(ALL, (struct post){.scope = ALERT_DOMAIN,
                                .target = "a.test",
                                .key = "backup",
                                .text = "a"});
    ck_assert_int_eq(r.code, 518);

    /* another author's, another key */
    ck_assert(!post_server(POSTMASTER, "backup", "a").repeated);
    ck_assert(!post_server(ALL, "Backup", "a").repeated);

    /* it is the alert's as long as that is there, which has no end */
    fixture_now = first.posted + 100 * DAY;
    ck_assert(post_server(ALL, "backup", "a").repeated);
    ck_assert_int_eq(post_server(ALL, "backup", "b").code, 518);
    ck_assert_str_eq(fixture_say(ALL, "SetServerAlerts {}"), "200 OK");
    r = post_server(ALL, "backup", "a");
    ck_assert(!r.repeated);
    ck_assert_uint_gt(r.id, first.id);

    r = post_server(ALL, "", "a");
    ck_assert_int_eq(r.code, 501);
    ck_assert_str_eq(r.text, "key must have 1 to 200 bytes");
}
END_TEST

/* Also when its end has come by then. */
START_TEST(answers_late_repetitions)
{
    struct post p = {
        .scope = ALERT_SERVER, .key = "k", .until = fixture_now + CLOCK_SECOND};
    struct post_result first = post(ALL, p), again;

    fixture_now += 2 * CLOCK_SECOND;
    again = post(ALL, p);
    ck_assert_int_eq(again.code, 200);
    ck_assert(again.repeated);
    ck_assert(again.over);
    ck_assert_uint_eq(again.id, first.id);
}
END_TEST

struct try_remove {
    uint64_t id;
    int code;
};

static enum store_result
run_remove(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct try_remove *t = arg;
    const struct withdrawal what = {.id = t->id};
    struct withdrawn gone = {0};
    enum store_result r = alert_request_remove(x, &what, &gone, &t->code, err);

    withdrawn_clear(&gone);
    return r;
}

static int
remove_alert(enum who who, uint64_t id)
{
    struct try_remove t = {.id = id};

    fixture_run(who, run_remove, &t);
    return t.code;
}

/* A lifetime is of the same alert at each try, whenever that is. */
START_TEST(counts_lifetimes)
{
    struct post p = {.scope = ALERT_SERVER, .key = "k", .lifetime = "8h"};
    struct post_result first = post(ALL, p), r;

    ck_assert_int_eq(first.code, 200);
    ck_assert_int_eq(first.until, fixture_now + 8 * 3600 * CLOCK_SECOND);
    fixture_now += 3600 * CLOCK_SECOND;
    r = post(ALL, p);
    ck_assert(r.repeated && !r.over);
    ck_assert_uint_eq(r.id, first.id);
    ck_assert_int_eq(r.until, first.until);
    p.lifetime = "480m";
    ck_assert_int_eq(post(ALL, p).code, 518);
    p.lifetime = NULL;
    ck_assert_int_eq(post(ALL, p).code, 518);
    p.until = first.until;
    ck_assert_int_eq(post(ALL, p).code, 518);

    p.lifetime = "8h";
    r = post(ALL, p);
    ck_assert_int_eq(r.code, 501);
    ck_assert_str_eq(r.text, "either until or lifetime");
    p = (struct post){.scope = ALERT_SERVER, .lifetime = "0h"};
    r = post(ALL, p);
    ck_assert_int_eq(r.code, 501);
    ck_assert_str_eq(r.text, "lifetime must be like 30m, 8h or 3d");
}
END_TEST

/* By each way of removing. */
START_TEST(frees_the_key_of_what_is_removed)
{
    const char *texts[] = {"a", "b", "c"};
    struct post_result r, before[3];

    for (int i = 0; i < 3; i++)
        before[i] = post_server(ALL, texts[i], texts[i]);
    ck_assert_str_eq(fixture_say(ALL, "SetServerAlerts {}"), "200 OK");
    for (int i = 0; i < 3; i++) {
        r = post_server(ALL, texts[i], texts[i]);
        ck_assert(!r.repeated);
        ck_assert_uint_gt(r.id, before[i].id);
    }
    ck_assert_int_eq(remove_alert(ALL, r.id), 200);
    ck_assert(post_server(ALL, "a", "a").repeated);
    /* and with other content */
    r = post_server(ALL, "c", "another");
    ck_assert_int_eq(r.code, 200);
    ck_assert(!r.repeated);
}
END_TEST

START_TEST(counts_without_posting)
{
    struct post_result r;
    static const struct {
        enum alert_scope scope;
        const char *target;
        uint64_t accounts;
    } rows[] = {{ALERT_SERVER, NULL, WHO_N - 1},
                {ALERT_DOMAIN, "a.test", 7},
                {ALERT_DOMAIN, "b.test", 1},
                {ALERT_ACCOUNT, "joe@a.test", 1}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r = post(ALL, (struct post){.scope = rows[i].scope,
                                    .target = rows[i].target,
                                    .key = "k",
                                    .test = true});
        ck_assert_int_eq(r.code, 200);
        ck_assert_uint_eq(r.accounts, rows[i].accounts);
        ck_assert_uint_eq(r.id, 0);
        ck_assert_str_eq(fixture_effects, "");
    }
    ck_assert_str_eq(fixture_say(ALL, "GetServerAlerts"), "201 {}");
    /* all is checked */
    r = post(ALL,
             (struct post){.scope = ALERT_SERVER, .text = " ", .test = true});
    ck_assert_int_eq(r.code, 522);
    r = post(JOE, (struct post){.scope = ALERT_SERVER, .test = true});
    ck_assert_int_eq(r.code, 510);
    ck_assert(!post_server(ALL, "k", "text").repeated);
}
END_TEST

static enum store_result
share_b(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r = domain_find(x->txn, "b.test", &d, err);

    (void)arg;
    d.shared = true;
    if (r == STORE_OK)
        r = domain_put(x->txn, &d, err);
    domain_rec_clear(&d);
    return r;
}

/* Server-wide alerts are for the accounts of local domains. */
START_TEST(counts_local_domains_alone)
{
    struct post_result r;

    fixture_run(LOCAL, share_b, NULL);
    r = post(ALL, (struct post){.scope = ALERT_SERVER, .test = true});
    ck_assert_uint_eq(r.accounts, WHO_N - 2);
}
END_TEST

/* --- removing --- */

#define DOMAINS 2000

static enum store_result
add_domains(struct admin_context *x, void *arg, struct errbuf *err)
{
    char name[40], account[] = "x";
    struct domain_rec d = {.name = name};
    struct account_rec a = {.name = account};
    uint64_t number;
    enum store_result r = STORE_OK;

    (void)arg;
    for (int i = 0; i < DOMAINS && r == STORE_OK; i++) {
        snprintf(name, sizeof name, "d%d.test", i);
        r = domain_add(x->txn, &d, &a.domain, err);
        if (r == STORE_OK)
            r = account_add(x->txn, &a, &number, err);
    }
    return r;
}

START_TEST(counts_many_domains_in_parts)
{
    struct post_result r;
    uint64_t before;

    before =
        post(ALL, (struct post){.scope = ALERT_SERVER, .test = true}).accounts;
    ck_assert_uint_eq(fixture_parts, 1);
    fixture_run(LOCAL, add_domains, NULL);
    (void)fixture_load();
    r = post(ALL, (struct post){.scope = ALERT_SERVER, .test = true});
    ck_assert_int_eq(r.code, 200);
    ck_assert_uint_eq(r.accounts, before + DOMAINS);
    ck_assert_uint_gt(fixture_parts, 1);
    ck_assert_uint_le(fixture_load().job, 2100);
}
END_TEST

START_TEST(removes_what_it_may)
{
    uint64_t server = post_server(ALL, NULL, "s").id;
    uint64_t domain =
        post(ALL, (struct post){.scope = ALERT_DOMAIN, .target = "a.test"}).id;
    uint64_t account =
        post(ALL, (struct post){.scope = ALERT_ACCOUNT, .target = "joe@a.test"})
            .id;
    static const enum who strangers[] = {MONITOR, READER, USER,    CREATOR,
                                         SETTER,  JOE,    STRANGER};

    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        ck_assert_int_eq(remove_alert(strangers[i], server), 514);
        ck_assert_int_eq(remove_alert(strangers[i], domain), 514);
        ck_assert_int_eq(remove_alert(strangers[i], account), 514);
        ck_assert_str_eq(fixture_effects, "");
    }
    ck_assert_int_eq(remove_alert(POSTER, server), 514);
    ck_assert_int_eq(remove_alert(POSTER, 999), 514);
    ck_assert_int_eq(remove_alert(POSTER, domain), 200);
    ck_assert_str_eq(fixture_effects, "removed 2;");
    ck_assert_int_eq(remove_alert(POSTER, account), 200);
    ck_assert_int_eq(remove_alert(POSTER, domain), 514);
    ck_assert_int_eq(remove_alert(LOCAL, server), 200);
}
END_TEST

/* --- scopes --- */

struct try_scope {
    enum alert_scope scope;
    const char *target;
    uint64_t number;
    bool may_post;
    int code;
};

static enum store_result
run_scope(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct try_scope *t = arg;

    return alert_request_check(x, t->scope, t->target, &t->number, &t->may_post,
                               &t->code, err);
}

START_TEST(checks_scopes)
{
    static const struct {
        enum who who;
        enum alert_scope scope;
        const char *target;
        int code;
        bool may_post;
    } rows[] = {
        {ALL, ALERT_SERVER, NULL, 200, true},
        {MONITOR, ALERT_SERVER, NULL, 200, false},
        {ADMIN, ALERT_SERVER, NULL, 200, false},
        {POSTER, ALERT_SERVER, NULL, 200, false},
        {POSTER, ALERT_CLUSTER, NULL, 510, false},
        {SETTER, ALERT_SERVER, NULL, 510, false},
        {JOE, ALERT_SERVER, NULL, 510, false},
        {MONITOR, ALERT_CLUSTER, NULL, 200, false},
        {POSTER, ALERT_DOMAIN, "a.test", 200, true},
        {MONITOR, ALERT_DOMAIN, "a.test", 200, false},
        {SETTER, ALERT_DOMAIN, "a.test", 510, false},
        {POSTER, ALERT_DOMAIN, "b.test", 510, false},
        {POSTER, ALERT_DOMAIN, "nowhere", 510, false},
        {MONITOR, ALERT_DOMAIN, "nowhere", 512, false},
        {POSTER, ALERT_ACCOUNT, "joe@a.test", 200, true},
        {POSTER, ALERT_ACCOUNT, "nobody@a.test", 513, false},
        {POSTER, ALERT_ACCOUNT, NULL, 513, false},
        {JOE, ALERT_ACCOUNT, "joe@a.test", 510, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct try_scope t = {.scope = rows[i].scope, .target = rows[i].target};

        fixture_run(rows[i].who, run_scope, &t);
        ck_assert_int_eq(t.code, rows[i].code);
        ck_assert(t.may_post == rows[i].may_post);
        if (t.code == 200)
            ck_assert((t.number != 0) == (rows[i].target != NULL));
    }
}
END_TEST

/* --- ends --- */

struct try_expire {
    unsigned max;
    int64_t next;
};

static enum store_result
run_expire(struct admin_context *x, void *arg, struct errbuf *err)
{
    struct try_expire *t = arg;

    return alert_admin_expire(x, t->max, &t->next, err);
}

START_TEST(sweeps_what_has_ended)
{
    struct try_expire t = {.max = 10};
    int64_t start = fixture_now;

    post(ALL, (struct post){.scope = ALERT_SERVER, .until = start + 10});
    post(ALL, (struct post){.scope = ALERT_DOMAIN,
                            .target = "a.test",
                            .until = start + 20});
    post(ALL, (struct post){.scope = ALERT_ACCOUNT,
                            .target = "joe@a.test",
                            .until = start + 20});
    post(ALL, (struct post){.scope = ALERT_SERVER});
    fixture_run(LOCAL, run_expire, &t);
    ck_assert_str_eq(fixture_effects, "");
    ck_assert_int_eq(t.next, start + 10);
    fixture_now = start + 10;
    fixture_run(LOCAL, run_expire, &t);
    ck_assert_str_eq(fixture_effects, "removed 1;");
    ck_assert_int_eq(t.next, start + 20);
    fixture_now = start + 25;
    t.max = 1;
    fixture_run(LOCAL, run_expire, &t);
    ck_assert_str_eq(fixture_effects, "removed 2;");
    ck_assert_int_eq(t.next, start + 20); /* more is waiting */
    fixture_run(LOCAL, run_expire, &t);
    ck_assert_str_eq(fixture_effects, "removed 3;");
    ck_assert_int_eq(t.next, 0);
}
END_TEST

/* --- audit --- */

START_TEST(writes_the_audit_log)
{
    fixture_audit();
    /* reading leaves no trace, unless it was refused */
    fixture_say(MONITOR, "GetServerAlerts");
    fixture_say(MONITOR, "NoSuchCommand secret");
    ck_assert_str_eq(fixture_audit(), "");
    fixture_say(JOE, "GetServerAlerts");
    ck_assert_str_eq(fixture_audit(),
                     "joe@a.test|192.0.2.1 ximss|GETSERVERALERTS|"
                     "insufficient access rights\n");

    fixture_say(ALL, "postserveralert \"a \\e b\"");
    fixture_say(ALL, "PostServerAlert \"a\" b");
    fixture_say(ALL, "PostServerAlert \"a");
    fixture_say(JOE, "PostServerAlert a");
    ck_assert_str_eq(
        fixture_audit(),
        "all@main.test|192.0.2.1 ximss|POSTSERVERALERT \"a \\e b\"|ok\n"
        "all@main.test|192.0.2.1 ximss|POSTSERVERALERT a b|"
        "too many arguments\n"
        "all@main.test|192.0.2.1 ximss|POSTSERVERALERT (malformed)|"
        "malformed at byte 17\n"
        "joe@a.test|192.0.2.1 ximss|POSTSERVERALERT a|"
        "insufficient access rights\n");

    fixture_say(LOCAL, "CreateAccount new@a.test {Password=secret;a=b;}");
    fixture_say(SETTER, "SetAccountPassword joe PASSWORD secret");
    fixture_say(OTHER, "VerifyAccountPassword joe PASSWORD secret");
    fixture_say(OTHER, "VerifyAccountPassword joe PASSWORD secre");
    /* Recorded when the workers have said whether it was there. */
    fixture_say(ALL, "KillSession 100000-x");
    ck_assert_str_eq(
        fixture_audit(),
        "local:0|local socket|CREATEACCOUNT new@a.test {Password=***;a=b;}|"
        "ok\n"
        "setter@a.test|192.0.2.1 ximss|SETACCOUNTPASSWORD joe ***|ok\n"
        "other@a.test|192.0.2.1 ximss|VERIFYACCOUNTPASSWORD joe ***|"
        "incorrect password\n");
}
END_TEST

START_TEST(audits_requests)
{
    fixture_audit();
    post(ADMIN, (struct post){.scope = ALERT_DOMAIN,
                              .target = "a.test",
                              .key = "k 1",
                              .severity = ALERT_CRITICAL,
                              .text = "disk\nfull"});
    post_server(ALL, "k", "s");
    post_server(ALL, "k", "s"); /* repeated: nothing was done */
    post_server(ALL, "k", "other");
    post_server(ALL, NULL, "\x1b");
    post_server(JOE, NULL, "x");
    post(ALL, (struct post){.scope = ALERT_SERVER, .test = true});
    remove_alert(ALL, 2);
    remove_alert(ALL, 2);
    remove_alert(JOE, 1);
    ck_assert_str_eq(
        fixture_audit(),
        "admin@a.test|192.0.2.1 ximss|alertPost domain critical target=a.test "
        "key=\"k 1\" alertID=1 \"disk\\efull\"|ok\n"
        "all@main.test|192.0.2.1 ximss|alertPost server warning key=k "
        "alertID=2 s|ok\n"
        "all@main.test|192.0.2.1 ximss|alertPost server warning key=k other|"
        "the key was used for another alert\n"
        "all@main.test|192.0.2.1 ximss|alertPost server warning|"
        "alert text has the character U+001B at byte 0\n"
        "joe@a.test|192.0.2.1 ximss|alertPost server warning x|"
        "insufficient access rights\n"
        "all@main.test|192.0.2.1 ximss|alertRemove alertID=2|ok\n"
        "all@main.test|192.0.2.1 ximss|alertRemove alertID=2|"
        "no such alert\n"
        "joe@a.test|192.0.2.1 ximss|alertRemove alertID=1|"
        "insufficient access rights\n");
}
END_TEST

/* Of a long text the first 200 bytes, less a character that goes on behind
 * them. */
START_TEST(audits_whole_characters)
{
    static const struct {
        unsigned letters; /* and behind them: */
        const char *text, *audited;
    } rows[] = {
        {199, "b", "b"},
        {199, "bc", "b"},
        {198, "\xc3\xa9", "\xc3\xa9"},
        {198, "\xc3\xa9z", "\xc3\xa9"},
        {199, "\xc3\xa9z", ""},
        {198, "\xe2\x82\xacz", ""},
        {199, "\xe2\x82\xacz", ""},
        {197, "\xf0\x9f\x94\x94z", ""},
        {196, "\xf0\x9f\x94\x94z", "\xf0\x9f\x94\x94"},
    };

    fixture_settings.alert_bytes = 256;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char letters[200] = "", text[256], line[512];

        memset(letters, 'a', rows[i].letters);
        letters[0] = ' '; /* so that it is quoted */
        snprintf(text, sizeof text, "%s%s", letters, rows[i].text);
        fixture_audit();
        post_server(ALL, NULL, text);
        snprintf(line, sizeof line,
                 "all@main.test|192.0.2.1 ximss|alertPost server warning "
                 "alertID=%zu \"%s%s\"|ok\n",
                 i + 1, letters, rows[i].audited);
        ck_assert_str_eq(fixture_audit(), line);
    }
}
END_TEST

/* A piece of a long piece of work is recorded too. */
START_TEST(audits_every_job)
{
    fixture_audit();
    fixture_say(ALL, "DeleteDomain b.test FORCE");
    fixture_say(ALL, "DeleteDomain b.test FORCE");
    ck_assert_str_eq(fixture_audit(),
                     "all@main.test|192.0.2.1 ximss|DELETEDOMAIN b.test FORCE|"
                     "ok\n"
                     "all@main.test|192.0.2.1 ximss|DELETEDOMAIN b.test FORCE|"
                     "unknown secondary domain name\n");
}
END_TEST

Suite *
admin_post_suite(void)
{
    Suite *s = suite_create("admin_post");
    TCase *t = tcase_create("admin_post");

    tcase_add_checked_fixture(t, fixture_setup, fixture_teardown);
    tcase_add_test(t, posts_to_whom_it_may);
    tcase_add_test(t, checks_texts_and_ends);
    tcase_add_test(t, posts_a_key_once);
    tcase_add_test(t, counts_lifetimes);
    tcase_add_test(t, frees_the_key_of_what_is_removed);
    tcase_add_test(t, answers_late_repetitions);
    tcase_add_test(t, counts_without_posting);
    tcase_add_test(t, counts_local_domains_alone);
    tcase_add_test(t, counts_many_domains_in_parts);
    tcase_add_test(t, removes_what_it_may);
    tcase_add_test(t, checks_scopes);
    tcase_add_test(t, sweeps_what_has_ended);
    tcase_add_test(t, writes_the_audit_log);
    tcase_add_test(t, audits_requests);
    tcase_add_test(t, audits_whole_characters);
    tcase_add_test(t, audits_every_job);
    suite_add_tcase(s, t);
    return s;
}
