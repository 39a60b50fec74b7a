/* SPDX-License-Identifier: BSD-2-Clause */
/* The client's side is GNU SASL's own, and messages written by hand. */
#include "config.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsasl.h>

#include "util/xmalloc.h"
#include "ximss/server/auth/keyed_hash.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/auth/sasl.h"

Suite *sasl_suite(void);

#define T(s) s, sizeof s - 1

static Gsasl *library;
static struct credential credential; /* of the password "pencil" */

static void
set_up(void)
{
    ck_assert_int_eq(gsasl_init(&library), GSASL_OK);
    password_make("pencil", 10, true, &credential);
}

static void
tear_down(void)
{
    gsasl_done(library);
}

static struct sasl *
new_sasl(const char *mechanism)
{
    struct errbuf err = {""};
    struct sasl *s = sasl_new(mechanism, &err);

    ck_assert_msg(s != NULL, "%s", err.text);
    return s;
}

/* Base64 of text; the caller frees. */
static char *
encode(const char *data, size_t len)
{
    char *text = NULL;

    ck_assert_int_eq(gsasl_base64_to(data, len, &text, NULL), GSASL_OK);
    return text;
}

static enum sasl_result
step_raw(struct sasl *s, const char *data, size_t len, char **out_r)
{
    char *text = encode(data, len);
    enum sasl_result result = sasl_step(s, text, out_r);

    free(text);
    return result;
}

/* What base64 says, terminated; the caller frees. */
static char *
decode(const char *base64)
{
    char *data = NULL, *text;
    size_t len = 0;

    ck_assert_int_eq(gsasl_base64_from(base64, strlen(base64), &data, &len),
                     GSASL_OK);
    text = strndup(data, len);
    ck_assert_ptr_nonnull(text);
    gsasl_free(data);
    return text;
}

/* One answer whose challenge, if any, is of no interest. */
static enum sasl_result
answer(struct sasl *s, const char *base64)
{
    char *out = NULL;
    enum sasl_result result = sasl_step(s, base64, &out);

    ck_assert_int_eq(out != NULL, result == SASL_CHALLENGE);
    free(out);
    return result;
}

struct client {
    const char *mechanism, *name, *password, *authzid;
};

static Gsasl_session *
new_client(const struct client *c)
{
    Gsasl_session *session = NULL;

    ck_assert_int_eq(gsasl_client_start(library, c->mechanism, &session),
                     GSASL_OK);
    gsasl_property_set(session, GSASL_AUTHID, c->name);
    gsasl_property_set(session, GSASL_PASSWORD, c->password);
    if (c->authzid != NULL)
        gsasl_property_set(session, GSASL_AUTHZID, c->authzid);
    return session;
}

/* A secret besides the password, that a proof is tried with; NULL: none. */
static const char *other;

/* What is cut off anywhere proves nothing; the last byte is padding, which may
 * lack. */
static void
cut_proof(const struct sasl *s, const char *reply, const struct credential *c)
{
    char *text = decode(reply), *cut;

    for (size_t n = 0; n + 1 < strlen(text); n++) {
        cut = encode(text, n);
        ck_assert(!sasl_scram_matches(s, cut, c));
        gsasl_free(cut);
    }
    free(text);
}

static void
try_other(struct sasl *s, const char *reply, bool is_password)
{
    static const uint8_t none[CRED_KEY_BYTES];
    struct credential told, made;

    sasl_scram_told(s, &told);
    ck_assert_mem_eq(told.salt, credential.salt, sizeof told.salt);
    ck_assert_uint_eq(told.iterations, credential.iterations);
    ck_assert_mem_eq(told.stored_key, none, sizeof none);
    password_derive(other, told.salt, told.iterations, &made);
    ck_assert_int_eq(sasl_scram_matches(s, reply, NULL), is_password);
    if (!sasl_scram_matches(s, reply, &made))
        return;
    cut_proof(s, reply, &made);
    sasl_scram_use(s, &made);
}

/* Lets the client talk until the server has decided; with SCRAM the client
 * must be content with the server, too. */
static enum sasl_result
talk(const struct client *c, struct sasl *s, const struct credential *cred)
{
    Gsasl_session *session = new_client(c);
    enum sasl_result result = SASL_CHALLENGE;
    char *challenge = NULL, *reply = NULL;
    int rc = GSASL_NEEDS_MORE;

    if (strcmp(c->mechanism, "LOGIN") == 0 ||
        strcmp(c->mechanism, "CRAM-MD5") == 0)
        result = sasl_step(s, NULL, &challenge);
    for (int i = 0; i < 10 && result == SASL_CHALLENGE; i++) {
        rc = gsasl_step64(session, challenge, &reply);
        free(challenge);
        challenge = NULL;
        if (rc != GSASL_OK && rc != GSASL_NEEDS_MORE)
            break;
        if (other != NULL && sasl_wants_proof(s))
            try_other(s, reply, strcmp(c->password, "pencil") == 0);
        result = sasl_step(s, reply, &challenge);
        gsasl_free(reply);
        if (result == SASL_WANT_CREDENTIAL) {
            ck_assert_str_eq(sasl_name(s), c->name);
            result = sasl_credential(s, cred, &challenge);
        }
    }
    if (result == SASL_DONE)
        ck_assert_int_eq(rc, GSASL_OK);
    ck_assert_ptr_null(challenge);
    gsasl_finish(session);
    return result;
}

