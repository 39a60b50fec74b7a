/* SPDX-License-Identifier: BSD-2-Clause */
/* login and auth: their attributes, and the way in that they ask for. */
#include "config.h"

#include <string.h>

#include "util/blank.h"
#include "util/text.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/server/requests/login_private.h"
#include "ximss/server/requests/req_tables.h"

/* --- attributes ---
 *
 * What returns int: -1 if the request was answered, since one is wrong. */

static int
take_bool(struct req *r, const struct xml_elem *e, const char *name,
          bool *value)
{
    bool b;
    const char *text = xml_attr(e, name);

    if (text == NULL)
        return 0;
    if (text_parse_bool(text, &b) < 0) {
        req_failf(r, ANSWER(YES_OR_NO), name);
        return -1;
    }
    *value = b;
    return 0;
}

/* ticket="yes" asks for one, "no" does not; any other text is one. */
static bool
is_ticket(const char *text)
{
    bool wanted;

    return text != NULL && text_parse_bool(text, &wanted) < 0;
}

static int
take_options(struct req *r, const struct xml_elem *e)
{
    struct login *l = login_of(r->session);

    if (take_bool(r, e, "alertConfirm", &l->options.confirm) < 0 ||
        take_bool(r, e, "alertChanges", &l->options.changes) < 0 ||
        take_bool(r, e, "alerts", &l->options.alerts) < 0 ||
        take_bool(r, e, "keepTicket", &l->options.keep_ticket) < 0)
        return -1;
    /* Only a proxy may; from all others a ticket is taken once. */
    l->options.keep_ticket =
        l->options.keep_ticket && login_is_proxy(r->session);
    if (!is_ticket(xml_attr(e, "ticket")) &&
        take_bool(r, e, "ticket", &l->options.ticket) < 0)
        return -1;
    return 0;
}

static int
take_text(struct req *r, const struct xml_elem *e, const char *name, char *out,
          size_t size)
{
    const char *text = xml_attr(e, name);

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
take_device_name(struct req *r, const struct xml_elem *e, struct device_wish *w)
{
    int n = take_text(r, e, "deviceName", w->name, sizeof w->name);

    if (n < 0 || w->name[0] == '\0' ||
        (!blank_all(w->name) && !text_has_controls(w->name)))
        return n;
    req_failf(r, ANSWER(UNUSABLE), "deviceName");
    return -1;
}

/* device="yes" asks for a token, "no" does not; any other text is one. */
static int
take_device(struct req *r, const struct xml_elem *e)
{
    struct login *l = login_of(r->session);
    struct device_wish *w = &l->device_wish;
    int n;

    *w = (struct device_wish){.wanted = false};
    if (!is_ticket(xml_attr(e, "device")))
        return take_bool(r, e, "device", &w->wanted) < 0
                   ? -1
                   : take_device_name(r, e, w);
    n = take_text(r, e, "device", w->shown, sizeof w->shown);
    if (n < 0 || l->lasting.wanted)
        return n;
    req_fail(r, ANSWER(DEVICE_SESSION));
    return -1;
}

static int
take_lasting(struct req *r, const struct xml_elem *e)
{
    struct lasting_wish *w = &login_of(r->session)->lasting;

    if (take_bool(r, e, "lasting", &w->wanted) < 0 ||
        take_text(r, e, "session", w->asked, sizeof w->asked) < 0 ||
        take_text(r, e, "sessionKey", w->keys, sizeof w->keys) < 0 ||
        take_text(r, e, "newKey", w->new_key, sizeof w->new_key) < 0 ||
        take_text(r, e, "sessionNote", w->note, sizeof w->note) < 0)
        return -1;
    return take_mode(r, xml_attr(e, "newSession"), w);
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

static const char *
sasl_value(const struct xml_elem *e)
{
    return xml_attr_or(e, "value", xml_attr(e, "authData"));
}

/* Clients of the family have the name in authData and the password in password
 * (protocol.md A.6).  Where there is a userName, authData is the password. */
static void
take_names(const struct xml_elem *e, const char **name_r,
           const char **password_r)
{
    const char *auth = xml_attr(e, "authData");
    const char *password = xml_attr(e, "password");

    *name_r = xml_attr_or(e, "userName", xml_attr(e, "username"));
    *password_r = auth != NULL ? auth : password;
    if ((*name_r == NULL || **name_r == '\0') && password != NULL) {
        *name_r = auth;
        *password_r = password;
    }
}

/* --- requests --- */

static enum req_result
handle_login(struct req *r, const struct xml_elem *e)
{
    const char *method = xml_attr(e, "method");
    const char *ticket = xml_attr(e, "ticket");
    const char *name, *password;

    take_names(e, &name, &password);
    login_of(r->session)->options = (struct login_options){.alerts = true};
    login_of(r->session)->lasting = (struct lasting_wish){.wanted = false};
    if (take_options(r, e) < 0 || take_lasting(r, e) < 0 ||
        take_device(r, e) < 0 || login_take_client(r, e) < 0)
        return REQ_DONE;
    if (is_ticket(ticket) && !take_made_session(r, ticket))
        return login_with_ticket(r, ticket);
    if (login_of(r->session)->lasting.asked[0] != '\0')
        return login_with_session(r);
    if (login_of(r->session)->device_wish.shown[0] != '\0')
        return login_with_device(r);
    if (method != NULL && xml_attr(e, "nonce") != NULL &&
        text_equal_nocase(method, "CRAM-MD5") && login_is_proxy(r->session))
        return login_answer_sasl(r, xml_attr(e, "nonce"), name, sasl_value(e));
    if (method != NULL)
        return login_begin_sasl(r, method, sasl_value(e));
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
handle_auth(struct req *r, const struct xml_elem *e)
{
    const char *value = sasl_value(e);

    if (!login_is_exchanging(r->session)) {
        req_fail(r, ANSWER(NO_EXCHANGE));
        return REQ_DONE;
    }
    if (take_options(r, e) < 0 || login_take_client(r, e) < 0)
        return REQ_DONE;
    if (value == NULL) {
        req_failf(r, ANSWER(MISSING), "value");
        return REQ_DONE;
    }
    return login_next_sasl(r, value);
}

const struct req_desc req_login_table[] = {
    {"login", REQ_BEFORE_LOGIN, handle_login},
    {"auth", REQ_BEFORE_LOGIN, handle_auth},
    {NULL, 0, NULL},
};
