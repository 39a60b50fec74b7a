/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients/lib/ximss_private.h"
#include "tests/unit/fake_server.h"
#include "tests/unit/moved_clock.h"
#include "util/clock.h"
#include "util/errbuf.h"

Suite *ximss_link_suite(void);

static struct fake_server f;

/* What the callbacks saw, one word each. */
static char seen[4096];

static void note(const char *fmt, ...) PRINTF_LIKE(1, 2);

static void
note(const char *fmt, ...)
{
    size_t n = strlen(seen);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(seen + n, sizeof seen - n, fmt, ap);
    va_end(ap);
}

static void
on_state(struct ximss *x, enum ximss_state state, const char *why, void *arg)
{
    (void)x;
    (void)why;
    (void)arg;
    note("state=%d ", (int)state);
}

static void
on_alert(struct ximss *x, const struct ximss_alert *a, void *arg)
{
    (void)x;
    (void)arg;
    note("alert=%s%s ", a->id, a->repeated ? "(again)" : "");
}

static void
on_removed(struct ximss *x, const char *id, void *arg)
{
    (void)x;
    (void)arg;
    note("removed=%s ", id);
}

static void
on_bye(struct ximss *x, void *arg)
{
    (void)x;
    (void)arg;
    note("bye ");
}

static void
on_message(struct ximss *x, const struct ximss_message *m, void *arg)
{
    const struct ximss_message *c = ximss_message_first(m);

    (void)x;
    (void)arg;
    note("message=%s ", ximss_message_name(m));
    if (c != NULL)
        note("child=%s:%s ", ximss_message_name(c),
             ximss_message_text(c, NULL));
}

static void
on_done(struct ximss *x, const struct ximss_result *r, void *arg)
{
    (void)x;
    note("%s=%d/%d ", (const char *)arg, (int)r->status, r->error_num);
}

static void
setup_on(bool on_unix)
{
    moved_clock_hold(true);
    fake_init(&f, on_unix);
    seen[0] = '\0';
    ximss_on_state(f.x, on_state, NULL);
    ximss_on_alert(f.x, on_alert, NULL);
    ximss_on_removed(f.x, on_removed, NULL);
    ximss_on_bye(f.x, on_bye, NULL);
    ximss_on_message(f.x, on_message, NULL);
}

static void
setup(void)
{
    setup_on(false);
}

static void
teardown(void)
{
    fake_clear(&f);
    moved_clock_hold(false);
}

static char name_a[] = "a", name_b[] = "b";

START_TEST(logs_in_and_says_bye)
{
    fake_log_in(&f);
    ck_assert_str_eq(seen, "state=1 state=2 state=3 ");
    ck_assert_str_eq(ximss_session(f.x, "realName"), "Joe");
    ck_assert_ptr_null(ximss_session(f.x, "urlID"));
    ck_assert_ptr_null(ximss_tls_version(f.x));
    ximss_close(f.x);
    ck_assert_int_eq(ximss_state(f.x), XIMSS_CLOSING);
    fake_expect(&f, "<bye id=\"2\"/>");
    fake_send(&f, "<response id=\"2\"/>");
    fake_wait(&f, XIMSS_OFF);
    ck_assert_int_eq(ximss_run(f.x), 0);
    ck_assert_int_eq(ximss_fd(f.x), -1);
    ck_assert_str_eq(ximss_error(f.x), "");
}
END_TEST

START_TEST(close_does_not_wait_for_ever)
{
    fake_log_in(&f);
    ximss_close(f.x);
    fake_expect(&f, "<bye id=\"2\"/>");
    ck_assert_int_le(ximss_timeout(f.x), 2000);
    clock_advance(2 * CLOCK_SECOND);
    fake_wait(&f, XIMSS_OFF);
}
END_TEST

