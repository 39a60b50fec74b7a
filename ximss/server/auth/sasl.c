/* SPDX-License-Identifier: BSD-2-Clause */
/* GNU SASL wants its callbacks answered at once, and we may not wait for the
 * store or a password hash.  So nothing is looked up inside a callback: LOGIN
 * hands out name and password and ends there; SCRAM's first message is read
 * once by a session that only tells the name, and again, when the verifier has
 * come, by the session that answers it.
 *
 * It prepares (SASLprep) whatever it gets, which takes up to eight microseconds
 * for a byte, and this runs in an event loop.  So PLAIN, which is two zeros, is
 * read here and its password prepared where it is hashed.  Of SCRAM's names it
 * is shown ASCII alone; where there was more, the proof is checked here.
 *
 * GNU SASL does not wipe what it frees, so a session is finished as soon as it
 * has given what it knows.  CRAM-MD5 is written here, since GNU SASL would want
 * the clear password. */
#include "config.h"

#include "ximss/server/auth/sasl.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <gsasl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "util/base64.h"
#include "util/blank.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/name.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/keyed_hash.h"
#include "ximss/server/auth/password.h"

enum state {
    AT_START,      /* nothing was exchanged */
    AT_ANSWER,     /* the answer to a challenge is due */
    AT_CREDENTIAL, /* the owner is to call sasl_credential */
    AT_PROOF,      /* SCRAM: the client's final message is due */
    AT_END_SENT,   /* SCRAM: the empty answer to our final message is due */
    AT_END
};

struct input {
    char *data; /* owned, terminated */
    size_t len;
};

struct mechanism {
    const char *name;
    bool clear;
    enum sasl_result (*step)(struct sasl *s, const struct input *in,
                             char **out_r);
    enum sasl_result (*credential)(struct sasl *s, const struct credential *c,
                                   char **out_r);
};

struct sasl {
    const struct mechanism *mechanism;
    enum state state;
    Gsasl_session *session; /* owned, or NULL */
    char *name, *password;  /* owned, NULL until known */
    char *first; /* owned, wiped; the client's first message: of SCRAM,
                               and of what sources outside check */
    char *told;  /* owned; ... and what it was told */
    struct credential cred;   /* ... by which; wiped */
    struct credential proves; /* what the proof is checked against; wiped */
    bool knows_name; /* GNU SASL, by which SCRAM's proof then is checked */
    char *challenge, *hex; /* owned; CRAM-MD5: what was sent, what came back */
    bool for_other;        /* the client wants to act for somebody else */
};

/* --- the library --- */

static Gsasl *library;
static char host[256];
static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void
wipe_free(char *s)
{
    if (s != NULL)
        OPENSSL_cleanse(s, strlen(s));
    free(s);
}

/* Takes over what the client says of itself; `other` may be NULL. */
static void
identify(struct sasl *s, const char *name, const char *password,
         const char *other)
{
    char *whom = other != NULL ? blank_trimmed(other) : NULL;

    s->name = blank_trimmed(name);
    s->password = password != NULL ? xstrdup(password) : NULL;
    s->for_other =
        whom != NULL && *whom != '\0' && !name_is_same(whom, s->name);
    free(whom);
}

static int
on_callback(Gsasl *ctx, Gsasl_session *session, Gsasl_property property)
{
    struct sasl *s = gsasl_session_hook_get(session);
    const char *name, *password;

    (void)ctx;
    if (property != GSASL_VALIDATE_SIMPLE || s == NULL)
        return GSASL_NO_CALLBACK;
    name = gsasl_property_fast(session, GSASL_AUTHID);
    password = gsasl_property_fast(session, GSASL_PASSWORD);
    if (name == NULL || password == NULL)
        return GSASL_NO_AUTHID;
    identify(s, name, password, gsasl_property_fast(session, GSASL_AUTHZID));
    return GSASL_OK;
}

/* One context for all threads: after this it is only read, and everything that
 * changes is in the sessions. */
static void
open_library(void)
{
    if (gsasl_init(&library) != GSASL_OK)
        log_fatal("starting GNU SASL failed");
    gsasl_callback_set(library, on_callback);
    if (gethostname(host, sizeof host - 1) < 0 || !text_is_host(host))
        strcpy(host, "localhost");
}

