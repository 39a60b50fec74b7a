/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <gsasl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/lib/ximss_private.h"
#include "tests/unit/fake_server.h"
#include "util/clock.h"

Suite *ximss_login_suite(void);

static struct fake_server f;

static void
setup(void)
{
    fake_init(&f, false);
}

static void
teardown(void)
{
    fake_clear(&f);
}

/* The attribute `value` of a message (static memory). */
static const char *
value_of(const char *message)
{
    static char value[4096];
    const char *p = strstr(message, " value=\"");

    ck_assert_msg(p != NULL, "no value in %s", message);
    snprintf(value, sizeof value, "%s", p + 8);
    *strchr(value, '"') = '\0';
    return value;
}

static void
offer(const char *mechanisms)
{
    char m[500];

    ck_assert_int_eq(ximss_start(f.x), 0);
    fake_accept(&f);
    fake_expect(&f, "<listFeatures id=\"1\" domain=\"example.test\"/>");
    snprintf(m, sizeof m,
             "<features id=\"1\" domain=\"example.test\"><starttls/>%s"
             "</features>",
             mechanisms);
    fake_send(&f, m);
}

static void
let_in(unsigned id)
{
    char m[200];

    snprintf(m, sizeof m, "<session id=\"%u\" userName=\"joe@example.test\"/>",
             id);
    fake_send(&f, m);
    snprintf(m, sizeof m, "<response id=\"%u\"/>", id);
    fake_send(&f, m);
    fake_wait(&f, XIMSS_READY);
}

#define SASL(m) "<sasl>" m "</sasl>"

/* --- SCRAM, against a server by GNU SASL --- */

static const char *stored_password;

static int
server_property(Gsasl *g, Gsasl_session *s, Gsasl_property p)
{
    (void)g;
    if (p != GSASL_PASSWORD)
        return GSASL_NO_CALLBACK;
    gsasl_property_set(s, GSASL_PASSWORD, stored_password);
    return GSASL_OK;
}

/* Leads the exchange to its last message from the server, which is given to
 * the client; returns the client's answer to it ("" if there is none). */
static void
scram(const char *password, const char *spoil)
{
    Gsasl *g;
    Gsasl_session *s;
    char m[2000], *out = NULL;
    const char *in;
    int r;

    stored_password = password;
    ck_assert_int_eq(gsasl_init(&g), GSASL_OK);
    gsasl_callback_set(g, server_property);
    ck_assert_int_eq(gsasl_server_start(g, "SCRAM-SHA-256", &s), GSASL_OK);
    offer(SASL("PLAIN") SASL("SCRAM-SHA-256"));
    fake_send(&f, "<response id=\"1\"/>");
    in = fake_read(&f);
    ck_assert_ptr_nonnull(
        strstr(in, "<login id=\"2\" method=\"SCRAM-SHA-256\" value=\""));
    r = gsasl_step64(s, value_of(in), &out);
    ck_assert_int_eq(r, GSASL_NEEDS_MORE);
    snprintf(m, sizeof m, "<challenge id=\"2\" value=\"%s\"/>", out);
    gsasl_free(out);
    fake_send(&f, m);
    in = fake_read(&f);
    ck_assert_ptr_nonnull(strstr(in, "<auth id=\"3\" value=\""));
    r = gsasl_step64(s, value_of(in), &out);
    if (r == GSASL_OK) {
        snprintf(m, sizeof m, "<challenge id=\"2\" value=\"%s\"/>",
                 spoil != NULL ? spoil : out);
        fake_send(&f, m);
        gsasl_free(out);
    } else {
        fake_send(&f, "<response id=\"2\" errorText=\"incorrect password\" "
                      "errorNum=\"515\"/>");
    }
    gsasl_finish(s);
    gsasl_done(g);
}

START_TEST(prefers_scram)
{
    scram("secret", NULL);
    fake_expect(&f, "<auth id=\"4\" value=\"\"/>");
    let_in(2);
}
END_TEST

START_TEST(scram_with_a_wrong_password)
{
    scram("Secret", NULL);
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_NO_LOGIN);
    ck_assert_int_eq(ximss_error_num(f.x), 515);
    ck_assert_str_eq(ximss_error(f.x),
                     "log-in refused: incorrect password (515); check the "
                     "account's name and the password");
}
END_TEST

START_TEST(scram_wants_proof)
{
    /* v= of another key */
    scram("secret", "dj1BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE9");
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_BAD_SERVER);
}
END_TEST

