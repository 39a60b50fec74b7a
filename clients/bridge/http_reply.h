/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_HTTP_REPLY_H
#define CLIENTS_BRIDGE_HTTP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"

struct http_reply;

/* The bytes of a reply, in the order and style of protocol.md B.5.  Pure. */
void http_reply_write(struct buf *out, const struct http_reply *r, bool keep,
                      bool is_head, int64_t now);

/* The head of a reply that ends with its connection. */
void http_reply_write_open(struct buf *out, const struct http_reply *r,
                           int64_t now);

#endif