static void
session_start(struct sasl *s)
{
    int rc = gsasl_server_start(library, s->mechanism->name, &s->session);

    if (rc != GSASL_OK)
        log_fatal("starting SASL %s: %s", s->mechanism->name,
                  gsasl_strerror(rc));
    gsasl_session_hook_set(s->session, s);
}

static void
session_finish(struct sasl *s)
{
    if (s->session != NULL)
        gsasl_finish(s->session);
    s->session = NULL;
}

static char *
to_base64(const char *data, size_t len)
{
    char *text = xmalloc(BASE64_SIZE(len));

    base64_encode(data, len, text);
    return text;
}

/* One step of the session.  With GSASL_OK and GSASL_NEEDS_MORE, *out_r is what
 * it has to say, in base64. */
static int
session_step(struct sasl *s, const char *data, size_t len, char **out_r)
{
    char *out = NULL;
    size_t out_len = 0;
    int rc = gsasl_step(s->session, data, len, &out, &out_len);

    if (rc == GSASL_OK || rc == GSASL_NEEDS_MORE)
        *out_r = to_base64(out != NULL ? out : "", out_len);
    gsasl_free(out);
    return rc;
}

/* What a failed step means: a wrong proof needs a name whose proof it is. */
static enum sasl_result
refusal(const struct sasl *s, int rc)
{
    return rc == GSASL_AUTHENTICATION_ERROR && s->name != NULL ? SASL_REFUSED
                                                               : SASL_MALFORMED;
}

/* --- input --- */

/* Decodes base64 as clients send it: several pieces may be glued together, each
 * with its padding (protocol.md A.6), and the last may lack it.  -1 if it is
 * something else. */
static int
from_base64_most(const char *text, size_t most, struct input *in)
{
    size_t len = strlen(text), room = BASE64_BYTES_MOST(len);
    ssize_t n;

    if (len > 2 * most)
        return -1;
    in->data = xmalloc(room + 1);
    n = base64_decode(text, len, BASE64_UNPADDED | BASE64_GLUED, in->data, room,
                      NULL);
    if (n < 0 || (size_t)n > most) {
        OPENSSL_cleanse(in->data, room);
        return -1;
    }
    in->len = (size_t)n;
    in->data[n] = '\0';
    return 0;
}

static int
from_base64(const char *text, struct input *in)
{
    return from_base64_most(text, SASL_MESSAGE_MOST, in);
}

static bool
is_text(const struct input *in)
{
    return memchr(in->data, '\0', in->len) == NULL;
}

/* True if the name can be looked up and logged; else it is dropped. */
static bool
keep_name(struct sasl *s)
{
    bool good = *s->name != '\0';
    size_t bad;

    for (const char *p = s->name; *p != '\0' && good; p++)
        good = (unsigned char)*p >= 0x20 && *p != 0x7f;
    if (good && text_is_utf8(s->name, strlen(s->name), &bad))
        return true;
    free(s->name);
    s->name = NULL;
    return false;
}

/* --- PLAIN, LOGIN --- */

static bool
is_within_limits(const struct sasl *s)
{
    return strlen(s->name) <= SASL_NAME_MOST &&
           (s->password == NULL || strlen(s->password) <= PASSWORD_MOST);
}

/* What a clear password's message has told. */
static enum sasl_result
take_clear(struct sasl *s)
{
    if (!is_within_limits(s) || !keep_name(s))
        return SASL_MALFORMED;
    return s->for_other ? SASL_REFUSED : SASL_CHECK_PASSWORD;
}

/* Whom to act for, who it is, and the password, with zeros between (RFC
 * 4616). */
static enum sasl_result
step_plain(struct sasl *s, const struct input *in, char **out_r)
{
    const char *end = in->data + in->len, *name, *password;

    if (in->len == 0) {
        s->state = AT_ANSWER;
        *out_r = xstrdup("");
        return SASL_CHALLENGE;
    }
    name = memchr(in->data, '\0', in->len);
    if (name == NULL || name - in->data > SASL_NAME_MOST)
        return SASL_MALFORMED;
    name++;
    password = memchr(name, '\0', (size_t)(end - name));
    if (password == NULL)
        return SASL_MALFORMED;
    password++;
    if (memchr(password, '\0', (size_t)(end - password)) != NULL)
        return SASL_MALFORMED;
    identify(s, name, password, in->data);
    return take_clear(s);
}

