/* SPDX-License-Identifier: BSD-2-Clause */
/* XIMSS: one XML document per message, ended by a zero.  The tables of the
 * req_*.c files are the only dispatch. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "util/arena.h"
#include "util/clock.h"
#include "ximss/proto/frame.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/lasting_session.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/requests/dialects.h"
#include "ximss/server/requests/login.h"
#include "ximss/server/requests/req_session.h"
#include "ximss/server/requests/req_tables.h"

static const struct req_desc *const tables[] = {
    req_login_table,    req_features_table, req_device_table,
    req_session_table,  req_prefs_table,    req_quota_table,
    req_password_table, req_alert_table,    req_alert_list_table,
    req_cli_table,
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

static void
run(struct session *s, const struct req_desc *d, const struct xml_elem *e,
    const char *id)
{
    struct req *r = req_new(s, id);
    const char *text = NULL, *exe = xml_attr_or(e, "exeTime", "0");
    unsigned code = check_state(s, d, &text);
    enum req_result outcome = REQ_DONE;

    if (strspn(exe, "0") != strlen(exe))
        r->started = clock_mono();
    r->desc = d;
    if (s->state == SESSION_NEW && xml_attr_or(e, "domain", "")[0] != '\0')
        login_set_domain(s, xml_attr(e, "domain"));
    if (code != 0)
        req_fail(r, code, text);
    else
        outcome = d->handle(r, e);
    req_handled(r, outcome);
}

static bool
dispatch(struct session *s, const char *msg, size_t len)
{
    struct worker *w = session_worker(s);
    struct xml_elem *root;
    const struct req_desc *d;
    const char *id;
    struct errbuf err;
    enum xml_result parsed;

    arena_reset(w->arena);
    parsed = xml_parse(w->parser, msg, len, w->arena, &root, &id, &err);
    if (parsed != XML_PARSED) {
        if (s->n_reqs > 0)
            return false;
        bad_message(s, parsed, id, &err);
        return true;
    }
    d = find_desc(root->name);
    if (req_must_wait(s, d != NULL ? d->flags : 0))
        return false;
    run(s, d, root, id);
    return true;
}

static size_t
limit(const struct session *s)
{
    const struct config *cfg = session_worker(s)->cfg;

    return s->state == SESSION_OPEN ? cfg->message_bytes
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
