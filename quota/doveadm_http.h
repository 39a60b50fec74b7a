/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_DOVEADM_HTTP_H
#define QUOTA_DOVEADM_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "util/errbuf.h"

struct doveadm_http;
struct event_base;

/* POSTs to doveadm's HTTP interface, one at a time.  All for the loop's
 * thread. */

/* The end of a POST.  status: of HTTP.  DOVEADM_HTTP_AWAY: there was nobody to
 * reply; DOVEADM_HTTP_BROKEN: there was, and no whole reply came; error says why.
 * body is borrowed for the call, which may POST again. */
#define DOVEADM_HTTP_AWAY   0
#define DOVEADM_HTTP_BROKEN (-1)
typedef void doveadm_http_cb(int status, const char *body, size_t len,
                             const char *error, void *arg);

/* url: "http://host:port", perhaps with a path (else /doveadm/v1); key: its
 * doveadm_api_key; timeout: microseconds for a whole POST.  NULL with err for
 * a URL that cannot be used. */
struct doveadm_http *doveadm_http_new(struct event_base *base, const char *url,
                                      const char *key, int64_t timeout,
                                      doveadm_http_cb *on_end, void *arg,
                                      struct errbuf *err) WARN_UNUSED;

/* -1 with err for a URL that doveadm_http_new would refuse. */
int doveadm_http_check(const char *url, struct errbuf *err) WARN_UNUSED;

/* on_end comes from the loop, never from here; not before the last one ended. */
void doveadm_http_post(struct doveadm_http *h, const char *body);

/* Gives up what is under way. */
void doveadm_http_free(struct doveadm_http **h);

#endif
