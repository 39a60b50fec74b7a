/* SPDX-License-Identifier: BSD-2-Clause */
/* nginx asks with the name and password of each log-in, and must know a key: it
 * says who the client is, and its word is taken.  Nothing that goes wrong with
 * ximssd keeps anybody from their mail; and since ximssd's own refusals are not
 * passed on, nobody learns here which accounts it has. */
#include "config.h"

#include "clients/bridge/mail_auth.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/client.h"
#include "clients/bridge/mail_talk.h"
#include "clients/bridge/reply.h"
#include "clients/bridge/room.h"
#include "clients/bridge/server_link.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* Bytes that a log-in takes beside its request: the session with ximssd, and the
 * texts decoded and escaped. */
#define COST (24 << 10)

struct mail_call {
    struct http_waiter waiter; /* first */
    struct bridge *bridge;
    struct http_conn *http;
    struct mail_talk *talk; /* NULL: it has ended */
    struct conn_deferred end;
    char *go_on; /* owned: the headers that let the log-in through */
};

/* --- who asks --- */

/* In a time that does not depend on what is wrong. */
static bool
is_key(const char *right, const char *given)
{
    size_t len = strlen(right);

    return len > 0 && given != NULL && strlen(given) == len &&
           CRYPTO_memcmp(given, right, len) == 0;
}

bool
mail_auth_is(const struct bridge_config *cfg, const struct http_conn *h,
             const char *url, struct client *client)
{
    const size_t len = sizeof MAIL_AUTH_PATH - 1;
    const char *address = http_header(h, "Client-IP");
    uint8_t bytes[ADDRESS_BYTES];

    if (strncmp(url, MAIL_AUTH_PATH, len) != 0 ||
        (url[len] != '\0' && url[len] != '?') ||
        !is_key(cfg->mail_auth_key, http_header(h, "Auth-Key")))
        return false;
    if (address != NULL && address_parse(address, bytes))
        address_format(bytes, client->address);
    return true;
}

/* --- what is answered --- */

static void
reply(struct http_conn *h, const char *headers)
{
    struct http_reply r = {
        .status = 200, .cache = "no-store", .headers = headers};

    http_reply(h, &r);
}

static void
refuse(struct http_conn *h, const char *line)
{
    char *headers = xasprintf("Auth-Status: %s\r\n", line);

    reply(h, headers);
    free(headers);
}

/* The server behind, for the protocol.  NULL: there is none.  The caller frees. */
static char *
go_on(const struct bridge_config *cfg, const char *protocol)
{
    const struct {
        const char *name;
        const struct config_listen *servers;
    } rows[] = {
        {"pop3", &cfg->mail_auth_pop3},
        {"imap", &cfg->mail_auth_imap},
        {"smtp", &cfg->mail_auth_smtp},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(protocol, rows[i].name) == 0 && rows[i].servers->count > 0)
            return xasprintf("Auth-Status: OK\r\nAuth-Server: %s\r\n"
                             "Auth-Port: %u\r\n",
                             rows[i].servers->items[0].host,
                             rows[i].servers->items[0].port);
    return NULL;
}

/* --- the log-in --- */

static void
run_end(struct conn_deferred *d)
{
    struct mail_call *k =
        (struct mail_call *)(void *)((char *)d -
                                     offsetof(struct mail_call, end));

    free(k->go_on);
    free(k);
}

static void
end_call(struct mail_call *k)
{
    if (k->talk != NULL)
        mail_talk_cancel(k->talk);
    k->end.run = run_end;
    conn_loop_defer(k->bridge->loop, &k->end);
}

static void
on_gone(struct http_waiter *w)
{
    end_call((struct mail_call *)(void *)w);
}

static void
on_end(void *arg, const char *refusal)
{
    struct mail_call *k = arg;

    k->talk = NULL;
    http_wait(k->http, NULL);
    if (refusal != NULL)
        refuse(k->http, refusal);
    else
        reply(k->http, k->go_on);
    end_call(k);
}

static void
start(struct call *c, const struct mail_order *order, const char *headers)
{
    struct mail_call *k = xcalloc(1, sizeof *k);

    k->waiter.on_gone = on_gone;
    k->bridge = c->bridge;
    k->http = c->http;
    k->go_on = xstrdup(headers);
    http_wait(c->http, &k->waiter);
    k->talk = mail_talk_start(c->bridge, order, on_end, k);
}

static int
digit(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *p = c != '\0' ? strchr(digits, c) : NULL;

    return p != NULL ? (int)(p - digits) % 16 : -1;
}

/* What nginx made of a name or a password, with %XX for some bytes; NULL: it is
 * none that an account of ours can have.  The caller wipes and frees. */
static char *
decode(const char *s)
{
    char *bytes = xstrdup(s != NULL ? s : ""), *out = bytes, *text;
    size_t len;

    for (const char *in = bytes; *in != '\0'; in++) {
        bool is_code = *in == '%' && digit(in[1]) >= 0 && digit(in[2]) >= 0;

        *out++ = is_code ? (char)(digit(in[1]) * 16 + digit(in[2])) : *in;
        in += is_code ? 2 : 0;
    }
    *out = '\0';
    text = text_to_utf8(bytes, (size_t)(out - bytes), &len);
    explicit_bzero(bytes, strlen(s != NULL ? s : ""));
    free(bytes);
    if (len > 0 && strlen(text) == len && !text_has_controls(text))
        return text;
    explicit_bzero(text, len);
    free(text);
    return NULL;
}

static void
wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* ximssd must believe who the client is: else the failures of one guesser would
 * count for all users of the mail server. */
static bool
may_ask(const struct call *c, const char *protocol)
{
    const char *method = http_header(c->http, "Auth-Method");

    return strcmp(protocol, "pop3") == 0 && method != NULL &&
           strcmp(method, "plain") == 0 &&
           c->bridge->trust.state == TRUST_YES &&
           server_link_is_local(c->bridge->cfg);
}

static void
answer(struct call *c, const char *protocol, const char *headers)
{
    char *user = decode(http_header(c->http, "Auth-User"));
    char *password = decode(http_header(c->http, "Auth-Pass"));
    const struct mail_order order = {user, password, c->client.address};

    if (user != NULL && password != NULL && may_ask(c, protocol) &&
        room_take_login(c->bridge, c->http) && http_hold_more(c->http, COST))
        start(c, &order, headers);
    else
        reply(c->http, headers);
    wipe(password);
    wipe(user);
}

void
mail_auth(struct call *c)
{
    const struct bridge_config *cfg = c->bridge->cfg;
    const char *protocol = http_header(c->http, "Auth-Protocol");
    char *headers = go_on(cfg, protocol != NULL ? protocol : "");

    if (!mail_auth_is(cfg, c->http, c->q->path, &c->client))
        call_fail(c, 403, "the key (Auth-Key) is not right");
    else if (!c->client.secure && !c->client.loopback &&
             !cfg->clear_passwords_without_tls)
        call_fail(c, 403, "passwords in clear text from another machine");
    else if (headers == NULL)
        call_fail(c, 404, "no server is configured for this protocol");
    else
        answer(c, protocol, headers);
    free(headers);
}
