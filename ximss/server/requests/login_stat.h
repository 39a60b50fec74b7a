/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_LOGIN_STAT_H
#define XIMSS_SERVER_REQUESTS_LOGIN_STAT_H

struct attempt;

/* Attempts to log in are counted by their mechanism, and by who says whether they
 * are good (base/stat.h).  Any thread that has the attempt. */

void login_stat_succeeded(const struct attempt *a);
void login_stat_failed(const struct attempt *a);
/* The throttle holds it up: once for an attempt. */
void login_stat_throttled(const struct attempt *a);

#endif
