/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_ENV_H
#define STORAGE_ENV_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <db.h>

#include "util/errbuf.h"

/* The Berkeley DB environment of a store and its open tables.  Private to
 * storage/. */

/* The format of the whole store; a store with a higher one is refused.  One
 * with a lower one keeps it until something is stored that needs more
 * (meta_need_format). */
#define STORE_FORMAT 5
/* What the formats brought. */
#define FORMAT_ALIASES   2
#define FORMAT_TEMPLATE  2
#define FORMAT_USAGE     3
#define FORMAT_TICKETS   4
#define FORMAT_VERIFIERS 4
#define FORMAT_POST_KEYS 5
#define FORMAT_TOKENS    5
#define FORMAT_SESSIONS  5
#define FORMAT_OBJECTS   5

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
    FILE *report;         /* what the database says goes here, NULL: the log */
    unsigned long reported; /* lines of it */
    atomic_bool full;       /* the disk was full when last written to */
    atomic_bool panicked;
    /* Committed, but only in the log: what the tables may yet grow by, at
     * most (space_of_change). */
    atomic_ullong unwritten;
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

/* Locks the store for this process (NULL: another has it), looks whether it is
 * sound, recovers it and opens the environment, without tables.  NULL with err
 * if not; then *damaged_r tells whether it was because something acknowledged
 * would have been lost, and nothing was changed. */
struct env *env_open(const char *dir, uint64_t cache_bytes, bool *damaged_r,
                     struct errbuf *err) WARN_UNUSED;

/* Opens the environment in `home`, with recovery and without asking: a copy
 * that nobody else knows.  What the database says goes to the report. */
struct env *env_open_copy(const char *home, FILE *report,
                          struct errbuf *err) WARN_UNUSED;

/* Locks the store without opening it; NULL with err. */
struct env *env_lock(const char *dir, struct errbuf *err) WARN_UNUSED;

/* Makes an empty store in dir, all or nothing: also after a crash or on a full
 * disk there either is a complete store or none. */
int env_create(const char *dir, struct errbuf *err) WARN_UNUSED;

/* Makes an empty store in `home`, which must not exist: a directory that
 * nobody else knows.  Its tables are not open. */
struct env *env_make(const char *home, struct errbuf *err) WARN_UNUSED;

/* Opens all tables and checks the format. */
int env_open_tables(struct env *env, struct errbuf *err) WARN_UNUSED;

/* Writes everything into the tables; what the log holds before that point is
 * not needed by recovery, and is removed.  kbytes: only if at least so much
 * was logged since the last time, 0: always.  0 or -1, logged. */
int env_checkpoint(struct env *env, unsigned kbytes);
/* The last one: everything is in the tables, and env_close leaves a store that
 * does not need its log. */
void env_complete(struct env *env);

/* Closes tables and environment and unlocks.  Nothing may run in it. */
void env_close(struct env **env);

/* True if dir holds a store; else errno says why not. */
bool env_exists(const char *dir);
/* As store_may_open. */
bool env_may_open(const char *dir, bool *absent_r, struct errbuf *err);

/* Adds a line to the report (which there must be), unless it is too long. */
void env_report(struct env *env, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Notes that the disk is, or is no longer, full; logs each change once. */
void env_set_full(struct env *env, bool full);

#endif