START_TEST(scram_is_not_cut_short)
{
    offer(SASL("SCRAM-SHA-256"));
    fake_send(&f, "<response id=\"1\"/>");
    fake_read(&f);
    fake_send(&f, "<session id=\"2\" userName=\"joe@example.test\"/>");
    fake_send(&f, "<response id=\"2\"/>");
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_BAD_SERVER);
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x), "without proving"));
}
END_TEST

/* --- the other methods --- */

START_TEST(plain_on_a_local_connection)
{
    offer(SASL("LOGIN") SASL("PLAIN"));
    fake_send(&f, "<response id=\"1\"/>");
    /* \0joe@example.test\0secret */
    fake_expect(&f, "<login id=\"2\" method=\"PLAIN\" "
                    "value=\"AGpvZUBleGFtcGxlLnRlc3QAc2VjcmV0\"/>");
    let_in(2);
}
END_TEST

START_TEST(clear_if_nothing_is_offered)
{
    offer("");
    fake_send(&f, "<response id=\"1\"/>");
    fake_expect(&f, "<login id=\"2\" authData=\"joe@example.test\" "
                    "password=\"secret\"/>");
    let_in(2);
}
END_TEST

START_TEST(clear_if_features_are_unknown)
{
    ximss_start(f.x);
    fake_accept(&f);
    fake_read(&f);
    fake_send(&f, "<response id=\"1\" errorText=\"unknown command\" "
                  "errorNum=\"500\"/>");
    fake_expect(&f, "<login id=\"2\" authData=\"joe@example.test\" "
                    "password=\"secret\"/>");
    let_in(2);
}
END_TEST

START_TEST(login_asks_twice)
{
    ximss_set_method(f.x, XIMSS_METHOD_LOGIN);
    ximss_start(f.x);
    fake_accept(&f);
    fake_expect(&f, "<login id=\"1\" method=\"LOGIN\"/>");
    fake_send(&f, "<challenge id=\"1\" value=\"VXNlciBOYW1lAA==\"/>");
    fake_expect(&f, "<auth id=\"2\" value=\"am9lQGV4YW1wbGUudGVzdA==\"/>");
    fake_send(&f, "<challenge id=\"1\" value=\"UGFzc3dvcmQA\"/>");
    fake_expect(&f, "<auth id=\"3\" value=\"c2VjcmV0\"/>");
    let_in(1);
}
END_TEST

START_TEST(cram_md5_vector)
{
    ximss_set_user(f.x, "joe@mymac.ru");
    ximss_set_method(f.x, XIMSS_METHOD_CRAM_MD5);
    ximss_start(f.x);
    fake_accept(&f);
    fake_expect(&f, "<login id=\"1\" method=\"CRAM-MD5\"/>");
    fake_send(&f, "<challenge id=\"1\" value=\"PDEuNTVAbXltYWMucnU+\"/>");
    fake_expect(&f, "<auth id=\"2\" value=\"am9lQG15bWFjLnJ1IDcwNDEyOGFmMjA2MW"
                    "RmNGNjOWE3YjU4MTQ4MzI3MGRm\"/>");
    let_in(1);
}
END_TEST

START_TEST(cram_md5_of_a_proxy)
{
    ximss_set_password(f.x, NULL);
    ximss_set_method(f.x, XIMSS_METHOD_CRAM_MD5);
    ximss_set_cram(f.x, "<1.55@mymac.ru>", "NzA0MTI4");
    ck_assert_int_eq(ximss_start(f.x), 0);
    fake_accept(&f);
    fake_expect(&f, "<login id=\"1\" method=\"CRAM-MD5\" "
                    "nonce=\"&lt;1.55@mymac.ru&gt;\" "
                    "userName=\"joe@example.test\" value=\"NzA0MTI4\"/>");
    ck_assert_str_eq(ximss_refusal(f.x), "");
    fake_send(&f, "<response id=\"1\" errorText=\"no, &lt;never&gt;\" "
                  "errorNum=\"515\"/>");
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_str_eq(ximss_refusal(f.x), "no, <never>");
    /* It was for one log-in. */
    ck_assert_int_eq(ximss_start(f.x), -1);
    ck_assert_str_eq(ximss_refusal(f.x), "no, <never>");
}
END_TEST

