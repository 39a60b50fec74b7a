/* SPDX-License-Identifier: BSD-2-Clause */
/* The source of doveadm against a Dovecot that the test plays. */
#include "config.h"

#include "quota/doveadm.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include <event2/event.h>

#include "quota/doveadm_key.h"
#include "tests/unit/fake_dovecot.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/moved_clock.h"
#include "tests/unit/pump.h"
#include "tests/unit/quota_sink.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

Suite *doveadm_suite(void);

#define MS (CLOCK_SECOND / 1000)

static struct event_base *base;
static struct fake_dovecot *dovecot;
static struct doveadm *source;
static struct doveadm_config config;
static char url[64], key_file[64];
static struct errbuf err;

static const char *const users[] = {"ann@a.test", "bob@a.test", NULL};
static const char *const nobody[] = {NULL};

static void
write_key(const char *text, size_t len)
{
    FILE *f = fopen(key_file, "w");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, len, f), len);
    fclose(f);
}

static void
setup(void)
{
    log_set_level(LOG_ERROR_);
    base = event_base_new();
    dovecot = fake_dovecot_new(base, 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u",
             fake_dovecot_port(dovecot));
    snprintf(key_file, sizeof key_file, "doveadm-key-%ld", (long)getpid());
    write_key("secret\n", 7);
    config =
        (struct doveadm_config){.url = url, .key_file = key_file, .retry = MS};
    quota_sink_reset(users);
    err.text[0] = '\0';
}

static void
teardown(void)
{
    doveadm_stop(&source);
    ck_assert(!fake_dovecot_was_crowded(dovecot));
    quota_sink_settle();
    fake_dovecot_free(&dovecot);
    event_base_free(base);
    unlink(key_file);
}

static void
start(void)
{
    source = doveadm_start(base, &config, &quota_sink_test, &err);
    ck_assert_msg(source != NULL, "%s", err.text);
}

struct wait {
    const char *user; /* NULL: requests are counted */
    unsigned n;
};

static bool
is_there(void *arg)
{
    const struct wait *w = arg;

    return (w->user != NULL ? quota_sink_reports(w->user, NULL)
                            : fake_dovecot_requests(dovecot)) >= w->n;
}

static void
wait_reports(const char *user, unsigned n)
{
    struct wait w = {user, n};

    pump_until(&base, 1, is_there, &w);
}

static void
wait_requests(unsigned n)
{
    struct wait w = {NULL, n};

    pump_until(&base, 1, is_there, &w);
}

START_TEST(asks_about_all)
{
    struct quota_report r;
    char wanted[1024];

    config.use_limits = true;
    start();
    wait_reports("bob@a.test", 1);
    snprintf(wanted, sizeof wanted,
             "POST /doveadm/v1 HTTP/1.1\r\n"
             "Host: 127.0.0.1:%u\r\n"
             "Authorization: X-Dovecot-API c2VjcmV0\r\n"
             "Content-Type: application/json\r\n"
             "Connection: close\r\n"
             "Content-Length: 79\r\n\r\n"
             "[[\"quotaGet\",{\"user\":\"ann@a.test\"},\"0\"],"
             "[\"quotaGet\",{\"user\":\"bob@a.test\"},\"1\"]]",
             fake_dovecot_port(dovecot));
    ck_assert_str_eq(fake_dovecot_last(dovecot), wanted);
    ck_assert_uint_eq(quota_sink_reports("ann@a.test", &r), 1);
    ck_assert_int_eq(r.source, QUOTA_SOURCE_DOVEADM);
    ck_assert(r.rounded && r.has_limit && !r.is_percent);
    ck_assert_uint_eq(r.used, 4096);
    ck_assert_uint_eq(r.limit, 102400);
    ck_assert_uint_eq(quota_sink_all_reports(), 2);
}
END_TEST

static bool
rounds_are_over(void *arg)
{
    (void)arg;
    return quota_sink_progress_of(QUOTA_ROUND_DUE) ==
           quota_sink_progress_of(QUOTA_ROUND_ENDED);
}

