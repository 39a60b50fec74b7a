/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_BASE_STAT_H
#define XIMSS_SERVER_BASE_STAT_H

#include <stdint.h>

/* What the server counts since its start (GETSTATELEMENT).  Any thread; an
 * increment is one atomic addition. */

enum stat {
    STAT_CONNECTIONS,             /* accepted */
    STAT_CONNECTIONS_OPEN,        /* now */
    STAT_CONNECTIONS_REFUSED,     /* there was no room */
    STAT_CONNECTIONS_CROWDED_OUT, /* not logged in, closed to make room */
    STAT_SESSIONS_OPEN,           /* logged in now */
    STAT_LOGINS,
    STAT_LOGINS_FAILED,
    STAT_ALERTS_POSTED,
    STAT_ALERTS_REMOVED,   /* by administrators, or their end has come */
    STAT_ALERTS_SENT,      /* to sessions */
    STAT_QUOTA_ALERTS,     /* generated */
    STAT_QUOTA_REPORTS,    /* of usage, from whatever source */
    STAT_QUOTA_LOOKED,     /* accounts that rounds over all of them looked at */
    STAT_QUOTA_ROUNDS_DUE, /* rounds that run, or are to */
    STAT_HASHES,           /* jobs of the hash pool: passwords, for the most */
    STAT_CLI_COMMANDS,
    STAT_N
};

/* n may be negative for what counts what is there now. */
void stat_add(enum stat s, int64_t n);
int64_t stat_get(enum stat s);

/* The name of an element; they differ in more than the case of letters. */
const char *stat_name(enum stat s);
/* STAT_N if there is none; the case of letters does not matter. */
enum stat stat_find(const char *name);

#endif
