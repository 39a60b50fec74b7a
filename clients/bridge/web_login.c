/* SPDX-License-Identifier: BSD-2-Clause */
/* Log-ins.  The password goes from the request
 * into the library's object, which wipes it when the log-in is over; nothing
 * else keeps it. */
#include "config.h"

#include "clients/bridge/web_login.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clients/bridge/ask.h"
#include "clients/bridge/base64.h"
#include "clients/bridge/inquiry.h"
#include "clients/bridge/web_session.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"

/* A log-in that waits for ximssd. */
struct login {
    struct http_waiter waiter; /* first */
    struct login_wait wait;
    struct bridge *bridge;
    struct http_conn *http; /* NULL: gone */
    struct client client;
    struct web_session *session; /* that begins; NULL: not yet */
    struct ask *ask;
    char *domain; /* owned; found for a bare name */
    bool error_as_xml;
    bool cookie_now; /* with the reply, not with the first in the session */
};

static void
login_free(struct login *l)
{
    if (l->ask != NULL)
        ask_cancel(l->ask);
    free(l->domain);
    free(l);
}

static struct login *
of_wait(struct login_wait *w)
{
    return (struct login *)(void *)((char *)w - offsetof(struct login, wait));
}

/* --- failures --- */

static void
refuse(struct bridge *b, struct http_conn *h, bool as_xml, unsigned status,
       int number, const char *text)
{
    struct buf xml = {0};

    b->counts.logins_failed++;
    if (!as_xml) {
        reply_fail(b, h, status, text, NULL);
        return;
    }
    buf_append_str(&xml, "<XIMSS><response");
    xml_write_attr(&xml, "errorText", text);
    xml_write_attr_u64(&xml, "errorNum", (unsigned long long)number);
    buf_append_str(&xml, "/></XIMSS>");
    reply_xml(b, h, xml.data, xml.len, NULL);
    buf_clear(&xml);
}

static void
call_refuse(struct call *c, unsigned status, int number, const char *text)
{
    refuse(c->bridge, c->http, form_is_on(&c->form, "errorAsXML"), status,
           number, text);
}

/* --- the reply --- */

/* headers: NULL, or taken. */
static void
reply_session(struct bridge *b, struct http_conn *h,
              const struct web_session *s, char *headers)
{
    static const char *const names[] = {"userName", "realName", "version",
                                        "random"};
    struct buf xml = {0};

    b->counts.logins++;
    buf_append_str(&xml, "<XIMSS><session");
    xml_write_attr(&xml, "urlID", s->id);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        xml_write_attr(&xml, names[i], ximss_session(s->up.x, names[i]));
    buf_append_str(&xml, "/></XIMSS>");
    reply_xml(b, h, xml.data, xml.len, headers);
    explicit_bzero(xml.data, xml.len);
    buf_clear(&xml);
    if (headers != NULL)
        explicit_bzero(headers, strlen(headers));
    free(headers);
}

/* With the log-in's own reply, without which nobody knows the session's id:
 * from now on all must have it. */
static char *
cookie_now(const struct login *l, struct web_session *s)
{
    if (!l->cookie_now || !web_cookie_is_open(&s->cookie))
        return NULL;
    s->cookie.state = WEB_COOKIE_BOUND;
    return web_cookie_header(&s->cookie, s->id, "", l->client.secure);
}

static void
on_done(struct login_wait *w, struct web_session *s, bool worked)
{
    struct login *l = of_wait(w);
    int number = ximss_error_num(s->up.x);

    l->session = NULL;
    if (worked)
        reply_session(l->bridge, l->http, s, cookie_now(l, s));
    else if (w->too_many)
        refuse(l->bridge, l->http, l->error_as_xml, 503,
               ANSWER(TOO_MANY_SESSIONS));
    else if (number == ANSWER_TOO_MANY_SESSIONS)
        refuse(l->bridge, l->http, l->error_as_xml, 503, number,
               ximss_refusal(s->up.x));
    else if (number == 0)
        refuse(l->bridge, l->http, l->error_as_xml, 503, ANSWER(SERVER_AWAY));
    else
        refuse(l->bridge, l->http, l->error_as_xml, 403, number,
               ximss_refusal(s->up.x));
    login_free(l);
}

/* The browser has left: nobody knows the session's id. */
static void
on_gone(struct http_waiter *w)
{
    struct login *l = (struct login *)(void *)w;

    if (l->session != NULL) {
        l->session->login = NULL;
        web_session_end(l->session, false);
    }
    login_free(l);
}