/* The password is "pencil", and there is a token. */
START_TEST(a_proof_may_be_of_another_secret)
{
    static const struct {
        const char *name, *password;
        enum sasl_result result;
    } rows[] = {{"joe@a.test", "ABCdef123", SASL_DONE},
                {"a=b,c", "ABCdef123", SASL_DONE},
                {"j\xc3\xb6", "ABCdef123", SASL_DONE},
                {"joe@a.test", "pencil", SASL_DONE},
                {"joe@a.test", "ABCdef124", SASL_REFUSED}};

    other = "ABCdef123";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct client c = {"SCRAM-SHA-256", rows[i].name,
                                 rows[i].password, NULL};
        struct sasl *s = new_sasl("SCRAM-SHA-256");

        ck_assert(!sasl_scram_matches(s, "AAAA", &credential));
        ck_assert_int_eq(talk(&c, s, &credential), rows[i].result);
        sasl_free(&s);
    }
    other = NULL;
}
END_TEST

static const struct {
    struct client client;
    enum sasl_result result;
} talks[] = {
    {{"PLAIN", "joe@a.test", "pencil", NULL}, SASL_CHECK_PASSWORD},
    {{"PLAIN", "joe@a.test", "pencil", "Joe@A.test"}, SASL_CHECK_PASSWORD},
    {{"PLAIN", "joe@a.test", "pencil", "ann@a.test"}, SASL_REFUSED},
    {{"PLAIN", "j\xc3\xb6", "p\xc3\xa4 x", NULL}, SASL_CHECK_PASSWORD},
    {{"LOGIN", "joe@a.test", "pencil", NULL}, SASL_CHECK_PASSWORD},
    {{"SCRAM-SHA-256", "joe@a.test", "pencil", NULL}, SASL_DONE},
    {{"SCRAM-SHA-256", "a=b,c", "pencil", NULL}, SASL_DONE},
    {{"SCRAM-SHA-256", "j\xc3\xb6", "pencil", NULL}, SASL_DONE},
    {{"SCRAM-SHA-256", "j\xc3\xb6=,c", "pencil", NULL}, SASL_DONE},
    {{"SCRAM-SHA-256", "j\xc3\xb6", "pencil", "J\xc3\x96"}, SASL_DONE},
    {{"SCRAM-SHA-256", "j\xc3\xb6", "pencil", "ann"}, SASL_REFUSED},
    {{"SCRAM-SHA-256", "j\xc3\xb6", "Pencil", NULL}, SASL_REFUSED},
    {{"SCRAM-SHA-256", "joe", "Pencil", NULL}, SASL_REFUSED},
    {{"SCRAM-SHA-256", "joe", "pencil", "JOE"}, SASL_DONE},
    {{"SCRAM-SHA-256", "joe", "pencil", "ann"}, SASL_REFUSED},
    {{"CRAM-MD5", "joe@a.test", "pencil", NULL}, SASL_DONE},
    {{"CRAM-MD5", "joe of a", "pencil", NULL}, SASL_DONE},
    {{"CRAM-MD5", "joe@a.test", "Pencil", NULL}, SASL_REFUSED},
};

START_TEST(agrees_with_gnu_sasl)
{
    struct sasl *s = new_sasl(talks[_i].client.mechanism);

    ck_assert_int_eq(talk(&talks[_i].client, s, &credential), talks[_i].result);
    ck_assert_str_eq(sasl_name(s), talks[_i].client.name);
    if (talks[_i].result == SASL_CHECK_PASSWORD)
        ck_assert_str_eq(sasl_password(s), talks[_i].client.password);
    else
        ck_assert_ptr_null(sasl_password(s));
    /* It is over: nothing more is taken. */
    ck_assert_int_eq(answer(s, "AAAA"), SASL_MALFORMED);
    ck_assert_int_eq(answer(s, ""), SASL_MALFORMED);
    sasl_free(&s);
    ck_assert_ptr_null(s);
    sasl_free(&s);
}
END_TEST

