/* SPDX-License-Identifier: BSD-2-Clause */
/* What is refused here is refused before anybody is asked for an address.  The
 * address itself is judged when the connection is made (RFC 1918 and others), so
 * a name that changes its mind between two questions gains nothing. */
#include "config.h"

#include "notify/notify_url_rule.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "notify/notify.h"
#include "util/address.h"
#include "util/text.h"
#include "util/xmalloc.h"

/* --- reading --- */

static int
check_text(const char *url, struct errbuf *err)
{
    size_t len = strlen(url);

    if (len > NOTIFY_URL_MOST)
        return err_set(err, "has %zu bytes, and may have %d", len,
                       NOTIFY_URL_MOST);
    for (size_t i = 0; i < len; i++)
        if (url[i] <= ' ' || url[i] >= 0x7f ||
            strchr("\\\"#<>^`{|}", url[i]) != NULL)
            return err_set(
                err, "byte %zu may not stand in a URL: write it as %%%02X",
                i + 1, (unsigned)(unsigned char)url[i]);
    return 0;
}

/* "" if there is none; *fine_r is false if it cannot be had. */
static char *
part_of(CURLU *u, CURLUPart part, bool *fine_r)
{
    char *theirs = NULL, *ours;
    CURLUcode rc = curl_url_get(u, part, &theirs, CURLU_DEFAULT_PORT);

    if (rc != CURLUE_OK && rc != CURLUE_NO_QUERY)
        *fine_r = false;
    ours = xstrdup(theirs != NULL ? theirs : "");
    curl_free(theirs);
    return ours;
}

static bool
has_part(CURLU *u, CURLUPart part)
{
    char *theirs = NULL;
    CURLUcode rc = curl_url_get(u, part, &theirs, 0);

    curl_free(theirs);
    return rc == CURLUE_OK;
}

static bool
parse_host(char *host)
{
    uint8_t address[ADDRESS_BYTES];
    size_t len = strlen(host);

    text_lower(host);
    if (host[0] != '[')
        return text_is_host(host);
    memmove(host, host + 1, len - 1);
    host[len - 2] = '\0';
    return address_parse(host, address);
}

/* One segment, without its slash. */
static bool
is_good_segment(const char *s, size_t len)
{
    size_t dots = 0, i = 0;

    for (size_t k = 0; k + 2 < len; k++)
        if (strncasecmp(s + k, "%2f", 3) == 0 ||
            strncasecmp(s + k, "%5c", 3) == 0 ||
            strncasecmp(s + k, "%00", 3) == 0)
            return false;
    while (i < len) {
        if (s[i] == '.')
            i++;
        else if (len - i >= 3 && strncasecmp(s + i, "%2e", 3) == 0)
            i += 3;
        else
            break;
        dots++;
    }
    /* Some servers take "..;x" for "..". */
    return dots < 1 || dots > 2 || (i < len && s[i] != ';');
}

static bool
is_good_path(const char *path)
{
    for (const char *p = path; *p != '\0';) {
        size_t len = strcspn(p + 1, "/");

        if (!is_good_segment(p + 1, len))
            return false;
        p += 1 + len;
    }
    return path[0] == '/';
}

static int
take_parts(struct notify_url_parts *p, struct errbuf *err)
{
    bool fine = true;

    p->scheme = part_of(p->curl, CURLUPART_SCHEME, &fine);
    p->host = part_of(p->curl, CURLUPART_HOST, &fine);
    p->port = part_of(p->curl, CURLUPART_PORT, &fine);
    p->path = part_of(p->curl, CURLUPART_PATH, &fine);
    p->query = part_of(p->curl, CURLUPART_QUERY, &fine);
    if (!fine ||
        (strcmp(p->scheme, "http") != 0 && strcmp(p->scheme, "https") != 0))
        return err_set(err, "begins with http:// or https:// and a host");
    if (has_part(p->curl, CURLUPART_USER) ||
        has_part(p->curl, CURLUPART_PASSWORD) ||
        has_part(p->curl, CURLUPART_ZONEID))
        return err_set(err, "may have no user, password or interface");
    if (!parse_host(p->host))
        return err_set(err, "the host %.80s is neither a name nor an address",
                       p->host);
    if (!is_good_path(p->path))
        return err_set(err, "no part of the path may be or hide . or .. or a "
                            "slash");
    return 0;
}

/* Libcurl decodes what is encoded in a host, where nothing has to be. */
static bool
is_plain_authority(const char *url)
{
    const char *at = strstr(url, "://");

    return at != NULL && memchr(at + 3, '%', strcspn(at + 3, "/?#")) == NULL &&
           memchr(at + 3, '@', strcspn(at + 3, "/?#")) == NULL;
}

int
notify_url_rule_parse(const char *url, struct notify_url_parts *p,
                      struct errbuf *err)
{
    int r = 0;

