/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_STATUS_HTTP_H
#define UTIL_STATUS_HTTP_H

#include "util/config_value.h"
#include "util/errbuf.h"

struct buf;
struct event_base;
struct status_http;

/* A few pages by HTTP for programs that watch a service, on the loop of whoever
 * makes it: GET and HEAD, without a body, one request for each connection.  It
 * is libevent's server (evhttp) within bounds: a head of 4 KB, 32 connections,
 * 5 seconds of silence, 10 seconds in all.  When there are more connections, the
 * oldest has to go, so nobody can keep others out by holding theirs. */

#define STATUS_HTTP_CONNECTIONS 32

/* Appends the page; its status by HTTP is returned. */
typedef int status_http_fn(struct buf *out, void *arg);

struct status_page {
    const char *path; /* begins with / */
    const char *type; /* of its content */
    /* It is for those whose Accept names this; NULL: for everybody.  The first page
     * that fits is taken. */
    const char *accept;
    status_http_fn *make;
};

/* pages (n of them) and arg are borrowed. */
struct status_http *status_http_new(struct event_base *base,
                                    const struct status_page *pages, size_t n,
                                    void *arg);

/* Listens there; a line "KIND ADDRESS:PORT\n" for each address is appended to
 * where.  -1 with err. */
int status_http_listen(struct status_http *h, const struct config_listen *at,
                       const char *kind, struct buf *where,
                       struct errbuf *err) WARN_UNUSED;

/* Closes all connections; before the base is freed, on the loop's thread or
 * behind its end. */
void status_http_free(struct status_http **h);

#endif
