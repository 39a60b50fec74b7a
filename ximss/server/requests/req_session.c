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
#include "ximss/server/live/attrs.h"
#include "ximss/server/live/door_wake.h"
#include "ximss/server/live/lasting_session.h"
#include "ximss/server/live/push.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/session_time.h"
#include "ximss/server/requests/login.h"

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

/* The answer stands behind what was kept back, however much that is. */
static enum req_step
answer_attended(struct req *r)
{
    if ((r->session->conn.paused & PAUSE_PENDING) != 0)
        return STEP_WAIT;
    req_ok(r);
    return STEP_LAST;
}

static enum req_result
handle_noop(struct req *r, const struct attrs *in)
{
    if (attrs_yes(in, "attended", false) && session_attend(r->session)) {
        req_stream(r, answer_attended, NULL, NULL);
        return REQ_PENDING;
    }
    req_ok(r);
    return REQ_DONE;
}

static enum req_result
handle_client_name(struct req *r, const struct attrs *in)
{
    (void)in;
    req_ok(r);
    return REQ_DONE;
}

static enum req_result
handle_bye(struct req *r, const struct attrs *in)
{
    if (attrs_yes(in, "hibernate", false))
        door_wake_sleep(r->worker, r->session);
    if (r->session->state == SESSION_OPEN && r->session->lasting != NULL) {
        lasting_session_bye(r);
        return REQ_PENDING;
    }
    req_ok(r);
    return REQ_CLOSE;
}

static enum req_result
handle_read_time(struct req *r, const struct attrs *in)
{
    const struct session *s = r->session;
    const struct zone *zone =
        s->account != NULL ? s->account->zone : r->worker->zone;
    char gmt[CLOCK_GMT_SIZE], local[CLOCK_LOCAL_SIZE];
    int64_t now = clock_now();

    (void)in;
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
handle_read_session(struct req *r, const struct attrs *in)
{
    buf_append_str(&r->out, "<session");
    xml_write_attr(&r->out, "id", r->id);
    req_session_attributes(&r->out, r->session);
    if (attrs_yes(in, "rights", false))
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
    if (strcmp(name, "alertConfirm") == 0) {
        s->opt_confirm = on;
    } else if (strcmp(name, "alertChanges") == 0) {
        if (on && !s->opt_changes)
            push_skip_removals(session_worker(s), s);
        s->opt_changes = on;
        push_audience_changed(s);
    } else if (on != s->opt_alerts) {
        s->opt_alerts = on && s->account != NULL;
        push_audience_changed(s);
        if (s->opt_alerts)
            session_start_alerts(s);
    }
}

static enum req_result
handle_set_option(struct req *r, const struct attrs *in)
{
    const char *name = attrs_text(in, "name");
    const char *value = attrs_text(in, "value");
    bool on;

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
handle_starttls(struct req *r, const struct attrs *in)
{
    struct session *s = r->session;

    (void)in;
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
handle_read_client(struct req *r, const struct attrs *in)
{
    const struct session *s = r->session;
    const char *client = attrs_text(in, "clientAddress");
    char address[PEER_TEXT_SIZE];

    if (s->state == SESSION_NEW && login_take_client(r, client) < 0)
        return REQ_DONE;
    peer_format(session_address(s), address);
    buf_append_str(&r->out, "<client");
    xml_write_attr(&r->out, "id", r->id);
    xml_write_attr(&r->out, "address", address);
    xml_write_attr(&r->out, "encrypted",
                   session_is_encrypted(s) ? "yes" : "no");
    xml_write_attr(&r->out, "proxied", s->proxied ? "yes" : "no");
    if (client != NULL)
        xml_write_attr(&r->out, "believed", login_is_proxy(s) ? "yes" : "no");
    buf_append(&r->out, "/>", sizeof "/>");
    req_ok(r);
    return REQ_DONE;
}

static const struct attr_rule noop_attrs[] = {
    ATTR_MAY("attended", ATTR_YES_NO),
    ATTRS_END,
};
static const struct attr_rule bye_attrs[] = {
    ATTR_MAY("hibernate", ATTR_YES_NO),
    ATTRS_END,
};
static const struct attr_rule client_attrs[] = {
    ATTR_MAY("domain", ATTR_TEXT),
    ATTR_MAY("clientAddress", ATTR_TEXT),
    ATTRS_END,
};
static const struct attr_rule session_attrs[] = {
    ATTR_MAY("rights", ATTR_YES_NO),
    ATTRS_END,
};
static const struct attr_rule option_attrs[] = {
    ATTR_MUST("name", ATTR_TEXT),
    ATTR_MUST("value", ATTR_TEXT),
    ATTRS_END,
};

#define ALWAYS (REQ_BEFORE_LOGIN | REQ_IN_SESSION)

const struct req_desc req_session_table[] = {
    {"noop", ALWAYS | REQ_LENIENT | REQ_AT_DOOR, handle_noop, noop_attrs},
    {"bye", ALWAYS | REQ_LENIENT | REQ_AT_DOOR, handle_bye, bye_attrs},
    {"starttls", REQ_BEFORE_LOGIN | REQ_LENIENT, handle_starttls, NULL},
    {"readClient", ALWAYS, handle_read_client, client_attrs},
    {"readTime", REQ_IN_SESSION | REQ_LENIENT, handle_read_time, NULL},
    {"readSession", REQ_IN_SESSION | REQ_LENIENT, handle_read_session,
     session_attrs},
    {"setSessionOption", REQ_IN_SESSION | REQ_LENIENT, handle_set_option,
     option_attrs},
    {"setClientName", REQ_IN_SESSION | REQ_LENIENT, handle_client_name, NULL},
    {NULL, 0, NULL, NULL},
};