START_TEST(sends_no_password_in_the_open)
{
    offer(_i == 0 ? SASL("CRAM-MD5") SASL("PLAIN") : SASL("PLAIN"));
    f.x->is_local = false; /* as if the server were elsewhere */
    fake_send(&f, "<response id=\"1\"/>");
    if (_i == 0) {
        fake_expect(&f, "<login id=\"2\" method=\"CRAM-MD5\"/>");
        return;
    }
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_NO_LOGIN);
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x), "use TLS"));
    fake_turn(&f);
    ck_assert_uint_eq(f.in.len, 0);
}
END_TEST

START_TEST(out_of_turn_challenge)
{
    ximss_set_method(f.x, XIMSS_METHOD_CLEAR);
    ximss_start(f.x);
    fake_accept(&f);
    fake_read(&f);
    fake_send(&f, "<challenge id=\"1\" value=\"YQ==\"/>");
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_BAD_SERVER);
}
END_TEST

START_TEST(a_session_is_needed)
{
    ximss_set_method(f.x, XIMSS_METHOD_CLEAR);
    ximss_start(f.x);
    fake_accept(&f);
    fake_read(&f);
    fake_send(&f, "<response id=\"1\"/>");
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_BAD_SERVER);
}
END_TEST

START_TEST(carries_options)
{
    ximss_set_method(f.x, XIMSS_METHOD_CLEAR);
    ximss_set_options(f.x, XIMSS_ALERT_CONFIRM | XIMSS_ALERT_CHANGES |
                               XIMSS_NO_ALERTS | XIMSS_TICKETS);
    ximss_set_user(f.x, "joe");
    ximss_set_domain(f.x, "example.test");
    ximss_set_client_address(f.x, "192.0.2.1");
    ximss_start(f.x);
    fake_accept(&f);
    fake_expect(&f, "<login id=\"1\" authData=\"joe\" password=\"secret\" "
                    "domain=\"example.test\" alertConfirm=\"yes\" "
                    "alertChanges=\"yes\" alerts=\"no\" "
                    "clientAddress=\"192.0.2.1\" ticket=\"yes\"/>");
}
END_TEST

static const struct {
    int num;
    enum ximss_state then;
    const char *hint;
} refusals[] = {
    {515, XIMSS_FAILED, "check the account's name and the password"},
    {519, XIMSS_FAILED, "use TLS"},
    {525, XIMSS_WAITING, "try again later"},
    {526, XIMSS_WAITING, "try again later"},
    {543, XIMSS_WAITING, "try again later"},
    {527, XIMSS_FAILED, "choose another log-in method"},
};

START_TEST(says_what_to_do_when_refused)
{
    char m[200];

    ximss_set_reconnect(f.x, XIMSS_RECONNECT_ALWAYS);
    ximss_set_method(f.x, XIMSS_METHOD_CLEAR);
    ximss_start(f.x);
    fake_accept(&f);
    fake_read(&f);
    snprintf(m, sizeof m,
             "<response id=\"1\" errorText=\"no\" errorNum=\"%d\"/>",
             refusals[_i].num);
    fake_send(&f, m);
    fake_wait(&f, refusals[_i].then);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_NO_LOGIN);
    ck_assert_int_eq(ximss_error_num(f.x), refusals[_i].num);
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x), refusals[_i].hint));
}
END_TEST

/* --- tickets --- */

START_TEST(comes_back_by_ticket)
{
    ximss_set_method(f.x, XIMSS_METHOD_AUTO);
    ximss_set_reconnect(f.x, XIMSS_RECONNECT_AFTER_LOGIN);
    ximss_set_options(f.x, XIMSS_TICKETS | XIMSS_ALERT_CHANGES);
    ximss_set_ticket(f.x, "T0");
    ximss_start(f.x);
    fake_accept(&f);
    fake_expect(&f, "<login id=\"1\" ticket=\"T0\" alertChanges=\"yes\"/>");
    fake_send(&f, "<session id=\"1\" ticket=\"T1\"/>");
    fake_send(&f, "<response id=\"1\"/>");
    fake_wait(&f, XIMSS_READY);
    ck_assert_str_eq(ximss_ticket(f.x), "T1");
    ck_assert_ptr_null(ximss_session(f.x, "ticket"));
    fake_hang_up(&f);
    fake_wait(&f, XIMSS_WAITING);
    clock_advance(CLOCK_SECOND);
    fake_accept(&f);
    fake_expect(&f, "<login id=\"2\" ticket=\"T1\" alertChanges=\"yes\"/>");
    /* Refused: the password is still there. */
    fake_send(&f, "<response id=\"2\" errorText=\"incorrect password\" "
                  "errorNum=\"515\"/>");
    fake_expect(&f, "<listFeatures id=\"3\" domain=\"example.test\"/>");
    fake_send(&f, "<features id=\"3\"/>");
    fake_send(&f, "<response id=\"3\"/>");
    fake_expect(&f, "<login id=\"4\" authData=\"joe@example.test\" "
                    "password=\"secret\" alertChanges=\"yes\" "
                    "ticket=\"yes\"/>");
    ck_assert_ptr_null(ximss_ticket(f.x));
    let_in(4);
}
END_TEST