    *p = (struct notify_url_parts){.curl = NULL};
    if (check_text(url, err) < 0)
        return -1;
    if (!is_plain_authority(url))
        return err_set(err, "begins with http:// or https:// and a host, "
                            "without @ or %%");
    p->curl = curl_url();
    if (p->curl == NULL ||
        curl_url_set(p->curl, CURLUPART_URL, url,
                     CURLU_DISALLOW_USER | CURLU_PATH_AS_IS) != CURLUE_OK)
        r = err_set(err, "is no URL");
    else
        r = take_parts(p, err);
    if (r < 0)
        notify_url_rule_clear(p);
    return r;
}

void
notify_url_rule_clear(struct notify_url_parts *p)
{
    curl_url_cleanup(p->curl);
    free(p->scheme);
    free(p->host);
    free(p->port);
    free(p->path);
    free(p->query);
    *p = (struct notify_url_parts){.curl = NULL};
}

/* --- prefixes --- */

/* "/a" has "/a" and "/a/b" below it, "/a/" only the latter. */
static bool
is_below(const char *prefix, const char *path)
{
    size_t len = strlen(prefix);

    return strncmp(prefix, path, len) == 0 &&
           (prefix[len - 1] == '/' || path[len] == '/' || path[len] == '\0');
}

static bool
allows(const char *prefix, const struct notify_url_parts *p)
{
    struct notify_url_parts of;
    bool is;

    if (notify_url_rule_parse(prefix, &of, NULL) < 0)
        return false;
    is = strcmp(of.scheme, p->scheme) == 0 && strcmp(of.host, p->host) == 0 &&
         strcmp(of.port, p->port) == 0 && is_below(of.path, p->path);
    notify_url_rule_clear(&of);
    return is;
}

int
notify_url_rule_allows(const struct config_texts *prefixes,
                       const struct notify_url_parts *p, struct errbuf *err)
{
    for (size_t i = 0; i < prefixes->count; i++)
        if (allows(prefixes->items[i], p))
            return 0;
    return err_set(err, "%s://%.80s:%s%.80s is not below one of notify-urls",
                   p->scheme, p->host, p->port, p->path);
}

int
notify_url_rule_check(const struct config_texts *prefixes, const char *url,
                      struct errbuf *err)
{
    struct notify_url_parts p;
    int r;

    if (notify_url_rule_parse(url, &p, err) < 0)
        return -1;
    r = notify_url_rule_allows(prefixes, &p, err);
    notify_url_rule_clear(&p);
    return r;
}

int
notify_url_rule_check_prefix(const char *prefix, struct errbuf *err)
{
    struct notify_url_parts p;
    int r = 0;

    if (notify_url_rule_parse(prefix, &p, err) < 0)
        return err_prefix(err, "%.80s", prefix);
    if (strchr(prefix, '?') != NULL)
        r = err_set(err, "%.80s: a prefix has no query", prefix);
    notify_url_rule_clear(&p);
    return r;
}

/* --- addresses --- */

struct net {
    uint8_t first[ADDRESS_BYTES];
    unsigned bits;
};

#define V4(a, b, c, bits)                                                \
    {                                                                    \
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c}, 96 + (bits) \
    }

/* Not public (RFC 6890): of IPv4 these, ... */
static const struct net barred[] = {
    V4(0, 0, 0, 8),
    V4(10, 0, 0, 8),
    V4(100, 64, 0, 10),
    V4(127, 0, 0, 8),
    V4(169, 254, 0, 16),
    V4(172, 16, 0, 12),
    V4(192, 0, 0, 24),
    V4(192, 88, 99, 24),
    V4(192, 168, 0, 16),
    V4(198, 18, 0, 15),
    V4(224, 0, 0, 3),
    /* ... of IPv6 what hides an IPv4 address: Teredo, 6to4. */
    {{0x20, 0x01, 0, 0}, 32},
    {{0x20, 0x02}, 16},
};
/* ... and all but these. */
static const struct net global[] = {V4(0, 0, 0, 0), {{0x20}, 3}};

static bool
is_in(const struct net *nets, size_t n, const uint8_t a[ADDRESS_BYTES])
{
    for (size_t i = 0; i < n; i++)
        if (address_is_within(a, nets[i].first, nets[i].bits))
            return true;
    return false;
}

static bool
is_public(const uint8_t a[ADDRESS_BYTES])
{
    return is_in(global, sizeof global / sizeof global[0], a) &&
           !is_in(barred, sizeof barred / sizeof barred[0], a);
}

bool
notify_url_rule_may_connect(const char *host,
                            const struct config_nets *networks,
                            const struct sockaddr *to)
{
    uint8_t a[ADDRESS_BYTES], named[ADDRESS_BYTES];

    if (!address_from_sockaddr(to, a))
        return false;
    if (address_parse(host, named))
        return memcmp(a, named, sizeof a) == 0;
    return is_public(a) || config_nets_hold_bytes(networks, a) ||
           (strcmp(host, "localhost") == 0 && address_is_loopback(a));
}