static enum sasl_result
step_login(struct sasl *s, const struct input *in, char **out_r)
{
    int rc;

    if (s->state == AT_START) {
        session_start(s);
        /* It asks for the name first; a client may send it unasked. */
        if (in->len > 0) {
            if (session_step(s, "", 0, out_r) != GSASL_NEEDS_MORE)
                return SASL_MALFORMED;
            free(*out_r);
            *out_r = NULL;
        }
    }
    rc = session_step(s, in->data, in->len, out_r);
    if (rc == GSASL_NEEDS_MORE) {
        s->state = AT_ANSWER;
        return SASL_CHALLENGE;
    }
    return rc == GSASL_OK ? take_clear(s) : refusal(s, rc);
}

/* --- SCRAM-SHA-256 --- */

struct scram_fields {
    char *other, *name, *nonce; /* owned */
};

/* The fields of a first message as far as they must be known before GNU SASL
 * looks at it; where it is not one, GNU SASL says so. */
static void
scram_read(const char *first, struct scram_fields *f)
{
    const char *other = first + strcspn(first, ","), *name, *nonce;

    other += *other != '\0';
    name = other + strcspn(other, ",");
    f->other = xstrndup(other, (size_t)(name - other));
    name += *name != '\0';
    nonce = name + strcspn(name, ",");
    f->name = xstrndup(name, (size_t)(nonce - name));
    nonce += *nonce != '\0';
    f->nonce = xstrndup(nonce, strcspn(nonce, ","));
}

static void
scram_fields_clear(struct scram_fields *f)
{
    free(f->other);
    free(f->name);
    free(f->nonce);
}

/* Bytes of a field without its "x=", an escape (=2C, =3D) counted as one. */
static size_t
scram_length(const char *field)
{
    size_t len = 0;

    field += *field != '\0';
    field += *field == '=';
    for (; *field != '\0'; len++)
        field +=
            field[0] == '=' && field[1] != '\0' && field[2] != '\0' ? 3 : 1;
    return len;
}

/* A name of GS2 (RFC 5801, "saslname") without escapes; the caller frees. */
static char *
unescaped(const char *text)
{
    struct buf name = {0};

    for (const char *p = text; *p != '\0';) {
        bool is_comma = strncmp(p, "=2C", 3) == 0;
        bool is_escape = is_comma || strncmp(p, "=3D", 3) == 0;

        buf_append_char(&name, is_comma ? ',' : *p);
        p += is_escape ? 3 : 1;
    }
    return buf_take(&name);
}

/* The name as the client wrote it, without "n=": GNU SASL's has gone through SASLprep,
 * which lets people in by more spellings than other doors do.  The caller frees. */
static char *
scram_name(const char *first)
{
    struct scram_fields f;
    char *name;

    scram_read(first, &f);
    name = unescaped(f.name + 2);
    scram_fields_clear(&f);
    return name;
}

/* False if GNU SASL must not see the message: it would take long, or more than
 * it gives back. */
static bool
scram_is_fit(const char *first)
{
    struct scram_fields f;
    bool fit;

    scram_read(first, &f);
    fit = scram_length(f.other) <= SASL_NAME_MOST &&
          scram_length(f.name) <= SASL_NAME_MOST &&
          scram_length(f.nonce) <= SASL_NONCE_MOST &&
          (g_str_is_ascii(f.name) || strncmp(f.name, "n=", 2) == 0);
    scram_fields_clear(&f);
    return fit;
}

/* The message with an x for each byte of the name that is not ASCII, for GNU SASL,
 * whose SASLprep (RFC 4013) refuses names that RFC 8265 does not: letters from the
 * right at a domain from the left, and all that Unicode got after 3.2.  The caller
 * frees. */
