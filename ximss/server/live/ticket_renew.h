/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_TICKET_RENEW_H
#define XIMSS_SERVER_LIVE_TICKET_RENEW_H

#include <stddef.h>
#include <stdint.h>

struct session;
struct ticket_keep;
struct account;

/* When a third of the life of the session's ticket is over (session_seconds); it
 * must have been given one. */
uint32_t ticket_due(const struct session *s);

/* The newest tickets of the account's sessions, the records of those that last,
 * and n more (0 among them: none): they are not dropped, however many the account
 * has.  The caller frees number. */
void ticket_keep_fill(struct ticket_keep *keep_r, const struct account *a,
                      const uint64_t *more, size_t n);

/* Makes another ticket, and pushes it when it is in the store. */
void ticket_renew(struct session *s);

#endif
