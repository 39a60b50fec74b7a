/* SPDX-License-Identifier: BSD-2-Clause */
/* login and auth: their attributes, and the kind of log-in that they ask
 * for. */
#include "config.h"

#include "ximss/server/requests/req_login.h"

#include <string.h>

#include "util/blank.h"
#include "util/text.h"
#include "ximss/server/live/attrs.h"
#include "ximss/server/requests/login_door.h"
#include "ximss/server/requests/login_private.h"

/* --- attributes ---
 *
 * What returns int: -1 if the request was answered, since one is wrong. */

/* ticket="yes" asks for one, "no" does not; any other text is one. */
static bool
is_ticket(const char *text)
{
    bool wanted;

    return text != NULL && text_parse_bool(text, &wanted) < 0;
}

static bool
is_wanted(const char *text, bool otherwise)
{
    bool wanted;

    return text != NULL && text_parse_bool(text, &wanted) == 0 ? wanted
                                                               : otherwise;
}

static void
take_options(struct req *r, const struct attrs *in)
{
    struct login_options *o = &login_of(r->session)->options;

    o->confirm = attrs_yes(in, "alertConfirm", o->confirm);
    o->changes = attrs_yes(in, "alertChanges", o->changes);
    o->alerts = attrs_yes(in, "alerts", o->alerts);
    o->ticket = is_wanted(attrs_text(in, "ticket"), o->ticket);
    /* Only a proxy may; from all others a ticket is taken once. */
    o->keep_ticket = attrs_yes(in, "keepTicket", o->keep_ticket) &&
                     login_is_proxy(r->session);
}

static int
take_text(struct req *r, const struct attrs *in, const char *name, char *out,
          size_t size)
{
    const char *text = attrs_text(in, name);

    if (text == NULL)
        return 0;
    if (strlen(text) >= size) {
        req_failf(r, ANSWER(LOGIN_TOO_LONG), name);
        return -1;
    }
    strcpy(out, text);
    return 0;
}

static int
take_mode(struct req *r, const char *text, struct lasting_wish *w)
{
    if (text == NULL)
        return 0;
    if (strcmp(text, "instead") == 0)
        w->mode = LASTING_INSTEAD;
    else if (strcmp(text, "beside") == 0)
        w->mode = LASTING_BESIDE;
    else {
        req_fail(r, ANSWER(BAD_NEW_SESSION));
        return -1;
    }
    return 0;
}

/* It must show: people tell their devices apart by it. */
static int
take_device_name(struct req *r, const struct attrs *in, struct device_wish *w)
{
    int n = take_text(r, in, "deviceName", w->name, sizeof w->name);

    if (n < 0 || w->name[0] == '\0' ||
        (!blank_all(w->name) && !text_has_controls(w->name)))
        return n;
    req_failf(r, ANSWER(UNUSABLE), "deviceName");
    return -1;
}

/* device="yes" asks for a token, "no" does not; any other text is one. */
static int
take_device(struct req *r, const struct attrs *in)
{
    struct login *l = login_of(r->session);
    struct device_wish *w = &l->device_wish;
    int n;

    *w = (struct device_wish){.wanted = false};
    w->wanted = is_wanted(attrs_text(in, "device"), false);
    if (!is_ticket(attrs_text(in, "device")))
        return take_device_name(r, in, w);
    n = take_text(r, in, "device", w->shown, sizeof w->shown);
    if (n < 0 || l->lasting.wanted)
        return n;
    req_fail(r, ANSWER(DEVICE_SESSION));
    return -1;
}

static int
take_lasting(struct req *r, const struct attrs *in)
{
    struct lasting_wish *w = &login_of(r->session)->lasting;

    w->wanted = attrs_yes(in, "lasting", false);
    if (take_text(r, in, "session", w->asked, sizeof w->asked) < 0 ||
        take_text(r, in, "sessionKey", w->keys, sizeof w->keys) < 0 ||
        take_text(r, in, "newKey", w->new_key, sizeof w->new_key) < 0 ||
        take_text(r, in, "sessionNote", w->note, sizeof w->note) < 0)
        return -1;
    return take_mode(r, attrs_text(in, "newSession"), w);
}

/* The id that CREATEXIMSSSESSION gave may be shown as a ticket. */
static bool
take_made_session(struct req *r, const char *ticket)
{
    struct lasting_wish *w = &login_of(r->session)->lasting;
    uint8_t hash[TICKET_HASH_BYTES];

    if (w->asked[0] != '\0' || lasting_hash(ticket, hash) < 0)
        return false;
    strcpy(w->asked, ticket);
    return true;
}

/* The one, or else the other. */
static const char *
text_of(const struct attrs *in, const char *one, const char *other)
{
    const char *text = attrs_text(in, one);

    return text != NULL ? text : attrs_text(in, other);
}

static const char *
sasl_value(const struct attrs *in)
{
    return text_of(in, "value", "authData");
}

/* Clients of the family have the name in authData and the password in password
 * (protocol.md A.6).  Where there is a userName, authData is the password. */
static void
take_names(const struct attrs *in, const char **name_r, const char **password_r)
{
    const char *auth = attrs_text(in, "authData");
    const char *password = attrs_text(in, "password");

    *name_r = text_of(in, "userName", "username");
    *password_r = auth != NULL ? auth : password;
    if ((*name_r == NULL || **name_r == '\0') && password != NULL) {
        *name_r = auth;
        *password_r = password;
    }
}