START_TEST(unknown_names_look_like_known_ones)
{
    const struct client c = {"SCRAM-SHA-256", "eve", "pencil", NULL};
    const uint8_t secret[STORE_SECRET_BYTES] = {7};
    char *out[2] = {NULL, NULL}, *first = encode("n,,n=eve,r=abc", 14);
    struct credential dummy;
    struct sasl *s;

    password_dummy(secret, "eve", 10, &dummy);
    for (int i = 0; i < 2; i++) {
        char *base64 = NULL;

        s = new_sasl("SCRAM-SHA-256");
        ck_assert_int_eq(answer(s, first), SASL_WANT_CREDENTIAL);
        ck_assert_int_eq(sasl_credential(s, &dummy, &base64), SASL_CHALLENGE);
        out[i] = decode(base64);
        free(base64);
        ck_assert_int_eq(strncmp(out[i], "r=abc", 5), 0);
        sasl_free(&s);
    }
    ck_assert_str_ne(out[0], out[1]);
    ck_assert_ptr_nonnull(strstr(out[0], ",s="));
    ck_assert_str_eq(strstr(out[0], ",s="), strstr(out[1], ",s="));
    s = new_sasl("SCRAM-SHA-256");
    ck_assert_int_eq(talk(&c, s, &dummy), SASL_REFUSED);
    sasl_free(&s);
    free(out[0]);
    free(out[1]);
    free(first);
}
END_TEST

START_TEST(nobody_gets_in_without_a_password)
{
    const struct client c = {"CRAM-MD5", "joe", "", NULL};
    const struct credential none = {.iterations = 0};
    struct sasl *s = new_sasl("CRAM-MD5");
    char *out = NULL;

    ck_assert_int_eq(talk(&c, s, &none), SASL_REFUSED);
    sasl_free(&s);
    s = new_sasl("SCRAM-SHA-256");
    ck_assert_int_eq(step_raw(s, T("n,,n=joe,r=abc"), &out),
                     SASL_WANT_CREDENTIAL);
    ck_assert_int_eq(sasl_credential(s, &none, &out), SASL_REFUSED);
    ck_assert_ptr_null(out);
    sasl_free(&s);
}
END_TEST

START_TEST(cram_needs_its_state)
{
    const struct client c = {"CRAM-MD5", "joe", "pencil", NULL};
    struct sasl *s = new_sasl("CRAM-MD5");
    struct credential without = credential;

    without.has_cram = false;
    ck_assert_int_eq(talk(&c, s, &without), SASL_REFUSED);
    sasl_free(&s);
}
END_TEST

static const struct {
    const char *name, *canonical;
    bool clear;
} names[] = {
    {"PLAIN", "PLAIN", true},
    {"login", "LOGIN", true},
    {"Scram-Sha-256", "SCRAM-SHA-256", false},
    {"cram-md5", "CRAM-MD5", false},
    {"SCRAM-SHA-256-PLUS", NULL, false},
    {"SCRAM-SHA-1", NULL, false},
    {"DIGEST-MD5", NULL, false},
    {"ANONYMOUS", NULL, false},
    {"EXTERNAL", NULL, false},
    {"PLAINER", NULL, false},
    {"", NULL, false},
};

START_TEST(knows_its_mechanisms)
{
    struct errbuf err = {""};
    struct sasl *s = sasl_new(names[_i].name, &err);

    ck_assert_int_eq(s != NULL, names[_i].canonical != NULL);
    if (s == NULL) {
        ck_assert_str_eq(err.text, "unknown log-in method");
        return;
    }
    ck_assert_str_eq(sasl_mechanism(s), names[_i].canonical);
    ck_assert_int_eq(sasl_is_clear(s), names[_i].clear);
    ck_assert_ptr_null(sasl_name(s));
    sasl_free(&s);
}
END_TEST