static char *
scram_in_ascii(const char *first)
{
    char *copy = xstrdup(first);
    char *p = copy + strcspn(copy, ",");

    p += *p != '\0';
    p += strcspn(p, ",");
    p += *p != '\0';
    for (; *p != '\0' && *p != ','; p++)
        if ((unsigned char)*p >= 0x80)
            *p = 'x';
    return copy;
}

/* A step of the session with the client's first message. */
static int
scram_first_step(struct sasl *s, const char *first, char **out_r)
{
    char *ascii = scram_in_ascii(first);
    int rc = session_step(s, ascii, strlen(ascii), out_r);

    s->knows_name = strcmp(ascii, first) == 0;
    free(ascii);
    return rc;
}

/* Reads the client's first message for the name in it. */
static enum sasl_result
scram_first(struct sasl *s, const struct input *in)
{
    char *out = NULL, *name;
    int rc;

    /* A client that binds to the channel uses a mechanism whose name ends in
     * -PLUS; GNU SASL would take it for one that does not bind. */
    if (in->data[0] == 'p' || !scram_is_fit(in->data))
        return SASL_MALFORMED;
    session_start(s);
    rc = scram_first_step(s, in->data, &out);
    free(out);
    if (rc != GSASL_NEEDS_MORE)
        return refusal(s, rc);
    name = scram_name(in->data);
    identify(s, name, NULL, gsasl_property_fast(s->session, GSASL_AUTHZID));
    free(name);
    session_finish(s);
    if (!keep_name(s))
        return SASL_MALFORMED;
    if (s->for_other)
        return SASL_REFUSED;
    s->first = xstrdup(in->data);
    s->state = AT_CREDENTIAL;
    return SASL_WANT_CREDENTIAL;
}

/* What both sides sign (RFC 5802, AuthMessage), of a client's final message without
 * its proof. */
#define SCRAM_PARTS 5
static void
scram_signed(const struct sasl *s, const struct input *final,
             struct keyed_part parts_r[SCRAM_PARTS])
{
    const char *bare = strchr(strchr(s->first, ',') + 1, ',') + 1;
    const struct keyed_part parts[SCRAM_PARTS] = {
        {bare, strlen(bare)},
        {",", 1},
        {s->told, strlen(s->told)},
        {",", 1},
        {final->data, strlen(final->data)}};

    memcpy(parts_r, parts, sizeof parts);
}

/* The proof in the message, which it is cut off from. */
static bool
cut_proof(struct input *in, uint8_t proof_r[CRED_KEY_BYTES])
{
    struct input proof = {NULL, 0};
    char *at = is_text(in) ? strstr(in->data, ",p=") : NULL;
    bool found = false;

    if (at != NULL) {
        found = from_base64(at + 3, &proof) == 0 && proof.len == CRED_KEY_BYTES;
        *at = '\0';
    }
    if (found)
        memcpy(proof_r, proof.data, CRED_KEY_BYTES);
    free(proof.data);
    return found;
}

/* The client's final message without its proof, "c=…,r=…": SASL_CHALLENGE if it has
 * seen no other channel and no other nonce.  Extensions are not known here. */
static enum sasl_result
scram_final(const struct sasl *s, const char *final)
{
    size_t header =
        (size_t)(strchr(strchr(s->first, ',') + 1, ',') + 1 - s->first);
    char *channel = to_base64(s->first, header);
    char *right =
        xasprintf("c=%s,%.*s", channel, (int)strcspn(s->told, ","), s->told);
    enum sasl_result result = SASL_CHALLENGE;

    if (strncmp(final, "c=", 2) != 0 || strstr(final, ",r=") == NULL)
        result = SASL_MALFORMED;
    else if (strcmp(final, right) != 0)
        result = SASL_REFUSED;
    free(channel);
    free(right);
    return result;
}

/* "v=" and the signature (RFC 5802, server-final-message). */
static char *
scram_end(const struct credential *c, const struct keyed_part *parts)
{
    uint8_t signature[CRED_KEY_BYTES];
    char *text, *end, *base64;

    password_scram_sign(c, parts, SCRAM_PARTS, signature);
    text = to_base64((const char *)signature, sizeof signature);
    end = xasprintf("v=%s", text);
    base64 = to_base64(end, strlen(end));
    free(text);
    free(end);
    return base64;
}

