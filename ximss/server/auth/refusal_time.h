/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_REFUSAL_TIME_H
#define XIMSS_SERVER_AUTH_REFUSAL_TIME_H

#include <stdint.h>

#include "ximss/server/base/auth_list.h"

/* How long sources of passwords outside take to refuse one.  They are slow to
 * refuse and fast to accept, so who is let in there and barred here is kept waiting
 * that long: else the time would tell that the password is right.  Any thread. */

/* The source has refused a password, so many microseconds after it was asked. */
void refusal_time_note(enum auth_source source, int64_t us);
/* As long as one of its last refusals took, whichever; two seconds if there was none,
 * which is what Dovecot and pam_unix take. */
int64_t refusal_time_like(enum auth_source source);

#endif
