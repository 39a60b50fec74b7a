/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests about the session itself. */
#include "config.h"

#include "ximss/server/requests/req_session.h"

#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "util/zone.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/auth/session_id.h"
#include "ximss/server/live/lasting_session.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/session_time.h"
#include "ximss/server/requests/login.h"
#include "ximss/server/requests/req_tables.h"

/* Longest idle time a client may ask for. */
#define IDLE_MOST_SECONDS 86400

void
req_session_attributes(struct buf *b, const struct session *s)
{
    char id[SESSION_ID_TEXT_SIZE], random[SESSION_ID_RANDOM_SIZE];
    char user[ACCOUNT_NAME_SIZE];
    const char *real = s->account != NULL ? s->account->real_name : NULL;

    lasting_session_id(s, id);
    session_id_random(s->number, random);
    session_user(s, user);
    xml_write_attr(b, "urlID", id);
    xml_write_attr(b, "userName", user);
    xml_write_attr(b, "realName", real != NULL ? real : "");
    xml_write_attr(b, "version", PACKAGE_VERSION);
    xml_write_attr(b, "random", random);
}

static enum req_result
handle_noop(struct req *r, const struct xml_elem *e)
{
    (void)e;
    req_ok(r);
    return REQ_DONE;
}

static enum req_result
handle_bye(struct req *r, const struct xml_elem *e)
{
    (void)e;
    if (r->session->state == SESSION_OPEN && r->session->lasting != NULL) {
        lasting_session_bye(r);
        return REQ_PENDING;
    }
    req_ok(r);
    return REQ_CLOSE;
}

static enum req_result
handle_read_time(struct req *r, const struct xml_elem *e)
{
    const struct session *s = r->session;
    const struct zone *zone =
        s->account != NULL ? s->account->zone : r->worker->zone;
    char gmt[CLOCK_GMT_SIZE], local[CLOCK_LOCAL_SIZE];
    int64_t now = clock_now();

    (void)e;
    clock_format_gmt(now, gmt);
    zone_format_local(zone, now, local);
    buf_append_str(&r->out, "<currentTime");
    xml_write_attr(&r->out, "id", r->id);
    xml_write_attr(&r->out, "gmtTime", gmt);
    xml_write_attr(&r->out, "localTime", local);
    buf_append(&r->out, "/>", sizeof "/>");
    req_ok(r);
    return REQ_DONE;
}

/* What a page has to know before it offers more. */
static const char *
administers(const struct session *s)
{
    struct session_caller c;

    session_caller(s, &c);
    return rights_may_read(&c.caller, 0)                 ? "server"
           : rights_may_read(&c.caller, c.caller.domain) ? "domain"
                                                         : "nothing";
}

static enum req_result
handle_read_session(struct req *r, const struct xml_elem *e)
{
    const char *rights = xml_attr(e, "rights");
    bool wanted = false;

    if (rights != NULL && text_parse_bool(rights, &wanted) < 0) {
        req_failf(r, ANSWER(YES_OR_NO), "rights");
        return REQ_DONE;
    }
    buf_append_str(&r->out, "<session");
    xml_write_attr(&r->out, "id", r->id);
    req_session_attributes(&r->out, r->session);
    if (wanted)
        xml_write_attr(&r->out, "administers", administers(r->session));
    buf_append(&r->out, "/>", sizeof "/>");
    req_ok(r);
    return REQ_DONE;
}

static enum req_result
set_idle_timeout(struct req *r, const char *value)
{
    unsigned long long seconds;

    if (text_parse_u64(value, IDLE_MOST_SECONDS, &seconds) < 0 ||
        seconds == 0) {
        req_failf(r, ANSWER(BAD_IDLE_TIMEOUT), IDLE_MOST_SECONDS);
        return REQ_DONE;
    }
    r->session->idle_timeout = (uint32_t)seconds;
    session_time_set(r->session);
    req_ok(r);
    return REQ_DONE;
}