/* The proof of somebody whose name GNU SASL was not told. */
static enum sasl_result
scram_own_proof(const struct sasl *s, const struct input *in, char **out_r)
{
    struct input final = {xstrdup(in->data), in->len};
    struct keyed_part parts[SCRAM_PARTS];
    uint8_t proof[CRED_KEY_BYTES];
    enum sasl_result result = SASL_MALFORMED;

    if (s->told != NULL && cut_proof(&final, proof))
        result = scram_final(s, final.data);
    if (result == SASL_CHALLENGE) {
        scram_signed(s, &final, parts);
        if (password_scram_matches(&s->proves, parts, SCRAM_PARTS, proof))
            *out_r = scram_end(&s->proves, parts);
        else
            result = SASL_REFUSED;
    }
    free(final.data);
    return result;
}

static enum sasl_result
scram_proof(struct sasl *s, const struct input *in, char **out_r)
{
    enum sasl_result result = SASL_CHALLENGE;
    int rc;

    if (s->knows_name) {
        rc = session_step(s, in->data, in->len, out_r);
        if (rc != GSASL_OK)
            return refusal(s, rc);
    } else
        result = scram_own_proof(s, in, out_r);
    if (result != SASL_CHALLENGE)
        return result;
    session_finish(s);
    s->state = AT_END_SENT;
    return SASL_CHALLENGE;
}

static enum sasl_result
step_scram(struct sasl *s, const struct input *in, char **out_r)
{
    if (s->state == AT_END_SENT)
        return in->len == 0 ? SASL_DONE : SASL_MALFORMED;
    if (!is_text(in))
        return SASL_MALFORMED;
    if (s->state == AT_PROOF)
        return scram_proof(s, in, out_r);
    if (in->len > 0)
        return scram_first(s, in);
    s->state = AT_ANSWER;
    *out_r = xstrdup("");
    return SASL_CHALLENGE;
}

static void
set_base64(Gsasl_session *session, Gsasl_property property, const uint8_t *data,
           size_t len)
{
    char *text = to_base64((const char *)data, len);

    if (gsasl_property_set(session, property, text) != GSASL_OK)
        log_fatal("out of memory");
    wipe_free(text);
}

void
sasl_scram_use(struct sasl *s, const struct credential *c)
{
    set_base64(s->session, GSASL_SCRAM_STOREDKEY, c->stored_key,
               sizeof c->stored_key);
    set_base64(s->session, GSASL_SCRAM_SERVERKEY, c->server_key,
               sizeof c->server_key);
    s->proves = *c;
}

static enum sasl_result
credential_scram(struct sasl *s, const struct credential *c, char **out_r)
{
    struct input told = {NULL, 0};
    char iterations[16];
    int rc;

    if (c->iterations == 0)
        return SASL_REFUSED;
    session_start(s);
    snprintf(iterations, sizeof iterations, "%" PRIu32, c->iterations);
    if (gsasl_property_set(s->session, GSASL_SCRAM_ITER, iterations) !=
        GSASL_OK)
        log_fatal("out of memory");
    set_base64(s->session, GSASL_SCRAM_SALT, c->salt, sizeof c->salt);
    sasl_scram_use(s, c);
    rc = scram_first_step(s, s->first, out_r);
    if (rc != GSASL_NEEDS_MORE)
        return refusal(s, rc);
    if (from_base64(*out_r, &told) == 0)
        s->told = told.data;
    else
        free(told.data);
    s->cred = *c;
    s->state = AT_PROOF;
    return SASL_CHALLENGE;
}

void
sasl_scram_told(const struct sasl *s, struct credential *told_r)
{
    *told_r = (struct credential){.iterations = s->cred.iterations};
    memcpy(told_r->salt, s->cred.salt, sizeof told_r->salt);
}

bool
sasl_scram_matches(const struct sasl *s, const char *base64,
                   const struct credential *c)
{
    struct input in = {NULL, 0};
    struct keyed_part parts[SCRAM_PARTS];
    uint8_t proof[CRED_KEY_BYTES];
    bool matches = false;

    if (s->state == AT_PROOF && s->told != NULL &&
        from_base64(base64, &in) == 0 && cut_proof(&in, proof)) {
        scram_signed(s, &in, parts);
        matches = password_scram_matches(c != NULL ? c : &s->cred, parts,
                                         SCRAM_PARTS, proof);
    }
    free(in.data);
    return matches;
}