/* --- requests --- */

static enum req_result
handle_login(struct req *r, const struct attrs *in)
{
    const char *method = attrs_text(in, "method");
    const char *ticket = attrs_text(in, "ticket");
    const char *name, *password;

    if (session_is_at_door(r->session))
        return login_at_door(r, in);
    take_names(in, &name, &password);
    login_of(r->session)->options = (struct login_options){.alerts = true};
    login_of(r->session)->lasting = (struct lasting_wish){.wanted = false};
    take_options(r, in);
    if (take_lasting(r, in) < 0 || take_device(r, in) < 0 ||
        login_take_client(r, attrs_text(in, "clientAddress")) < 0)
        return REQ_DONE;
    if (is_ticket(ticket) && !take_made_session(r, ticket))
        return login_with_ticket(r, ticket);
    if (login_of(r->session)->lasting.asked[0] != '\0')
        return login_with_session(r);
    if (login_of(r->session)->device_wish.shown[0] != '\0')
        return login_with_device(r);
    if (method != NULL && attrs_text(in, "nonce") != NULL &&
        text_equal_nocase(method, "CRAM-MD5") && login_is_proxy(r->session))
        return login_answer_sasl(r, attrs_text(in, "nonce"), name,
                                 sasl_value(in));
    if (method != NULL)
        return login_begin_sasl(r, method, sasl_value(in));
    if (name == NULL || name[0] == '\0') {
        req_failf(r, ANSWER(MISSING), "userName");
        return REQ_DONE;
    }
    if (password == NULL) {
        req_failf(r, ANSWER(MISSING), "authData");
        return REQ_DONE;
    }
    return login_in_clear(r, name, password, "clear");
}

static enum req_result
handle_auth(struct req *r, const struct attrs *in)
{
    const char *value = sasl_value(in);

    if (!login_is_exchanging(r->session)) {
        req_fail(r, ANSWER(NO_EXCHANGE));
        return REQ_DONE;
    }
    take_options(r, in);
    if (login_take_client(r, attrs_text(in, "clientAddress")) < 0)
        return REQ_DONE;
    if (value == NULL) {
        req_failf(r, ANSWER(MISSING), "value");
        return REQ_DONE;
    }
    return login_next_sasl(r, value);
}

/* `ticket` and `device` are yes, no, or what they are about. */
static const struct attr_rule login_attrs[] = {
    ATTR_MAY("domain", ATTR_TEXT),
    ATTR_MAY("method", ATTR_TEXT),
    ATTR_MAY("value", ATTR_TEXT),
    ATTR_MAY("authData", ATTR_TEXT),
    ATTR_MAY("userName", ATTR_TEXT),
    ATTR_MAY("username", ATTR_TEXT),
    ATTR_MAY("password", ATTR_TEXT),
    ATTR_MAY("nonce", ATTR_TEXT),
    ATTR_MAY("clientAddress", ATTR_TEXT),
    ATTR_MAY("alerts", ATTR_YES_NO),
    ATTR_MAY("alertConfirm", ATTR_YES_NO),
    ATTR_MAY("alertChanges", ATTR_YES_NO),
    ATTR_MAY("ticket", ATTR_TEXT),
    ATTR_MAY("keepTicket", ATTR_YES_NO),
    ATTR_MAY("lasting", ATTR_YES_NO),
    ATTR_MAY("newKey", ATTR_TEXT),
    ATTR_MAY("sessionNote", ATTR_TEXT),
    ATTR_MAY("session", ATTR_TEXT),
    ATTR_MAY("sessionKey", ATTR_TEXT),
    ATTR_MAY("newSession", ATTR_TEXT),
    ATTR_MAY("device", ATTR_TEXT),
    ATTR_MAY("deviceName", ATTR_TEXT),
    ATTR_MAY("door", ATTR_TEXT),
    ATTR_MAY("attended", ATTR_YES_NO),
    ATTR_MAY("hibernate", ATTR_YES_NO),
    ATTR_MAY("resumed", ATTR_YES_NO),
    ATTRS_END,
};
static const struct attr_rule auth_attrs[] = {
    ATTR_MAY("domain", ATTR_TEXT),
    ATTR_MAY("value", ATTR_TEXT),
    ATTR_MAY("authData", ATTR_TEXT),
    ATTR_MAY("clientAddress", ATTR_TEXT),
    ATTR_MAY("alerts", ATTR_YES_NO),
    ATTR_MAY("alertConfirm", ATTR_YES_NO),
    ATTR_MAY("alertChanges", ATTR_YES_NO),
    ATTR_MAY("ticket", ATTR_TEXT),
    ATTR_MAY("keepTicket", ATTR_YES_NO),
    ATTRS_END,
};

const struct req_desc req_login_table[] = {
    {"login", REQ_BEFORE_LOGIN | REQ_LENIENT | REQ_AT_DOOR, handle_login,
     login_attrs},
    {"auth", REQ_BEFORE_LOGIN | REQ_LENIENT, handle_auth, auth_attrs},
    {NULL, 0, NULL, NULL},
};
