/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_ENV_STATE_H
#define STORAGE_ENV_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <db.h>

#include "util/errbuf.h"

/* The Berkeley DB environment of a store and its open tables.  Private to
 * storage/; env.h opens it. */

/* The format of the whole store; a store with a higher one is refused.  One
 * with a lower one keeps it until something is stored that needs more
 * (meta_need_format). */
#define STORE_FORMAT 8
/* What the formats brought. */
#define FORMAT_ALIASES     2
#define FORMAT_TEMPLATE    2
#define FORMAT_USAGE       3
#define FORMAT_TICKETS     4
#define FORMAT_VERIFIERS   4
#define FORMAT_POST_KEYS   5
#define FORMAT_TOKENS      5
#define FORMAT_SESSIONS    5
#define FORMAT_OBJECTS     5
#define FORMAT_UNSHOWN     6
#define FORMAT_HASHES      7
#define FORMAT_AUDIT_CHAIN 8
#define FORMAT_LONG_KEYS   8
#define FORMAT_TRIGGERS    8

/* The directory of the store keeps the environment in here. */
#define ENV_SUBDIR "db"

/* Beside it: what is set aside for recovery (space.h). */
#define ENV_RESERVE "reserve"

/* Pages as large as the usual block of a file system: a larger one could be
 * written by half in a power cut, and the log could not mend it. */
#define ENV_PAGE_BYTES 4096

#define ENV_LOG_FILE (UINT32_C(16) << 20)

enum table {
    TABLE_META,
    TABLE_DOMAIN,
    TABLE_DOMAIN_NAME,
    TABLE_ACCOUNT,
    TABLE_ACCOUNT_NAME,
    TABLE_PREFS,
    TABLE_STATE,
    TABLE_ALERT,
    TABLE_ALERT_ID,
    TABLE_ALERT_UNTIL,
    TABLE_POST_KEY,
    TABLE_POST_KEY_TIME,
    TABLE_TICKET,
    TABLE_TICKET_TIME,
    TABLE_AUDIT,
    TABLE_TRASH,
    TABLE_FORMAT_1, /* those before it are in every store */
    TABLE_USAGE = TABLE_FORMAT_1,
    TABLE_TICKET_ACCOUNT,
    TABLE_TOKEN,
    TABLE_OBJECT,
    TABLE_AUDIT_CHAIN,
    TABLE_TRIGGER,
    TABLE_HANDLER,
    TABLE_COUNT
};

extern const char *const table_file[TABLE_COUNT];

struct guard;

struct env {
    DB_ENV *dbenv;
    DB *table[TABLE_COUNT];
    char *home;           /* DIR/db */
    int lock_fd, home_fd; /* both locked; -1: not */
    struct guard *guard;  /* NULL: a copy */
    bool complete;        /* the tables have everything, and nothing follows */
    bool whole_log;       /* recovery reads all of it, not from the last
                             checkpoint on */
    uint64_t format;      /* of the store; known when the tables are open */
    /* NULL: nobody is told that work on a copy goes on, or may end it. */
    bool (*go_on)(void *arg);
    void *go_on_arg;
    FILE *report; /* what the database says goes here, NULL: the log */
    unsigned long reported; /* lines of it */
    atomic_bool full;       /* the disk was full when last written to */
    atomic_int stuck;       /* why the tables could not be written, or 0 */
    atomic_uint complaints; /* of the database since they were */
    atomic_bool panicked;
    /* Committed, but only in the log: what the tables may yet grow by, at
     * most (space_of_change). */
    atomic_ullong unwritten;
    uint64_t cache_bytes;         /* as asked for */
    uint64_t cache_room;          /* of page_cache.c; the writer thread's own */
    pthread_mutex_t reserve_lock; /* held by who changes the reserve */
    char *reserve_path;
    uint64_t reserve_size;  /* wanted */
    atomic_ullong reserved; /* there now */
    bool reserve_told;      /* that it is not whole */
    /* Called when the database panics, by the thread that met it, inside the
     * database: may only note it or end the process.  NULL: none. */
    void (*on_panic)(void *arg);
    void *panic_arg;
};

/* Adds a line to the report (which there must be), unless it is too long. */
void env_report(struct env *env, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* False: who waits for this work wants it to end (env->go_on). */
bool env_goes_on(struct env *env);

/* Notes that the disk is, or is no longer, full; logs each change once. */
void env_set_full(struct env *env, bool full);

/* True if that error means that there is no space. */
bool env_no_space(int code);

/* Notes why the tables could not be written, or with 0 that everything is in
 * them; logs each change once. */
void env_set_stuck(struct env *env, int code);

#endif
