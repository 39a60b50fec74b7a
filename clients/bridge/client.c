/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clients/bridge/http_host.h"
#include "util/address.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* --- addresses --- */

void
client_net(const char *address, uint8_t net[CLIENT_NET])
{
    if (address_parse(address, net))
        address_to_network(net, 64);
}

void
client_network(const char *address, uint8_t net[CLIENT_NET])
{
    if (address_parse(address, net))
        address_to_network(net, 48);
}

/* `192.0.2.1:80`, `[2001:db8::1]:80`, or without port and brackets. */
static bool
node_parse(const char *s, size_t len, uint8_t out[ADDRESS_BYTES])
{
    char text[64];
    char *colon;

    while (len > 0 && (*s == ' ' || *s == '"' || *s == '\t')) {
        s++;
        len--;
    }
    while (len > 0 &&
           (s[len - 1] == ' ' || s[len - 1] == '"' || s[len - 1] == '\t'))
        len--;
    if (len == 0 || len >= sizeof text)
        return false;
    memcpy(text, s, len);
    text[len] = '\0';
    if (text[0] == '[') {
        text[strcspn(text, "]")] = '\0';
        return address_parse(text + 1, out);
    }
    colon = strchr(text, ':');
    if (colon != NULL && strchr(colon + 1, ':') == NULL)
        *colon = '\0';
    return address_parse(text, out);
}

/* The value of `name` in one element of Forwarded: for=…;proto=…; NULL: not
 * there. */
static const char *
parameter(const char *s, size_t len, const char *name, size_t *len_r)
{
    size_t name_len = strlen(name);
    const char *end = s + len;

    while (s < end) {
        const char *stop = memchr(s, ';', (size_t)(end - s));

        if (stop == NULL)
            stop = end;
        while (s < stop && *s == ' ')
            s++;
        if ((size_t)(stop - s) > name_len && s[name_len] == '=' &&
            strncasecmp(s, name, name_len) == 0) {
            *len_r = (size_t)(stop - s) - name_len - 1;
            return s + name_len + 1;
        }
        s = stop + (stop < end);
    }
    return NULL;
}

bool
client_forwarded(const struct config_nets *trusted, const char *list,
                 bool is_rfc7239, char out[INET6_ADDRSTRLEN])
{
    size_t end = strlen(list);
    bool found = false;

    for (;;) {
        uint8_t address[ADDRESS_BYTES];
        size_t begin = end, len;
        const char *node;

        while (begin > 0 && list[begin - 1] != ',')
            begin--;
        node = list + begin;
        len = end - begin;
        if (is_rfc7239)
            node = parameter(node, len, "for", &len);
        /* Beyond what cannot be read nothing is believed. */
        if (node == NULL || !node_parse(node, len, address))
            return found;
        address_format(address, out);
        found = true;
        if (begin == 0 || !config_nets_hold_bytes(trusted, address))
            return true;
        end = begin - 1;
    }
}

static bool
proxy_was_secure(const struct http_conn *h)
{
    const char *forwarded = http_header(h, "Forwarded");
    const char *proto = http_header(h, "X-Forwarded-Proto");
    const char *last;
    size_t len;

    if (forwarded == NULL)
        return proto != NULL && text_equal_nocase(proto, "https");
    last = strrchr(forwarded, ',');
    last = last != NULL ? last + 1 : forwarded;
    proto = parameter(last, strlen(last), "proto", &len);
    return proto != NULL && len == 5 && strncasecmp(proto, "https", 5) == 0;
}

/* --- cookies --- */

/* The value behind `name=`, from `from` on in the header; NULL: none. */
static const char *
next_cookie(const char *from, const char *name)
{
    size_t len = strlen(name);

    for (const char *p = from; p != NULL; p = strchr(p, ';')) {
        p += strspn(p, " ;");
        if (strncmp(p, name, len) == 0 && p[len] == '=')
            return p + len + 1;
    }
    return NULL;
}

bool
client_has_cookie(const struct http_conn *h, const char *name,
                  const char *value)
{
    const char *p = http_header(h, "Cookie");
    size_t len = strlen(value);

    while ((p = next_cookie(p, name)) != NULL)
        if (strncmp(p, value, len) == 0 && strchr("; ", p[len]) != NULL)
            return true;
    return false;
}

bool
client_cookie(const struct http_conn *h, const char *name, char *out,
              size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789.-_";
    const char *p = next_cookie(http_header(h, "Cookie"), name);
    size_t len = p != NULL ? strcspn(p, "; ") : 0;

    *out = '\0';
    if (len == 0 || len >= size || strspn(p, letters) != len)
        return false;
    memcpy(out, p, len);
    out[len] = '\0';
    return true;
}

/* --- origins --- */

/* One may say the port that the other leaves out. */
static bool
is_same_origin(const char *a, const char *b)
{
    struct http_host host, other;
    unsigned usual, other_usual;

    if (text_equal_nocase(a, b))
        return true;
    return http_host_of_origin(a, &host, &usual) &&
           http_host_of_origin(b, &other, &other_usual) &&
           usual == other_usual && http_host_equal(&host, &other, usual);
}

static bool
is_listed(const struct bridge_config *cfg, const char *origin)
{
    for (size_t i = 0; i < cfg->allowed_origins.count; i++)
        if (is_same_origin(cfg->allowed_origins.items[i], origin))
            return true;
    return false;
}

