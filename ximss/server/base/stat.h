/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_BASE_STAT_H
#define XIMSS_SERVER_BASE_STAT_H

#include <stdbool.h>
#include <stdint.h>

/* What the server knows of itself, since its start: GETSTATELEMENT and its
 * family, /metrics, triggers, the manual.  The const table in stat_table.c has
 * a row for each element; a new one needs a name here and a row there.
 *
 * Each function may be called by any thread.  Counting costs one atomic
 * addition to a cache line that few threads share.  Reading never waits, and
 * never asks the file system: what must be asked is sampled into stat_set
 * (ximss/server/live/stat_sample.h). */

/* Where connections come in, how somebody logs in, who says that they may, and
 * scopes: blocks of elements, one for each.  FIRST + which is an element. */
enum stat_door {
    STAT_AT_TCP,
    STAT_AT_TLS,
    STAT_AT_PWD,
    STAT_AT_PWD_TLS,
    STAT_AT_LOCAL,
    STAT_AT_MAIL, /* the mail door */
    STAT_DOORS
};

enum stat_mechanism {
    STAT_BY_CLEAR, /* a message with a password, not by SASL */
    STAT_BY_PLAIN, /* ... by SASL */
    STAT_BY_SCRAM,
    STAT_BY_CRAM,
    STAT_BY_APOP,
    STAT_BY_TICKET,
    STAT_BY_SESSION, /* the id of a lasting session */
    STAT_BY_DEVICE,
    STAT_BY_TOKEN, /* of the CLI; tries of them count as what they look like */
    STAT_BY_EXTERNAL, /* who the kernel says it is */
    STAT_BY_OTHER,
    STAT_MECHANISMS
};

enum stat_who { /* the first ones as in enum auth_source */
    STAT_SAYS_STORE,
    STAT_SAYS_DOVECOT,
    STAT_SAYS_PAM,
    STAT_SAYS_MEMORY, /* of what was right before; refuses nobody */
    STAT_SAYERS
};

#define STAT_SCOPES 4 /* enum alert_scope, which begins at 1 */
#define STAT_FEEDS  4 /* enum quota_source, from QUOTA_SOURCE_DICT on */

#define STAT_BLOCK(FIRST, N) FIRST, FIRST##_LAST = FIRST + (N)-1

/* (Not `enum stat`: there is a struct of that name.) */
enum stat_id {
    STAT_CONNECTIONS,
    STAT_CONNECTIONS_OPEN,
    STAT_BLOCK(STAT_CONNECTIONS_OPEN_AT, STAT_DOORS),
    STAT_CONNECTIONS_MOST,
    STAT_CONNECTIONS_REFUSED,
    STAT_CONNECTIONS_CROWDED_OUT,
    STAT_SESSIONS_OPEN,
    STAT_BLOCK(STAT_SESSIONS_OPEN_AT, STAT_DOORS),
    STAT_SESSIONS_LASTING,
    STAT_SESSIONS_SHARED,
    STAT_SESSIONS_CUT,
    STAT_OUTPUT_WAITING,
    STAT_LOGINS,
    STAT_BLOCK(STAT_LOGINS_BY, STAT_MECHANISMS),
    STAT_LOGINS_FAILED,
    STAT_BLOCK(STAT_LOGINS_FAILED_BY, STAT_MECHANISMS),
    STAT_LOGINS_THROTTLED,
    STAT_BLOCK(STAT_LOGINS_THROTTLED_BY, STAT_MECHANISMS),
    STAT_BLOCK(STAT_LOGINS_SAID, STAT_SAYERS),
    STAT_BLOCK(STAT_LOGINS_FAILED_SAID, STAT_SAYS_MEMORY),
    STAT_LOGIN_CACHE_ENTRIES,
    STAT_LOGIN_CACHE_HITS,
    STAT_LOGIN_CACHE_MISSES,
    STAT_OUTSIDE_ASKED,
    STAT_OUTSIDE_AWAY,
    STAT_OUTSIDE_WAITING,
    STAT_HASHES,
    STAT_HASH_QUEUE,
    STAT_NAME_QUEUE,
    STAT_ALERTS_POSTED,
    STAT_BLOCK(STAT_ALERTS_POSTED_TO, STAT_SCOPES),
    STAT_ALERTS_BY_TRIGGERS,
    STAT_ALERTS_SENT,
    STAT_BLOCK(STAT_ALERTS_SENT_TO, STAT_SCOPES),
    STAT_ALERTS_CONFIRMED,
    STAT_BLOCK(STAT_ALERTS_CONFIRMED_TO, STAT_SCOPES),
    STAT_ALERTS_REMOVED,
    STAT_BLOCK(STAT_ALERTS_REMOVED_TO, STAT_SCOPES),
    STAT_BLOCK(STAT_ALERTS_EXPIRED_TO, STAT_SCOPES),
    STAT_ALERTS_REMOVED_BY_TRIGGERS,
    STAT_BOARD,
    STAT_BLOCK(STAT_BOARD_TO, STAT_SCOPES - 1), /* none to accounts */
    STAT_BOARD_OLDEST,
    STAT_QUOTA_ALERTS,
    STAT_QUOTA_REPORTS,
    STAT_BLOCK(STAT_QUOTA_REPORTS_OF, STAT_FEEDS),
    STAT_BLOCK(STAT_QUOTA_AGE_OF, STAT_FEEDS),
    STAT_QUOTA_DOVEADM_UP,
    STAT_QUOTA_DICT_CONNECTIONS,
    STAT_QUOTA_WARNING_CONNECTIONS,
    STAT_QUOTA_DICT_MALFORMED,
    STAT_QUOTA_WARNING_MALFORMED,
    STAT_QUOTA_QUEUE,
    STAT_QUOTA_CHECKED,
    STAT_QUOTA_ROUNDS_DUE,
    STAT_STORE_QUEUE,
    STAT_STORE_JOBS,
    STAT_STORE_COMMITS,
    STAT_STORE_FULL,
    STAT_PAGE_CACHE_HITS,
    STAT_PAGE_CACHE_MISSES,
    STAT_LOG_BYTES,
    STAT_DISK_FREE,
    STAT_DISK_SIZE,
    STAT_CERTIFICATE_DAYS,
    STAT_CLI_COMMANDS,
    STAT_TRIGGERS_ACTIVE,
    STAT_NOTICES_SENT,
    STAT_NOTICES_FAILED,
    STAT_NOTICES_SUPPRESSED,
    STAT_BACKUP_AGE,
    STAT_BACKUP_MAX_AGE,
    STAT_BACKUP_RUNNING,
    STAT_THREADS_STUCK,
    STAT_UPTIME,
    STAT_N
};