START_TEST(tells_pushes_from_answers)
{
    fake_log_in(&f);
    seen[0] = '\0';
    ck_assert_int_eq(ximss_remove(f.x, "17", on_done, name_a), 0);
    ck_assert_int_eq(ximss_dismiss(f.x, "18", on_done, name_b), 0);
    ck_assert_uint_eq(ximss_pending(f.x), 2);
    fake_expect(&f, "<alertRemove id=\"2\" alertID=\"17\"/>");
    fake_expect(&f, "<alertDismiss id=\"3\" alertID=\"18\"/>");
    fake_send(&f, "<alert alertID=\"5\">t</alert>");
    fake_send(&f, "<folderReport id=\"2\"/>");
    fake_send(&f, "<response id=\"99\"/>");
    fake_send(&f, "<response id=\"2\"/>");
    fake_send(&f, "<alertRemoved alertID=\"5\"/>");
    fake_send(&f, "<roster><item>x</item></roster>");
    fake_send(&f, "<response id=\"3\" errorText=\"no\" errorNum=\"514\"/>");
    while (ximss_pending(f.x) > 0)
        fake_turn(&f);
    ck_assert_str_eq(seen, "alert=5 a=0/0 removed=5 message=roster "
                           "child=item:x b=1/514 ");
}
END_TEST

START_TEST(takes_messages_byte_by_byte)
{
    static const char bytes[] = "\0\0<alert alertID='1'>a&lt;b</alert>\0"
                                "<alert alertID=\"2\"\n>&#13;</alert >\0\0";

    fake_log_in(&f);
    seen[0] = '\0';
    for (size_t i = 0; i < sizeof bytes - 1; i++) {
        fake_send_raw(&f, bytes + i, 1);
        fake_turn(&f);
    }
    while (strchr(seen, '2') == NULL)
        fake_turn(&f);
    ck_assert_str_eq(seen, "alert=1 alert=2 ");
}
END_TEST

START_TEST(decodes_alerts)
{
    /* One hop through the typed callback; the fields are checked there. */
    fake_log_in(&f);
    seen[0] = '\0';
    fake_send(&f,
              "<alert gmtTime=\"20261122T133000Z\" alertID=\"7\">x</alert>");
    fake_send(&f,
              "<alert gmtTime=\"20261122T133000Z\" alertID=\"7\">x</alert>");
    fake_send(&f,
              "<alert gmtTime=\"20261122T133001Z\" alertID=\"7\">x</alert>");
    fake_send(&f, "<alert>no id</alert><!-- -->");
    fake_send(&f, "<alert>no id</alert>");
    fake_send(&f, "<bye/>");
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_str_eq(seen, "alert=7 alert=7(again) alert=7 alert= alert= bye "
                           "state=6 ");
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_LOST);
    ck_assert_str_eq(ximss_error(f.x), "the server ended the session");
}
END_TEST

static struct ximss_alert last;
static char last_text[200];

static void
keep_alert(struct ximss *x, const struct ximss_alert *a, void *arg)
{
    (void)x;
    (void)arg;
    last = *a;
    snprintf(last_text, sizeof last_text, "%s|%s|%s|%s|%s|%s|%s", a->id,
             a->local_time, a->text, a->target, a->author, a->origin, a->key);
}

START_TEST(lists_reports)
{
    fake_log_in(&f);
    seen[0] = '\0';
    ximss_list(f.x, XIMSS_SCOPE_DOMAIN, "example.test", keep_alert, on_done,
               name_a);
    fake_expect(&f, "<alertList id=\"2\" scope=\"domain\" "
                    "target=\"example.test\"/>");
    fake_send(&f, "<alertReport id=\"2\" alertID=\"17\" scope=\"domain\" "
                  "severity=\"critical\" gmtTime=\"20261122T133000\" "
                  "localTime=\"20261122T153000\" until=\"20261201T060000Z\" "
                  "seen=\"yes\" target=\"example.test\" author=\"p@q\" "
                  "origin=\"o\" key=\"20261122133000\">a\nb</alertReport>");
    fake_send(&f, "<response id=\"2\"/>");
    while (ximss_pending(f.x) > 0)
        fake_turn(&f);
    ck_assert_str_eq(last_text, "17|20261122T153000|a\nb|example.test|p@q|o|"
                                "20261122133000");
    ck_assert_int_eq(last.scope, XIMSS_SCOPE_DOMAIN);
    ck_assert_int_eq(last.severity, XIMSS_CRITICAL);
    ck_assert_int_eq(last.gmt_time, 1795354200);
    ck_assert_int_eq(last.until, 1796104800);
    ck_assert_int_eq(last.seen, 1);
    ck_assert_str_eq(seen, "a=0/0 ");
    ximss_list(f.x, XIMSS_SCOPE_NONE, NULL, keep_alert, NULL, NULL);
    fake_expect(&f, "<alertList id=\"3\"/>");
}
END_TEST