/* --- CRAM-MD5 --- */

/* Never the same twice, and not to be guessed. */
static char *
cram_challenge(void)
{
    uint64_t number;

    if (RAND_bytes((unsigned char *)&number, sizeof number) != 1)
        log_fatal("no random bytes from OpenSSL");
    return xasprintf("<%" PRIu64 ".%" PRId64 "@%s>", number,
                     clock_now() / CLOCK_SECOND, host);
}

static enum sasl_result
step_cram(struct sasl *s, const struct input *in, char **out_r)
{
    char *space;

    if (s->state == AT_START) {
        if (in->len > 0)
            return SASL_MALFORMED;
        s->challenge = cram_challenge();
        *out_r = to_base64(s->challenge, strlen(s->challenge));
        s->state = AT_ANSWER;
        return SASL_CHALLENGE;
    }
    space = strrchr(in->data, ' ');
    if (!is_text(in) || space == NULL)
        return SASL_MALFORMED;
    s->hex = xstrdup(space + 1);
    *space = '\0';
    s->name = blank_trimmed(in->data);
    if (!is_within_limits(s) || !keep_name(s))
        return SASL_MALFORMED;
    s->state = AT_CREDENTIAL;
    return SASL_WANT_CREDENTIAL;
}

static enum sasl_result
credential_cram(struct sasl *s, const struct credential *c, char **out_r)
{
    (void)out_r;
    return password_cram_matches(c, s->challenge, s->hex) ? SASL_DONE
                                                          : SASL_REFUSED;
}

/* --- tokens of OAuth 2 --- */

/* What stands between `before` and one of `ends`, at the start of the text or
 * anywhere in it; NULL: nothing.  The caller frees. */
static char *
between(const char *text, const char *before, const char *ends)
{
    const char *at = strstr(text, before);
    size_t n;

    if (at == NULL)
        return NULL;
    at += strlen(before);
    n = strcspn(at, ends);
    return n > 0 ? xstrndup(at, n) : NULL;
}

/* "n,a=NAME,..." (RFC 7628), or "user=NAME\1...", which has no escapes. */
static char *
name_of_bearer(const char *text)
{
    char *written, *name;

    if (strncmp(text, "user=", 5) == 0)
        return between(text, "user=", "\001");
    written =
        strncmp(text, "n,a=", 4) == 0 ? between(text, "n,a=", ",\001") : NULL;
    name = written != NULL ? unescaped(written) : NULL;
    free(written);
    return name;
}

static enum sasl_result
step_bearer(struct sasl *s, const struct input *in, char **out_r)
{
    char *name;

    if (in->len == 0) {
        s->state = AT_ANSWER;
        *out_r = xstrdup("");
        return SASL_CHALLENGE;
    }
    name = is_text(in) ? name_of_bearer(in->data) : NULL;
    if (name == NULL)
        return SASL_MALFORMED;
    s->name = blank_trimmed(name);
    free(name);
    if (!is_within_limits(s) || !keep_name(s))
        return SASL_MALFORMED;
    s->first = xstrdup(in->data);
    s->state = AT_CREDENTIAL;
    return SASL_WANT_CREDENTIAL;
}

/* No credential of ours is one for it. */
static enum sasl_result
credential_bearer(struct sasl *s, const struct credential *c, char **out_r)
{
    (void)s;
    (void)c;
    (void)out_r;
    return SASL_REFUSED;
}

/* --- all --- */

static const struct mechanism mechanisms[] = {
    {"OAUTHBEARER", true, step_bearer, credential_bearer},
    {"XOAUTH2", true, step_bearer, credential_bearer},
    {"PLAIN", true, step_plain, NULL},
    {"LOGIN", true, step_login, NULL},
    {"SCRAM-SHA-256", false, step_scram, credential_scram},
    {"CRAM-MD5", false, step_cram, credential_cram},
};

