/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_MEMORY_H
#define CLIENTS_BRIDGE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

#include "clients/bridge/budget.h"

struct bridge;
struct web_session;

/* What web sessions hold beside requests that are on their way (room.h): data
 * of replies that are being made, what was pushed and not fetched, and replies
 * kept for a client that lost one.  An account may hold so much, and all of
 * them so much.  Kept replies go first: who asks for one that is gone is told
 * so, and nothing is done twice. */

/* A reply that is kept.  Zeroed: there is none. */
struct kept {
    TAILQ_ENTRY(kept) link; /* if it is large: bridge->kept, the oldest first */
    struct budget_share share;
    char *text; /* owned; NULL: none, or it is gone */
    size_t len;
    bool large;
};
TAILQ_HEAD(kept_list, kept);

/* Takes the text, which may be too long to be kept. */
void memory_keep(struct web_session *s, char *text, size_t len);
void memory_drop_kept(struct web_session *s);

/* Makes the share of the session hold so many bytes.  False: there is no room,
 * although no large reply is kept any more, and no other session has much
 * unfetched, if it is all accounts together that have too much; it stays as it
 * was. */
bool memory_hold(struct web_session *s, struct budget_share *share,
                 size_t bytes);
void memory_release(struct web_session *s, struct budget_share *share);

/* What was pushed to the session and not fetched changed.  If there is no room
 * for it, sessions end that hold most of that: of its account, if that has too
 * much, else of all; so it may be over behind this. */
void memory_weigh_log(struct web_session *s);

#endif