static bool
is_configured(const struct bridge_config *cfg, const char *origin)
{
    return is_listed(cfg, origin) || is_listed(cfg, "*");
}

/* A page of ours: its origin's host is the one that was asked, by the port of
 * its scheme if Host names none. */
static bool
is_own(const struct http_conn *h, const char *origin)
{
    const char *site = http_header(h, "Sec-Fetch-Site");
    const char *host = http_header(h, "Host");
    struct http_host page, asked;
    unsigned usual;

    if (site != NULL && strcmp(site, "same-origin") == 0)
        return true;
    return host != NULL && http_host_parse(host, &asked) &&
           http_host_of_origin(origin, &page, &usual) &&
           http_host_equal(&page, &asked, usual);
}

/* The address of a page, without what is behind its host. */
static bool
is_own_page(const struct http_conn *h, const char *url)
{
    const char *host = strstr(url, "://");
    size_t len = host != NULL ? strcspn(host + 3, "/?#") : 0;
    char *origin;
    bool own;

    if (len == 0)
        return false;
    origin = xstrndup(url, (size_t)(host - url) + 3 + len);
    own = is_own(h, origin);
    free(origin);
    return own;
}

bool
client_is_from_elsewhere(const struct http_conn *h)
{
    const char *site = http_header(h, "Sec-Fetch-Site");
    const char *origin = http_header(h, "Origin");
    const char *referer = http_header(h, "Referer");

    if (site != NULL && strcmp(site, "same-origin") != 0 &&
        strcmp(site, "none") != 0)
        return true;
    if (origin != NULL)
        return !is_own(h, origin);
    return referer != NULL && *referer != '\0' && !is_own_page(h, referer);
}

bool
client_is_browser(const struct http_conn *h)
{
    static const char *const names[] = {"Origin", "Referer", "Sec-Fetch-Site",
                                        "Sec-Fetch-Mode", "Sec-Fetch-Dest"};
    const char *agent = http_header(h, "User-Agent");

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (http_header(h, names[i]) != NULL)
            return true;
    return agent != NULL && strncasecmp(agent, "Mozilla/", 8) == 0;
}

void
client_cors(const struct bridge_config *cfg, const struct http_conn *h,
            struct buf *headers)
{
    const char *origin = http_header(h, "Origin");

    if (cfg->allowed_origins.count == 0)
        return;
    buf_append_str(headers, "Vary: Origin\r\n");
    if (origin == NULL || !is_configured(cfg, origin))
        return;
    buf_appendf(headers, "Access-Control-Allow-Origin: %s\r\n", origin);
    /* Cookies and cached passwords only where the origin itself is named. */
    if (is_listed(cfg, origin))
        buf_append_str(headers, "Access-Control-Allow-Credentials: true\r\n");
}

char *
client_host(const struct http_conn *h)
{
    const char *text = http_header(h, "Host");
    struct http_host host;

    if (text == NULL || !http_host_parse(text, &host))
        return xstrdup("");
    return xstrdup(host.name);
}

/* Proxies write one of the two headers, and many hand on the other one as the
 * client sent it: if they differ, one of them is a stranger's word. */
static bool
contradict(const struct config_nets *trusted, const char *forwarded,
           const char *for_)
{
    char one[INET6_ADDRSTRLEN] = "", other[INET6_ADDRSTRLEN] = "";

    if (forwarded == NULL || for_ == NULL)
        return false;
    client_forwarded(trusted, forwarded, true, one);
    client_forwarded(trusted, for_, false, other);
    return strcmp(one, other) != 0;
}

void
client_peer(const struct http_conn *h, char out[INET6_ADDRSTRLEN])
{
    uint8_t address[ADDRESS_BYTES];

    address_from_sockaddr((const struct sockaddr *)h->peer, address);
    address_format(address, out);
}

bool
client_is_within(const struct client *c, const struct config_nets *nets)
{
    uint8_t address[ADDRESS_BYTES];

    return address_parse(c->address, address) &&
           config_nets_hold_bytes(nets, address);
}

void
client_read(const struct bridge_config *cfg, const struct http_conn *h,
            struct client *out)
{
    const char *origin = http_header(h, "Origin");
    const char *forwarded = http_header(h, "Forwarded");
    const char *for_ = http_header(h, "X-Forwarded-For");

    client_peer(h, out->address);
    out->secure = http_is_encrypted(h);
    out->loopback = h->loopback && forwarded == NULL && for_ == NULL;
    out->allowed_origin =
        origin == NULL || is_own(h, origin) || is_configured(cfg, origin);
    if (!config_nets_hold(&cfg->trusted_proxies,
                          (const struct sockaddr *)h->peer))
        return;
    if (contradict(&cfg->trusted_proxies, forwarded, for_))
        /* Nobody's: the proxy's own would let a stranger have it throttled, or
         * locked out. */
        strcpy(out->address, "::");
    else if (forwarded != NULL || for_ != NULL)
        client_forwarded(&cfg->trusted_proxies,
                         forwarded != NULL ? forwarded : for_,
                         forwarded != NULL, out->address);
    out->secure = out->secure || proxy_was_secure(h);
}
