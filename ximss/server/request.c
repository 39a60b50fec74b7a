/* SPDX-License-Identifier: BSD-2-Clause */
/* From a message to its answer.  The tables of the req_*.c files are the only
 * dispatch.  Answers leave in the order of the requests: each request has its
 * place in the session's queue, and only the head's answer may leave.  Requests
 * that change the store may overlap, because the store keeps their order too;
 * any other waits until those before it are answered. */
#include "config.h"

#include "ximss/server/request.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/login.h"
#include "ximss/server/session_private.h"

static const struct req_desc *const tables[] = {
    req_login_table,    req_session_table, req_prefs_table,
    req_password_table, req_alert_table,   req_cli_table,
};

static const struct req_desc *
find_desc(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct req_desc *d = tables[i]; d->name != NULL; d++)
            if (strcmp(d->name, name) == 0)
                return d;
    return NULL;
}

const char *
req_attr(const struct xml_elem *e, const char *name, const char *def)
{
    const char *value = xml_attr(e, name);

    return value != NULL ? value : def;
}

/* --- answers --- */

static void
write_response(struct req *r, unsigned code, const char *text)
{
    buf_append_str(&r->out, "<response");
    xml_write_attr(&r->out, "id", r->id);
    if (code != 0) {
        xml_write_attr(&r->out, "errorText", text);
        xml_write_attr_u64(&r->out, "errorNum", code);
    }
    if (r->started != 0)
        xml_write_attr_u64(&r->out, "exeTime",
                           (unsigned long long)(clock_mono() - r->started) /
                               1000);
    buf_append(&r->out, "/>", sizeof "/>");
}

void
req_ok(struct req *r)
{
    write_response(r, 0, NULL);
}

void
req_fail(struct req *r, unsigned code, const char *text)
{
    write_response(r, code, text);
}

void
req_failf(struct req *r, unsigned code, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    write_response(r, code, text);
}

void
req_fail_store(struct req *r, enum store_result result,
               const struct errbuf *err)
{
    if (result == STORE_FULL) {
        req_fail(r, 530, "the store is full, try again later");
    } else {
        log_error("request failed in the store: %s", err->text);
        req_fail(r, 531, "the store failed");
    }
}

/* --- the queue of answers --- */

static void
req_free(struct req *r)
{
    buf_clear(&r->out);
    if (r->free_state != NULL)
        r->free_state(r->state);
    free(r);
}

static void
send_answers(struct session *s)
{
    struct req *r;
    bool close = false;

    while ((r = TAILQ_FIRST(&s->reqs)) != NULL && r->done) {
        TAILQ_REMOVE(&s->reqs, r, link);
        s->n_reqs--;
        close = r->close;
        if (s->state < SESSION_ENDING)
            conn_send(&s->conn, r->out.data, r->out.len);
        req_free(r);
        if (close)
            break;
    }
    if (close)
        session_finish(s, "asked to");
    else
        session_update_pauses(s);
}

void
req_finish(struct req *r)
{
    struct session *s = r->session;

    r->done = true;
    if (s == NULL)
        req_free(r);
    else
        send_answers(s);
}

void
req_stream(struct req *r, bool (*step)(struct req *r), void *state,
           void (*free_state)(void *state))
{
    r->step = step;
    r->state = state;
    r->free_state = free_state;
    if (r->session != NULL)
        req_run_steps(r->session);
    else
        req_finish(r);
}

/* Sends what the step has made.  False: the session has ended over it, and the
 * request is gone. */
static bool
send_piece(struct session *s, struct req *r)
{
    struct buf piece = r->out;
    bool there;

    r->out = (struct buf){0};
    conn_send(&s->conn, piece.data, piece.len);
    there = TAILQ_FIRST(&s->reqs) == r;
    if (there) {
        r->out = piece;
        r->out.len = 0;
    } else {
        buf_clear(&piece);
    }
    return there;
}

void
req_run_steps(struct session *s)
{
    struct req *r = TAILQ_FIRST(&s->reqs);
    const struct config *cfg;

    if (r == NULL || r->step == NULL || r->done || r->stepping)
        return;
    cfg = session_worker(s)->cfg;
    r->stepping = true;
    while (s->state < SESSION_ENDING && s->conn.out == NULL &&
           conn_pending(&s->conn) < cfg->output_soft) {
        if (r->step(r)) {
            req_finish(r);
            return;
        }
        if (!send_piece(s, r))
            return;
    }
    r->stepping = false;
}

