/* SPDX-License-Identifier: BSD-2-Clause */
/* XIMSS: one XML document per message, ended by a zero byte.  Requests are
 * dispatched only by the tables of the req_*.c files. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/proto/frame.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/attrs.h"
#include "ximss/server/live/door_wake.h"
#include "ximss/server/live/lasting_session.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/requests/dialects.h"
#include "ximss/server/requests/login.h"
#include "ximss/server/requests/req_session.h"
#include "ximss/server/requests/req_tables.h"

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

static void
ok(struct req *r)
{
    write_response(r, 0, NULL);
}

static void
challenge(struct req *r, const char *base64)
{
    buf_append_str(&r->out, "<challenge");
    xml_write_attr(&r->out, "id", r->id);
    xml_write_attr(&r->out, "value", base64);
    buf_append(&r->out, "/>", sizeof "/>");
}

static void
write_wake_file(struct req *r)
{
    struct buf path = {0};

    if (door_wake_path(r->worker, r->session, &path))
        xml_write_attr(&r->out, "wakeFile", buf_cstr(&path));
    buf_clear(&path);
}

static void
logged_in(struct req *r, const char *ticket)
{
    buf_append_str(&r->out, "<session");
    xml_write_attr(&r->out, "id", r->id);
    req_session_attributes(&r->out, r->session);
    if (ticket[0] != '\0')
        xml_write_attr(&r->out, "ticket", ticket);
    if (r->session->lasting != NULL && r->session->lasting->note[0] != '\0')
        xml_write_attr(&r->out, "sessionNote", r->session->lasting->note);
    if (r->session->lasting != NULL && r->session->lasting->device[0] != '\0') {
        xml_write_attr(&r->out, "device", r->session->lasting->device);
        xml_write_attr_u64(
            &r->out, "deviceSeconds",
            (unsigned long long)(r->worker->cfg->device_time / CLOCK_SECOND));
        explicit_bzero(r->session->lasting->device,
                       sizeof r->session->lasting->device);
    }
    write_wake_file(r);
    if (r->session->lasting != NULL && r->session->ticket_bound != 0)
        xml_write_attr(&r->out, "sessionBound", "yes");
    buf_append(&r->out, "/>", sizeof "/>");
    ok(r);
}

static void
result(struct req *r, const char *data, size_t len, bool first, bool last)
{
    if (first && last && len == 0) {
        ok(r);
        return;
    }
    if (first) {
        buf_append_str(&r->out, "<cliResult");
        xml_write_attr(&r->out, "id", r->id);
        buf_append_char(&r->out, '>');
    }
    xml_write_text(&r->out, data, len);
    if (r->session != NULL)
        r->session->mid_message = !last;
    if (last) {
        buf_append(&r->out, "</cliResult>", sizeof "</cliResult>");
        ok(r);
    }
}

static void
bye(struct session *s)
{
    static const char text[] = "<bye/>";

    if (!s->mid_message)
        conn_send(&s->conn, text, sizeof text);
}

/* --- messages --- */

static void
answer_error(struct session *s, const char *id, unsigned code, const char *text,
             bool close)
{
    struct req *r = req_new(s, id);

    write_response(r, code, text);
    req_handled(r, close ? REQ_CLOSE : REQ_DONE);
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
        snprintf(text, sizeof text, "%s: %s", answer_text_MALFORMED, err->text);
        answer_error(s, id, ANSWER_MALFORMED, text, last);
        break;
    case XML_TOO_BIG:
        snprintf(text, sizeof text, "%s: %s", answer_text_TOO_BIG, err->text);
        answer_error(s, id, ANSWER_TOO_BIG, text, true);
        break;
    case XML_FORBIDDEN:
        snprintf(text, sizeof text, "%s: %s", answer_text_FORBIDDEN, err->text);
        answer_error(s, id, ANSWER_FORBIDDEN, text, true);
        break;
    }
}

/* 0, or the error that keeps the request from being carried out. */
static unsigned
check_state(const struct session *s, const struct req_desc *d,
            const char **text_r)
{
    if (d == NULL) {
        *text_r = answer_text_UNKNOWN_COMMAND;
        return ANSWER_UNKNOWN_COMMAND;
    }
    if (session_is_at_door(s) && (d->flags & REQ_AT_DOOR) == 0) {
        *text_r = answer_text_AT_DOOR;
        return ANSWER_AT_DOOR;
    }
    if (s->state != SESSION_OPEN && (d->flags & REQ_BEFORE_LOGIN) == 0) {
        *text_r = answer_text_LOGIN_FIRST;
        return ANSWER_LOGIN_FIRST;
    }
    if (s->state == SESSION_OPEN && (d->flags & REQ_IN_SESSION) == 0) {
        *text_r = answer_text_LOGGED_IN;
        return ANSWER_LOGGED_IN;
    }
    return 0;
}

