/* SPDX-License-Identifier: BSD-2-Clause */
/* PWD: the CLI line by line (doc/cli.md 6).  Every reply is one line that
 * begins with three digits and one blank, except data that follows when the
 * client has not asked for INLINE.  Commands about the connection are in
 * pwd_commands.c; in a session all other lines go to the engine. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/cli_data.h"
#include "ximss/proto/frame.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/cli_run.h"
#include "ximss/server/requests/dialects.h"
#include "ximss/server/requests/login.h"
#include "ximss/server/requests/pwd_commands.h"

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
    buf_appendf(&r->out, "200 %s\r\n", r->ok_text != NULL ? r->ok_text : "OK");
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

static const struct req_desc engine = {.name = "CLI",
                                       .flags = REQ_IN_SESSION | REQ_TURNS};

/* --- lines --- */

/* A command of the table, or anything before log-in. */
static bool
take_own(struct session *s, const struct pwd_command *k, const char *rest)
{
    struct req *r;

    if (s->n_reqs > 0)
        return false;
    r = req_new(s, "");
    req_handled(r, pwd_command_run(r, k, rest));
    return true;
}

static bool
take_sasl(struct session *s, const char *line)
{
    struct req *r;

    if (s->n_reqs > 0)
        return false;
    r = req_new(s, "");
    req_handled(r, login_next_sasl(r, pwd_sasl_text(line)));
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
    req_handled(r, cli_run(r, msg, len, false));
    return true;
}

/* The token by which it came is over: so is the session. */
static bool
refuse_token(struct session *s)
{
    struct req *r;

    if (s->n_reqs > 0)
        return false;
    r = req_new(s, "");
    req_fail(r, ANSWER(TOKEN_EXPIRED));
    req_handled(r, REQ_CLOSE);
    return true;
}

static bool
has_expired(const struct session *s)
{
    return s->state == SESSION_OPEN && s->token != NULL &&
           s->token->expires != 0 && s->token->expires <= clock_now();
}

/* Refuses a line with a zero byte, and says where. */
static bool
refuse_line(struct session *s, size_t at)
{
    struct req *r;

    if (s->n_reqs > 0)
        return false;
    r = req_new(s, "");
    req_failf(r, ANSWER(MALFORMED_AT), at + 1);
    req_handled(r, REQ_DONE);
    return true;
}

static bool
take_line(struct session *s, const char *line)
{
    const char *rest = line + strspn(line, " \t");
    size_t len = strcspn(rest, " ");
    char *word = xstrndup(rest, len);
    const struct pwd_command *k = pwd_command_find(s, word);
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

/* Some clients know no UTF-8: each line is read as what it is, and from here on
 * all is UTF-8.  That holds for passwords, too: they are the characters that
 * somebody typed, whatever the program made of them. */
static bool
take(struct session *s, const char *msg, size_t len)
{
    const char *zero = memchr(msg, '\0', len);
    char *line;
    bool taken;

    if (zero != NULL)
        return refuse_line(s, (size_t)(zero - msg));
    line = text_to_utf8(msg, len, &len);
    if (login_is_exchanging(s))
        taken = take_sasl(s, line);
    else
        taken = take_line(s, line);
    pwd_wipe(&line);
    return taken;
}

static bool
dispatch(struct session *s, const char *msg, size_t len)
{
    bool taken = has_expired(s) ? refuse_token(s) : take(s, msg, len);

    if (taken)
        pwd_of(s)->dropping = false;
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
    size_t start = 0, step;

    *msg_r = NULL;
    if (p->dropping) {
        end = memchr(data, '\n', len);
        if (end == NULL)
            return len;
        start = (size_t)(end - data) + 1;
        scanned = 0;
    }
    step = frame_next_line(data + start, len - start, scanned, msg_r, len_r);
    /* A line behind it may have to wait, and then all of this comes again. */
    if (*msg_r == NULL)
        p->dropping = false;
    return start + step;
}

/* Answered in its turn; the next line is a command again. */
static bool
too_big(struct session *s, bool whole)
{
    struct req *r = req_new(s, "");

    req_fail(r, ANSWER(LINE_TOO_LONG));
    pwd_of(s)->dropping = !whole;
    req_handled(r, REQ_DONE);
    return true;
}

/* --- the connection --- */

/* Never the same twice, and not to be guessed; <counter.time@host>, of which
 * each client finds the one < and the one >. */
static void
make_challenge(struct pwd *p, const char *host)
{
    uint64_t number;

    if (RAND_bytes((unsigned char *)&number, sizeof number) != 1)
        log_fatal("no random bytes from OpenSSL");
    snprintf(p->challenge, sizeof p->challenge, "<%llu.%lld@%.128s>",
             (unsigned long long)number,
             (long long)(clock_now() / CLOCK_SECOND), host);
}

/* HOST NAME PWD Server VERSION ready, and no <...> behind it but where APOP is
 * wanted: with passwords, of which only hashes are kept, it cannot work, and
 * clients that see a challenge send nothing else. */
static void
greet(struct session *s)
{
    char *name = server_main_domain(session_worker(s)->server);
    struct pwd *p = pwd_of(s);
    char *text;

    if (s->door == SESSION_PWD_APOP)
        make_challenge(p, name);
    text = xasprintf("200 %s %s PWD Server %s ready%s%s\r\n", name,
                     PACKAGE_NAME, PACKAGE_VERSION,
                     p->challenge[0] != '\0' ? " " : "", p->challenge);
    conn_send(&s->conn, text, strlen(text));
    free(text);
    free(name);
}

static void
reset(struct session *s)
{
    struct pwd *p = pwd_of(s);

    pwd_wipe(&p->user);
    p->inline_data = p->dropping = false;
}

static int64_t
idle_timeout(const struct config *cfg)
{
    return cfg->pwd_idle_timeout;
}

const struct dialect dialect_pwd = {
    .name = "PWD",
    .idle_timeout = idle_timeout,
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