void
req_abandon_all(struct session *s)
{
    struct req *r;

    while ((r = TAILQ_FIRST(&s->reqs)) != NULL) {
        TAILQ_REMOVE(&s->reqs, r, link);
        r->session = NULL;
        if (r->done || r->step != NULL)
            req_free(r);
    }
    s->n_reqs = 0;
}

static struct req *
req_new(struct session *s, const char *id)
{
    size_t len = strlen(id);
    struct req *r = xcalloc(1, sizeof *r + len + 1);

    memcpy(r->id, id, len + 1);
    r->session = s;
    r->worker = session_worker(s);
    TAILQ_INSERT_TAIL(&s->reqs, r, link);
    s->n_reqs++;
    return r;
}

/* --- messages --- */

static void
answer_error(struct session *s, const char *id, unsigned code, const char *text,
             bool close)
{
    struct req *r = req_new(s, id);

    req_fail(r, code, text);
    r->done = true;
    r->close = close;
    send_answers(s);
}

static void
bad_message(struct session *s, enum xml_result result, const char *id,
            const struct errbuf *err)
{
    char text[300];
    bool last = ++s->malformed >= session_worker(s)->cfg->max_malformed;

    switch (result) {
    case XML_PARSED:
        break;
    case XML_MALFORMED:
        snprintf(text, sizeof text, "malformed message: %s", err->text);
        answer_error(s, id, 540, text, last);
        break;
    case XML_TOO_BIG:
        snprintf(text, sizeof text, "message too big: %s", err->text);
        answer_error(s, id, 541, text, true);
        break;
    case XML_FORBIDDEN:
        snprintf(text, sizeof text, "forbidden in a message: %s", err->text);
        answer_error(s, id, 542, text, true);
        break;
    }
}

/* 0, or the error that keeps the request from being carried out. */
static unsigned
check_state(const struct session *s, const struct req_desc *d,
            const char **text_r)
{
    if (d == NULL) {
        *text_r = "unknown command";
        return 500;
    }
    if (s->state != SESSION_OPEN && (d->flags & REQ_BEFORE_LOGIN) == 0) {
        *text_r = "log in first";
        return 516;
    }
    if (s->state == SESSION_OPEN && (d->flags & REQ_IN_SESSION) == 0) {
        *text_r = "already logged in";
        return 517;
    }
    return 0;
}

static void
run(struct session *s, const struct req_desc *d, const struct xml_elem *e,
    const char *id)
{
    struct req *r = req_new(s, id);
    const char *text = NULL, *exe = req_attr(e, "exeTime", "0");
    unsigned code = check_state(s, d, &text);
    enum req_result result = REQ_DONE;

    if (strspn(exe, "0") != strlen(exe))
        r->started = clock_mono();
    r->desc = d;
    if (s->state == SESSION_NEW && req_attr(e, "domain", "")[0] != '\0')
        login_set_domain(s, xml_attr(e, "domain"));
    if (code != 0)
        req_fail(r, code, text);
    else
        result = d->handle(r, e);
    switch (result) {
    case REQ_CLOSE:
        r->close = true;
        req_finish(r);
        break;
    case REQ_DONE:
        req_finish(r);
        break;
    case REQ_PENDING:
        /* The handler may have finished it already, and the session with it. */
        break;
    }
}

static bool
must_wait(const struct session *s, const struct req_desc *d)
{
    const struct req *last = TAILQ_LAST(&s->reqs, req_queue);

    if (last == NULL)
        return false;
    if (d == NULL || (d->flags & REQ_OVERLAP) == 0 || last->desc == NULL ||
        (last->desc->flags & REQ_OVERLAP) == 0)
        return true;
    return s->n_reqs >= session_worker(s)->cfg->pipeline;
}

bool
req_dispatch(struct session *s, const char *msg, size_t len)
{
    struct worker *w = session_worker(s);
    struct xml_elem *root;
    const struct req_desc *d;
    const char *id;
    struct errbuf err;
    enum xml_result result;

    arena_reset(w->arena);
    result = xml_parse(w->parser, msg, len, w->arena, &root, &id, &err);
    if (result != XML_PARSED) {
        if (s->n_reqs > 0)
            return false;
        bad_message(s, result, id, &err);
        return true;
    }
    d = find_desc(root->name);
    if (must_wait(s, d))
        return false;
    run(s, d, root, id);
    return true;
}