static void
never(struct ximss *x, const struct ximss_message *m, void *arg)
{
    (void)x;
    (void)arg;
    ck_abort_msg("<%s> was handed out", ximss_message_name(m));
}

START_TEST(takes_the_tickets_that_are_pushed)
{
    ximss_set_method(f.x, XIMSS_METHOD_AUTO);
    ximss_set_reconnect(f.x, XIMSS_RECONNECT_AFTER_LOGIN);
    ximss_set_options(f.x, XIMSS_TICKETS);
    ximss_set_ticket(f.x, "T0");
    ximss_on_message(f.x, never, NULL);
    ximss_start(f.x);
    fake_accept(&f);
    fake_expect(&f, "<login id=\"1\" ticket=\"T0\"/>");
    fake_send(&f, "<session id=\"1\" ticket=\"T1\"/>");
    fake_send(&f, "<response id=\"1\"/>");
    fake_wait(&f, XIMSS_READY);
    fake_send(&f, "<ticket/>");
    fake_send(&f, "<ticket value=\"T2\"/>");
    fake_hang_up(&f);
    fake_wait(&f, XIMSS_WAITING);
    ck_assert_str_eq(ximss_ticket(f.x), "T2");
    clock_advance(CLOCK_SECOND);
    fake_accept(&f);
    fake_expect(&f, "<login id=\"2\" ticket=\"T2\"/>");
}
END_TEST

/* At the first log-in: then it has one of its own. */
START_TEST(shares_a_ticket_once)
{
    ximss_set_method(f.x, XIMSS_METHOD_AUTO);
    ximss_set_reconnect(f.x, XIMSS_RECONNECT_AFTER_LOGIN);
    ximss_set_options(f.x, XIMSS_TICKETS);
    ximss_share_ticket(f.x, "T0");
    ximss_start(f.x);
    fake_accept(&f);
    fake_expect(&f, "<login id=\"1\" ticket=\"T0\" keepTicket=\"yes\"/>");
    fake_send(&f, "<session id=\"1\" ticket=\"T1\"/>");
    fake_send(&f, "<response id=\"1\"/>");
    fake_wait(&f, XIMSS_READY);
    fake_hang_up(&f);
    fake_wait(&f, XIMSS_WAITING);
    clock_advance(CLOCK_SECOND);
    fake_accept(&f);
    fake_expect(&f, "<login id=\"2\" ticket=\"T1\"/>");
}
END_TEST

START_TEST(a_ticket_alone_can_be_refused)
{
    ximss_set_user(f.x, NULL);
    ximss_set_password(f.x, NULL);
    ximss_set_ticket(f.x, "T0");
    ximss_start(f.x);
    fake_accept(&f);
    fake_read(&f);
    fake_send(&f, "<response id=\"1\" errorText=\"incorrect password\" "
                  "errorNum=\"515\"/>");
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_ptr_nonnull(
        strstr(ximss_error(f.x), "ticket is no longer valid"));
}
END_TEST

START_TEST(external_on_a_unix_socket)
{
    fake_clear(&f);
    fake_init(&f, true);
    ximss_set_user(f.x, NULL);
    ximss_set_password(f.x, NULL);
    ximss_set_options(f.x, XIMSS_NO_ALERTS);
    ximss_start(f.x);
    fake_accept(&f);
    fake_expect(&f, "<login id=\"1\" method=\"EXTERNAL\" alerts=\"no\"/>");
    fake_send(&f, "<challenge id=\"1\"/>");
    fake_expect(&f, "<auth id=\"2\" value=\"\"/>");
    let_in(1);
}
END_TEST

/* --- TLS --- */