static enum req_result
carry_out(struct req *r, const struct req_desc *d, const struct xml_elem *e)
{
    const char *text = NULL;
    unsigned code = check_state(r->session, d, &text);
    struct attrs in;

    if (code != 0) {
        req_fail(r, code, text);
        return REQ_DONE;
    }
    return attrs_check(&in, r, d, e) < 0 ? REQ_DONE : d->handle(r, &in);
}

static void
run(struct req *r, const struct req_desc *d, const struct xml_elem *e)
{
    struct session *s = r->session;
    const char *exe = xml_attr_or(e, "exeTime", "0");

    if (strspn(exe, "0") != strlen(exe))
        r->started = clock_mono();
    if (s->state == SESSION_NEW && xml_attr_or(e, "domain", "")[0] != '\0')
        login_set_domain(s, xml_attr(e, "domain"));
    req_handled(r, carry_out(r, d, e));
}

/* --- messages that wait --- */

struct waiting {
    struct arena *arena; /* owned; the message lives there */
    const struct xml_elem *root;
};

static void
waiting_free(void *p)
{
    struct waiting *m = p;

    arena_free(&m->arena);
    free(m);
}

static void
end_waiting(struct req *r)
{
    struct waiting *m = r->state;

    r->state = NULL;
    r->free_state = NULL;
    if (session_push_first(r->session))
        run(r, r->desc, m->root);
    else
        req_finish(r);
    waiting_free(m);
}

/* It was read to know what it is, and is not to be read again: it takes the
 * arena along. */
static void
park(struct req *r, const struct xml_elem *root)
{
    struct worker *w = r->worker;
    struct waiting *m = xmalloc(sizeof *m);

    *m = (struct waiting){w->arena, root};
    w->arena = arena_new();
    req_park(r, end_waiting, m, waiting_free, arena_bytes(m->arena));
}

/* --- messages as they come --- */

static bool
dispatch(struct session *s, const char *msg, size_t len)
{
    struct worker *w = session_worker(s);
    struct xml_elem *root;
    const struct req_desc *d;
    struct req *r;
    const char *id;
    struct errbuf err;
    enum xml_result parsed;
    bool must_wait;

    if (req_must_wait(s, ~0U))
        return false; /* whatever it is: it is not read yet */
    arena_reset(w->arena);
    parsed = xml_parse(w->parser, msg, len, w->arena, &root, &id, &err);
    if (parsed != XML_PARSED) {
        bad_message(s, parsed, id, &err);
        return true;
    }
    d = req_tables_find(root->name);
    must_wait = req_must_wait(s, d != NULL ? d->flags : 0);
    r = req_new(s, id);
    r->desc = d;
    if (must_wait)
        park(r, root);
    else
        run(r, d, root);
    return true;
}

static size_t
limit(const struct session *s)
{
    const struct config *cfg = session_worker(s)->cfg;

    /* A mail process has only short ones to send. */
    return s->state == SESSION_OPEN && !session_is_at_door(s)
               ? cfg->message_bytes
               : cfg->message_bytes_before_login;
}

static size_t
next(struct session *s, const char *data, size_t len, size_t scanned,
     const char **msg_r, size_t *len_r)
{
    (void)s;
    return frame_next(data, len, scanned, msg_r, len_r);
}

/* Its end. */
static bool
too_big(struct session *s, bool whole)
{
    char text[100];
    int n;

    (void)whole;
    if (s->n_reqs > 0) {
        conn_pause(&s->conn, PAUSE_BUSY); /* their answers go first */
        return false;
    }
    n = snprintf(text, sizeof text,
                 "<response id=\"\" errorText=\"%s\" errorNum=\"%d\"/>",
                 answer_text_TOO_BIG, ANSWER_TOO_BIG);
    conn_send(&s->conn, text, (size_t)n + 1);
    session_finish(s, answer_text_TOO_BIG);
    return false;
}

static int64_t
idle_timeout(const struct config *cfg)
{
    return cfg->idle_timeout;
}

const struct dialect dialect_ximss = {
    .name = "XIMSS",
    .idle_timeout = idle_timeout,
    .session_size = sizeof(struct session),
    .limit = limit,
    .next = next,
    .too_big = too_big,
    .dispatch = dispatch,
    .ok = ok,
    .fail = write_response,
    .challenge = challenge,
    .logged_in = logged_in,
    .result = result,
    .bye = bye,
};
