/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_LOGIN_H
#define XIMSS_SERVER_REQUESTS_LOGIN_H

#include <stdbool.h>

#include "ximss/server/live/request.h"

struct session;
struct xml_elem;

/* What a session keeps until it is logged in: the target domain, the options
 * of the log-in request, and the SASL exchange (login.c). */

extern const struct req_desc req_login_table[]; /* req_tables.h */

/* The domain that names without one belong to, for this request and those that
 * follow (protocol.md A.6); copied.  Only before log-in. */
void login_set_domain(struct session *s, const char *domain);

/* The ways in, for the dialects.  They answer the request, at once or later, by
 * r->dialect: `logged_in`, `challenge`, or an error (501, 515, 519, 525, 527,
 * 530, 531).  method: for the log. */
enum req_result login_in_clear(struct req *r, const char *name,
                               const char *password, const char *method);
/* SASL: the first message (NULL: none), then the others ("*" gives up), as long
 * as an exchange is under way. */
enum req_result login_begin_sasl(struct req *r, const char *method,
                                 const char *base64);
enum req_result login_next_sasl(struct req *r, const char *base64);
/* APOP: the hex digits of md5(challenge secret) of one of the account's
 * tokens. */
enum req_result login_by_apop(struct req *r, const char *name,
                              const char *challenge, const char *digest);
bool login_is_exchanging(const struct session *s);

/* Takes clientAddress, if the machine may say it; -1: the request was refused.
 * Only before log-in. */
int login_take_client(struct req *r, const struct xml_elem *e);
/* The session's peer may say on whose behalf it speaks (clientAddress). */
bool login_is_proxy(const struct session *s);

/* The log-in that is under way asks for no alerts and nothing else. */
void login_without_alerts(struct session *s);

#endif
