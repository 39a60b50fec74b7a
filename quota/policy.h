/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_POLICY_H
#define QUOTA_POLICY_H

#include <stdbool.h>
#include <stdint.h>

/* When an account's user is to be told that the storage is nearly full
 * (product.md 6).  Pure: what is known comes in, and what is to be done comes
 * out; no clock, no store.  Times are microseconds UTC. */

/* After an alert was shown, none for so long. */
#define QUOTA_PAUSE (INT64_C(600) * 1000000)

/* The level of an account. */
struct quota_level {
    uint64_t limit;   /* bytes; 0: none */
    unsigned percent; /* of the limit; 0: never an alert */
};

/* What became of the last alert. */
enum quota_last {
    QUOTA_SHOWN, /* somebody was shown it; or there was none */
    QUOTA_KEPT,  /* nobody was; the server keeps it for the next log-in */
    QUOTA_LOST   /* nobody was, and it is kept no more: withdrawn, or the server
                    was started anew */
};

/* What is remembered of an account between decisions. */
struct quota_memory {
    int64_t sent; /* when the last alert was shown; if nobody was shown it, when
                     it was sent; 0: never */
    bool reached; /* the level was reached when it was last looked at */
    bool told;    /* an alert was sent since the level was reached */
    enum quota_last last;
};

enum quota_occasion {
    QUOTA_LOGIN,  /* somebody logs in to the account */
    QUOTA_CHANGE, /* use, limit or level may have changed, or time has passed,
                     while somebody is logged in */
    QUOTA_ABSENT  /* the same while nobody is */
};

enum quota_verdict {
    QUOTA_NOTHING,
    QUOTA_SEND, /* an alert to all sessions; *memory says it is kept */
    QUOTA_WAIT, /* the level was reached too soon after the last alert: look
                   again at *due_r */
    QUOTA_OVER /* the level is no longer reached: what is on screens is to go */
};

/* Is the level reached?  Exact for all values: used * 100 >= limit * percent.
 * Never without a limit, or with 0 per cent. */
bool quota_is_reached(uint64_t used, const struct quota_level *level);

/* Per cents of the limit that are used, rounded down, at most UINT_MAX; 0
 * without a limit. */
unsigned quota_percent(uint64_t used, uint64_t limit);

/* True until QUOTA_PAUSE after `sent`; false if that is 0, or in the future (the
 * clock was set back). */
bool quota_is_pause(int64_t sent, int64_t now);

/* Decides, and brings the memory up to date.  *due_r is set only with
 * QUOTA_WAIT. */
enum quota_verdict quota_decide(struct quota_memory *memory, uint64_t used,
                                const struct quota_level *level,
                                enum quota_occasion occasion, int64_t now,
                                int64_t *due_r);

/* Somebody was shown the last alert: the pause begins. */
void quota_note_shown(struct quota_memory *memory, int64_t now);

#endif