static void
on_posted(struct ximss *x, const struct ximss_result *r,
          const struct ximss_posted *p, void *arg)
{
    (void)x;
    (void)arg;
    if (p == NULL)
        note("refused=%d:%s ", r->error_num, r->error_text);
    else
        note("posted=%s,%lld,%llu,%llu,%d ", p->id, (long long)p->gmt_time,
             (unsigned long long)p->sessions, (unsigned long long)p->accounts,
             p->repeated);
}

START_TEST(posts)
{
    struct ximss_post p = {.scope = XIMSS_SCOPE_ACCOUNT,
                           .target = "joe@example.test",
                           .severity = XIMSS_CRITICAL,
                           .until = 1796104800,
                           .key = "k\"",
                           .text = "a<b & 'c'\n\xf0\x9f\x98\x80",
                           .text_len = 14};

    fake_log_in(&f);
    seen[0] = '\0';
    ck_assert_int_eq(ximss_post(f.x, &p, on_posted, NULL), 0);
    fake_expect(&f, "<alertPost id=\"2\" scope=\"account\" "
                    "target=\"joe@example.test\" severity=\"critical\" "
                    "until=\"20261201T060000Z\" key=\"k&quot;\">a&lt;b &amp; "
                    "&#39;c&#39;\n\xf0\x9f\x98\x80</alertPost>");
    fake_send(&f, "<alertPosted id=\"2\" alertID=\"17\" "
                  "gmtTime=\"20261122T133000Z\" sessions=\"812\"/>");
    fake_send(&f, "<response id=\"2\"/>");
    p = (struct ximss_post){.scope = XIMSS_SCOPE_SERVER,
                            .severity = XIMSS_WARNING,
                            .test = 1,
                            .text = "x",
                            .text_len = 1};
    ximss_post(f.x, &p, on_posted, NULL);
    fake_expect(&f, "<alertPost id=\"3\" scope=\"server\" severity=\"warning\" "
                    "test=\"yes\">x</alertPost>");
    fake_send(&f, "<response id=\"3\" errorText=\"insufficient access rights\" "
                  "errorNum=\"510\"/>");
    while (ximss_pending(f.x) > 0)
        fake_turn(&f);
    ck_assert_str_eq(seen, "posted=17,1795354200,812,0,0 "
                           "refused=510:insufficient access rights ");
}
END_TEST

static void
on_cli(struct ximss *x, const struct ximss_result *r, const char *data,
       size_t len, void *arg)
{
    (void)x;
    (void)arg;
    note("cli=%d,%zu,%s ", (int)r->status, len, data);
}

START_TEST(executes_commands)
{
    fake_log_in(&f);
    seen[0] = '\0';
    ximss_cli_execute(f.x, "EchO \"a<b\"", on_cli, NULL);
    ximss_cli_execute(f.x, "NOOP", on_cli, NULL);
    ximss_cli_execute(f.x, "BAD", on_cli, NULL);
    fake_expect(&f, "<cliExecute id=\"2\">EchO \"a&lt;b\"</cliExecute>");
    fake_send(&f, "<cliResult id=\"2\">\"a&lt;b\"</cliResult>");
    fake_send(&f, "<response id=\"2\"/>");
    fake_send(&f, "<response id=\"3\"/>");
    fake_send(&f, "<response id=\"4\" errorText=\"unknown command\" "
                  "errorNum=\"500\"/>");
    while (ximss_pending(f.x) > 0)
        fake_turn(&f);
    ck_assert_str_eq(seen, "cli=0,5,\"a<b\" cli=0,0, cli=1,0, ");
}
END_TEST

