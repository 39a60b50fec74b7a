/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LOGIN_H
#define XIMSS_SERVER_LOGIN_H

struct login;

/* What a session keeps until it is logged in: the target domain, the options
 * of the log-in request, and the SASL exchange (login.c). */

/* Wipes what is secret. */
void login_free(struct login **l);

#endif
