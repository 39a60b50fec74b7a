/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_REPLY_H
#define CLIENTS_BRIDGE_REPLY_H

#include <stddef.h>

struct bridge;
struct call;
struct http_conn;

/* Replies, with the headers that all of them have. */

/* Answers with a status and a text. */
void call_fail(struct call *c, unsigned status, const char *reason);
/* Answers 200 with XML: the body, and CR LF. */
void call_xml(struct call *c, const char *xml, size_t len, const char *headers);

/* The same, for connections whose call is over: later replies. */
void reply_xml(struct bridge *b, struct http_conn *h, const char *xml,
               size_t len, const char *headers);
void reply_fail(struct bridge *b, struct http_conn *h, unsigned status,
                const char *reason, const char *headers);

#endif