static const char *const unfit[] = {"\x80", "a\x01", "\xed\xa0\x80",
                                    "\xef\xbf\xbf", "\x1b[0m"};

START_TEST(refuses_unfit_text)
{
    struct ximss_post p = {.scope = XIMSS_SCOPE_SERVER,
                           .severity = XIMSS_INFO,
                           .text = unfit[_i],
                           .text_len = strlen(unfit[_i])};

    fake_log_in(&f);
    seen[0] = '\0';
    ck_assert_int_eq(ximss_post(f.x, &p, on_posted, NULL), -1);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_MISUSE);
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x), "control characters"));
    ck_assert_int_eq(ximss_remove(f.x, unfit[_i], on_done, name_a), -1);
    ck_assert_uint_eq(ximss_pending(f.x), 0);
    ck_assert_int_eq(ximss_remove(f.x, "1", on_done, name_a), 0);
    fake_expect(&f, "<alertRemove id=\"2\" alertID=\"1\"/>");
    ck_assert_str_eq(seen, "");
}
END_TEST

START_TEST(refuses_requests_out_of_season)
{
    ck_assert_int_eq(ximss_remove(f.x, "1", on_done, name_a), -1);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_MISUSE);
    fake_log_in(&f);
    ck_assert_int_eq(ximss_start(f.x), -1);
    ximss_close(f.x);
    ck_assert_int_eq(ximss_remove(f.x, "1", on_done, name_a), -1);
}
END_TEST

START_TEST(sends_in_pieces)
{
    static char text[200001];
    int small = 4096;
    struct ximss_post p = {.scope = XIMSS_SCOPE_SERVER,
                           .severity = XIMSS_INFO,
                           .text = text,
                           .text_len = 200000};
    const char *m;

    memset(text, '&', 200000);
    memcpy(text, "begin", 5);
    p.text_len = 40000; /* 200 kB escaped */
    memcpy(text + p.text_len - 3, "end", 3);
    fake_log_in(&f);
    setsockopt(ximss_fd(f.x), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    setsockopt(f.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ck_assert_uint_eq(ximss_wants(f.x), XIMSS_WANT_READ);
    ximss_post(f.x, &p, on_posted, NULL);
    ck_assert_uint_eq(ximss_wants(f.x), XIMSS_WANT_READ | XIMSS_WANT_WRITE);
    ximss_on_writable(f.x);
    ck_assert_uint_eq(ximss_wants(f.x), XIMSS_WANT_READ | XIMSS_WANT_WRITE);
    m = fake_read(&f);
    ck_assert_uint_gt(strlen(m), 199000);
    ck_assert_ptr_nonnull(strstr(m, ">begin&amp;&amp;"));
    ck_assert_ptr_nonnull(strstr(m, "&amp;end</alertPost>"));
    ck_assert_uint_eq(ximss_wants(f.x), XIMSS_WANT_READ);
}
END_TEST

START_TEST(takes_huge_messages_up_to_the_limit)
{
    char *m = malloc(3000001);
    size_t len = 3000000;

    memset(m, 'x', len);
    memcpy(m, "<alert alertID=\"1\">", 19);
    strcpy(m + len - 8, "</alert>");
    ximss_set_limit(f.x, len);
    fake_log_in(&f);
    seen[0] = '\0';
    fake_send_raw(&f, m, len + 1);
    while (seen[0] == '\0')
        fake_turn(&f);
    ck_assert_str_eq(seen, "alert=1 ");
    fake_send_raw(&f, m, len - 8);
    fake_send_raw(&f, "yyyyyyyyy", 9);
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_BAD_SERVER);
    ck_assert_str_eq(ximss_error(f.x),
                     "the server sent a message longer than 3000000 bytes");
    free(m);
}
END_TEST

static const char *const malformed[] = {
    "<alert", "hello", "<alert>\x80</alert>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]><alert>&b;</alert>", "<a></b>"};

START_TEST(ends_on_malformed_messages)
{
    fake_log_in(&f);
    ximss_remove(f.x, "1", on_done, name_a);
    seen[0] = '\0';
    fake_send(&f, malformed[_i]);
    fake_send(&f, "<alert>after</alert>");
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_str_eq(seen, "a=4/0 state=6 ");
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_BAD_SERVER);
    ck_assert_ptr_nonnull(
        strstr(ximss_error(f.x),
               "the server sent something that is not a XIMSS message"));
}
END_TEST

