/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/lib/login.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "clients/lib/link.h"
#include "clients/lib/sasl.h"
#include "clients/lib/ximss_private.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"

/* Before there is a session, one message is under way at a time, and answers
 * are told apart by their names.  What is secret goes from the settings
 * straight into the wire's buffer, which wipes what it has sent. */

#define LOGIN_ATTRS 40 /* names and values of the largest log-in, and NULL */

static const char *const mechanism_names[] = {
    [XIMSS_METHOD_AUTO] = NULL,
    [XIMSS_METHOD_CLEAR] = NULL,
    [XIMSS_METHOD_PLAIN] = "PLAIN",
    [XIMSS_METHOD_LOGIN] = "LOGIN",
    [XIMSS_METHOD_CRAM_MD5] = "CRAM-MD5",
    [XIMSS_METHOD_SCRAM_SHA_256] = "SCRAM-SHA-256",
    [XIMSS_METHOD_EXTERNAL] = "EXTERNAL",
};

#define N_METHODS (sizeof mechanism_names / sizeof mechanism_names[0])

/* Attributes being gathered; values are borrowed. */
struct attrs {
    const char *list[LOGIN_ATTRS];
    size_t n;
};

static void
add(struct attrs *a, const char *name, const char *value)
{
    if (value == NULL)
        return;
    a->list[a->n++] = name;
    a->list[a->n++] = value;
}

static void
send_message(struct ximss *x, const char *name, const struct attrs *a)
{
    struct request_text text = {.name = name, .attrs = a->list};

    if (request_check(x, &text) < 0)
        link_end(x, XIMSS_MISUSE, false);
    else
        request_write(x, ++x->last_id, &text);
}

void
login_clear(struct ximss *x)
{
    sasl_free(&x->sasl);
    x->has_session = x->ticket_used = false;
    x->offered = 0;
}

/* --- TLS --- */

void
login_ask_tls(struct ximss *x)
{
    struct attrs none = {.n = 0};

    send_message(x, "starttls", &none);
    link_set_phase(x, PHASE_STARTTLS, "");
}

static void
on_starttls(struct ximss *x, const struct xml_elem *e)
{
    if (strcmp(e->name, "response") != 0)
        return;
    if (xml_attr(e, "errorText") == NULL && xml_attr(e, "errorNum") == NULL) {
        link_start_tls(x);
        return;
    }
    err_set(&x->err,
            "%s offers no encryption here (%s); connect to its TLS port, or "
            "without TLS",
            x->dial.where,
            xml_attr(e, "errorText") != NULL ? xml_attr(e, "errorText")
                                             : "starttls was refused");
    link_end(x, XIMSS_UNREACHABLE, x->was_ready);
}

/* --- the log-in request --- */

/* What every log-in carries. */
static void
add_options(const struct ximss *x, struct attrs *a)
{
    unsigned o = x->set.options;

    add(a, "domain", x->set.domain);
    add(a, "alertConfirm", o & XIMSS_ALERT_CONFIRM ? "yes" : NULL);
    add(a, "alertChanges", o & XIMSS_ALERT_CHANGES ? "yes" : NULL);
    add(a, "alerts", o & XIMSS_NO_ALERTS ? "no" : NULL);
    add(a, "clientAddress", x->set.client_address);
    if ((o & XIMSS_LASTING) == 0)
        return;
    add(a, "lasting", "yes");
    add(a, "newKey", x->set.new_key);
    add(a, "sessionNote", x->set.session_note);
    if (x->set.device_name != NULL && !x->ticket_used) {
        add(a, "device", "yes");
        add(a, "deviceName", x->set.device_name);
    }
}

static void
send_login(struct ximss *x, struct attrs *a)
{
    add_options(x, a);
    if (!x->ticket_used)
        add(a, "ticket", x->set.options & XIMSS_TICKETS ? "yes" : NULL);
    x->has_session = false;
    send_message(x, "login", a);
    if (x->wire.fd >= 0 && x->phase != PHASE_LOGIN)
        link_set_phase(x, PHASE_LOGIN, "");
}