static void
trust_own(void)
{
    char path[200];

    snprintf(path, sizeof path, "%s/cert.pem", f.dir);
    ximss_set_ca_file(f.x, path);
}

static void
start_tls(void)
{
    ximss_set_tls(f.x, XIMSS_TLS_START);
    ximss_start(f.x);
    fake_accept(&f);
    fake_expect(&f, "<starttls id=\"1\"/>");
    fake_send(&f, "<response id=\"1\"/>");
    fake_tls(&f);
}

START_TEST(starttls_then_login)
{
    fake_make_certificate(&f, "example.test", true);
    trust_own();
    if (_i == 1)
        ximss_set_tls_name(f.x, "example.test");
    start_tls();
    fake_expect(&f, "<listFeatures id=\"2\" domain=\"example.test\"/>");
    f.x->is_local = false; /* encrypted is enough */
    fake_send(&f, "<features id=\"2\"><sasl>PLAIN</sasl></features>");
    fake_send(&f, "<response id=\"2\"/>");
    ck_assert_ptr_nonnull(strstr(fake_read(&f), "<login id=\"3\" "
                                                "method=\"PLAIN\""));
    let_in(3);
    ck_assert_str_eq(ximss_tls_version(f.x), "TLSv1.3");
}
END_TEST

START_TEST(implicit_tls_carries_much)
{
    static char text[200001];
    struct ximss_post p = {.scope = XIMSS_SCOPE_SERVER,
                           .severity = XIMSS_INFO,
                           .text = text,
                           .text_len = 200000};

    memset(text, 'x', 200000);
    fake_make_certificate(&f, "example.test", true);
    trust_own();
    ximss_set_tls(f.x, XIMSS_TLS_IMPLICIT);
    ximss_set_method(f.x, XIMSS_METHOD_CLEAR);
    ximss_start(f.x);
    fake_accept(&f);
    fake_tls(&f);
    fake_expect(&f, "<login id=\"1\" authData=\"joe@example.test\" "
                    "password=\"secret\"/>");
    let_in(1);
    ximss_post(f.x, &p, NULL, NULL);
    ck_assert_uint_gt(strlen(fake_read(&f)), 200000);
    /* More than one TLS record in one turn, then the end. */
    fake_send_raw(&f, "<alert>", 7);
    fake_send_raw(&f, text, 200000);
    fake_send_raw(&f, "</alert>", 9);
    fake_send(&f, "<response id=\"2\"/>");
    while (ximss_pending(f.x) > 0)
        fake_turn(&f);
    fake_hang_up(&f);
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_LOST);
}
END_TEST

START_TEST(refuses_untrusted_certificates)
{
    fake_make_certificate(&f, "example.test", true);
    start_tls();
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_UNREACHABLE);
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x),
                                 "the server's certificate is refused: "
                                 "self-signed certificate"));
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x), "give the file"));
}
END_TEST

START_TEST(refuses_other_names)
{
    fake_make_certificate(&f, "other.test", false);
    trust_own();
    if (_i == 1)
        ximss_set_tls_name(f.x, "example.test");
    start_tls();
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x),
                                 "connect by a name that is in the "
                                 "certificate"));
}
END_TEST

START_TEST(refuses_clear_text_behind_starttls)
{
    static const char both[] = "<response id=\"1\"/>\0<alert>forged</alert>";

    fake_make_certificate(&f, "example.test", true);
    trust_own();
    ximss_set_tls(f.x, XIMSS_TLS_START);
    ximss_start(f.x);
    fake_accept(&f);
    fake_expect(&f, "<starttls id=\"1\"/>");
    fake_send_raw(&f, both, sizeof both);
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_int_eq(ximss_failure(f.x), XIMSS_BAD_SERVER);
}
END_TEST

START_TEST(does_not_go_on_without_tls)
{
    ximss_set_tls(f.x, XIMSS_TLS_START);
    ximss_start(f.x);
    fake_accept(&f);
    fake_expect(&f, "<starttls id=\"1\"/>");
    fake_send(&f, "<response id=\"1\" errorText=\"unknown command\" "
                  "errorNum=\"500\"/>");
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x), "offers no encryption"));
}
END_TEST