/* Wishes for another round become one, behind that which runs. */
START_TEST(asks_when_told_to)
{
    start();
    doveadm_refresh(source); /* the first is yet to begin */
    wait_reports("bob@a.test", 1);
    pump_until(&base, 1, rounds_are_over, NULL);
    ck_assert_uint_eq(quota_sink_progress_of(QUOTA_ROUND_ENDED), 1);
    ck_assert_uint_eq(quota_sink_progress_of(QUOTA_LOOKED), 2);
    ck_assert_uint_ge(quota_sink_progress_of(QUOTA_ANSWERED), 1);
    for (int i = 0; i < 3; i++)
        doveadm_refresh(source);
    ck_assert_uint_eq(quota_sink_progress_of(QUOTA_ROUND_DUE), 2);
    pump_until(&base, 1, rounds_are_over, NULL);
    ck_assert_uint_eq(quota_sink_progress_of(QUOTA_ROUND_ENDED), 2);
    ck_assert_uint_eq(quota_sink_reports("ann@a.test", NULL), 2);
    ck_assert_uint_eq(quota_sink_progress_of(QUOTA_LOOKED), 4);
    fake_dovecot_script(dovecot, "HTTP/1.1 500 No\r\n\r\n");
    doveadm_refresh(source);
    wait_requests(3);
    doveadm_refresh(source); /* while it runs */
    doveadm_refresh(source);
    pump_until(&base, 1, rounds_are_over, NULL);
    ck_assert_uint_eq(quota_sink_progress_of(QUOTA_ROUND_ENDED), 4);
    ck_assert_uint_eq(quota_sink_reports("ann@a.test", NULL), 4);
}
END_TEST

START_TEST(other_path)
{
    static const char wanted[] = "POST /other HTTP/1.1\r\nHost: localhost:";

    snprintf(url, sizeof url, "http://localhost:%u/other",
             fake_dovecot_port(dovecot));
    start();
    wait_requests(1);
    ck_assert_ptr_eq(strstr(fake_dovecot_last(dovecot), wanted),
                     fake_dovecot_last(dovecot));
}
END_TEST

/* Pages of 100; one that is full to the last is followed by an empty one, of
 * which nobody is asked. */
START_TEST(pages)
{
    static char names[200][24];
    static const char *many[201];

    for (int i = 0; i < 200; i++) {
        snprintf(names[i], sizeof names[i], "u%03d@c.test", i);
        many[i] = names[i];
    }
    quota_sink_reset(many);
    start();
    wait_reports("u199@c.test", 1);
    pump_until(&base, 1, rounds_are_over, NULL);
    doveadm_refresh(source);
    wait_reports("u199@c.test", 2);
    pump_until(&base, 1, rounds_are_over, NULL);
    ck_assert_uint_eq(fake_dovecot_requests(dovecot), 4);
    ck_assert_uint_eq(quota_sink_all_reports(), 400);
    ck_assert_uint_ge(quota_sink_listings(), 5);
}
END_TEST

START_TEST(limits_are_not_used)
{
    struct quota_report r;

    start();
    wait_reports("ann@a.test", 1);
    quota_sink_reports("ann@a.test", &r);
    ck_assert(!r.has_limit);
    ck_assert_uint_eq(r.limit, 0);
}
END_TEST

START_TEST(asks_again)
{
    struct quota_report r;

    config.interval = 20 * MS;
    start();
    wait_reports("ann@a.test", 1);
    fake_dovecot_value(dovecot, "5");
    wait_reports("ann@a.test", 3);
    quota_sink_reports("ann@a.test", &r);
    ck_assert_uint_eq(r.used, 5120);
}
END_TEST

/* The rounds in which it is asked about whom it did not know: after one, two, and
 * then each four others. */
static unsigned
rounds_with_unknown(unsigned n)
{
    if (n < 6)
        return (n >= 1) + (n >= 3);
    return 3 + (n - 6) / 5;
}

START_TEST(leaves_out_whom_dovecot_does_not_know)
{
    static const char *const some[] = {"ann", "unknown", NULL};

    quota_sink_reset(some);
    config.interval = MS;
    start();
    for (unsigned n = 1; n < 30; n++) {
        wait_reports("ann", n);
        ck_assert_uint_eq(fake_dovecot_unknown(dovecot),
                          rounds_with_unknown(fake_dovecot_requests(dovecot)));
    }
}
END_TEST

/* Who wishes for a round wishes it of all; and single ones are asked for. */
START_TEST(asks_again_whom_dovecot_does_not_know)
{
    static const char *const some[] = {"ann", "unknown", NULL};

    quota_sink_reset(some);
    start();
    for (unsigned n = 1; n <= 3; n++) {
        wait_reports("ann", n);
        pump_until(&base, 1, rounds_are_over, NULL);
        ck_assert_uint_eq(fake_dovecot_unknown(dovecot), n);
        doveadm_refresh(source);
    }
    wait_reports("ann", 4);
    doveadm_ask(source, "unknown2");
    doveadm_ask(source, "zoe");
    wait_reports("zoe", 1);
    ck_assert_uint_eq(fake_dovecot_unknown(dovecot), 5);
}
END_TEST