struct sasl *
sasl_new(const char *mechanism, struct errbuf *err)
{
    struct sasl *s;

    pthread_once(&library_once, open_library);
    for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
        if (text_equal_nocase(mechanisms[i].name, mechanism)) {
            s = xcalloc(1, sizeof *s);
            s->mechanism = &mechanisms[i];
            return s;
        }
    }
    err_set(err, "unknown log-in method");
    return NULL;
}

/* Whatever the result, only these two leave the exchange open. */
static enum sasl_result
settle(struct sasl *s, enum sasl_result result, char **base64_out_r)
{
    if (result == SASL_CHALLENGE || result == SASL_WANT_CREDENTIAL)
        return result;
    free(*base64_out_r);
    *base64_out_r = NULL;
    s->state = AT_END;
    session_finish(s);
    if (result != SASL_CHECK_PASSWORD) {
        wipe_free(s->password);
        s->password = NULL;
    }
    return result;
}

enum sasl_result
sasl_step(struct sasl *s, const char *base64_in, char **base64_out_r)
{
    struct input in = {NULL, 0};
    enum sasl_result result = SASL_MALFORMED;

    *base64_out_r = NULL;
    if (s->state == AT_CREDENTIAL || s->state == AT_END ||
        from_base64_most(
            base64_in != NULL ? base64_in : "",
            sasl_is_outside(s) ? SASL_TOKEN_MOST : SASL_MESSAGE_MOST, &in) < 0)
        goto out;
    if (in.len > 0 || s->state == AT_START || s->state == AT_END_SENT)
        result = s->mechanism->step(s, &in, base64_out_r);
out:
    if (in.data != NULL)
        OPENSSL_cleanse(in.data, in.len);
    free(in.data);
    return settle(s, result, base64_out_r);
}

enum sasl_result
sasl_cram_answered(struct sasl *s, const char *challenge, const char *name,
                   const char *base64_hex)
{
    struct input in = {NULL, 0};
    enum sasl_result result = SASL_MALFORMED;
    char *none = NULL;

    if (s->state == AT_START && strlen(challenge) <= SASL_MESSAGE_MOST &&
        from_base64(base64_hex, &in) == 0 && is_text(&in)) {
        s->challenge = xstrdup(challenge);
        s->name = blank_trimmed(name);
        s->hex = xstrdup(in.data);
        if (is_within_limits(s) && keep_name(s)) {
            s->state = AT_CREDENTIAL;
            result = SASL_WANT_CREDENTIAL;
        }
    }
    free(in.data);
    return settle(s, result, &none);
}

enum sasl_result
sasl_credential(struct sasl *s, const struct credential *c, char **base64_out_r)
{
    enum sasl_result result = SASL_MALFORMED;

    *base64_out_r = NULL;
    if (s->state == AT_CREDENTIAL)
        result = s->mechanism->credential(s, c, base64_out_r);
    return settle(s, result, base64_out_r);
}

bool
sasl_cram_matches(const struct sasl *s, const struct credential *c)
{
    return s->hex != NULL && password_cram_matches(c, s->challenge, s->hex);
}

bool
sasl_wants_proof(const struct sasl *s)
{
    return s->state == AT_PROOF;
}

const char *
sasl_mechanism(const struct sasl *s)
{
    return s->mechanism->name;
}

bool
sasl_is_clear(const struct sasl *s)
{
    return s->mechanism->clear;
}

bool
sasl_is_outside(const struct sasl *s)
{
    return s->mechanism->step == step_bearer;
}

char *
sasl_first(const struct sasl *s)
{
    return to_base64(s->first, strlen(s->first));
}

const char *
sasl_name(const struct sasl *s)
{
    return s->name;
}

const char *
sasl_password(const struct sasl *s)
{
    return s->password;
}

void
sasl_free(struct sasl **s)
{
    if (*s == NULL)
        return;
    session_finish(*s);
    free((*s)->name);
    wipe_free((*s)->password);
    wipe_free((*s)->first);
    free((*s)->told);
    OPENSSL_cleanse(&(*s)->cred, sizeof(*s)->cred);
    OPENSSL_cleanse(&(*s)->proves, sizeof(*s)->proves);
    free((*s)->challenge);
    free((*s)->hex);
    free(*s);
    *s = NULL;
}
