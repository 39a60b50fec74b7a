/* SPDX-License-Identifier: BSD-2-Clause */
/* Log-ins.  The password goes from the request
 * into the library's object, which wipes it when the log-in is over; nothing
 * else keeps it. */
#include "config.h"

#include "clients/bridge/web_login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clients/bridge/ask.h"
#include "clients/bridge/client.h"
#include "clients/bridge/comeback.h"
#include "clients/bridge/credentials.h"
#include "clients/bridge/inquiry.h"
#include "clients/bridge/reply.h"
#include "clients/bridge/room.h"
#include "clients/bridge/web_session.h"
#include "util/base64.h"
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
    bool by_device;
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

/* Nobody has such a name or password, or the nonce is not ours: whoever sends
 * it must not take it for a failure that passes. */
static void
call_refuse_wrong(struct call *c)
{
    call_refuse(c, 403, ANSWER(WRONG_LOGIN));
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

/* What ximssd could not read was none of anybody's names and passwords. */
static bool
is_about_bytes(int number)
{
    return number == ANSWER_ARGUMENTS ||
           (number >= ANSWER_MALFORMED && number <= ANSWER_FORBIDDEN);
}

static void
refuse_login(struct login *l, const struct ximss *x)
{
    int number = ximss_error_num(x);
    enum ximss_status why = ximss_failure(x);

    if (number == ANSWER_TOO_MANY_SESSIONS)
        refuse(l->bridge, l->http, l->error_as_xml, 503, number,
               ximss_refusal(x));
    else if (is_about_bytes(number) || (number == 0 && why == XIMSS_MISUSE))
        refuse(l->bridge, l->http, l->error_as_xml, 403, ANSWER(WRONG_LOGIN));
    else if (number == 0 && why == XIMSS_NO_LOGIN) /* not over this network */
        refuse(l->bridge, l->http, l->error_as_xml, 403, ANSWER(ENCRYPTION));
    else if (number == 0)
        refuse(l->bridge, l->http, l->error_as_xml, 503, ANSWER(SERVER_AWAY));
    else
        refuse(l->bridge, l->http, l->error_as_xml, 403, number,
               ximss_refusal(x));
}

/* With the token of the device, if ximssd gave one. */
static char *
headers_of(const struct login *l, struct web_session *s)
{
    const char *token = ximss_session(s->up.x, "device");
    const char *seconds = ximss_session(s->up.x, "deviceSeconds");
    char *cookie = cookie_now(l, s), *device, *both;

    ximss_set_device(s->up.x, NULL, NULL);
    if (token == NULL || seconds == NULL)
        return cookie;
    device = web_device_header(token, seconds, l->client.secure);
    both = xasprintf("%s%s", cookie != NULL ? cookie : "", device);
    explicit_bzero(device, strlen(device));
    free(device);
    free(cookie);
    return both;
}

/* It is not good any more, and would be shown again. */
static void
forget_device(const struct login *l)
{
    char *header = web_device_header("", "0", l->client.secure);

    l->bridge->counts.logins_failed++;
    reply_fail(l->bridge, l->http, 403, "log in with the password", header);
    free(header);
}

static void
on_done(struct login_wait *w, struct web_session *s, bool worked)
{
    struct login *l = of_wait(w);

    l->session = NULL;
    if (worked)
        reply_session(l->bridge, l->http, s, headers_of(l, s));
    else if (l->by_device && ximss_error_num(s->up.x) == 515)
        forget_device(l);
    else if (w->too_many)
        refuse(l->bridge, l->http, l->error_as_xml, 503,
               ANSWER(TOO_MANY_SESSIONS));
    else
        refuse_login(l, s->up.x);
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
    snprintf(s->cookie.login_path, sizeof s->cookie.login_path, "%.11s",
             c->q->path);
    web_session_set_key(s);
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

static void
find_domain(struct call *c, struct login *l)
{
    char *host = client_host(c->http);
    const struct xml_attr attrs[] = {{"id", "d"}, {"domain", host}};
    struct xml_elem features = {
        .name = "listFeatures", .attrs = attrs, .n_attrs = 2, .text = ""};
    struct xml_elem root = {.name = "XIMSS", .text = "", .first = &features};

    if (!text_is_host(host))
        features.n_attrs = 1;
    l->ask = ask_start(c->bridge, &root, c->client.address, on_domain, l);
    free(host);
}

static void
set_cut(struct ximss *x, void (*set)(struct ximss *x, const char *text),
        const char *text, size_t most)
{
    char *cut = credentials_cut(text, most);

    set(x, cut);
    explicit_bzero(cut, strlen(cut));
    free(cut);
}

static void
begin(struct call *c, struct web_session *s, const char *user)
{
    struct login *l = login_new(c);

    l->session = s;
    s->login = &l->wait; /* not to be found yet */
    set_cut(s->up.x, ximss_set_user, user, CREDENTIALS_NAME_MOST);
    if (strchr(user, '@') != NULL)
        start(l);
    else
        find_domain(c, l);
}

static void ask_for_device(const struct call *c, struct web_session *s);

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
    set_cut(s->up.x, ximss_set_password, password, CREDENTIALS_PASSWORD_MOST);
    ximss_set_method(s->up.x, XIMSS_METHOD_CLEAR);
    ask_for_device(c, s);
    begin(c, s, user);
}

/* authData is base64, which may lack its padding, of 32 hex digits. */
static void
by_cram(struct call *c, const char *user, const char *nonce, const char *auth)
{
    char hex[33], answer[BASE64_SIZE(32)];
    struct web_session *s;

    if (c->bridge->trust.state == TRUST_NO) {
        call_refuse(c, 403, ANSWER(METHOD_NOT_OFFERED));
        return;
    }
    if (base64_decode(auth, strlen(auth), BASE64_UNPADDED | BASE64_FORM, hex,
                      sizeof hex, NULL) != 32 ||
        !nonce_take(&c->bridge->nonces, nonce, c->client.address,
                    clock_mono())) {
        call_refuse_wrong(c);
        return;
    }
    s = session_new(c);
    if (s == NULL)
        return;
    base64_encode(hex, 32, answer);
    ximss_set_cram(s->up.x, nonce, answer);
    ximss_set_method(s->up.x, XIMSS_METHOD_CRAM_MD5);
    begin(c, s, user);
}

/* --- another session --- */

/* It is known here: address and cookie can be looked at. */
static bool
is_allowed(const struct call *c, const struct web_session *s)
{
    return (!s->watches_address ||
            strcmp(s->address, c->client.address) == 0) &&
           (web_cookie_is_shown(&s->cookie, s->id, c->http) ||
            (c->bridge->cfg->login_by_address && s->watches_address));
}

/* Nobody who holds the old id gets anything more by it, and what is under way
 * (perhaps a bye) does not end what is to go on. */
static void
take_over(struct bridge *b, const char *id)
{
    struct web_session *old = web_session_find(b, id);

    if (old != NULL)
        exec_end_all(old);
}

/* ximssd decides: it knows sessions from before this process was started, and
 * those that administrators made.  What nobody has come to yet keeps its id; of
 * others a new one begins, and without killOld both go on. */
static void
by_session(struct call *c, const char *id)
{
    const struct web_session *old = web_session_find(c->bridge, id);
    enum ximss_session_mode mode = form_is_on(&c->form, "killOld")
                                       ? XIMSS_SESSION_INSTEAD
                                       : XIMSS_SESSION_BESIDE;
    char keys[COMEBACK_KEYS_SIZE];
    struct web_session *s;
    struct login *l;

    if (!web_session_is_id(id) || web_session_is_leaving(c->bridge, id) ||
        (old != NULL && !is_allowed(c, old))) {
        call_refuse(c, 403, ANSWER(WRONG_LOGIN));
        return;
    }
    s = session_new(c);
    if (s == NULL)
        return;
    if (old != NULL)
        snprintf(keys, sizeof keys, "%s", old->key);
    else
        comeback_keys(c, id, keys);
    if (mode == XIMSS_SESSION_INSTEAD) {
        strcpy(s->replaces, id);
        take_over(c->bridge, id);
    }
    ximss_set_session(s->up.x, id, keys, mode);
    explicit_bzero(keys, sizeof keys);
    l = login_new(c);
    l->session = s;
    s->login = &l->wait; /* not to be found yet */
    start(l);
}

/* --- a device that stays logged in --- */

/* It may be asked for by our own pages only: by POST, which other sites cannot
 * (client_read), and with a cookie that is sent from nowhere else. */
static void
by_device(struct call *c)
{
    char token[WEB_DEVICE_SIZE];
    struct web_session *s;
    struct login *l;

    if (c->q->method != HTTP_POST ||
        !client_cookie(c->http, WEB_DEVICE_NAME, token, sizeof token)) {
        call_fail(c, 403, "log in with the password");
        return;
    }
    s = session_new(c);
    if (s != NULL) {
        ximss_set_device(s->up.x, token, NULL);
        l = login_new(c);
        l->by_device = true;
        l->session = s;
        s->login = &l->wait; /* not to be found yet */
        start(l);
    }
    explicit_bzero(token, sizeof token);
}

/* Of a browser, in words that its user knows it by. */
static void
name_device(const struct call *c, char *out, size_t size)
{
    static const char *const names[][2] = {
        {"Edg/", "Edge"},      {"OPR/", "Opera"},     {"Firefox/", "Firefox"},
        {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"", "A browser"}};
    static const char *const systems[][2] = {{"Android", " on Android"},
                                             {"iPhone", " on iPhone"},
                                             {"iPad", " on iPad"},
                                             {"Windows", " on Windows"},
                                             {"Mac OS", " on Mac"},
                                             {"Linux", " on Linux"},
                                             {"", ""}};
    const char *agent = http_header(c->http, "User-Agent");
    size_t n = 0, m = 0;

    if (agent == NULL)
        agent = "";
    while (strstr(agent, names[n][0]) == NULL)
        n++;
    while (strstr(agent, systems[m][0]) == NULL)
        m++;
    snprintf(out, size, "%s%s", names[n][1], systems[m][1]);
}

static void
ask_for_device(const struct call *c, struct web_session *s)
{
    char name[64];

    if (c->q->method != HTTP_POST || !form_is_on(&c->form, "stayLoggedIn"))
        return;
    name_device(c, name, sizeof name);
    ximss_set_device(s->up.x, NULL, name);
}

/* --- Basic --- */

static void
by_basic(struct call *c, const char *header)
{
    char text[CREDENTIALS_BASIC_SIZE], *secret;

    if (credentials_read(header, text, &secret))
        by_password(c, text, secret);
    else
        call_refuse_wrong(c);
    explicit_bzero(text, sizeof text);
}

static void
challenge(struct call *c)
{
    char *host = client_host(c->http), *header;

    header = xasprintf("WWW-Authenticate: Basic realm=\"%s\"\r\n",
                       text_is_host(host) ? host : "XIMSS");
    reply_fail(c->bridge, c->http, 401, "log in first", header);
    free(header);
    free(host);
}

/* --- all --- */

static bool
is_garbled(const struct call *c)
{
    static const char *const names[] = {"userName", "password", "nonce",
                                        "authData", "sessionid"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (form_is_garbled(&c->form, names[i]))
            return true;
    return false;
}

static void
by_parameters(struct call *c)
{
    const char *user = form_get(&c->form, "userName");
    const char *password = form_get(&c->form, "password");
    const char *nonce = form_get(&c->form, "nonce");
    const char *auth = form_get(&c->form, "authData");
    const char *session = form_get(&c->form, "sessionid");
    const char *header = credentials_basic(c->http);

    if (is_garbled(c)) {
        call_refuse_wrong(c);
    } else if (form_is_on(&c->form, "byDevice")) {
        by_device(c);
    } else if (session != NULL && *session != '\0') {
        by_session(c, session);
    } else if (user != NULL && nonce != NULL && auth != NULL) {
        by_cram(c, user, nonce, auth);
    } else if (user != NULL && *user != '\0') {
        by_password(c, user, password != NULL ? password : "");
    } else if (header != NULL) {
        by_basic(c, header);
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
    } else if (!room_take_login(c->bridge, c->http)) {
        call_fail(c, 503, "too many log-ins at once, try again");
    } else if (*body == '<') {
        inquiry_call(c);
    } else {
        form_parse(&c->form, body, strlen(body));
        by_parameters(c);
    }
}
