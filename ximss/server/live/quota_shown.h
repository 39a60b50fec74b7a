/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_QUOTA_SHOWN_H
#define XIMSS_SERVER_LIVE_QUOTA_SHOWN_H

#include <stdint.h>

struct account;
struct worker;

/* A session that confirms nothing was sent all alerts of the account up to this
 * id, or one was confirmed.  If its quota alert is among them, the store is told:
 * the pause begins now, and no other alert takes its place.  Checks that are
 * submitted later come behind it. */
void quota_shown(struct worker *w, struct account *a, uint64_t id);

#endif
