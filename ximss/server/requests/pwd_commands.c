/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of PWD about the connection itself (doc/cli.md 6). */
#include "config.h"

#include "ximss/server/requests/pwd_commands.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/arena.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/cli_data.h"
#include "ximss/server/requests/login.h"
#include "ximss/server/requests/req_password.h"

enum {
    BEFORE_LOGIN = 1,
    IN_SESSION = 2
};

struct pwd_command {
    const char *word;
    unsigned flags;
    enum req_result (*run)(struct req *r, struct pwd *p, const char *rest);
};

struct pwd *
pwd_of(struct session *s)
{
    return (struct pwd *)(void *)s;
}

void
pwd_wipe(char **text)
{
    if (*text != NULL)
        OPENSSL_cleanse(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

/* --- arguments --- */

/* The rest of a line as one text: as it is, or what is between the quotes if
 * it is one quoted string of the data format (some clients quote passwords).
 * The caller wipes and frees. */
static char *
take_text(const char *rest)
{
    struct arena *arena;
    struct cli_value *v;
    char *text = NULL;
    size_t len = strlen(rest);

    if (len < 2 || rest[0] != '"' || rest[len - 1] != '"')
        return xstrdup(rest);
    arena = arena_new();
    if (cli_data_parse(rest, len, NULL, arena, &v, NULL) == 0 &&
        v->kind == CLI_STRING) {
        text = xstrdup(v->text);
        explicit_bzero((char *)(uintptr_t)v->text, v->text_len);
    }
    arena_free(&arena);
    return text != NULL ? text : xstrdup(rest);
}

/* The next word of *rest, which goes behind it; the caller frees. */
static char *
take_word(const char **rest)
{
    size_t len = strcspn(*rest, " ");
    char *word = xstrndup(*rest, len);

    *rest += len;
    *rest += strspn(*rest, " ");
    return word;
}

/* The same of a word that may be a quoted string. */
static char *
take_name(const char **rest)
{
    const char *end = **rest == '"' ? strchr(*rest + 1, '"') : NULL;
    char *quoted, *name;

    if (end == NULL || (end[1] != ' ' && end[1] != '\0'))
        return take_word(rest);
    quoted = xstrndup(*rest, (size_t)(end + 1 - *rest));
    name = take_text(quoted);
    free(quoted);
    *rest = end + 1 + strspn(end + 1, " ");
    return name;
}

/* --- log-in --- */

static enum req_result
run_user(struct req *r, struct pwd *p, const char *rest)
{
    free(p->user);
    p->user = take_text(rest);
    if (p->user[0] == '\0') {
        req_failf(r, ANSWER(MISSING), "user name");
        return REQ_DONE;
    }
    buf_append_str(&r->out, "300 please send the PASS\r\n");
    return REQ_DONE;
}

static enum req_result
log_in(struct req *r, const char *name, const char *rest, const char *method)
{
    char *password = take_text(rest);
    enum req_result outcome;

    login_without_alerts(r->session);
    outcome = login_in_clear(r, name, password, method);
    pwd_wipe(&password);
    return outcome;
}

static enum req_result
run_pass(struct req *r, struct pwd *p, const char *rest)
{
    char *user = p->user;
    enum req_result outcome;

    if (user == NULL) {
        req_fail(r, ANSWER(USER_FIRST));
        return REQ_DONE;
    }
    p->user = NULL; /* good for one try */
    outcome = log_in(r, user, rest, "PASS");
    pwd_wipe(&user);
    return outcome;
}

static enum req_result
run_apop(struct req *r, struct pwd *p, const char *rest)
{
    enum req_result outcome = REQ_DONE;
    char *name, *digest;

    if (p->challenge[0] == '\0') {
        req_fail(r, ANSWER(NO_APOP));
        return REQ_DONE;
    }
    name = take_name(&rest);
    digest = take_word(&rest);
    if (name[0] == '\0' || digest[0] == '\0' || rest[0] != '\0') {
        req_fail(r, ANSWER(BAD_APOP));
    } else {
        login_without_alerts(r->session);
        outcome = login_by_apop(r, name, p->challenge, digest);
    }
    free(name);
    free(digest);
    return outcome;
}

/* AUTH WEBUSER name password, as some Perl clients send it. */
static enum req_result
auth_webuser(struct req *r, const char *rest)
{
    char *name = take_word(&rest);
    enum req_result outcome = REQ_DONE;

    if (name[0] == '\0')
        req_failf(r, ANSWER(MISSING), "user name");
    else
        outcome = log_in(r, name, rest, "WEBUSER");
    free(name);
    return outcome;
}

/* "=" is the empty text (RFC 4954 section 4). */
const char *
pwd_sasl_text(const char *text)
{
    return strcmp(text, "=") == 0 ? "" : text;
}

static enum req_result
run_auth(struct req *r, struct pwd *p, const char *rest)
{
    char *method = take_word(&rest);
    enum req_result outcome = REQ_DONE;

    (void)p;
    if (method[0] == '\0') {
        req_failf(r, ANSWER(MISSING), "mechanism");
    } else if (text_equal_nocase(method, "WEBUSER")) {
        outcome = auth_webuser(r, rest);
    } else {
        login_without_alerts(r->session);
        outcome = login_begin_sasl(r, method, pwd_sasl_text(rest));
    }
    free(method);
    return outcome;
}

static enum req_result
run_stls(struct req *r, struct pwd *p, const char *rest)
{
    struct session *s = r->session;

    (void)p;
    (void)rest;
    if (s->state == SESSION_OPEN) {
        req_fail(r, ANSWER(TLS_TOO_LATE));
    } else if (session_is_encrypted(s)) {
        req_fail(r, ANSWER(TLS_ACTIVE));
    } else if (session_worker(s)->tls == NULL) {
        req_fail(r, ANSWER(TLS_NOT_CONFIGURED));
    } else {
        r->ok_text = "please start TLS";
        req_ok(r);
        s->tls_started = true; /* session.c does it behind the answer */
    }
    return REQ_DONE;
}

/* --- in a session --- */

static enum req_result
run_inline(struct req *r, struct pwd *p, const char *rest)
{
    if (rest[0] != '\0') {
        req_fail(r, ANSWER(TOO_MANY_ARGUMENTS));
        return REQ_DONE;
    }
    p->inline_data = true;
    req_ok(r);
    return REQ_DONE;
}

static enum req_result
run_newpass(struct req *r, struct pwd *p, const char *rest)
{
    char *password = take_text(rest);
    enum req_result outcome;

    (void)p;
    r->ok_text = "Password updated";
    outcome = req_password_change(r, "NEWPASS", NULL, password);
    pwd_wipe(&password);
    return outcome;
}

static enum req_result
run_quit(struct req *r, struct pwd *p, const char *rest)
{
    (void)p;
    (void)rest;
    r->ok_text = PACKAGE_NAME " PWD connection closed";
    req_ok(r);
    return REQ_CLOSE;
}

static enum req_result
run_noop(struct req *r, struct pwd *p, const char *rest)
{
    (void)p;
    (void)rest;
    req_ok(r);
    return REQ_DONE;
}

static const struct pwd_command commands[] = {
    {"USER", BEFORE_LOGIN, run_user},
    {"PASS", BEFORE_LOGIN, run_pass},
    {"APOP", BEFORE_LOGIN, run_apop},
    {"AUTH", BEFORE_LOGIN, run_auth},
    {"STLS", BEFORE_LOGIN | IN_SESSION, run_stls},
    {"NOOP", BEFORE_LOGIN, run_noop},
    {"INLINE", IN_SESSION, run_inline},
    {"NEWPASS", IN_SESSION, run_newpass},
    {"QUIT", BEFORE_LOGIN | IN_SESSION, run_quit},
};

/* Before log-in a command that is not one of ours is the engine's, or none:
 * which is not told. */
const struct pwd_command *
pwd_command_find(const struct session *s, const char *word)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const struct pwd_command *k = &commands[i];

        if (text_equal_nocase(k->word, word) &&
            (s->state != SESSION_OPEN || (k->flags & IN_SESSION) != 0 ||
             strcmp(k->word, "NOOP") != 0))
            return k;
    }
    return NULL;
}

enum req_result
pwd_command_run(struct req *r, const struct pwd_command *k, const char *rest)
{
    struct session *s = r->session;

    if (k == NULL || (s->state != SESSION_OPEN && !(k->flags & BEFORE_LOGIN)))
        req_fail(r, ANSWER(LOGIN_FIRST));
    else if (s->state == SESSION_OPEN && !(k->flags & IN_SESSION))
        req_fail(r, ANSWER(LOGGED_IN));
    else
        return k->run(r, pwd_of(s), rest);
    return REQ_DONE;
}
