/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_WEB_COOKIE_H
#define CLIENTS_BRIDGE_WEB_COOKIE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct http_conn;

/* The cookie of a web session (protocol.md B.10), which all its requests must
 * have once the browser has it.
 *
 * It goes with one reply, which may be lost.  Until it has come back once, the
 * address that it was sent to may go on without it, and the very request that
 * it was sent in answer to, repeated, gets it again.  Others never do; and who
 * wants more than to ask (end the session, take it over) needs it at once. */

#define WEB_COOKIE_SIZE (20 + 1)
#define WEB_COOKIE_NAME "CGateProWebUser"
/* The same again, where log-ins go: browsers do not send there what is for
 * /Session/ID.  The session's number follows. */
#define WEB_COOKIE_LOGIN "CGateProLogin-"
/* The token of a device that stays logged in; the pages' log-ins go to
 * /XIMSSLogin/, and nothing else is sent it. */
#define WEB_DEVICE_NAME "XIMSSDevice"
#define WEB_DEVICE_SIZE 88
/* The header, to be freed.  token "": the browser is to forget it. */
char *web_device_header(const char *token, const char *seconds, bool secure);

/* "/XIMSSLogin", as the client writes it: browsers look at each letter. */
#define WEB_COOKIE_PATH_SIZE (11 + 1)
#define WEB_COOKIE_HASH      32

enum web_cookie_state {
    WEB_COOKIE_NEW, /* nobody has it */
    WEB_COOKIE_SENT,
    WEB_COOKIE_BOUND
};

struct web_cookie {
    char value[WEB_COOKIE_SIZE]; /* "": the session has none */
    char login_path[WEB_COOKIE_PATH_SIZE];
    enum web_cookie_state state;
    char to[INET6_ADDRSTRLEN];     /* of SENT: whom */
    uint8_t hash[WEB_COOKIE_HASH]; /* ... and in answer to what */
};

enum web_cookie_right {
    WEB_COOKIE_NO,
    WEB_COOKIE_LATER, /* may ask, as if its reply had been lost */
    WEB_COOKIE_YES
};

void web_cookie_make(struct web_cookie *k);

enum web_cookie_right web_cookie_check(const struct web_cookie *k,
                                       const struct http_conn *h,
                                       const struct client *client);
/* Of a log-in by the session `id`: whether it shows the cookie. */
bool web_cookie_is_shown(const struct web_cookie *k, const char *id,
                         const struct http_conn *h);
/* A request that web_cookie_check said YES to has come. */
void web_cookie_arrived(struct web_cookie *k);

/* True if a reply may have the cookie: it was not sent, or did not come back. */
bool web_cookie_is_open(const struct web_cookie *k);
/* What tells a request from others: its number (NULL: none) and body. */
void web_cookie_hash(const uint64_t *number, const char *body, size_t len,
                     uint8_t hash[WEB_COOKIE_HASH]);
/* It is sent in answer to this request. */
void web_cookie_sent(struct web_cookie *k, const char *address,
                     const uint8_t hash[WEB_COOKIE_HASH]);

/* The headers, to be freed.  attributes: each with its ";". */
char *web_cookie_header(const struct web_cookie *k, const char *id,
                        const char *attributes, bool secure);

#endif
