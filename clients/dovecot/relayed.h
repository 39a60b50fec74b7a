/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_DOVECOT_RELAYED_H
#define CLIENTS_DOVECOT_RELAYED_H

#include <stdbool.h>

/* Is the descriptor something else than the connection of the client?  Within TLS
 * it leads to Dovecot's log-in process.  That one takes all that is written, whether
 * the client gets it or not, and its end says nothing about the client's. */
bool relayed(int fd);

#endif
