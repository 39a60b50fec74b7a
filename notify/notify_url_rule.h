/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NOTIFY_NOTIFY_URL_RULE_H
#define NOTIFY_NOTIFY_URL_RULE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "util/config_value.h"
#include "util/errbuf.h"

/* Where URLs may lead.  They are read by libcurl's own parser, and the transfer
 * gets what it has read: no two parsers can differ. */

struct notify_url_parts {
    struct Curl_URL *curl;     /* libcurl's CURLU */
    char *scheme;              /* "http" or "https" */
    char *host;                /* in small letters, without brackets */
    char *port, *path, *query; /* path: "/" or more; query: "" if none */
};

/* http or https, a host, perhaps a port, path and query: ASCII, neither user nor
 * fragment, and no segment of the path that a server could take for "." or "..",
 * or for two.  0, cleared by the caller; or -1, nothing to clear. */
int notify_url_rule_parse(const char *url, struct notify_url_parts *p,
                          struct errbuf *err) WARN_UNUSED;
void notify_url_rule_clear(struct notify_url_parts *p);

/* 0 if one of the prefixes has the same scheme, host and port, and the first
 * segments of the path; -1 if none. */
int notify_url_rule_allows(const struct config_texts *prefixes,
                           const struct notify_url_parts *p,
                           struct errbuf *err) WARN_UNUSED;

/* Both in one. */
int notify_url_rule_check(const struct config_texts *prefixes, const char *url,
                          struct errbuf *err) WARN_UNUSED;

/* A prefix is such a URL without a query.  0 or -1. */
int notify_url_rule_check_prefix(const char *prefix,
                                 struct errbuf *err) WARN_UNUSED;

/* Whether a connection for that host may go to that address: it is public; or the
 * host is this address itself; or it is loopback, and the host is localhost; or
 * it is in one of the networks. */
bool notify_url_rule_may_connect(const char *host,
                                 const struct config_nets *networks,
                                 const struct sockaddr *to);

#endif
