/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_BASE_COUNTERS_H
#define XIMSS_SERVER_BASE_COUNTERS_H

#include <stdint.h>

/* What the server counts since its start (GETSTATELEMENT).  Any thread; an
 * increment is one atomic addition. */

enum counter {
    COUNTER_CONNECTIONS,             /* accepted */
    COUNTER_CONNECTIONS_OPEN,        /* now */
    COUNTER_CONNECTIONS_REFUSED,     /* there was no room */
    COUNTER_CONNECTIONS_CROWDED_OUT, /* not logged in, closed to make room */
    COUNTER_SESSIONS_OPEN,           /* logged in now */
    COUNTER_LOGINS,
    COUNTER_LOGINS_FAILED,
    COUNTER_OUTSIDE_ASKED,   /* questions to sources of passwords outside */
    COUNTER_OUTSIDE_AWAY,    /* ... to which there was no answer, or no room */
    COUNTER_OUTSIDE_WAITING, /* ... whose answer is due now */
    COUNTER_ALERTS_POSTED,
    COUNTER_ALERTS_REMOVED, /* by administrators, or their end has come */
    COUNTER_ALERTS_SENT,    /* to sessions */
    COUNTER_QUOTA_ALERTS,   /* generated */
    COUNTER_QUOTA_REPORTS,  /* of usage, from whatever source */
    COUNTER_QUOTA_CHECKED, /* accounts that rounds over all of them looked at */
    COUNTER_QUOTA_ROUNDS_DUE, /* rounds that run, or are to */
    COUNTER_HASHES, /* jobs of the hash pool: passwords, for the most */
    COUNTER_CLI_COMMANDS,
    COUNTER_N
};

/* n may be negative for what counts what is there now. */
void counter_add(enum counter s, int64_t n);
int64_t counter_get(enum counter s);

/* The name of an element; they differ in more than the case of letters. */
const char *counter_name(enum counter s);
/* COUNTER_N if there is none; the case of letters does not matter. */
enum counter counter_find(const char *name);

#endif