/* Once only, without an interval. */
START_TEST(asks_for_single_users)
{
    start();
    wait_reports("bob@a.test", 1);
    for (int i = 0; i < 1000; i++)
        doveadm_ask(source, "ann@a.test");
    doveadm_ask(source, "joe");
    wait_reports("joe", 1);
    ck_assert_uint_eq(quota_sink_reports("ann@a.test", NULL), 2);
    ck_assert_uint_eq(quota_sink_reports("bob@a.test", NULL), 1);
    ck_assert_uint_eq(fake_dovecot_requests(dovecot), 2);
}
END_TEST

/* Dovecot would tell of everybody whom the pattern fits. */
START_TEST(patterns_are_not_asked_for)
{
    static const char *const some[] = {"ann@a.test", "*", "a?n@a.test",
                                       "j*@a.test", NULL};

    quota_sink_reset(some);
    config.at_login = true;
    start();
    wait_reports("ann@a.test", 1);
    doveadm_ask(source, "b*b@a.test");
    doveadm_online(source, "b?b@a.test");
    doveadm_ask(source, "joe");
    wait_reports("joe", 1);
    ck_assert_ptr_null(strpbrk(fake_dovecot_last(dovecot), "*?"));
    ck_assert_uint_eq(quota_sink_all_reports(), 2);
    ck_assert_uint_eq(fake_dovecot_requests(dovecot), 2);
}
END_TEST

START_TEST(at_login)
{
    quota_sink_reset(nobody);
    start();
    doveadm_online(source, "ann@a.test");
    doveadm_ask(source, "bob@a.test");
    wait_reports("bob@a.test", 1);
    ck_assert_uint_eq(quota_sink_reports("ann@a.test", NULL), 0);
    doveadm_stop(&source);
    config.at_login = true;
    start();
    doveadm_online(source, "ann@a.test");
    wait_reports("ann@a.test", 1);
}
END_TEST

/* More than a request may have, while the round goes on. */
START_TEST(many_are_asked_for)
{
    char name[24];

    start();
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "u%03d@c.test", i);
        doveadm_ask(source, name);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "u%03d@c.test", i);
        wait_reports(name, 1);
    }
    wait_reports("bob@a.test", 1);
    ck_assert_uint_eq(fake_dovecot_requests(dovecot), 11);
    ck_assert_uint_eq(quota_sink_all_reports(), 1002);
}
END_TEST

START_TEST(some_cannot_be_told)
{
    static const char *const some[] = {
        "ann", "broken1", "broken2", "missing", "unknown", "zoe", NULL};

    quota_sink_reset(some);
    start();
    wait_reports("zoe", 1);
    ck_assert_uint_eq(quota_sink_all_reports(), 2);
    /* The round is over: what was not told is not asked for again. */
    doveadm_ask(source, "zoe");
    wait_reports("zoe", 2);
    ck_assert_uint_eq(fake_dovecot_requests(dovecot), 2);
}
END_TEST

#define REPLY(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body

static const char *const failures[] = {
    "", /* closed at once */
    "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 204 Nothing\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]", /* cut off */
    "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n[]",
    "HTTP/1.1 200 OK\r\nContent-Len",
    "no HTTP at all\r\n\r\n",
    REPLY(""),
    REPLY("[[\"doveadmResponse\",[{\"root\":\"User quo"),
    REPLY("{}"),
    REPLY("<html>"),
};

/* Whatever happens: it is tried again, and then all is well. */
START_TEST(heals)
{
    fake_dovecot_script(dovecot, failures[_i]);
    fake_dovecot_script(dovecot, failures[_i]);
    start();
    wait_reports("bob@a.test", 1);
    ck_assert_uint_eq(fake_dovecot_requests(dovecot), 3);
    ck_assert_uint_eq(quota_sink_all_reports(), 2);
}
END_TEST

/* A reply without an end. */
START_TEST(huge_reply)
{
    size_t size = 3 << 20;
    char *huge = xmalloc(size + 1);

    memset(huge, ' ', size);
    huge[size] = '\0';
    memcpy(huge, REPLY(""), strlen(REPLY("")));
    fake_dovecot_script(dovecot, huge);
    start();
    wait_reports("bob@a.test", 1);
    ck_assert_uint_eq(fake_dovecot_requests(dovecot), 2);
    free(huge);
}
END_TEST

START_TEST(no_reply)
{
    fake_dovecot_script(dovecot, NULL);
    start();
    wait_requests(1);
    ck_assert_uint_eq(quota_sink_all_reports(), 0);
    moved_clock_advance(61 * CLOCK_SECOND);
    wait_reports("bob@a.test", 1);
    ck_assert_uint_eq(fake_dovecot_requests(dovecot), 2);
}
END_TEST

