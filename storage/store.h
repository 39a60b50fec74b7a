/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_STORE_H
#define STORAGE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/errbuf.h"

/* The store: one Berkeley DB environment, one writer thread.
 *
 * Everything that reads or changes it is a job: a body that runs on the writer
 * thread inside a transaction, and a `done` that runs there after the commit
 * is on disk.  What waits is put into one transaction (group commit).  When a
 * batch fails, it is aborted and its jobs run again one by one, so that a job
 * fails by its own fault only.  A body therefore may run more than once: it
 * touches nothing outside its argument and the store, and starts afresh each
 * time.  A body that returns anything but STORE_OK or STORE_AGAIN must not have
 * written yet, unless the result is STORE_FULL or STORE_ERROR (check, then act).
 *
 * Who asks for much does not keep others waiting.  A job is submitted in a lane
 * (store.h does not care what the number says).  Jobs of one lane run in the
 * order in which they were submitted, and so do their dones; lanes take turns.
 * A body that may have much to do looks at store_tired from time to time, and
 * returns STORE_AGAIN when it says yes: what it has written is committed, its
 * `done` is called with STORE_AGAIN, and it runs again when its lane has its
 * next turn, before all others of that lane.  How far it had come it notes in a
 * store_mark: what is taken back has not come anywhere. */

enum store_result {
    STORE_OK = 0,
    STORE_AGAIN,    /* a part is done; the body is to run again */
    STORE_NOTFOUND, /* no such thing */
    STORE_EXISTS,   /* there is one of that name or key already */
    STORE_REFUSED,  /* the body said no; err says why */
    STORE_FULL,     /* no space on the disk: nothing was written, try later */
    STORE_ERROR     /* the database failed; err says what */
};

struct store;
struct store_txn;

struct store_options {
    const char *dir;        /* borrowed for the call; must exist */
    uint64_t cache_bytes;   /* of Berkeley DB; 0: 64 MiB */
    unsigned batch_jobs;    /* most jobs in one transaction; 0: 512 */
    int64_t batch_us;       /* most time in one, but for one job; 0: 10 ms */
    unsigned checkpoint_s;  /* seconds between checkpoints; 0: 5 */
    uint64_t reserve_bytes; /* set aside for recovery; 0: 32 MiB */
    unsigned audit_days;    /* audit records are kept so long; 0: for ever */
    bool create;            /* make a store if the directory holds none */
    bool *damaged_r;        /* it could not be opened for being damaged, and
                               nothing was changed in it; NULL: not wanted */
};

/* Opens the store, with recovery, and starts its threads.  NULL with err if
 * it cannot be opened: not a store and not `create`, a newer format, in use
 * by another process, damaged. */
struct store *store_open(const struct store_options *o,
                         struct errbuf *err) WARN_UNUSED;

/* Runs what was submitted, writes a checkpoint, stops the threads, closes. */
void store_close(struct store **store);

/* True if dir holds a store. */
bool store_exists(const char *dir);

/* In all cases but the first, err says what there is. */
enum store_presence {
    STORE_PRESENT,     /* it may be used, as far as permissions go */
    STORE_NONE_YET,    /* the directory is empty, as a new one is */
    STORE_NOWHERE,     /* there is no such directory */
    STORE_OTHER_FILES, /* that directory is something else's */
    STORE_BARRED       /* we may not look, or it is no directory */
};
enum store_presence store_look(const char *dir, struct errbuf *err);

enum store_verdict {
    STORE_SOUND = 0,
    STORE_DAMAGED = -1,
    STORE_UNKNOWN = -2 /* it could not be checked: in use, no space, ... */
};

/* Checks a store that no server has open, and changes nothing in it: whether
 * all that was acknowledged is there, then, in a copy, each table's pages, each
 * record's encoding, and what the tables say of each other.  The copy is made
 * in $TMPDIR, or beside the store.  Findings go to `report`, a line each; err
 * unless it is sound. */
enum store_verdict store_verify(const char *dir, FILE *report,
                                struct errbuf *err) WARN_UNUSED;

enum store_salvage {
    STORE_SALVAGED = 0,  /* a sound store, with all that was known to be */
    STORE_SALVAGED_PART, /* a sound store; the report says what it lacks */
    STORE_NOT_SALVAGED   /* err says why; the store is as it was */
};

/* Makes a sound store of what can be read of a damaged one that no server has
 * open.  What was there is kept beside it, named with the time `now`. */
enum store_salvage store_salvage(const char *dir, int64_t now, FILE *report,
                                 struct errbuf *err) WARN_UNUSED;

typedef enum store_result store_body_fn(struct store_txn *txn, void *arg,
                                        struct errbuf *err);
typedef void store_done_fn(enum store_result result, void *arg,
                           const struct errbuf *err);

/* Queues a job in a lane; never blocks on the disk; any thread but not from a
 * body.  `done` (may be NULL) is called on the writer thread, exactly once but
 * for STORE_AGAIN. */
void store_submit_lane(struct store *store, uint64_t lane, store_body_fn *body,
                       store_done_fn *done, void *arg);
/* The same in lane 0. */
void store_submit(struct store *store, store_body_fn *body, store_done_fn *done,
                  void *arg);

/* How far a job in parts has come.  A zeroed one is at 0. */
struct store_mark {
    uint64_t done, next;
    unsigned part;
};
/* Where the body is to begin. */
uint64_t store_mark_begin(struct store_mark *m, const struct store_txn *txn);
/* Where it will begin next time, if it returns STORE_AGAIN now. */
void store_mark_set(struct store_mark *m, const struct store_txn *txn,
                    uint64_t next);
/* How many parts of the job that runs are on disk. */
unsigned store_part(const struct store_txn *txn);

/* For bodies: true if the job has done what one turn allows. */
bool store_tired(const struct store_txn *txn);
/* For bodies: counts work that is not done by calls of the store, one for each
 * microsecond or two, or some 500 bytes looked at. */
void store_charge(struct store_txn *txn, uint64_t work);

/* The same in lane 0, waiting for the end: for start, tools and tests, never for
 * a thread with an event loop. */
enum store_result store_run(struct store *store, store_body_fn *body, void *arg,
                            struct errbuf *err) WARN_UNUSED;

/* What is written from now on removes something (on), or need not: removals go
 * on when the disk is too full for anything else.  For bodies; each job begins
 * with off.  Returns what it was. */
bool store_removing(struct store_txn *txn, bool on);

/* Grows with each change that the transaction has made (for bodies). */
unsigned store_changes(const struct store_txn *txn);

/* Jobs that wait now (any thread; for limits and statistics). */
unsigned store_backlog(const struct store *store);

/* The most work that one run of a job did, and one transaction, since this was
 * asked last (any thread). */
struct store_load {
    uint64_t job, transaction;
};
struct store_load store_load(struct store *store);

/* Called, on the writer thread, when the database says it can no longer go on
 * (panic).  The default logs and ends the process with status 75, so that a
 * supervisor starts it again into recovery. */
void store_on_panic(struct store *store, void (*cb)(void *arg), void *arg);

#endif