START_TEST(names_other_protocols)
{
    ximss_set_method(f.x, XIMSS_METHOD_CLEAR);
    ximss_start(f.x);
    fake_accept(&f);
    fake_read(&f);
    fake_send_raw(&f, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    fake_hang_up(&f);
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x),
                                 "does not speak XIMSS; it says \"HTTP/1.1 400 "
                                 "Bad Request\"; check the port"));
}
END_TEST

START_TEST(keeps_alive)
{
    fake_log_in(&f);
    ck_assert_int_le(ximss_timeout(f.x), 270000);
    ck_assert_int_ge(ximss_timeout(f.x), 260000);
    clock_advance(269 * CLOCK_SECOND);
    ximss_remove(f.x, "1", on_done, name_a);
    fake_expect(&f, "<alertRemove id=\"2\" alertID=\"1\"/>");
    fake_send(&f, "<response id=\"2\"/>");
    clock_advance(270 * CLOCK_SECOND);
    fake_expect(&f, "<noop id=\"3\"/>");
    ck_assert_uint_eq(ximss_pending(f.x), 0);
    fake_send(&f, "<response id=\"3\"/>");
    while (ximss_timeout(f.x) < 200000)
        fake_turn(&f);
    clock_advance(270 * CLOCK_SECOND);
    fake_expect(&f, "<noop id=\"4\"/>");
    clock_advance(61 * CLOCK_SECOND);
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_str_eq(ximss_error(f.x),
                     "the server has not answered for a minute");
}
END_TEST

static void
log_in_again(unsigned id)
{
    char m[200];

    fake_accept(&f);
    snprintf(m, sizeof m,
             "<login id=\"%u\" authData=\"joe@example.test\" "
             "password=\"secret\"/>",
             id);
    fake_expect(&f, m);
    snprintf(m, sizeof m, "<session id=\"%u\"/>", id);
    fake_send(&f, m);
    snprintf(m, sizeof m, "<response id=\"%u\"/>", id);
    fake_send(&f, m);
    fake_wait(&f, XIMSS_READY);
}

START_TEST(comes_back)
{
    ximss_set_reconnect(f.x, XIMSS_RECONNECT_AFTER_LOGIN);
    fake_log_in(&f);
    ximss_remove(f.x, "1", on_done, name_a);
    fake_read(&f);
    seen[0] = '\0';
    fake_hang_up(&f);
    fake_wait(&f, XIMSS_WAITING);
    ck_assert_str_eq(seen, "a=4/0 state=5 ");
    ck_assert_int_ge(ximss_timeout(f.x), 500);
    ck_assert_int_le(ximss_timeout(f.x), 1000);
    ck_assert_int_eq(ximss_fd(f.x), -1);
    clock_advance(CLOCK_SECOND);
    log_in_again(3);
    /* Lost again soon: the delay has doubled. */
    fake_hang_up(&f);
    fake_wait(&f, XIMSS_WAITING);
    ck_assert_int_ge(ximss_timeout(f.x), 1000);
    ck_assert_int_le(ximss_timeout(f.x), 2000);
    clock_advance(2 * CLOCK_SECOND);
    log_in_again(4);
    /* A good session sets it back. */
    clock_advance(30 * CLOCK_SECOND);
    fake_send(&f, "<bye/>");
    fake_wait(&f, XIMSS_WAITING);
    ck_assert_int_le(ximss_timeout(f.x), 1000);
    ximss_close(f.x);
    ck_assert_int_eq(ximss_state(f.x), XIMSS_OFF);
}
END_TEST

