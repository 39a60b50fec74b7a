/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_HTTP_RULES_H
#define CLIENTS_BRIDGE_HTTP_RULES_H

struct http_message;
struct http_parse_head;

/* What RFC 9112 asks of a request's head as a whole: for whom it is (3.2), and
 * where it ends (6); there the parser must have found the same.  0, or the
 * status to refuse it with; m->why is set then.  A URL with a host in it has been
 * taken apart afterwards (3.2.2: that host counts, whatever Host says). */
unsigned http_rules_check(struct http_message *m,
                          const struct http_parse_head *head);

#endif
