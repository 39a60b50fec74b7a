/* SPDX-License-Identifier: BSD-2-Clause */
/* PWD: the CLI by lines (doc/cli.md 6).  Every reply is one line that
 * begins with three digits and one blank, but for data that follow when the
 * client has not asked for INLINE.  Commands about the connection are in the
 * table below; in a session all other lines go to the engine. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "util/arena.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/cli_data.h"
#include "ximss/proto/frame.h"
#include "ximss/server/cli_run.h"
#include "ximss/server/dialect.h"
#include "ximss/server/login.h"
#include "ximss/server/req_password.h"
#include "ximss/server/server.h"
#include "ximss/server/session_private.h"

struct pwd {
    struct session session; /* first */
    char *user;             /* owned; of USER, until PASS */
    const char *ok_text;    /* of the command in work; NULL: OK */
    bool inline_data;       /* results stand in the status line */
    bool dropping;          /* the rest of a line that was too long */
};

enum {
    BEFORE_LOGIN = 1,
    IN_SESSION = 2
};

struct command {
    const char *word;
    unsigned flags;
    enum req_result (*run)(struct req *r, struct pwd *p, const char *rest);
};

static struct pwd *
pwd_of(struct session *s)
{
    return (struct pwd *)(void *)s;
}

static void
wipe(char **text)
{
    if (*text != NULL)
        OPENSSL_cleanse(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

/* --- answers --- */

/* In words and dots: some clients read it with the grammar of data objects. */
static void
fail(struct req *r, unsigned code, const char *text)
{
    char *plain = xstrdup(text[0] != '\0' ? text : "failed");

    cli_plain_text(plain);
    buf_appendf(&r->out, "%u %s\r\n", code, plain);
    free(plain);
}

static void
ok(struct req *r)
{
    struct pwd *p = r->session != NULL ? pwd_of(r->session) : NULL;
    const char *text = p != NULL && p->ok_text != NULL ? p->ok_text : "OK";

    buf_appendf(&r->out, "200 %s\r\n", text);
    if (p != NULL)
        p->ok_text = NULL;
}

/* A reply is never without a text: an empty challenge is written as in the
 * initial response of SASL profiles (RFC 4954). */
static void
challenge(struct req *r, const char *base64)
{
    buf_appendf(&r->out, "334 %s\r\n", base64[0] != '\0' ? base64 : "=");
}

static void
logged_in(struct req *r, const char *ticket)
{
    (void)ticket;
    buf_append_str(&r->out, "200 login OK, proceed\r\n");
}

static void
result(struct req *r, const char *data, size_t len, bool first, bool last)
{
    bool in_line = r->session != NULL && pwd_of(r->session)->inline_data;

    if (first && last && len == 0) {
        ok(r);
        return;
    }
    if (first)
        buf_append_str(&r->out, in_line ? "201 " : "200 data follow\r\n");
    buf_append(&r->out, data, len);
    if (last)
        buf_append_str(&r->out, "\r\n");
}

/* A line that nobody asked for would put clients out of step. */
static void
bye(struct session *s)
{
    (void)s;
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

/* --- log-in --- */

static enum req_result
run_user(struct req *r, struct pwd *p, const char *rest)
{
    free(p->user);
    p->user = take_text(rest);
    if (p->user[0] == '\0') {
        req_fail(r, 501, "user name is missing");
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
    wipe(&password);
    return outcome;
}

static enum req_result
run_pass(struct req *r, struct pwd *p, const char *rest)
{
    char *user = p->user;
    enum req_result outcome;

    if (user == NULL) {
        req_fail(r, 501, "please send the USER first");
        return REQ_DONE;
    }
    p->user = NULL; /* good for one try */
    outcome = log_in(r, user, rest, "PASS");
    wipe(&user);
    return outcome;
}

static enum req_result
run_apop(struct req *r, struct pwd *p, const char *rest)
{
    (void)p;
    (void)rest;
    req_fail(r, 501, "APOP is not available. use USER and PASS");
    return REQ_DONE;
}

/* AUTH WEBUSER name password, as some Perl clients send it. */
static enum req_result
auth_webuser(struct req *r, const char *rest)
{
    char *name = take_word(&rest);
    enum req_result outcome = REQ_DONE;

    if (name[0] == '\0')
        req_fail(r, 501, "user name is missing");
    else
        outcome = log_in(r, name, rest, "WEBUSER");
    free(name);
    return outcome;
}

/* "=" is the empty text (RFC 4954 section 4). */
static const char *
sasl_text(const char *text)
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
        req_fail(r, 501, "mechanism is missing");
    } else if (text_equal_nocase(method, "WEBUSER")) {
        outcome = auth_webuser(r, rest);
    } else {
        login_without_alerts(r->session);
        outcome = login_begin_sasl(r, method, sasl_text(rest));
    }
    free(method);
    return outcome;
}

static enum req_result
run_stls(struct req *r, struct pwd *p, const char *rest)
{
    struct session *s = r->session;

    (void)rest;
    if (s->state == SESSION_OPEN) {
        req_fail(r, 501, "TLS is possible before login only");
    } else if (conn_is_encrypted(&s->conn)) {
        req_fail(r, 501, "TLS is active already");
    } else if (session_worker(s)->tls == NULL) {
        req_fail(r, 501, "TLS is not configured");
    } else {
        p->ok_text = "please start TLS";
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
        req_fail(r, 501, "too many arguments");
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

    p->ok_text = "Password updated";
    outcome = req_password_change(r, "NEWPASS", NULL, password);
    if (outcome == REQ_DONE)
        p->ok_text = NULL; /* refused */
    wipe(&password);
    return outcome;
}

static enum req_result
run_quit(struct req *r, struct pwd *p, const char *rest)
{
    (void)rest;
    p->ok_text = PACKAGE_NAME " PWD connection closed";
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

static const struct command commands[] = {
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

static const struct req_desc engine = {"CLI", REQ_IN_SESSION | REQ_TURNS, NULL};

/* --- lines --- */

/* Before log-in a command that is not one of ours is the engine's, or none:
 * which is not told. */
static const struct command *
find_command(const struct session *s, const char *word)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const struct command *k = &commands[i];

        if (text_equal_nocase(k->word, word) &&
            (s->state != SESSION_OPEN || (k->flags & IN_SESSION) != 0 ||
             strcmp(k->word, "NOOP") != 0))
            return k;
    }
    return NULL;
}

static enum req_result
run(struct req *r, const struct command *k, const char *rest)
{
    struct session *s = r->session;

    if (k == NULL || (s->state != SESSION_OPEN && !(k->flags & BEFORE_LOGIN)))
        req_fail(r, 516, "log in first");
    else if (s->state == SESSION_OPEN && !(k->flags & IN_SESSION))
        req_fail(r, 517, "already logged in");
    else
        return k->run(r, pwd_of(s), rest);
    return REQ_DONE;
}

/* A command of the table, or anything before log-in. */
static bool
take_own(struct session *s, const struct command *k, const char *rest)
{
    struct req *r;

    if (s->n_reqs > 0)
        return false;
    r = req_new(s, "");
    req_handled(r, run(r, k, rest));
    return true;
}

static bool
take_sasl(struct session *s, const char *line)
{
    struct req *r;

    if (s->n_reqs > 0)
        return false;
    r = req_new(s, "");
    req_handled(r, login_next_sasl(r, sasl_text(line)));
    return true;
}

static bool
take_engine(struct session *s, const char *msg, size_t len)
{
    struct req *r;

    if (req_must_wait(s, engine.flags))
        return false;
    r = req_new(s, "");
    r->desc = &engine;
    req_handled(r, cli_run(r, msg, len));
    return true;
}

/* Refuses what cannot be a line of text, and says where. */
static bool
refuse_line(struct session *s, size_t at)
{
    struct req *r;

    if (s->n_reqs > 0)
        return false;
    r = req_new(s, "");
    req_failf(r, 501, "malformed at byte %zu", at + 1);
    req_handled(r, REQ_DONE);
    return true;
}

static bool
take_line(struct session *s, const char *line)
{
    const char *rest = line + strspn(line, " \t");
    size_t len = strcspn(rest, " ");
    char *word = xstrndup(rest, len);
    const struct command *k = find_command(s, word);
    bool taken;

    rest += len;
    /* One blank ends the word; a password may begin with another. */
    if (rest[0] == ' ')
        rest++;
    if (k == NULL && s->state == SESSION_OPEN)
        taken = take_engine(s, line, strlen(line));
    else
        taken = take_own(s, k, rest);
    free(word);
    return taken;
}

static bool
dispatch(struct session *s, const char *msg, size_t len)
{
    size_t bad = len;
    char *line;
    bool taken;

    if (!text_is_utf8(msg, len, &bad) || memchr(msg, '\0', len) != NULL) {
        const char *zero = memchr(msg, '\0', bad);

        return refuse_line(s, zero != NULL ? (size_t)(zero - msg) : bad);
    }
    line = xstrndup(msg, len);
    if (login_is_exchanging(s))
        taken = take_sasl(s, line);
    else
        taken = take_line(s, line);
    wipe(&line);
    return taken;
}

static size_t
limit(const struct session *s)
{
    const struct config *cfg = session_worker(s)->cfg;

    return s->state == SESSION_OPEN ? cfg->pwd_line_bytes
                                    : cfg->message_bytes_before_login;
}

static size_t
next(struct session *s, const char *data, size_t len, size_t scanned,
     const char **msg_r, size_t *len_r)
{
    struct pwd *p = pwd_of(s);
    const char *end;
    size_t start = 0;

    *msg_r = NULL;
    if (p->dropping) {
        end = memchr(data, '\n', len);
        if (end == NULL)
            return len;
        p->dropping = false;
        start = (size_t)(end - data) + 1;
        scanned = 0;
    }
    return start +
           frame_next_line(data + start, len - start, scanned, msg_r, len_r);
}

/* Answered in its turn; the next line is a command again. */
static bool
too_big(struct session *s, bool whole)
{
    struct req *r = req_new(s, "");

    req_fail(r, 501, "line too long");
    pwd_of(s)->dropping = !whole;
    req_handled(r, REQ_DONE);
    return true;
}

/* --- the connection --- */

/* HOST NAME PWD Server VERSION ready: and no <...> behind it, so that clients
 * do not try APOP, which needs passwords in clear. */
static void
greet(struct session *s)
{
    char *name = server_main_domain(session_worker(s)->server);
    char *text = xasprintf("200 %s %s PWD Server %s ready\r\n", name,
                           PACKAGE_NAME, PACKAGE_VERSION);

    conn_send(&s->conn, text, strlen(text));
    free(text);
    free(name);
}

static void
reset(struct session *s)
{
    struct pwd *p = pwd_of(s);

    wipe(&p->user);
    p->ok_text = NULL;
    p->inline_data = p->dropping = false;
}

const struct dialect dialect_pwd = {
    .session_size = sizeof(struct pwd),
    .reset = reset,
    .greet = greet,
    .limit = limit,
    .next = next,
    .too_big = too_big,
    .dispatch = dispatch,
    .ok = ok,
    .fail = fail,
    .challenge = challenge,
    .logged_in = logged_in,
    .result = result,
    .bye = bye,
};