START_TEST(doubles_the_delay_up_to_a_minute)
{
    int least = 500;

    ximss_set_reconnect(f.x, XIMSS_RECONNECT_ALWAYS);
    ximss_set_socket(f.x, "/nonexistent/socket");
    ck_assert_int_eq(ximss_start(f.x), 0);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(ximss_state(f.x), XIMSS_WAITING);
        ck_assert_int_ge(ximss_timeout(f.x), least);
        ck_assert_int_le(ximss_timeout(f.x), 2 * least);
        least = least * 2 < 30000 ? least * 2 : 30000;
        clock_advance(60 * CLOCK_SECOND);
        ximss_on_timer(f.x);
    }
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x),
                                 "connecting to /nonexistent/socket: No such "
                                 "file or directory; is the server running"));
}
END_TEST

/* Whoever knows that the server is there need not wait for the delay's end. */
START_TEST(tries_at_once_if_told_so)
{
    ximss_retry(f.x); /* nothing to retry yet */
    ck_assert_int_eq(ximss_state(f.x), XIMSS_OFF);
    ximss_set_reconnect(f.x, XIMSS_RECONNECT_ALWAYS);
    ximss_set_socket(f.x, "/nonexistent/socket");
    ck_assert_int_eq(ximss_start(f.x), 0);
    for (int i = 0; i < 8; i++) { /* up to a minute of delay */
        clock_advance(60 * CLOCK_SECOND);
        ximss_on_timer(f.x);
    }
    ximss_set_socket(f.x, NULL);
    ximss_set_server(f.x, "127.0.0.1", f.port);
    ximss_on_timer(f.x);
    ck_assert_int_eq(ximss_state(f.x), XIMSS_WAITING);
    ximss_retry(f.x);
    ck_assert_int_eq(ximss_timeout(f.x), 0);
    fake_accept(&f);
    ck_assert_int_ne(ximss_state(f.x), XIMSS_WAITING);
}
END_TEST

START_TEST(gives_up_if_told_so)
{
    ximss_set_reconnect(f.x, XIMSS_RECONNECT_AFTER_LOGIN);
    ximss_set_socket(f.x, "/nonexistent/socket");
    ck_assert_int_eq(ximss_start(f.x), -1);
    ck_assert_int_eq(ximss_state(f.x), XIMSS_FAILED);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_UNREACHABLE);
    ximss_set_socket(f.x, NULL);
    ximss_set_server(f.x, "127.0.0.1", f.port);
    fake_log_in(&f);
}
END_TEST

START_TEST(tries_the_next_address)
{
    struct addrinfo *found = NULL;

    /* A bare machine has no /etc/hosts. */
    if (getaddrinfo("localhost", NULL, NULL, &found) != 0)
        return;
    freeaddrinfo(found);
    /* "localhost" may be ::1 first, where nobody listens. */
    ximss_set_server(f.x, "localhost", f.port);
    fake_log_in(&f);
}
END_TEST

START_TEST(gives_up_an_address_in_time)
{
    ximss_set_method(f.x, XIMSS_METHOD_CLEAR);
    ximss_start(f.x);
    fake_accept(&f);
    fake_read(&f);
    ck_assert_int_le(ximss_timeout(f.x), 90000);
    clock_advance(61 * CLOCK_SECOND); /* as long as a throttled one waits */
    ximss_on_timer(f.x);
    ck_assert_int_ne(ximss_state(f.x), XIMSS_FAILED);
    clock_advance(30 * CLOCK_SECOND);
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_UNREACHABLE);
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x), "does not answer"));
}
END_TEST

