/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_USER_PRIVATE_H
#define XIMSS_SERVER_LIVE_USER_PRIVATE_H

#include "ximss/server/live/user.h"

/* What the files of struct user share: user.c, user_load.c, user_shown.c. */

/* domain NULL: none. */
void user_set_domain(struct worker *w, struct user *a,
                     const struct domain_rec *domain);
/* NULL or "": none. */
void user_set_real_name(struct user *a, const char *name);
/* Takes it out of memory. */
void user_free(struct worker *w, struct user *a);
/* One of its own alerts, which is to be removed. */
void user_mark_delivered(struct worker *w, struct user *a, struct alert *al);

#endif
