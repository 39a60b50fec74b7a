/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_HTTP_HOST_H
#define CLIENTS_BRIDGE_HTTP_HOST_H

#include <stdbool.h>

/* A host as requests name it: in Host, in a URL, in Origin.  Who compares such
 * texts compares these. */

#define HTTP_HOST_MOST 255 /* bytes of a name */

struct http_host {
    /* Lower case, without the dot that a name may end with; of an IPv6 address
     * without its brackets; "" for none. */
    char name[HTTP_HOST_MOST + 1];
    unsigned port; /* 0: not said */
};

/* HOST[:PORT] (RFC 9110, 7.2), without blanks.  False: it is none that anybody
 * could mean: a name of other characters than those of names of machines, a port
 * that is no number, brackets around something else than an address. */
bool http_host_parse(const char *text, struct http_host *out);

/* An origin, http://HOST[:PORT] or https://…, with the port that it has
 * without saying so; usual_r: the port of its scheme.  False for others, "null"
 * too. */
bool http_host_of_origin(const char *origin, struct http_host *out,
                         unsigned *usual_r);

/* True if they are one, and one port, where a port that was not said is
 * `port`. */
bool http_host_equal(const struct http_host *a, const struct http_host *b,
                     unsigned port);

#endif
