/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_CTL_UNTIL_H
#define CLIENTS_CTL_CTL_UNTIL_H

#include <stdint.h>

#include "util/errbuf.h"

/* The end of an alert as people write it: +N and one of s m h d w from now,
 * YYYY-MM-DD or "YYYY-MM-DD HH:MM[:SS]" (also with a T between) in this
 * machine's zone, or an XIMSS time stamp.  What the clock on the wall shows twice
 * (it was put back) or never (it was put forward) is the later moment.  A time comes back as seconds since
 * 1970; what counts from now is the server's to count, by its own clock: then
 * *lifetime_r is what stands behind the +, in `text`, and *seconds_r is 0.
 * 0 or -1. */
int ctl_until_parse(const char *text, int64_t *seconds_r,
                    const char **lifetime_r) WARN_UNUSED;

#endif