/* First messages, and what comes of them. */
static const struct {
    const char *mechanism, *data;
    size_t len;
    enum sasl_result result;
    const char *name;
} firsts[] = {
    {"PLAIN", T(""), SASL_CHALLENGE, NULL},
    {"PLAIN", T("\0joe\0pencil"), SASL_CHECK_PASSWORD, "joe"},
    {"PLAIN", T("joe\0joe\0pencil"), SASL_CHECK_PASSWORD, "joe"},
    {"PLAIN", T("ann\0joe\0pencil"), SASL_REFUSED, "joe"},
    {"PLAIN", T("joe"), SASL_MALFORMED, NULL},
    {"PLAIN", T("\0joe"), SASL_MALFORMED, NULL},
    {"PLAIN", T("\0\0pencil"), SASL_MALFORMED, NULL},
    {"PLAIN", T("\0joe\0pencil\0"), SASL_MALFORMED, NULL},
    {"PLAIN", T("\0joe\0pen\0cil"), SASL_MALFORMED, NULL},
    {"PLAIN", T("\0j\noe\0pencil"), SASL_MALFORMED, NULL},
    {"PLAIN", T("\0joe\0pen\acil"), SASL_CHECK_PASSWORD, "joe"},
    {"PLAIN", T("\0joe\0pen\xff"), SASL_CHECK_PASSWORD, "joe"},
    {"PLAIN", T("\0joe\0\xd8\xa7\x31"), SASL_CHECK_PASSWORD, "joe"},
    {"PLAIN", T("ann\0joe\0\xd8\xa7\x31"), SASL_REFUSED, "joe"},
    {"LOGIN", T("\xff"), SASL_CHALLENGE, NULL},
    {"PLAIN", T("\0j\xffoe\0pencil"), SASL_MALFORMED, NULL},
    {"LOGIN", T(""), SASL_CHALLENGE, NULL},
    {"LOGIN", T("joe"), SASL_CHALLENGE, NULL},
    {"LOGIN", T("j\0e"), SASL_MALFORMED, NULL},
    {"SCRAM-SHA-256", T(""), SASL_CHALLENGE, NULL},
    {"SCRAM-SHA-256", T("n,,n=joe,r=abc"), SASL_WANT_CREDENTIAL, "joe"},
    {"SCRAM-SHA-256", T("y,,n=joe,r=abc"), SASL_WANT_CREDENTIAL, "joe"},
    {"SCRAM-SHA-256", T("n,a=joe,n=joe,r=abc"), SASL_WANT_CREDENTIAL, "joe"},
    {"SCRAM-SHA-256", T("n,a=ann,n=joe,r=abc"), SASL_REFUSED, "joe"},
    {"SCRAM-SHA-256", T("n,,n=j=2Ce=3D,r=abc"), SASL_WANT_CREDENTIAL, "j,e="},
    {"SCRAM-SHA-256", T("p=tls-unique,,n=joe,r=abc"), SASL_MALFORMED, NULL},
    {"SCRAM-SHA-256", T("n,,n=joe"), SASL_MALFORMED, NULL},
    {"SCRAM-SHA-256", T("n,,n=,r=abc"), SASL_MALFORMED, NULL},
    {"SCRAM-SHA-256", T("n,,n=\xc2\xad,r=abc"), SASL_MALFORMED, NULL},
    {"SCRAM-SHA-256", T("n,,r=abc"), SASL_MALFORMED, NULL},
    {"SCRAM-SHA-256", T("n"), SASL_MALFORMED, NULL},
    {"SCRAM-SHA-256", T(","), SASL_MALFORMED, NULL},
    {"SCRAM-SHA-256", T("x,,n=joe,r=abc"), SASL_MALFORMED, NULL},
    {"SCRAM-SHA-256", T("n,,m=x,n=joe,r=abc"), SASL_MALFORMED, NULL},
    {"SCRAM-SHA-256", T("n,,n=joe,r=abc\0"), SASL_MALFORMED, NULL},
    {"SCRAM-SHA-256", T("n,,n=j\0e,r=abc"), SASL_MALFORMED, NULL},
    {"SCRAM-SHA-256", T("n,,n=j\noe,r=abc"), SASL_MALFORMED, NULL},
    {"OAUTHBEARER", T("n,a=j=2Ce=3D,\1auth=Bearer t\1\1"), SASL_WANT_CREDENTIAL,
     "j,e="},
    {"XOAUTH2", T("user=j=3De\1auth=Bearer t\1\1"), SASL_WANT_CREDENTIAL,
     "j=3De"},
    {"CRAM-MD5", T(""), SASL_CHALLENGE, NULL},
    {"CRAM-MD5", T("joe 123"), SASL_MALFORMED, NULL},
};

START_TEST(reads_first_messages)
{
    struct sasl *s = new_sasl(firsts[_i].mechanism);
    char *out = NULL;

    ck_assert_int_eq(step_raw(s, firsts[_i].data, firsts[_i].len, &out),
                     firsts[_i].result);
    ck_assert_int_eq(out != NULL, firsts[_i].result == SASL_CHALLENGE);
    if (firsts[_i].name != NULL)
        ck_assert_str_eq(sasl_name(s), firsts[_i].name);
    else
        ck_assert_ptr_null(sasl_name(s));
    if (firsts[_i].result != SASL_CHECK_PASSWORD)
        ck_assert_ptr_null(sasl_password(s));
    free(out);
    sasl_free(&s);
}
END_TEST

/* Without an initial response the first challenge is empty, and it cannot be
 * asked for again. */
static const char *const client_first[] = {"PLAIN", "SCRAM-SHA-256"};

/* --- limits --- */

/* The letter, so often as it fits into n bytes, and x for the rest. */
static char *
repeated(const char *letter, size_t n)
{
    char *text = xcalloc(1, n + 1);
    size_t len = 0;

    for (; len + strlen(letter) <= n; len += strlen(letter))
        memcpy(text + len, letter, strlen(letter));
    memset(text + len, 'x', n - len);
    return text;
}

/* First messages made of %s, which is `letter` so often as it fits into so many
 * bytes.  `@` stands for a zero. */