static void
free_it(struct ximss *x, const struct ximss_alert *a, void *arg)
{
    (void)x;
    (void)arg;
    note("freed=%s ", a->id);
    ximss_free(&f.x);
}

START_TEST(may_be_freed_in_a_callback)
{
    struct ximss *x = f.x;

    fake_log_in(&f);
    ximss_on_alert(x, free_it, NULL);
    ximss_remove(x, "1", on_done, name_a);
    seen[0] = '\0';
    fake_send(&f, "<alert alertID=\"1\">a</alert>");
    fake_send(&f, "<alert alertID=\"2\">b</alert>");
    while (f.x != NULL)
        ximss_on_readable(x);
    ck_assert_str_eq(seen, "freed=1 ");
}
END_TEST

START_TEST(may_be_freed_under_the_ready_loop)
{
    struct ximss *x = f.x;

    fake_log_in(&f);
    ximss_on_alert(x, free_it, NULL);
    seen[0] = '\0';
    fake_send(&f, "<alert alertID=\"1\">a</alert>");
    ck_assert_int_eq(ximss_run(x), -1);
    ck_assert_ptr_null(f.x);
    ck_assert_str_eq(seen, "freed=1 ");
}
END_TEST

static void
close_it(struct ximss *x, const struct ximss_result *r, void *arg)
{
    (void)r;
    note("%s ", (const char *)arg);
    ximss_close(x);
    ck_assert_int_eq(ximss_start(x), -1);
}

START_TEST(may_be_closed_in_a_callback)
{
    ximss_set_reconnect(f.x, XIMSS_RECONNECT_ALWAYS);
    fake_log_in(&f);
    seen[0] = '\0';
    ximss_remove(f.x, "1", close_it, name_a);
    ximss_remove(f.x, "2", close_it, name_b);
    fake_read(&f);
    fake_hang_up(&f);
    fake_wait(&f, XIMSS_OFF);
    ck_assert_str_eq(seen, "a b state=0 ");
}
END_TEST

static void
on_watch_fd(struct ximss *x, int fd, unsigned wants, void *arg)
{
    (void)x;
    (void)arg;
    note("%s=%u ", fd >= 0 ? "fd" : "?", wants);
}

START_TEST(tells_an_event_loop)
{
    ximss_on_state(f.x, NULL, NULL);
    ximss_on_watch_fd(f.x, on_watch_fd, NULL);
    fake_log_in(&f);
    /* Connecting, log-in asked and sent in one go, then only reading. */
    ck_assert_str_eq(seen, "fd=2 fd=1 ");
    ximss_remove(f.x, "1", NULL, NULL);
    ximss_close(f.x);
    fake_expect(&f, "<alertRemove id=\"2\" alertID=\"1\"/>");
    fake_expect(&f, "<bye id=\"3\"/>");
    fake_hang_up(&f);
    fake_wait(&f, XIMSS_OFF);
    ck_assert_str_eq(seen, "fd=2 fd=1 fd=3 fd=1 fd=0 ");
}
END_TEST

START_TEST(wipes_what_it_sent)
{
    static const char secret[] = "<login authData=\"secret\"/>";
    static const char zeros[sizeof secret];
    struct errbuf err;
    struct wire w;
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    wire_init(&w);
    wire_open(&w, fds[0]);
    buf_append(wire_out(&w, sizeof secret), secret, sizeof secret);
    ck_assert_int_eq(wire_flush(&w, &err), WIRE_OK);
    ck_assert_mem_eq(w.out.data, zeros, sizeof zeros);
    wire_close(&w);
    close(fds[1]);
}
END_TEST

static void
list_attributes(struct ximss *x, const struct ximss_message *m, void *arg)
{
    struct buf *out = arg;
    const char *name, *value;

    (void)x;
    for (size_t i = 0; ximss_message_attr_at(m, i, &name, &value) == 0; i++)
        buf_appendf(out, "%zu %s=%s;", i, name, value);
    ck_assert_int_eq(ximss_message_attr_at(m, 99, &name, &value), -1);
}

