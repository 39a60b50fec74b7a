/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_SEATS_H
#define CLIENTS_BRIDGE_SEATS_H

#include <stdbool.h>

#include "util/errbuf.h"

struct bridge;
struct http_conn;

/* Who may take descriptors, so that strangers who connect and say nothing leave
 * enough for the sessions' connections to ximssd.  What the limit of open files
 * leaves beside descriptor-reserve is shared out: half for HTTP connections, a
 * quarter for sessions, a quarter for what is asked before a log-in and for
 * relayed connections.  Where the first half is full, a connection that waits
 * for a request gives way to the next one (util/waiting_room.h). */

struct seats {
    struct room *room; /* owned */
    unsigned most_sessions, most_links, links;
};

/* By the limits that are in force now.  -1 with err: they do not do; nothing has
 * changed. */
int seats_set(struct bridge *b, struct errbuf *err) WARN_UNUSED;
void seats_free(struct bridge *b);

/* A new connection; another one may be closed for it.  False: no room. */
bool seats_take(struct bridge *b, struct http_conn *h);
/* It is being answered, or waits for a request again. */
void seats_busy(struct http_conn *h);
void seats_idle(struct http_conn *h);
void seats_leave(struct http_conn *h);

bool seats_has_session(const struct bridge *b);
/* For a connection to ximssd that belongs to no session. */
bool seats_take_link(struct bridge *b);
void seats_leave_link(struct bridge *b);

#endif