/* What has no sense again and again is left out, and the others go on. */
static const char *const refusals[] = {
    NULL, /* never */
    "",
    REPLY("{}"),
    "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]",
    "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n[]",
    "no HTTP at all\r\n\r\n",
};

START_TEST(refused_batches)
{
    for (int i = 0; i < 5; i++)
        fake_dovecot_script(dovecot, refusals[_i]);
    start();
    for (unsigned i = 1; i <= 5; i++) {
        wait_requests(i);
        if (refusals[_i] == NULL)
            moved_clock_advance(61 * CLOCK_SECOND);
    }
    doveadm_ask(source, "joe");
    wait_reports("joe", 1);
    ck_assert_uint_eq(fake_dovecot_requests(dovecot), 6);
    ck_assert_uint_eq(quota_sink_all_reports(), 1);
}
END_TEST

/* Nobody listens there, until somebody does. */
START_TEST(dovecot_is_away)
{
    uint16_t port = fake_dovecot_port(dovecot);

    fake_dovecot_free(&dovecot);
    start();
    for (int i = 0; i < 20; i++)
        pump_turns(&base, 1);
    doveadm_ask(source, "joe");
    dovecot = fake_dovecot_new(base, port);
    wait_reports("bob@a.test", 1);
    wait_reports("joe", 1);
    ck_assert_uint_eq(quota_sink_all_reports(), 3);
}
END_TEST

static const struct {
    const char *reply, *line; /* the line without its begin */
} outages[] = {
    {"",
     "the connection was closed before the end of the answer; its log says why,"
     " if it is Dovecot"},
    {"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
     "it does not take the key; "},
    {"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
     "HTTP status 500; its log says why, if it is Dovecot"},
    {REPLY("[["), "its answer cannot be read (it is cut off); is it Dovecot?"},
};

/* One line when it begins, one when it is over; the key is in none. */
START_TEST(says_once_that_dovecot_is_away)
{
    char line[300];

    for (int i = 0; i < 4; i++)
        fake_dovecot_script(dovecot, outages[_i].reply);
    log_capture_begin(LOG_DEBUG_);
    start();
    wait_reports("bob@a.test", 1);
    log_capture_end();
    snprintf(line, sizeof line, "warn: quota: asking Dovecot at %s: %s", url,
             outages[_i].line);
    ck_assert_msg(log_capture_count(line) == 1, "%s", log_capture_text());
    snprintf(line, sizeof line, "info: quota: Dovecot at %s answers again\n",
             url);
    ck_assert_msg(log_capture_count(line) == 1, "%s", log_capture_text());
    ck_assert_msg(log_capture_count("\n") == 2, "%s", log_capture_text());
    ck_assert_uint_eq(log_capture_count("secret"), 0);
    ck_assert_uint_eq(log_capture_count("c2VjcmV0"), 0);
}
END_TEST

START_TEST(says_once_who_cannot_be_told)
{
    static const char *const some[] = {"broken1", "broken2", "missing",
                                       "unknown", "zoe",     NULL};

    quota_sink_reset(some);
    log_capture_begin(LOG_INFO_);
    start();
    wait_reports("zoe", 1);
    log_capture_end();
    ck_assert_msg(log_capture_count("\n") == 1, "%s", log_capture_text());
    ck_assert_uint_eq(log_capture_count("quota: Dovecot cannot tell the use of"
                                        " broken1 (exit code 75): "),
                      1);
}
END_TEST

START_TEST(store_is_away)
{
    quota_sink_mode(QUOTA_SINK_FAIL);
    start();
    while (quota_sink_listings() < 2)
        pump_turns(&base, 1);
    quota_sink_mode(QUOTA_SINK_ANSWER);
    wait_reports("bob@a.test", 1);
}
END_TEST

START_TEST(stops_at_once)
{
    start();
    doveadm_ask(source, "ann");
    doveadm_stop(&source);
    ck_assert_ptr_null(source);
    doveadm_stop(&source);
    ck_assert_uint_eq(quota_sink_all_reports(), 0);
}
END_TEST

START_TEST(stops_while_asked)
{
    quota_sink_mode(QUOTA_SINK_KEEP);
    start();
    while (quota_sink_listings() < 1)
        pump_turns(&base, 1);
    doveadm_stop(&source);
    ck_assert_uint_eq(quota_sink_answer(), 1);
}
END_TEST

START_TEST(stops_while_asking)
{
    fake_dovecot_script(dovecot, NULL);
    start();
    wait_requests(1);
    doveadm_ask(source, "ann");
    pump_turns(&base, 1);
    doveadm_stop(&source);
    pump_turns(&base, 1);
    ck_assert_uint_eq(quota_sink_all_reports(), 0);
}
END_TEST