static bool
is_protected(const struct ximss *x)
{
    return x->is_local || x->wire.ssl != NULL;
}

static void
login_sasl(struct ximss *x, enum ximss_method method)
{
    struct attrs a = {.n = 0};
    char *first = NULL;

    sasl_free(&x->sasl);
    x->sasl = sasl_new(mechanism_names[method], x->set.user, x->set.password,
                       &x->err);
    if (x->sasl == NULL || (sasl_is_first(x->sasl) &&
                            sasl_step(x->sasl, "", &first, &x->err) < 0)) {
        link_end(x, XIMSS_NO_LOGIN, false);
        return;
    }
    add(&a, "method", mechanism_names[method]);
    add(&a, "value", first);
    send_login(x, &a);
    sasl_wipe(&first);
}

static void
login_by_cram(struct ximss *x)
{
    struct attrs a = {.n = 0};

    add(&a, "method", mechanism_names[XIMSS_METHOD_CRAM_MD5]);
    add(&a, "nonce", x->set.cram_challenge);
    add(&a, "userName", x->set.user);
    add(&a, "value", x->set.cram_answer);
    send_login(x, &a);
    ximss_set_cram(x, NULL, NULL);
}

static void
login_by(struct ximss *x, enum ximss_method method)
{
    struct attrs a = {.n = 0};
    bool clear = method == XIMSS_METHOD_CLEAR || method == XIMSS_METHOD_PLAIN ||
                 method == XIMSS_METHOD_LOGIN;

    if (clear && !is_protected(x)) {
        err_set(&x->err, "the password is not sent over an unencrypted "
                         "connection; use TLS");
        link_end(x, XIMSS_NO_LOGIN, false);
    } else if (method == XIMSS_METHOD_CRAM_MD5 && x->set.cram_answer != NULL) {
        login_by_cram(x);
    } else if (method != XIMSS_METHOD_CLEAR) {
        login_sasl(x, method);
    } else {
        add(&a, "authData", x->set.user);
        add(&a, "password", x->set.password);
        send_login(x, &a);
    }
}

static void
login_ticket(struct ximss *x)
{
    struct attrs a = {.n = 0};

    x->ticket_used = true;
    add(&a, "ticket", x->set.ticket);
    add(&a, "keepTicket", x->ticket_shared ? "yes" : NULL);
    add(&a, "session", x->set.session);
    send_login(x, &a);
}

static void
login_device(struct ximss *x)
{
    struct attrs a = {.n = 0};

    add(&a, "device", x->set.device);
    send_login(x, &a);
}

static void
login_session(struct ximss *x)
{
    static const char *const modes[] = {
        [XIMSS_SESSION_SAME] = NULL,
        [XIMSS_SESSION_INSTEAD] = "instead",
        [XIMSS_SESSION_BESIDE] = "beside",
    };
    struct attrs a = {.n = 0};

    add(&a, "session", x->set.session);
    add(&a, "sessionKey", x->set.session_keys);
    add(&a, "newSession", modes[x->set.session_mode]);
    send_login(x, &a);
}

/* --- the choice of a method --- */

static void
ask_features(struct ximss *x)
{
    const char *at = x->set.user != NULL ? strrchr(x->set.user, '@') : NULL;
    struct attrs a = {.n = 0};

    add(&a, "domain",
        x->set.domain != NULL ? x->set.domain
        : at != NULL          ? at + 1
                              : NULL);
    x->offered = 0;
    send_message(x, "listFeatures", &a);
    if (x->wire.fd >= 0)
        link_set_phase(x, PHASE_FEATURES, "");
}

