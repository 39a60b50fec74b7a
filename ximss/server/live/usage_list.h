/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_USAGE_LIST_H
#define XIMSS_SERVER_LIVE_USAGE_LIST_H

struct quota_listing;
struct server;

/* A source of usage wants to know which accounts there are: the next names, as
 * the listing says, in the order of domains and names.  Any thread; a job of the
 * store calls listing->done, on the writer thread. */
void usage_list(struct server *server, struct quota_listing *listing);

#endif
