/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_QUOTA_SWEEP_H
#define XIMSS_SERVER_LIVE_QUOTA_SWEEP_H

struct worker;

/* Looks at storage by the clock: of accounts whose pause has ended, and on a slow
 * sweep of all whose users are there.  Once a second, and when the clock was
 * moved; a bounded number of accounts each time. */
void quota_sweep_tick(struct worker *w);

#endif