static struct login *
login_new(struct call *c)
{
    struct login *l = xcalloc(1, sizeof *l);

    l->waiter.on_gone = on_gone;
    l->wait.done = on_done;
    l->bridge = c->bridge;
    l->http = c->http;
    l->client = c->client;
    l->error_as_xml = form_is_on(&c->form, "errorAsXML");
    l->cookie_now = form_is_on(&c->form, "cookieAtLogin");
    http_wait(c->http, &l->waiter);
    return l;
}

/* --- the session --- */

static struct web_session *
session_new(struct call *c)
{
    struct web_session *s;

    if (c->bridge->n_sessions >= c->bridge->cfg->max_sessions ||
        c->bridge->n_sessions >= c->bridge->half) {
        call_refuse(c, 503, ANSWER(WEB_SESSIONS));
        return NULL;
    }
    s = web_session_new(c->bridge, &c->client);
    s->watches_address = !form_is_on(&c->form, "DisableIPWatch");
    s->wants_changes = form_is_on(&c->form, "alertChanges");
    if (form_is_on(&c->form, "EnableUseCookie") &&
        !form_is_on(&c->form, "DisableUseCookie"))
        web_cookie_make(&s->cookie);
    return s;
}

static void
start(struct login *l)
{
    struct web_session *s = l->session;

    if (l->domain != NULL)
        ximss_set_domain(s->up.x, l->domain);
    web_session_start(s, &l->wait);
}

/* listFeatures says which domain a bare name belongs to. */
static void
on_domain(void *arg, const struct xml_elem *m, int worked)
{
    struct login *l = arg;

    (void)worked;
    if (m == NULL) {
        l->ask = NULL;
        start(l);
    } else if (strcmp(m->name, "features") == 0 && l->domain == NULL) {
        const char *domain = xml_attr(m, "domain");

        l->domain = domain != NULL ? xstrdup(domain) : NULL;
    }
}

/* The host that was asked, without its port. */
static char *
host_of(const struct call *c)
{
    const char *host = http_header(c->http, "Host");
    char *name = xstrdup(host != NULL ? host : "");

    name[strcspn(name, ":")] = '\0';
    text_lower(name);
    return name;
}

static void
find_domain(struct call *c, struct login *l)
{
    char *host = host_of(c);
    const struct xml_attr attrs[] = {{"id", "d"}, {"domain", host}};
    struct xml_elem features = {
        .name = "listFeatures", .attrs = attrs, .n_attrs = 2, .text = ""};
    struct xml_elem root = {.name = "XIMSS", .text = "", .first = &features};

    if (!text_is_name(host))
        features.n_attrs = 1;
    l->ask = ask_start(c->bridge, &root, c->client.address, on_domain, l);
    free(host);
}

static void
begin(struct call *c, struct web_session *s, const char *user)
{
    struct login *l = login_new(c);

    l->session = s;
    s->login = &l->wait; /* not to be found yet */
    ximss_set_user(s->up.x, user);
    if (strchr(user, '@') != NULL)
        start(l);
    else
        find_domain(c, l);
}

static void
by_password(struct call *c, const char *user, const char *password)
{
    struct web_session *s;

    if (!c->client.secure && !c->client.loopback &&
        !c->bridge->cfg->clear_passwords_without_tls) {
        call_refuse(c, 403, ANSWER(ENCRYPTION));
        return;
    }
    s = session_new(c);
    if (s == NULL)
        return;
    ximss_set_password(s->up.x, password);
    ximss_set_method(s->up.x, XIMSS_METHOD_CLEAR);
    begin(c, s, user);
}

/* authData is base64, which may lack its padding, of 32 hex digits. */
static void
by_cram(struct call *c, const char *user, const char *nonce, const char *auth)
{
    char hex[33], *answer;
    struct web_session *s;

    if (base64_decode(auth, hex, sizeof hex) != 32 ||
        !nonce_take(&c->bridge->nonces, nonce, c->client.address,
                    clock_mono())) {
        call_refuse(c, 403, ANSWER(WRONG_LOGIN));
        return;
    }
    s = session_new(c);
    if (s == NULL)
        return;
    answer = base64_encode(hex, 32);
    ximss_set_cram(s->up.x, nonce, answer);
    ximss_set_method(s->up.x, XIMSS_METHOD_CRAM_MD5);
    free(answer);
    begin(c, s, user);
}