void
login_begin(struct ximss *x)
{
    login_clear(x);
    if (x->set.method != XIMSS_METHOD_AUTO)
        login_by(x, x->set.method);
    else if (x->set.ticket != NULL)
        login_ticket(x);
    else if (x->set.session != NULL && x->set.password == NULL)
        login_session(x);
    else if (x->set.device != NULL && x->set.password == NULL)
        login_device(x);
    else if (x->set.socket != NULL && x->set.password == NULL)
        login_by(x, XIMSS_METHOD_EXTERNAL);
    else
        ask_features(x);
}

static void
take_features(struct ximss *x, const struct xml_elem *e)
{
    for (const struct xml_elem *c = e->first; c != NULL; c = c->next)
        for (unsigned i = 0; i < N_METHODS; i++)
            if (mechanism_names[i] != NULL && strcmp(c->name, "sasl") == 0 &&
                text_equal_nocase(c->text, mechanism_names[i]))
                x->offered |= 1U << i;
}

static bool
is_offered(const struct ximss *x, enum ximss_method method)
{
    return (x->offered & 1U << method) != 0;
}

static void
choose_method(struct ximss *x)
{
    if (is_offered(x, XIMSS_METHOD_SCRAM_SHA_256)) {
        login_by(x, XIMSS_METHOD_SCRAM_SHA_256);
    } else if (is_protected(x)) {
        login_by(x, is_offered(x, XIMSS_METHOD_PLAIN) ? XIMSS_METHOD_PLAIN
                                                      : XIMSS_METHOD_CLEAR);
    } else if (is_offered(x, XIMSS_METHOD_CRAM_MD5)) {
        login_by(x, XIMSS_METHOD_CRAM_MD5);
    } else {
        err_set(&x->err,
                "%s offers no log-in that is safe without "
                "encryption; use TLS",
                x->dial.where);
        link_end(x, XIMSS_NO_LOGIN, false);
    }
}

/* --- answers --- */

static const char *
hint(const struct ximss *x, int num)
{
    switch (num) {
    case ANSWER_NO_DOMAIN:
        return "; check the domain";
    case ANSWER_WRONG_LOGIN:
        return x->ticket_used
                   ? "; the ticket is no longer valid: log in with the "
                     "password"
                   : "; check the account's name and the password";
    case ANSWER_ENCRYPTION:
        return "; use TLS";
    case ANSWER_BUSY:
    case ANSWER_TOO_MANY_SESSIONS:
    case ANSWER_STORE_FULL:
    case ANSWER_STORE_FAILED:
    case 543:
        return "; try again later";
    case ANSWER_METHOD_NOT_OFFERED:
        return "; choose another log-in method";
    default:
        return "";
    }
}

/* Refusals that do not last. */
static bool
is_passing(int num)
{
    return num == ANSWER_BUSY || num == ANSWER_TOO_MANY_SESSIONS ||
           num == ANSWER_STORE_FULL || num == ANSWER_STORE_FAILED || num == 543;
}

static void
on_refused(struct ximss *x, const struct xml_elem *e)
{
    const char *text = xml_attr(e, "errorText"), *num = xml_attr(e, "errorNum");
    unsigned long long n = 0;

    if (num != NULL && text_parse_u64(num, INT_MAX, &n) < 0)
        n = 0;
    if (x->ticket_used && n == ANSWER_WRONG_LOGIN &&
        (x->set.password != NULL || x->set.session != NULL)) {
        ximss_set_ticket(x, NULL);
        login_begin(x);
        return;
    }
    x->error_num = (int)n;
    free(x->refusal);
    x->refusal = xstrdup(text != NULL ? text : "");
    err_set(&x->err, "log-in refused: %s (%llu)%s",
            text != NULL ? text : "no reason given", n, hint(x, (int)n));
    link_end(x, XIMSS_NO_LOGIN, is_passing((int)n));
}

static void
on_challenge(struct ximss *x, const struct xml_elem *e)
{
    const char *value = xml_attr(e, "value");
    struct attrs a = {.n = 0};
    char *answer = NULL;

    if (x->sasl == NULL)
        err_set(&x->err, "the server sent a log-in challenge out of turn");
    if (x->sasl == NULL ||
        sasl_step(x->sasl, value != NULL ? value : "", &answer, &x->err) < 0) {
        link_end(x, XIMSS_BAD_SERVER, false);
        return;
    }
    add(&a, "value", answer);
    send_message(x, "auth", &a);
    sasl_wipe(&answer);
}

