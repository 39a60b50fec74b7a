/* SPDX-License-Identifier: BSD-2-Clause */
/* The server's side of SASL with whatever a client sends: one message in each
 * line.  The first line is the mechanism, or CRAM-MD5 and a challenge that
 * somebody else gave out.  A line that begins with `=` is sent as it stands,
 * others in base64; `$` in a line is the server's nonce.
 *
 * Nobody gets in who does not know the password; an exchange ends after a few
 * messages; names can be looked up and are no longer than they may be; and what
 * the server says is bounded. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include <gsasl.h>

#include "tests/fuzz/fuzz.h"
#include "util/buf.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/auth/keyed_hash.h"
#include "ximss/server/auth/password.h"
#include "ximss/server/auth/sasl.h"

#define PASSWORD      "pencil"
#define STEPS_MOST    5
#define ANSWER_MOST   2048
#define INPUT_MOST    20000
#define CRAM_HEX_SIZE (2 * KEYED_MD5_BYTES + 1)

struct talk {
    struct sasl *sasl;
    struct credential cred;
    char *nonce;   /* owned; the server's, of SCRAM; NULL: not yet */
    bool answered; /* CRAM-MD5 with the challenge of somebody else */
    bool right;    /* and with the right answer */
};

static void
make_credential(struct credential *c)
{
    static const uint8_t salt[CRED_SALT_BYTES] = {1, 2, 3};

    password_derive(PASSWORD, salt, 1, c);
    c->has_cram = true;
    password_cram_state(PASSWORD, c->cram);
}

/* Remembers the nonce of SCRAM's first answer. */
static void
take_challenge(struct talk *t, const char *base64)
{
    char *text = NULL;
    size_t len = 0;

    FUZZ_CHECK(base64 != NULL && strlen(base64) <= ANSWER_MOST);
    FUZZ_CHECK(gsasl_base64_from(base64, strlen(base64), &text, &len) ==
               GSASL_OK);
    if (t->nonce == NULL && len > 2 && memcmp(text, "r=", 2) == 0)
        t->nonce = xstrndup(text + 2, strcspn(text + 2, ","));
    gsasl_free(text);
}

static void
check_name(const struct talk *t)
{
    const char *name = sasl_name(t->sasl);
    size_t bad;

    FUZZ_CHECK(name != NULL && *name != '\0');
    FUZZ_CHECK(text_is_utf8(name, strlen(name), &bad));
    FUZZ_CHECK(strlen(name) <= SASL_NAME_MOST);
}

/* False when the exchange is over. */
static bool
take_result(struct talk *t, enum sasl_result r, char *challenge)
{
    char *next = NULL;

    FUZZ_CHECK((r == SASL_CHALLENGE) == (challenge != NULL));
    FUZZ_CHECK((r == SASL_CHECK_PASSWORD) == (sasl_password(t->sasl) != NULL) ||
               r == SASL_CHALLENGE);
    switch (r) {
    case SASL_CHALLENGE:
        take_challenge(t, challenge);
        free(challenge);
        return true;
    case SASL_CHECK_PASSWORD:
        check_name(t);
        FUZZ_CHECK(sasl_is_clear(t->sasl));
        FUZZ_CHECK(strlen(sasl_password(t->sasl)) <= PASSWORD_MOST);
        return false;
    case SASL_WANT_CREDENTIAL:
        check_name(t);
        r = sasl_credential(t->sasl, &t->cred, &next);
        FUZZ_CHECK(r != SASL_WANT_CREDENTIAL && r != SASL_CHECK_PASSWORD);
        return take_result(t, r, next);
    case SASL_REFUSED:
        check_name(t);
        FUZZ_CHECK(!t->right);
        return false;
    case SASL_DONE:
        /* Challenges and nonces are new each time: no input has the answer. */
        FUZZ_CHECK(t->answered && t->right);
        return false;
    case SASL_MALFORMED:
        return false;
    }
    return false;
}

/* The line as it is sent; the caller frees. */
static char *
message_of(const struct talk *t, const char *line, size_t len)
{
    struct buf b = {0};
    char *base64 = NULL;

    if (len > 0 && line[0] == '=')
        return xstrndup(line + 1, len - 1);
    for (size_t i = 0; i < len; i++) {
        if (line[i] == '$' && t->nonce != NULL)
            buf_append_str(&b, t->nonce);
        else
            buf_append_char(&b, line[i]);
    }
    FUZZ_CHECK(gsasl_base64_to(b.len > 0 ? b.data : "", b.len, &base64, NULL) ==
               GSASL_OK);
    buf_clear(&b);
    return base64;
}

/* Whether these are the digits that only who knows the password can make. */
static bool
is_right(const struct talk *t, const char *challenge, const char *hex,
         size_t len)
{
    uint8_t mac[KEYED_MD5_BYTES];
    char right[CRAM_HEX_SIZE], *given = xstrndup(hex, len);
    bool same;

    keyed_md5_get(t->cred.cram, challenge, strlen(challenge), mac);
    for (size_t i = 0; i < sizeof mac; i++)
        snprintf(right + 2 * i, 3, "%02x", mac[i]);
    same = text_equal_nocase(given, right) && strlen(given) == len;
    free(given);
    return same;
}

/* CRAM-MD5 with a challenge in the first line: the name, and the digits. */
static void
run_answered(struct talk *t, const char *challenge, const char *rest,
             size_t len)
{
    const char *end = memchr(rest, '\n', len);
    size_t name_len = end != NULL ? (size_t)(end - rest) : len;
    char *name = xstrndup(rest, name_len), *hex;
    const char *digits = end != NULL ? end + 1 : rest + len;
    size_t digits_len = (size_t)(rest + len - digits);

    t->answered = true;
    t->right = digits_len > 0 && digits[0] != '=' &&
               is_right(t, challenge, digits, digits_len);
    hex = message_of(t, digits, digits_len);
    (void)take_result(t, sasl_cram_answered(t->sasl, challenge, name, hex),
                      NULL);
    free(hex);
    free(name);
}

static void
run_steps(struct talk *t, const char *p, size_t len)
{
    unsigned steps = 0;
    bool more = true;

    while (more) {
        const char *end = memchr(p, '\n', len);
        size_t n = end != NULL ? (size_t)(end - p) : len;
        char *out = NULL, *message = message_of(t, p, n);
        enum sasl_result r = sasl_step(t->sasl, message, &out);

        free(message);
        more = take_result(t, r, out) && end != NULL;
        FUZZ_CHECK(++steps <= STEPS_MOST);
        p += n + (end != NULL);
        len -= n + (end != NULL);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = xstrndup((const char *)data, size), *rest, *challenge;
    size_t head = strcspn(text, "\n");
    struct talk t = {0};
    struct errbuf err = {""};

    /* What comes behind the first line may hold zeros. */
    if (size > INPUT_MOST || head >= size || text[head] != '\n') {
        free(text);
        return 0;
    }
    text[head] = '\0';
    rest = (char *)(uintptr_t)data + head + 1;
    challenge = strchr(text, ' ');
    if (challenge != NULL)
        *challenge++ = '\0';
    make_credential(&t.cred);
    t.sasl = sasl_new(text, &err);
    if (t.sasl != NULL && challenge != NULL &&
        strcmp(sasl_mechanism(t.sasl), "CRAM-MD5") == 0)
        run_answered(&t, challenge, rest, size - head - 1);
    else if (t.sasl != NULL)
        run_steps(&t, rest, size - head - 1);
    sasl_free(&t.sasl);
    free(t.nonce);
    free(text);
    return 0;
}