START_TEST(lists_attributes_in_their_order)
{
    struct buf out = {0};

    ximss_on_message(f.x, list_attributes, &out);
    fake_log_in(&f);
    fake_send(&f, "<news b='1' a='&lt;'/>");
    while (out.len == 0)
        fake_turn(&f);
    ck_assert_str_eq(buf_cstr(&out), "0 b=1;1 a=<;");
    buf_clear(&out);
}
END_TEST

START_TEST(keeps_no_buffers_while_idle)
{
    fake_log_in(&f);
    ck_assert_ptr_null(f.x->wire.in.data);
    ck_assert_ptr_null(f.x->wire.out.data);
    ck_assert_ptr_null(f.x->arena);
}
END_TEST

static const struct {
    const char *host, *socket, *user, *password;
    enum ximss_method method;
    const char *error;
} settings[] = {
    {NULL, NULL, "joe", "x", XIMSS_METHOD_AUTO, "no server: "},
    {NULL, NULL, "joe@h.test", NULL, XIMSS_METHOD_AUTO, "no password"},
    {"h.test", NULL, NULL, "x", XIMSS_METHOD_AUTO, "a password, but no user"},
    {NULL, "/s", "joe", NULL, XIMSS_METHOD_PLAIN, "no password"},
};

START_TEST(checks_settings)
{
    ximss_set_server(f.x, settings[_i].host, 0);
    ximss_set_socket(f.x, settings[_i].socket);
    ximss_set_user(f.x, settings[_i].user);
    ximss_set_password(f.x, settings[_i].password);
    ximss_set_method(f.x, settings[_i].method);
    ck_assert_int_eq(ximss_start(f.x), -1);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_MISUSE);
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x), settings[_i].error));
    ck_assert_int_eq(ximss_state(f.x), XIMSS_OFF);
}
END_TEST

Suite *
ximss_link_suite(void)
{
    Suite *s = suite_create("ximss_link");
    TCase *t = tcase_create("link");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, logs_in_and_says_bye);
    tcase_add_test(t, close_does_not_wait_for_ever);
    tcase_add_test(t, tells_pushes_from_answers);
    tcase_add_test(t, takes_messages_byte_by_byte);
    tcase_add_test(t, decodes_alerts);
    tcase_add_test(t, lists_reports);
    tcase_add_test(t, posts);
    tcase_add_test(t, executes_commands);
    tcase_add_loop_test(t, refuses_unfit_text, 0,
                        sizeof unfit / sizeof unfit[0]);
    tcase_add_test(t, refuses_requests_out_of_season);
    tcase_add_test(t, sends_in_pieces);
    tcase_add_test(t, takes_huge_messages_up_to_the_limit);
    tcase_add_loop_test(t, ends_on_malformed_messages, 0,
                        sizeof malformed / sizeof malformed[0]);
    tcase_add_test(t, names_other_protocols);
    tcase_add_test(t, keeps_alive);
    tcase_add_test(t, comes_back);
    tcase_add_test(t, doubles_the_delay_up_to_a_minute);
    tcase_add_test(t, tries_at_once_if_told_so);
    tcase_add_test(t, gives_up_if_told_so);
    tcase_add_test(t, tries_the_next_address);
    tcase_add_test(t, gives_up_an_address_in_time);
    tcase_add_test(t, may_be_freed_in_a_callback);
    tcase_add_test(t, may_be_freed_under_the_ready_loop);
    tcase_add_test(t, may_be_closed_in_a_callback);
    tcase_add_test(t, tells_an_event_loop);
    tcase_add_test(t, wipes_what_it_sent);
    tcase_add_test(t, keeps_no_buffers_while_idle);
    tcase_add_test(t, lists_attributes_in_their_order);
    tcase_add_loop_test(t, checks_settings, 0,
                        sizeof settings / sizeof settings[0]);
    suite_add_tcase(s, t);
    return s;
}