static const struct {
    const char *mechanism, *form, *letter;
    size_t bytes;
    enum sasl_result result;
} limits[] = {
    {"PLAIN", "@%s@pencil", "j", 511, SASL_CHECK_PASSWORD},
    {"PLAIN", "@%s@pencil", "j", 512, SASL_MALFORMED},
    {"PLAIN", "@%s@pencil", "\xef\xb7\xba", 511, SASL_CHECK_PASSWORD},
    {"PLAIN", "@%s@pencil", "\xef\xb7\xba", 512, SASL_MALFORMED},
    {"PLAIN", "@joe@%s", "p", 1024, SASL_CHECK_PASSWORD},
    {"PLAIN", "@joe@%s", "p", 1025, SASL_MALFORMED},
    {"PLAIN", "@joe@%s", "\xef\xb7\xba", 1024, SASL_CHECK_PASSWORD},
    {"PLAIN", "@joe@%s", "\xef\xb7\xba", 1025, SASL_MALFORMED},
    {"PLAIN", "%s@joe@pencil", "j", 511, SASL_REFUSED},
    {"PLAIN", "%s@joe@pencil", "j", 512, SASL_MALFORMED},
    {"LOGIN", "%s", "j", 2048, SASL_CHALLENGE},
    {"LOGIN", "%s", "j", 2049, SASL_MALFORMED},
    {"SCRAM-SHA-256", "n,,n=%s,r=abc", "j", 511, SASL_WANT_CREDENTIAL},
    {"SCRAM-SHA-256", "n,,n=%s,r=abc", "j", 512, SASL_MALFORMED},
    {"SCRAM-SHA-256", "n,,n=%s,r=abc", "=2C", 1533, SASL_WANT_CREDENTIAL},
    {"SCRAM-SHA-256", "n,,n=%s,r=abc", "=2C", 1536, SASL_MALFORMED},
    {"SCRAM-SHA-256", "n,,n=%s,r=abc", "\xc3\xa4", 510, SASL_WANT_CREDENTIAL},
    {"SCRAM-SHA-256", "n,,n=%s,r=abc", "\xc3\xa4", 512, SASL_MALFORMED},
    {"SCRAM-SHA-256", "n,,n=%s,r=abc", "\xef\xb7\xba", 510,
     SASL_WANT_CREDENTIAL},
    {"SCRAM-SHA-256", "n,,n=%s,r=abc", "\xef\xb7\xba", 513, SASL_MALFORMED},
    {"SCRAM-SHA-256", "n,,%s,r=abc", "\xc3\xa4", 4, SASL_MALFORMED},
    {"SCRAM-SHA-256", "n,a=%s,n=joe,r=abc", "j", 511, SASL_REFUSED},
    {"SCRAM-SHA-256", "n,a=%s,n=joe,r=abc", "j", 512, SASL_MALFORMED},
    {"SCRAM-SHA-256", "n,,n=joe,r=%s", "r", 256, SASL_WANT_CREDENTIAL},
    {"SCRAM-SHA-256", "n,,n=joe,r=%s", "r", 257, SASL_MALFORMED},
    {"SCRAM-SHA-256", "n,,n=joe,r=abc,x=%s", "x", 2031, SASL_WANT_CREDENTIAL},
    {"SCRAM-SHA-256", "n,,n=joe,r=abc,x=%s", "x", 2032, SASL_MALFORMED},
};

START_TEST(refuses_what_is_too_long)
{
    struct sasl *s = new_sasl(limits[_i].mechanism);
    char *part = repeated(limits[_i].letter, limits[_i].bytes);
    const char *at = strstr(limits[_i].form, "%s");
    char *text = xasprintf("%.*s%s%s", (int)(at - limits[_i].form),
                           limits[_i].form, part, at + 2);
    size_t len = strlen(text);
    char *out = NULL;

    for (size_t i = 0; i < len; i++)
        if (text[i] == '@')
            text[i] = '\0';
    ck_assert_int_eq(step_raw(s, text, len, &out), limits[_i].result);
    free(out);
    free(text);
    free(part);
    sasl_free(&s);
}
END_TEST

START_TEST(refuses_what_is_too_long_in_later_messages)
{
    static const struct {
        size_t name, password;
        enum sasl_result result;
    } login[] = {{511, 1024, SASL_CHECK_PASSWORD},
                 {512, 1, SASL_MALFORMED},
                 {1, 1025, SASL_MALFORMED}};

    for (size_t i = 0; i < sizeof login / sizeof login[0]; i++) {
        struct sasl *s = new_sasl("LOGIN");
        char *name = repeated("j", login[i].name), *out = NULL;
        char *password = repeated("p", login[i].password);

        ck_assert_int_eq(step_raw(s, name, login[i].name, &out),
                         SASL_CHALLENGE);
        free(out);
        ck_assert_int_eq(step_raw(s, password, login[i].password, &out),
                         login[i].result);
        free(name);
        free(password);
        sasl_free(&s);
    }
    for (size_t len = 511; len <= 512; len++) {
        struct sasl *s = new_sasl("CRAM-MD5");
        char *name = repeated("j", len), *out = NULL;
        char *text = xasprintf("%s 0123", name);

        ck_assert_int_eq(step_raw(s, "", 0, &out), SASL_CHALLENGE);
        free(out);
        ck_assert_int_eq(step_raw(s, text, len + 5, &out),
                         len == 511 ? SASL_WANT_CREDENTIAL : SASL_MALFORMED);
        free(name);
        free(text);
        sasl_free(&s);
    }
}
END_TEST