START_TEST(says_that_tls_is_not_spoken)
{
    ximss_set_tls(f.x, XIMSS_TLS_IMPLICIT);
    ximss_start(f.x);
    fake_accept(&f);
    fake_turn(&f);
    fake_send(&f, "<response id=\"\" errorText=\"malformed message\"/>");
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_ptr_nonnull(
        strstr(ximss_error(f.x), "does the server speak TLS there?"));
}
END_TEST

START_TEST(needs_a_readable_ca_file)
{
    ximss_set_ca_file(f.x, "/nonexistent.pem");
    ximss_set_tls(f.x, XIMSS_TLS_IMPLICIT);
    ximss_start(f.x);
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_ptr_nonnull(strstr(ximss_error(f.x), "/nonexistent.pem"));
}
END_TEST

/* --- noise --- */

static unsigned
next_random(unsigned *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* Whatever a server sends, and however it is cut: no crash, nothing read that
 * is not there (the sanitizer builds look), and the client gets to an end. */
START_TEST(survives_noise)
{
    static const char good[] =
        "<features id=\"1\"><sasl>SCRAM-SHA-256</sasl></features>\0"
        "<response id=\"1\"/>\0<challenge id=\"2\" value=\"cj1hLHM9Yg==\"/>\0"
        "<session id=\"2\" userName=\"a\" ticket=\"t\"/>\0"
        "<response id=\"2\"/>\0"
        "<alert alertID=\"1\" gmtTime=\"20261122T133000Z\">x</alert>\0"
        "<alertRemoved alertID=\"1\"/>\0<bye/>";
    char data[sizeof good];
    unsigned random = (unsigned)_i;
    size_t cut;

    memcpy(data, good, sizeof good);
    for (unsigned n = next_random(&random) % 4; n > 0; n--)
        data[next_random(&random) % sizeof data] = (char)next_random(&random);
    cut = next_random(&random) % sizeof data;
    ximss_set_method(f.x, _i % 3 == 0 ? XIMSS_METHOD_CLEAR : XIMSS_METHOD_AUTO);
    ximss_start(f.x);
    fake_accept(&f);
    fake_send_raw(&f, data, cut);
    fake_turn(&f);
    /* The client may have hung up already. */
    if (ximss_fd(f.x) >= 0)
        fake_send_raw(&f, data + cut, sizeof data - cut);
    fake_turn(&f);
    fake_hang_up(&f);
    fake_wait(&f, XIMSS_FAILED);
    ck_assert_str_ne(ximss_error(f.x), "");
}
END_TEST

Suite *
ximss_login_suite(void)
{
    Suite *s = suite_create("ximss_login");
    TCase *t = tcase_create("login");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, prefers_scram);
    tcase_add_test(t, scram_with_a_wrong_password);
    tcase_add_test(t, scram_wants_proof);
    tcase_add_test(t, scram_is_not_cut_short);
    tcase_add_test(t, plain_on_a_local_connection);
    tcase_add_test(t, clear_if_nothing_is_offered);
    tcase_add_test(t, clear_if_features_are_unknown);
    tcase_add_test(t, login_asks_twice);
    tcase_add_test(t, cram_md5_vector);
    tcase_add_test(t, cram_md5_of_a_proxy);
    tcase_add_loop_test(t, sends_no_password_in_the_open, 0, 2);
    tcase_add_test(t, out_of_turn_challenge);
    tcase_add_test(t, a_session_is_needed);
    tcase_add_test(t, carries_options);
    tcase_add_loop_test(t, says_what_to_do_when_refused, 0,
                        sizeof refusals / sizeof refusals[0]);
    tcase_add_test(t, comes_back_by_ticket);
    tcase_add_test(t, takes_the_tickets_that_are_pushed);
    tcase_add_test(t, shares_a_ticket_once);
    tcase_add_test(t, a_ticket_alone_can_be_refused);
    tcase_add_test(t, external_on_a_unix_socket);
    tcase_add_loop_test(t, starttls_then_login, 0, 2);
    tcase_add_test(t, implicit_tls_carries_much);
    tcase_add_test(t, refuses_untrusted_certificates);
    tcase_add_loop_test(t, refuses_other_names, 0, 2);
    tcase_add_test(t, refuses_clear_text_behind_starttls);
    tcase_add_test(t, does_not_go_on_without_tls);
    tcase_add_test(t, says_that_tls_is_not_spoken);
    tcase_add_test(t, needs_a_readable_ca_file);
    tcase_add_loop_test(t, survives_noise, 0, 80);
    suite_add_tcase(s, t);
    return s;
}
