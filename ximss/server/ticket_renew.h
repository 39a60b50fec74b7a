/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_TICKET_RENEW_H
#define XIMSS_SERVER_TICKET_RENEW_H

#include <stdbool.h>
#include <stdint.h>

struct session;

/* True if the session was given a ticket and a third of that one's life is
 * over; now: session_seconds. */
bool ticket_is_due(const struct session *s, uint32_t now);

/* Makes another ticket, and pushes it when it is in the store. */
void ticket_renew(struct session *s);

#endif