enum stat_kind {
    STAT_INTEGER, /* what is now: it rises and falls */
    STAT_COUNTER  /* what has been: it only grows, but for SETSTATELEMENT */
};

enum stat_unit {
    STAT_NO_UNIT,
    STAT_SECONDS, /* whole ones, here as everywhere outside */
    STAT_BYTES,
    STAT_DAYS
};

struct stat_row {
    const char *name;  /* letters and digits; they differ in more than case */
    const char *help;  /* one line */
    const char *about; /* help of the metric, of several rows; NULL: `help` */
    /* The name and the labels (key="value",... or NULL) among the metrics.
     * Rows of one metric are neighbours.  NULL: a sum of other rows, which the
     * metrics leave out. */
    const char *metric, *labels;
    uint16_t sum_of, n_sum; /* so many rows are added to it; 0: none */
    uint8_t kind, unit;     /* enums */
    bool late;              /* -1, which says "not known", until it is set */
    bool age;               /* it grows by itself from what it was set to */
    bool sampled;           /* somebody sets it again and again, or is asked */
};

/* n may be negative for what counts what is there now. */
void stat_add(enum stat_id s, int64_t n);
/* The element is n from now on. */
void stat_set(enum stat_id s, int64_t n);
/* Never negative, but for -1 of rows that are `late`. */
int64_t stat_get(enum stat_id s);

/* From now on `read` gives the element; it must not block, and is called by any
 * thread until stat_source(s, NULL, NULL) has returned.  -1: not known. */
typedef int64_t stat_source_fn(void *arg);
void stat_source(enum stat_id s, stat_source_fn *read, void *arg);

const struct stat_row *stat_row(enum stat_id s);
/* By SETSTATELEMENT: what is counted. */
bool stat_is_settable(const struct stat_row *row);
/* STAT_N if there is none; the case of letters does not matter. */
enum stat_id stat_find(const char *name);
/* "integer", "counter"; "", "seconds", "bytes", "days". */
const char *stat_kind_name(const struct stat_row *row);
const char *stat_unit_name(const struct stat_row *row);

/* --- how long things take --- */

enum stat_time {
    STAT_TIME_COMMIT,
    STAT_TIME_PUSH,
    STAT_TIMES
};

struct stat_time_row {
    const char *name, *help, *metric;
};

#define STAT_BOUNDS 16
extern const int64_t stat_bounds[STAT_BOUNDS]; /* microseconds */

struct stat_times {
    uint64_t up_to[STAT_BOUNDS]; /* took no longer than stat_bounds[i] */
    uint64_t count;              /* all: at least up_to[STAT_BOUNDS - 1] */
    uint64_t sum;                /* microseconds */
};

/* Any thread; costs two atomic additions.  A negative time counts as 0. */
void stat_time_add(enum stat_time h, int64_t us);
void stat_time_get(enum stat_time h, struct stat_times *times_r);
const struct stat_time_row *stat_time_row(enum stat_time h);

#endif
