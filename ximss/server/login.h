/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LOGIN_H
#define XIMSS_SERVER_LOGIN_H

struct login;
struct session;

/* What a session keeps until it is logged in: the target domain, the options
 * of the log-in request, and the SASL exchange (login.c). */

/* The domain that names without one belong to, for this request and those that
 * follow (protocol.md A.6); copied.  Only before log-in. */
void login_set_domain(struct session *s, const char *domain);

/* Wipes what is secret. */
void login_free(struct login **l);

#endif