static void
set_alert_option(struct session *s, const char *name, bool on)
{
    push_audience_changed(session_worker(s));
    if (strcmp(name, "alertConfirm") == 0) {
        s->opt_confirm = on;
    } else if (strcmp(name, "alertChanges") == 0) {
        if (on && !s->opt_changes)
            push_skip_removals(session_worker(s), s);
        s->opt_changes = on;
    } else if (on != s->opt_alerts) {
        s->opt_alerts = on && s->account != NULL;
        if (s->opt_alerts)
            session_start_alerts(s);
    }
}

static enum req_result
handle_set_option(struct req *r, const struct xml_elem *e)
{
    const char *name = xml_attr(e, "name"), *value = xml_attr(e, "value");
    bool on;

    if (name == NULL || value == NULL) {
        req_failf(r, ANSWER(MISSING), name == NULL ? "name" : "value");
        return REQ_DONE;
    }
    if (strcmp(name, "idleTimeout") == 0)
        return set_idle_timeout(r, value);
    if (strcmp(name, "alertConfirm") != 0 &&
        strcmp(name, "alertChanges") != 0 && strcmp(name, "alerts") != 0) {
        req_ok(r); /* of other parts of a groupware server */
        return REQ_DONE;
    }
    if (text_parse_bool(value, &on) < 0) {
        req_failf(r, ANSWER(YES_OR_NO), name);
        return REQ_DONE;
    }
    req_ok(r);
    set_alert_option(r->session, name, on);
    return REQ_DONE;
}

static enum req_result
handle_starttls(struct req *r, const struct xml_elem *e)
{
    struct session *s = r->session;

    (void)e;
    if (session_is_encrypted(s)) {
        req_fail(r, ANSWER(TLS_ENCRYPTED));
    } else if (session_worker(s)->tls == NULL) {
        req_fail(r, ANSWER(TLS_NOT_CONFIGURED));
    } else {
        req_ok(r);
        s->tls_started = true; /* session.c does it behind the answer */
    }
    return REQ_DONE;
}

/* Who the server takes the client for.  The relay of the bridge hands nobody on
 * before it has seen that its header was believed; and whether clientAddress is,
 * it learns here. */
static enum req_result
handle_read_client(struct req *r, const struct xml_elem *e)
{
    const struct session *s = r->session;
    bool named = xml_attr(e, "clientAddress") != NULL;
    char address[PEER_TEXT_SIZE];

    if (s->state == SESSION_NEW && login_take_client(r, e) < 0)
        return REQ_DONE;
    peer_format(session_address(s), address);
    buf_append_str(&r->out, "<client");
    xml_write_attr(&r->out, "id", r->id);
    xml_write_attr(&r->out, "address", address);
    xml_write_attr(&r->out, "encrypted",
                   session_is_encrypted(s) ? "yes" : "no");
    xml_write_attr(&r->out, "proxied", s->proxied ? "yes" : "no");
    if (named)
        xml_write_attr(&r->out, "believed", login_is_proxy(s) ? "yes" : "no");
    buf_append(&r->out, "/>", sizeof "/>");
    req_ok(r);
    return REQ_DONE;
}

const struct req_desc req_session_table[] = {
    {"noop", REQ_BEFORE_LOGIN | REQ_IN_SESSION, handle_noop},
    {"bye", REQ_BEFORE_LOGIN | REQ_IN_SESSION, handle_bye},
    {"starttls", REQ_BEFORE_LOGIN, handle_starttls},
    {"readClient", REQ_BEFORE_LOGIN | REQ_IN_SESSION, handle_read_client},
    {"readTime", REQ_IN_SESSION, handle_read_time},
    {"readSession", REQ_IN_SESSION, handle_read_session},
    {"setSessionOption", REQ_IN_SESSION, handle_set_option},
    {"setClientName", REQ_IN_SESSION, handle_noop},
    {NULL, 0, NULL},
};
