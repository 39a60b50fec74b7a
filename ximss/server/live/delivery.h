/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_DELIVERY_H
#define XIMSS_SERVER_LIVE_DELIVERY_H

#include <stdint.h>

struct session;
struct worker;

/* When does an alert that was sent count as delivered (product.md 3)?  When the
 * receiver's TCP has acknowledged its last byte, and then a later request, an
 * orderly close, or some seconds without a reset have followed.  For sessions
 * without confirm mode. */

void delivery_init(struct worker *w);
void delivery_clear(struct worker *w);

/* Alerts up to the session's cursor were sent, and need no confirmation. */
void delivery_add(struct worker *w, struct session *s);
/* A message of the session has been read. */
void delivery_on_input(struct worker *w, struct session *s);
/* Input has come and not been looked at: plain_id if everything up to it is
 * acknowledged, else 0.  This input may have been sent before, so it proves
 * nothing; what comes behind it does, and delivery_after_input, with that value,
 * is called when all of it has been dealt with. */
uint64_t delivery_before_input(const struct session *s);
void delivery_after_input(struct session *s, uint64_t acked);
/* The peer has closed in order. */
void delivery_on_eof(struct worker *w, struct session *s);
/* The session ends: what is not delivered stays pending. */
void delivery_forget(struct worker *w, struct session *s);

/* Looks at sessions that wait; called by a timer of its own, and when the
 * clock was moved. */
void delivery_check(struct worker *w);

#endif