void
login_forget_session(struct ximss *x)
{
    for (size_t i = 0; i < x->n_session; i++)
        free(x->session[i]);
    free(x->session);
    x->session = NULL;
    x->n_session = 0;
}

/* It is that one that is come back to from now on. */
static void
keep_session(struct ximss *x)
{
    const char *id = ximss_session(x, "urlID"), *key = x->set.new_key;
    const char *shown = x->set.session_keys;
    char *keys;

    if ((x->set.options & XIMSS_LASTING) == 0 || id == NULL)
        return;
    if (x->set.session == NULL || strcmp(x->set.session, id) != 0)
        shown = NULL; /* that was another one's */
    /* The same one has a key that was shown, or, if nobody had come to it yet,
     * the new one. */
    if (shown != NULL && key != NULL && !text_list_has(shown, ' ', key))
        keys = xasprintf("%s %s", shown, key);
    else if (shown != NULL || key != NULL)
        keys = xstrdup(shown != NULL ? shown : key);
    else
        keys = NULL;
    ximss_set_session(x, id, keys, XIMSS_SESSION_SAME);
    sasl_wipe(&keys);
}

static void
on_session(struct ximss *x, const struct xml_elem *e)
{
    const char *ticket = xml_attr(e, "ticket");

    login_forget_session(x);
    x->session = xcalloc(2 * (size_t)e->n_attrs + 1, sizeof *x->session);
    for (unsigned i = 0; i < e->n_attrs; i++)
        if (strcmp(e->attrs[i].name, "ticket") != 0) {
            x->session[x->n_session++] = xstrdup(e->attrs[i].name);
            x->session[x->n_session++] = xstrdup(e->attrs[i].value);
        }
    x->has_session = true;
    /* Used up, or a new one. */
    if (ticket != NULL || x->ticket_used)
        ximss_set_ticket(x, ticket);
    keep_session(x);
}

static void
on_login_done(struct ximss *x, const struct xml_elem *e)
{
    if (xml_attr(e, "errorText") != NULL || xml_attr(e, "errorNum") != NULL) {
        on_refused(x, e);
        return;
    }
    if (x->sasl != NULL && !sasl_may_end(x->sasl))
        err_set(&x->err, "the server accepted the log-in without proving "
                         "that it knows the password: it may be an impostor");
    else if (!x->has_session)
        err_set(&x->err, "the server answered the log-in without a session");
    else {
        login_clear(x);
        link_set_phase(x, PHASE_READY, "");
        return;
    }
    link_end(x, XIMSS_BAD_SERVER, false);
}

static void
on_features(struct ximss *x, const struct xml_elem *e)
{
    if (strcmp(e->name, "features") == 0) {
        take_features(x, e);
        return;
    }
    if (strcmp(e->name, "response") != 0)
        return;
    /* A server that does not know the request may still know `login`. */
    if (xml_attr(e, "errorNum") == NULL ||
        strcmp(xml_attr(e, "errorNum"), "500") == 0)
        choose_method(x);
    else
        on_refused(x, e);
}

static void
on_login(struct ximss *x, const struct xml_elem *e)
{
    if (strcmp(e->name, "challenge") == 0)
        on_challenge(x, e);
    else if (strcmp(e->name, "session") == 0)
        on_session(x, e);
    else if (strcmp(e->name, "response") == 0)
        on_login_done(x, e);
}

void
login_message(struct ximss *x, const struct xml_elem *e)
{
    if (x->phase == PHASE_STARTTLS)
        on_starttls(x, e);
    else if (x->phase == PHASE_FEATURES)
        on_features(x, e);
    else if (x->phase == PHASE_LOGIN)
        on_login(x, e);
}
