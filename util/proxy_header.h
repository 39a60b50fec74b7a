/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_PROXY_HEADER_H
#define UTIL_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "util/buf.h"

/* The PROXY protocol: what a proxy says, before anything else, of whom it hands
 * on.  Version 2 (binary) and 1 (a line of text).  Pure: whether it is to be
 * believed is another matter. */

struct proxy_header {
    /* False: the proxy speaks for itself (LOCAL), or does not know, or it is a
     * UNIX socket's peer: then nothing but the connection itself tells. */
    bool known;
    bool tls;                       /* the client speaks TLS with the proxy */
    struct sockaddr_storage client; /* if known: AF_INET, or AF_INET6 that is no
                                       mapped IPv4; with its port */
};

enum proxy_found {
    PROXY_WHOLE,
    PROXY_MORE, /* the beginning of one; not decided yet */
    PROXY_NONE, /* it begins otherwise */
    PROXY_BAD   /* it begins like one, and is none */
};

#define PROXY_SIGNATURE      "\r\n\r\n\0\r\nQUIT\n"
#define PROXY_SIGNATURE_SIZE 12

/* Reads one at the beginning of the data; used_r: bytes of it, if it is whole.
 * A longer one than `most` bytes is bad.  text: version 1 is known, too.
 * why_r: for PROXY_BAD, static. */
enum proxy_found proxy_header_parse(const void *data, size_t len, size_t most,
                                    bool text, struct proxy_header *h_r,
                                    size_t *used_r, const char **why_r);

/* Appends one of version 2.  server: where the client connected to, or NULL.
 * For a client of another family, it says that it does not know. */
void proxy_header_write(struct buf *out, const struct sockaddr *client,
                        const struct sockaddr *server, bool tls);

#endif