START_TEST(asks_once_for_the_first_message)
{
    struct sasl *s = new_sasl(client_first[_i]);
    char *out = NULL;

    ck_assert_int_eq(sasl_step(s, NULL, &out), SASL_CHALLENGE);
    ck_assert_str_eq(out, "");
    free(out);
    ck_assert_int_eq(answer(s, ""), SASL_MALFORMED);
    sasl_free(&s);
}
END_TEST

START_TEST(login_asks_in_its_words)
{
    struct sasl *s = new_sasl("LOGIN");
    char *out = NULL;

    ck_assert_int_eq(sasl_step(s, NULL, &out), SASL_CHALLENGE);
    ck_assert_str_eq(out, "VXNlciBOYW1l"); /* User Name */
    free(out);
    ck_assert_int_eq(sasl_step(s, "am9l", &out), SASL_CHALLENGE);
    ck_assert_str_eq(out, "UGFzc3dvcmQ="); /* Password */
    free(out);
    ck_assert_int_eq(answer(s, "cGVuY2ls"), SASL_CHECK_PASSWORD);
    ck_assert_str_eq(sasl_name(s), "joe");
    ck_assert_str_eq(sasl_password(s), "pencil");
    sasl_free(&s);
}
END_TEST

static const struct {
    const char *base64;
    const char *name; /* of LOGIN's first answer; NULL: malformed */
} base64[] = {
    {"am9l", "joe"},
    {"am9lZg==", "joef"},
    {"am9lZmY=", "joeff"},
    {"am9lZg", "joef"},
    {"am9lZmY", "joeff"},
    {"am9lZg==am9l", "joefjoe"},
    {"am9lZmY=am9l", "joeffjoe"},
    {"am9lZmY=am9lZmY=", "joeffjoeff"},
    {"am9lZ", NULL},
    {"am9l=", NULL},
    {"=am9l", NULL},
    {"am9lZ===", NULL},
    {"am9lZg===", NULL},
    {"am9l\nam9l", NULL},
    {"am9l am9l", NULL},
    {"am9l!", NULL},
    {"am9l\xc3\xa4", NULL},
    {"am-_", NULL},
};

START_TEST(reads_base64_as_clients_send_it)
{
    struct sasl *s = new_sasl("LOGIN");

    ck_assert_int_eq(answer(s, ""), SASL_CHALLENGE);
    if (base64[_i].name == NULL) {
        ck_assert_int_eq(answer(s, base64[_i].base64), SASL_MALFORMED);
    } else {
        ck_assert_int_eq(answer(s, base64[_i].base64), SASL_CHALLENGE);
        ck_assert_int_eq(answer(s, "eA=="), SASL_CHECK_PASSWORD);
        ck_assert_str_eq(sasl_name(s), base64[_i].name);
    }
    sasl_free(&s);
}
END_TEST

/* --- CRAM-MD5 by hand --- */

/* Starts an exchange; the challenge in clear. */
static struct sasl *
cram_start(char challenge[300])
{
    struct sasl *s = new_sasl("CRAM-MD5");
    char *out = NULL, *text;

    ck_assert_int_eq(sasl_step(s, NULL, &out), SASL_CHALLENGE);
    text = decode(out);
    ck_assert_uint_lt(strlen(text), 300);
    strcpy(challenge, text);
    free(text);
    free(out);
    return s;
}

static void
cram_hex(const char *challenge, const char *format, char hex[33])
{
    uint8_t out[KEYED_MD5_BYTES];

    keyed_md5_get(credential.cram, challenge, strlen(challenge), out);
    for (size_t i = 0; i < sizeof out; i++)
        snprintf(hex + 2 * i, 3, format[0] == 'X' ? "%02X" : "%02x", out[i]);
}

START_TEST(cram_challenges_are_never_the_same)
{
    char one[300], two[300], at[300];
    unsigned long long number, time;
    struct sasl *s = cram_start(one), *t = cram_start(two);

    ck_assert_str_ne(one, two);
    ck_assert_int_eq(
        sscanf(one, "<%20llu.%20llu@%250[^>]>", &number, &time, at), 3);
    ck_assert_int_eq(one[strlen(one) - 1], '>');
    ck_assert_uint_gt(time, 1600000000);
    sasl_free(&s);
    sasl_free(&t);
}
END_TEST

/* How an old client builds its answer: in one piece, or as two pieces of base64
 * that are glued; names of three lengths make three paddings. */
static const struct {
    const char *name, *digits;
    bool glued;
} crams[] = {
    {"joe@a.test", "x", false},  {"joe@a.test", "X", false},
    {"joe@a.test", "x", true},   {"joe@aa.test", "x", true},
    {"joe@aaa.test", "x", true}, {"joe of a", "X", true},
};

