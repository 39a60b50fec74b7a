/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_ACCOUNT_PRIVATE_H
#define XIMSS_SERVER_LIVE_ACCOUNT_PRIVATE_H

#include "ximss/server/live/account.h"

/* What the files of struct account share: user.c, account_load.c, account_shown.c. */

/* domain NULL: none. */
void account_set_domain(struct worker *w, struct account *a,
                        const struct domain_rec *domain);
/* NULL or "": none. */
void account_set_real_name(struct account *a, const char *name);
/* Takes it out of memory. */
void account_free(struct worker *w, struct account *a);
/* One of its own alerts, which is to be removed. */
void account_mark_delivered(struct worker *w, struct account *a,
                            struct alert *al);

#endif
