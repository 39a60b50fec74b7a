/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_LOGIN_H
#define XIMSS_SERVER_REQUESTS_LOGIN_H

#include <stdbool.h>

#include "ximss/server/live/request.h"

struct session;

/* Logging in, for the dialects and for requests that come before it. */

/* The domain of names without one, for this request and those that follow
 * (protocol.md A.6).  Copied.  Only before log-in. */
void login_set_domain(struct session *s, const char *domain);

/* The log-in that is under way asks for no alerts, and has no other options. */
void login_without_alerts(struct session *s);

/* The ways in.  They answer the request, at once or later, by r->dialect:
 * `logged_in`, `challenge`, or an error (501, 515, 519, 525, 527, 530, 531).
 * Texts are copied; method: constant, for the log. */
enum req_result login_in_clear(struct req *r, const char *name,
                               const char *password, const char *method);
/* The first message of SASL (NULL: none), and the others ("*" gives up), as
 * long as an exchange is under way. */
enum req_result login_begin_sasl(struct req *r, const char *method,
                                 const char *base64);
enum req_result login_next_sasl(struct req *r, const char *base64);
bool login_is_exchanging(const struct session *s);
/* digest: the hex digits of md5(challenge secret), with one of the account's
 * CLI tokens as the secret. */
enum req_result login_by_apop(struct req *r, const char *name,
                              const char *challenge, const char *digest);

/* The session's peer may log users in on their behalf, and say for whom it
 * speaks (clientAddress).  Nobody whom such a proxy hands on is one. */
bool login_is_proxy(const struct session *s);
/* Takes clientAddress (NULL: there is none), from now on, if the peer may say it.
 * -1: the request was refused.  Only before log-in. */
int login_take_client(struct req *r, const char *client);

#endif