START_TEST(takes_cram_answers_of_old_clients)
{
    char challenge[300], hex[33], text[200];
    struct sasl *s = cram_start(challenge);
    char *front, *back, *whole = NULL, *out = NULL;

    cram_hex(challenge, crams[_i].digits, hex);
    snprintf(text, sizeof text, "%s ", crams[_i].name);
    if (crams[_i].glued) {
        front = encode(text, strlen(text));
        back = encode(hex, strlen(hex));
        ck_assert_int_gt(asprintf(&whole, "%s%s", front, back), 0);
        free(front);
        free(back);
    } else {
        strcat(text, hex);
        whole = encode(text, strlen(text));
    }
    ck_assert_int_eq(answer(s, whole), SASL_WANT_CREDENTIAL);
    ck_assert_str_eq(sasl_name(s), crams[_i].name);
    /* Nothing is taken while the credential is due. */
    ck_assert_int_eq(sasl_credential(s, &credential, &out), SASL_DONE);
    ck_assert_ptr_null(out);
    free(whole);
    sasl_free(&s);
}
END_TEST

START_TEST(a_cram_answer_is_good_for_its_challenge_only)
{
    char challenge[300], hex[33], text[200];
    struct sasl *s = cram_start(challenge);
    char *out = NULL;

    cram_hex(challenge, "x", hex);
    sasl_free(&s);
    s = cram_start(challenge);
    snprintf(text, sizeof text, "joe %s", hex);
    ck_assert_int_eq(step_raw(s, text, strlen(text), &out),
                     SASL_WANT_CREDENTIAL);
    ck_assert_int_eq(sasl_credential(s, &credential, &out), SASL_REFUSED);
    sasl_free(&s);
}
END_TEST

START_TEST(refuses_cram_answers_cut_anywhere)
{
    char challenge[300], hex[33], text[200];
    enum sasl_result result;
    size_t len;

    len = strlen("joe@a.test") + 1 + 32;
    for (size_t cut = 0; cut < len; cut++) {
        struct sasl *s = cram_start(challenge);
        char *out = NULL;

        cram_hex(challenge, "x", hex);
        snprintf(text, sizeof text, "joe@a.test %s", hex);
        result = step_raw(s, text, cut, &out);
        if (result == SASL_WANT_CREDENTIAL)
            result = sasl_credential(s, &credential, &out);
        ck_assert_msg(result == (cut > 10 ? SASL_REFUSED : SASL_MALFORMED),
                      "cut at %zu: %d", cut, (int)result);
        ck_assert_ptr_null(out);
        sasl_free(&s);
    }
}
END_TEST

/* --- misuse and cuts --- */

START_TEST(takes_nothing_while_the_credential_is_due)
{
    struct sasl *s = new_sasl("SCRAM-SHA-256");
    char *out = NULL;

    ck_assert_int_eq(sasl_credential(s, &credential, &out), SASL_MALFORMED);
    ck_assert_int_eq(step_raw(s, T("n,,n=joe,r=abc"), &out), SASL_MALFORMED);
    sasl_free(&s);
    s = new_sasl("SCRAM-SHA-256");
    ck_assert_int_eq(step_raw(s, T("n,,n=joe,r=abc"), &out),
                     SASL_WANT_CREDENTIAL);
    ck_assert_int_eq(step_raw(s, T("n,,n=joe,r=abc"), &out), SASL_MALFORMED);
    ck_assert_int_eq(sasl_credential(s, &credential, &out), SASL_MALFORMED);
    ck_assert_ptr_null(out);
    sasl_free(&s);
}
END_TEST

START_TEST(plain_cut_anywhere_gives_no_more_than_was_sent)
{
    static const char whole[] = "\0joe\0pencil";

    for (size_t cut = 0; cut < sizeof whole - 1; cut++) {
        struct sasl *s = new_sasl("PLAIN");
        char *out = NULL;
        enum sasl_result result = step_raw(s, whole, cut, &out);

        free(out);
        ck_assert_msg(result != SASL_DONE, "cut at %zu", cut);
        if (result == SASL_CHECK_PASSWORD) {
            ck_assert_uint_ge(cut, 5);
            ck_assert_str_eq(sasl_name(s), "joe");
            ck_assert_uint_eq(strlen(sasl_password(s)), cut - 5);
        }
        sasl_free(&s);
    }
}
END_TEST

/* Goes as far as the client's final message, which is cut; true if it was
 * accepted.  *len_r is its whole length. */
static bool
scram_cut(size_t cut_first, size_t cut_final, size_t *first_r, size_t *final_r)
{
    const struct client c = {"SCRAM-SHA-256", "joe", "pencil", NULL};
    struct sasl *s = new_sasl(c.mechanism);
    Gsasl_session *session = new_client(&c);
    char *reply = NULL, *out = NULL, *raw = NULL;
    size_t len = 0;
    enum sasl_result result;

    gsasl_step(session, NULL, 0, &reply, first_r);
    result =
        step_raw(s, reply, cut_first < *first_r ? cut_first : *first_r, &out);
    gsasl_free(reply);
    reply = NULL;
    if (result == SASL_WANT_CREDENTIAL)
        result = sasl_credential(s, &credential, &out);
    if (result == SASL_CHALLENGE && out != NULL && *out != '\0' &&
        gsasl_base64_from(out, strlen(out), &raw, &len) == GSASL_OK &&
        gsasl_step(session, raw, len, &reply, final_r) == GSASL_NEEDS_MORE) {
        free(out);
        result = step_raw(s, reply, cut_final < *final_r ? cut_final : *final_r,
                          &out);
    } else {
        result = SASL_MALFORMED;
    }
    gsasl_free(reply);
    gsasl_free(raw);
    free(out);
    gsasl_finish(session);
    if (result == SASL_CHALLENGE)
        result = answer(s, "");
    sasl_free(&s);
    return result == SASL_DONE;
}