/* --- another session --- */

static bool
is_allowed(const struct call *c, const struct web_session *s)
{
    return s != NULL && s->up.x != NULL &&
           (!s->watches_address ||
            strcmp(s->address, c->client.address) == 0) &&
           web_cookie_check(&s->cookie, c->http, &c->client) == WEB_COOKIE_YES;
}

#define TICKET \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* As CREATEXIMSSSESSION gives them. */
static bool
is_ticket(const char *id)
{
    return strlen(id) == 43 && id[strspn(id, TICKET)] == '\0';
}

/* A session that an administrator made.  ximssd knows from which address it is
 * good; so it stays, whatever the log-in says of that. */
static void
by_ticket(struct call *c, const char *ticket)
{
    struct web_session *s = session_new(c);
    struct login *l;

    if (s == NULL)
        return;
    s->watches_address = true;
    ximss_set_ticket(s->up.x, ticket);
    l = login_new(c);
    l->session = s;
    s->login = &l->wait; /* not to be found yet */
    start(l);
}

/* Without killOld the old one goes on: the new one comes in by its ticket, and
 * is given its own. */
static void
by_session(struct call *c, const char *id)
{
    struct web_session *old = web_session_find(c->bridge, id), *s;

    if (is_ticket(id)) {
        by_ticket(c, id);
        return;
    }
    if (!is_allowed(c, old)) {
        call_refuse(c, 403, ANSWER(WRONG_LOGIN));
        return;
    }
    if (form_is_on(&c->form, "killOld")) {
        web_session_rename(old);
        snprintf(old->address, sizeof old->address, "%s", c->client.address);
        reply_session(c->bridge, c->http, old, NULL);
        return;
    }
    if (ximss_ticket(old->up.x) == NULL) {
        call_refuse(c, 403, ANSWER(WRONG_LOGIN));
        return;
    }
    s = session_new(c);
    if (s == NULL)
        return;
    ximss_share_ticket(s->up.x, ximss_ticket(old->up.x));
    begin(c, s, ximss_session(old->up.x, "userName"));
}

/* --- Basic --- */

/* More than a name (255 bytes) and a password (1,024) have; which of them are
 * too long the server says. */
#define BASIC_MOST 2048

/* The user and password of an Authorization header; false: there is none. */
static bool
basic(const struct call *c, char *out, size_t size, char **password_r)
{
    const char *header = http_header(c->http, "Authorization");
    ssize_t len;
    char *colon;

    if (header == NULL || strncasecmp(header, "Basic ", 6) != 0)
        return false;
    len = base64_decode(header + 6, out, size - 1);
    if (len < 0 || memchr(out, '\0', (size_t)len) != NULL)
        return false;
    out[len] = '\0';
    colon = strchr(out, ':');
    if (colon == NULL || colon == out)
        return false;
    *colon = '\0';
    *password_r = colon + 1;
    return true;
}

static void
challenge(struct call *c)
{
    char *host = host_of(c), *header;

    header = xasprintf("WWW-Authenticate: Basic realm=\"%s\"\r\n",
                       text_is_name(host) ? host : "XIMSS");
    reply_fail(c->bridge, c->http, 401, "log in first", header);
    free(header);
    free(host);
}

/* --- all --- */

static void
by_parameters(struct call *c)
{
    const char *user = form_get(&c->form, "userName");
    const char *password = form_get(&c->form, "password");
    const char *nonce = form_get(&c->form, "nonce");
    const char *auth = form_get(&c->form, "authData");
    const char *session = form_get(&c->form, "sessionid");
    char text[BASIC_MOST], *secret;

    if (session != NULL && *session != '\0') {
        by_session(c, session);
    } else if (user != NULL && nonce != NULL && auth != NULL) {
        by_cram(c, user, nonce, auth);
    } else if (user != NULL && *user != '\0') {
        by_password(c, user, password != NULL ? password : "");
    } else if (basic(c, text, sizeof text, &secret)) {
        by_password(c, text, secret);
        explicit_bzero(text, sizeof text);
    } else {
        challenge(c);
    }
}

void
web_login(struct call *c)
{
    const char *body = c->q->body;

    body += strspn(body, " \t\r\n");
    if (!c->client.allowed_origin) {
        call_fail(c, 403, "not from this site");
    } else if (*body == '<') {
        inquiry_call(c);
    } else {
        form_parse(&c->form, body, strlen(body));
        by_parameters(c);
    }
}
