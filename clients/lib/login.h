/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_LIB_LOGIN_H
#define CLIENTS_LIB_LOGIN_H

struct ximss;
struct xml_elem;

/* From a connection to a session: starttls, what is offered, the choice of a
 * method, and its exchange. */

/* Connected: asks for TLS. */
void login_ask_tls(struct ximss *x);

/* Connected, and encrypted if it was to be: logs in. */
void login_begin(struct ximss *x);

/* A message with an id before the log-in is done. */
void login_message(struct ximss *x, const struct xml_elem *e);

/* Forgets the log-in under way. */
void login_clear(struct ximss *x);

/* Forgets what the last `session` said. */
void login_forget_session(struct ximss *x);

#endif