START_TEST(refuses_scram_cut_anywhere)
{
    size_t first = 0, final = 0;

    ck_assert(scram_cut(SIZE_MAX, SIZE_MAX, &first, &final));
    for (size_t cut = 0; cut < first; cut++)
        ck_assert_msg(!scram_cut(cut, SIZE_MAX, &first, &final),
                      "first message cut at %zu", cut);
    for (size_t cut = 0; cut < final; cut++)
        ck_assert_msg(!scram_cut(SIZE_MAX, cut, &first, &final),
                      "final message cut at %zu", cut);
}
END_TEST

/* The server has proved itself; the client's answer to that must be empty. */
START_TEST(wants_an_empty_answer_to_the_end)
{
    const struct client c = {"SCRAM-SHA-256", "joe", "pencil", NULL};
    struct sasl *s = new_sasl(c.mechanism);
    Gsasl_session *session = new_client(&c);
    char *reply = NULL, *out = NULL;

    ck_assert_int_eq(gsasl_step64(session, NULL, &reply), GSASL_NEEDS_MORE);
    ck_assert_int_eq(answer(s, reply), SASL_WANT_CREDENTIAL);
    gsasl_free(reply);
    ck_assert_int_eq(sasl_credential(s, &credential, &out), SASL_CHALLENGE);
    ck_assert_int_eq(gsasl_step64(session, out, &reply), GSASL_NEEDS_MORE);
    free(out);
    ck_assert_int_eq(answer(s, reply), SASL_CHALLENGE);
    ck_assert_int_eq(answer(s, reply), SASL_MALFORMED);
    gsasl_free(reply);
    gsasl_finish(session);
    sasl_free(&s);
}
END_TEST

START_TEST(can_be_freed_at_any_time)
{
    static const char *const mechanisms[] = {"PLAIN", "LOGIN", "SCRAM-SHA-256",
                                             "CRAM-MD5"};
    struct sasl *s;
    char *out = NULL;

    for (size_t i = 0; i < 4; i++) {
        s = new_sasl(mechanisms[i]);
        sasl_free(&s);
        s = new_sasl(mechanisms[i]);
        ck_assert_int_eq(answer(s, NULL), SASL_CHALLENGE);
        sasl_free(&s);
    }
    s = new_sasl("SCRAM-SHA-256");
    ck_assert_int_eq(step_raw(s, T("n,,n=joe,r=abc"), &out),
                     SASL_WANT_CREDENTIAL);
    ck_assert_int_eq(sasl_credential(s, &credential, &out), SASL_CHALLENGE);
    free(out);
    sasl_free(&s);
}
END_TEST

#define LOOP(t, test, table) \
    tcase_add_loop_test(t, test, 0, sizeof table / sizeof table[0])

Suite *
sasl_suite(void)
{
    Suite *s = suite_create("sasl");
    TCase *t = tcase_create("sasl");

    tcase_add_checked_fixture(t, set_up, tear_down);
    LOOP(t, agrees_with_gnu_sasl, talks);
    tcase_add_test(t, a_proof_may_be_of_another_secret);
    tcase_add_test(t, unknown_names_look_like_known_ones);
    tcase_add_test(t, nobody_gets_in_without_a_password);
    tcase_add_test(t, cram_needs_its_state);
    LOOP(t, knows_its_mechanisms, names);
    LOOP(t, reads_first_messages, firsts);
    LOOP(t, asks_once_for_the_first_message, client_first);
    tcase_add_loop_test(t, refuses_what_is_too_long, 0,
                        sizeof limits / sizeof limits[0]);
    tcase_add_test(t, refuses_what_is_too_long_in_later_messages);
    tcase_add_test(t, login_asks_in_its_words);
    LOOP(t, reads_base64_as_clients_send_it, base64);
    tcase_add_test(t, cram_challenges_are_never_the_same);
    LOOP(t, takes_cram_answers_of_old_clients, crams);
    tcase_add_test(t, a_cram_answer_is_good_for_its_challenge_only);
    tcase_add_test(t, refuses_cram_answers_cut_anywhere);
    tcase_add_test(t, takes_nothing_while_the_credential_is_due);
    tcase_add_test(t, plain_cut_anywhere_gives_no_more_than_was_sent);
    tcase_add_test(t, refuses_scram_cut_anywhere);
    tcase_add_test(t, wants_an_empty_answer_to_the_end);
    tcase_add_test(t, can_be_freed_at_any_time);
    suite_add_tcase(s, t);
    return s;
}
