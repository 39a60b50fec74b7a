/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_QUOTA_PRESENCE_H
#define XIMSS_SERVER_LIVE_QUOTA_PRESENCE_H

struct account;
struct worker;

/* Sources of usage look at the storage of those who are there, whom they know by
 * their names ("name@domain"). */

/* A session that gets alerts has logged in. */
void quota_presence_begin(struct worker *w, struct account *a);
/* Its last session has ended, and none of it sleeps; or it is about to be renamed. */
void quota_presence_end(struct worker *w, struct account *a);
/* It was renamed: begins again if somebody is there, or sleeps. */
void quota_presence_renamed(struct worker *w, struct account *a);

/* A domain was renamed: the sources are told, account after account, in the next
 * turns. */
void quota_presence_domain_renamed(struct worker *w);

#endif
