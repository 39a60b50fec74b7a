/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/lib/sasl.h"

#include <gsasl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/xmalloc.h"

struct sasl {
    Gsasl *library;
    Gsasl_session *session;
    bool first;    /* the client begins */
    bool proof;    /* the server has to prove that it knows the password */
    bool prepares; /* names and passwords, as of RFC 4013 */
    bool done;     /* the mechanism has come to its end */
};

static const struct {
    const char *name;
    bool first, proof, prepares;
} mechanisms[] = {
    {"SCRAM-SHA-256", true, true, true}, {"PLAIN", true, false, false},
    {"LOGIN", false, false, false},      {"CRAM-MD5", false, false, true},
    {"EXTERNAL", false, false, false},
};

static int
start(struct sasl *s, const char *mechanism, const char *user,
      const char *password)
{
    int r = gsasl_init(&s->library);

    if (r == GSASL_OK)
        r = gsasl_client_start(s->library, mechanism, &s->session);
    if (r == GSASL_OK && user != NULL)
        r = gsasl_property_set(s->session, GSASL_AUTHID, user);
    if (r == GSASL_OK && password != NULL)
        r = gsasl_property_set(s->session, GSASL_PASSWORD, password);
    return r;
}

struct sasl *
sasl_new(const char *mechanism, const char *user, const char *password,
         struct errbuf *err)
{
    struct sasl *s = xcalloc(1, sizeof *s);
    int r;

    for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++)
        if (strcmp(mechanisms[i].name, mechanism) == 0) {
            s->first = mechanisms[i].first;
            s->proof = mechanisms[i].proof;
            s->prepares = mechanisms[i].prepares;
        }
    r = start(s, mechanism, user, password);
    if (r != GSASL_OK) {
        err_set(err, "starting log-in by %s: %s", mechanism, gsasl_strerror(r));
        sasl_free(&s);
    }
    return s;
}

/* GNU SASL frees its copies of secrets without wiping them. */
static void
wipe_property(Gsasl_session *session, Gsasl_property p)
{
    const char *text = gsasl_property_fast(session, p);

    if (text != NULL)
        explicit_bzero((void *)(uintptr_t)text, strlen(text));
}

void
sasl_free(struct sasl **s)
{
    if (*s == NULL)
        return;
    if ((*s)->session != NULL) {
        wipe_property((*s)->session, GSASL_PASSWORD);
        wipe_property((*s)->session, GSASL_SCRAM_SALTED_PASSWORD);
        gsasl_finish((*s)->session);
    }
    if ((*s)->library != NULL)
        gsasl_done((*s)->library);
    free(*s);
    *s = NULL;
}

bool
sasl_is_first(const struct sasl *s)
{
    return s->first;
}

static bool
is_unusable(Gsasl_session *session, Gsasl_property p)
{
    const char *text = gsasl_property_fast(session, p);
    char *prepared = NULL;
    int r;

    if (text == NULL)
        return false;
    r = gsasl_saslprep(text, GSASL_ALLOW_UNASSIGNED, &prepared, NULL);
    if (prepared != NULL)
        explicit_bzero(prepared, strlen(prepared));
    gsasl_free(prepared);
    return r != GSASL_OK;
}

/* SCRAM and CRAM-MD5 prepare both (RFC 4013).  GNU SASL 2.2 says of what cannot
 * be prepared only that the exchange failed, and leaks the other one. */
static int
check_secrets(const struct sasl *s, struct errbuf *err)
{
    if (s->prepares && is_unusable(s->session, GSASL_PASSWORD))
        return err_set(err, "the password has characters that are not "
                            "allowed, or is not UTF-8");
    if (s->prepares && is_unusable(s->session, GSASL_AUTHID))
        return err_set(err, "the user name has characters that are not "
                            "allowed, or is not UTF-8");
    return 0;
}

int
sasl_step(struct sasl *s, const char *challenge, char **answer_r,
          struct errbuf *err)
{
    char *out = NULL;
    int r;

    /* What a server says after the end asks for an empty answer. */
    if (s->done) {
        *answer_r = xstrdup("");
        return 0;
    }
    if (check_secrets(s, err) != 0)
        return -1;
    r = gsasl_step64(s->session, challenge, &out);
    if (r == GSASL_OK || r == GSASL_NEEDS_MORE) {
        s->done = r == GSASL_OK;
        *answer_r = xstrdup(out != NULL ? out : "");
        if (out != NULL)
            explicit_bzero(out, strlen(out));
        gsasl_free(out);
        return 0;
    }
    if (s->proof && r == GSASL_AUTHENTICATION_ERROR)
        return err_set(err, "the server could not prove that it knows the "
                            "password: it may be an impostor");
    return err_set(err, "the server's log-in challenge is wrong: %s",
                   gsasl_strerror(r));
}

bool
sasl_may_end(const struct sasl *s)
{
    return s->done || !s->proof;
}

void
sasl_wipe(char **text)
{
    if (*text == NULL)
        return;
    explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}