static const struct {
    const char *url, *error;
} bad_urls[] = {
    {"", "not a URL like"},
    {"127.0.0.1:8080", "not a URL like"},
    {"http://127.0.0.1", "not a URL like"},
    {"http://:8080", "not a URL like"},
    {"http://joe@127.0.0.1:8080", "not a URL like"},
    {"http://127.0.0.1:99999", "not a URL like"},
    {"ftp://127.0.0.1:8080", "not a URL like"},
    {"https://127.0.0.1:8080", "https is not supported"},
};

START_TEST(refuses_urls)
{
    config.url = bad_urls[_i].url;
    source = doveadm_start(base, &config, &quota_sink_test, &err);
    ck_assert_msg(source == NULL, "row %d", _i);
    ck_assert_msg(strstr(err.text, bad_urls[_i].error) != NULL, "row %d: %s",
                  _i, err.text);
}
END_TEST

static const struct {
    const char *text;
    size_t len;
    const char *key; /* NULL: refused */
} keys[] = {
    {"secret\n", 7, "secret"},
    {"secret", 6, "secret"},
    {"secret\r\n", 8, "secret"},
    {"two words\n", 10, "two words"},
    {"", 0, NULL},
    {"\n", 1, NULL},
    {"one\ntwo\n", 8, NULL},
    {"a\0b\n", 4, NULL},
    {"\xef\xbb\xbfsecret\r\n", 11, "secret"},
    {"\xef\xbb\xbf\n", 4, NULL},
    {"\xff\xfes\0e\0\n\0", 8, NULL},
};

START_TEST(reads_keys)
{
    char *key;

    write_key(keys[_i].text, keys[_i].len);
    key = doveadm_key_read(key_file, &err);
    ck_assert_msg((key != NULL) == (keys[_i].key != NULL), "row %d: %s", _i,
                  err.text);
    if (key != NULL)
        ck_assert_str_eq(key, keys[_i].key);
    else
        ck_assert_ptr_nonnull(strstr(err.text, key_file));
    doveadm_key_free(&key);
}
END_TEST

START_TEST(refuses_keys)
{
    char long_key[1025];

    memset(long_key, 'k', sizeof long_key);
    write_key(long_key, sizeof long_key);
    ck_assert_ptr_null(doveadm_key_read(key_file, &err));
    config.key_file = "no such file";
    ck_assert_ptr_null(doveadm_start(base, &config, &quota_sink_test, &err));
    ck_assert_str_eq(err.text, "no such file: No such file or directory");
}
END_TEST

Suite *
doveadm_suite(void)
{
    Suite *s = suite_create("doveadm");
    TCase *tc = tcase_create("doveadm");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, asks_about_all);
    tcase_add_test(tc, asks_when_told_to);
    tcase_add_test(tc, other_path);
    tcase_add_test(tc, pages);
    tcase_add_test(tc, limits_are_not_used);
    tcase_add_test(tc, asks_again);
    tcase_add_test(tc, leaves_out_whom_dovecot_does_not_know);
    tcase_add_test(tc, asks_again_whom_dovecot_does_not_know);
    tcase_add_test(tc, asks_for_single_users);
    tcase_add_test(tc, patterns_are_not_asked_for);
    tcase_add_test(tc, at_login);
    tcase_add_test(tc, many_are_asked_for);
    tcase_add_test(tc, some_cannot_be_told);
    tcase_add_loop_test(tc, heals, 0, sizeof failures / sizeof failures[0]);
    tcase_add_test(tc, huge_reply);
    tcase_add_test(tc, no_reply);
    tcase_add_loop_test(tc, refused_batches, 0,
                        sizeof refusals / sizeof refusals[0]);
    tcase_add_test(tc, dovecot_is_away);
    tcase_add_loop_test(tc, says_once_that_dovecot_is_away, 0,
                        sizeof outages / sizeof outages[0]);
    tcase_add_test(tc, says_once_who_cannot_be_told);
    tcase_add_test(tc, store_is_away);
    tcase_add_test(tc, stops_at_once);
    tcase_add_test(tc, stops_while_asked);
    tcase_add_test(tc, stops_while_asking);
    tcase_add_loop_test(tc, refuses_urls, 0,
                        sizeof bad_urls / sizeof bad_urls[0]);
    tcase_add_loop_test(tc, reads_keys, 0, sizeof keys / sizeof keys[0]);
    tcase_add_test(tc, refuses_keys);
    suite_add_tcase(s, tc);
    return s;
}
