/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_LIB_EXCHANGE_H
#define CLIENTS_LIB_EXCHANGE_H

struct ximss;

/* Messages over a connection that is there. */

/* Receives and hands out messages, for one bounded turn; what TLS has in stock
 * is taken too, because the descriptor will not announce it again.  Calls back;
 * the connection may be gone afterwards, or wait for its TLS handshake. */
void exchange_receive(struct ximss *x);

/* Sends what waits, as much as goes.  May end the connection. */
void exchange_flush(struct ximss *x);

#endif
