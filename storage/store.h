/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_STORE_H
#define STORAGE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/errbuf.h"

/* The store: one Berkeley DB environment, one writer thread.
 *
 * Everything that reads or changes the store is a job.  A job has a body, which
 * runs on the writer thread inside a transaction, and a `done`, which runs
 * there after the commit is on disk.  Jobs that wait share one transaction
 * (group commit).  If a batch fails, it is aborted and its jobs run again one
 * by one, so that a job fails only by its own fault.  A body may therefore run
 * more than once: it changes nothing but its argument and the store, and starts
 * afresh each time.  Check, then act: a body that returns anything but STORE_OK
 * or STORE_AGAIN must not have written, unless the result is STORE_FULL or
 * STORE_ERROR.
 *
 * A long job does not delay others.  A job is submitted in a lane, which is a
 * number that has no meaning here.  The jobs of one lane run in the order in
 * which they were submitted, and so do their dones; lanes take turns.  A body
 * that may have much to do asks store_tired from time to time.  If it says yes,
 * the body returns STORE_AGAIN: what it has written is committed, its `done` is
 * called with STORE_AGAIN, and it runs again at the next turn of its lane,
 * before all other jobs of that lane.  It keeps its progress in a store_mark,
 * because a part that was rolled back must be done again. */

enum store_result {
    STORE_OK = 0,
    STORE_AGAIN,    /* a part is done; the body will run again */
    STORE_NOTFOUND, /* it does not exist */
    STORE_EXISTS,   /* the name or key is in use */
    STORE_REFUSED,  /* the body refused; err says why */
    STORE_FULL,     /* no space on the disk: nothing was written, try later */
    STORE_ERROR     /* the database failed; err says what */
};

struct store;
struct store_txn;

/* A transaction has been committed; on the writer thread. */
struct store_commit {
    unsigned jobs;
    bool wrote; /* anything; else the disk was not asked */
    int64_t us; /* that the commit took */
};
typedef void store_commit_fn(void *arg, const struct store_commit *c);

struct store_options {
    const char *dir;        /* borrowed for the call; must exist */
    uint64_t cache_bytes;   /* of Berkeley DB; 0: 64 MiB */
    unsigned batch_jobs;    /* most jobs in a transaction; 0: 512 */
    int64_t batch_us;       /* most time for a transaction of several jobs;
                               0: 10 ms */
    unsigned checkpoint_s;  /* seconds between checkpoints; 0: 5 */
    uint64_t reserve_bytes; /* reserved for recovery; 0: 32 MiB */
    unsigned audit_days;    /* how long audit records are kept; 0: for ever */
    bool create;            /* create a store if the directory has none */
    store_commit_fn *on_commit; /* NULL: nobody wants to know */
    void *commit_arg;           /* borrowed until store_close */
    bool *damaged_r;            /* set to true if store_open failed because the
                               store is damaged; nothing in it was changed
                               then.  NULL: not wanted */
};

/* Opens the store, with recovery, and starts its threads.  The caller owns the
 * result (store_close).  NULL with err if it cannot be opened: there is no
 * store and `create` is false, its format is newer, another process has it
 * open, or it is damaged. */
struct store *store_open(const struct store_options *o,
                         struct errbuf *err) WARN_UNUSED;

/* Runs the jobs that were submitted, writes a checkpoint, stops the threads,
 * closes the store, and sets *store to NULL.  NULL is allowed. */
void store_close(struct store **store);

/* True if dir contains a store; otherwise errno says why not. */
bool store_exists(const char *dir);

/* What there is in a directory. */
enum store_presence {
    STORE_PRESENT,     /* a store; permissions may still forbid its use */
    STORE_NONE_YET,    /* an empty directory */
    STORE_NOWHERE,     /* the directory does not exist */
    STORE_OTHER_FILES, /* a directory with other files */
    STORE_UNFINISHED,  /* no store, but what a restore or the salvaging of one
                          left; not to be taken for an empty directory */
    STORE_BARRED       /* no permission to look, or not a directory */
};
/* Looks without changing anything.  In all cases but STORE_PRESENT, err says
 * what there is. */
enum store_presence store_look(const char *dir, struct errbuf *err);

enum store_verdict {
    STORE_SOUND = 0,
    STORE_DAMAGED = -1,
    STORE_UNKNOWN = -2 /* it could not be checked: in use, no space, … */
};

/* Checks a store that no server has open, and changes nothing in it.  First it
 * checks whether everything that was acknowledged is there.  Then it checks, in
 * a copy, the pages of each table, the encoding of each record, and whether the
 * tables agree.  The copy is made in $TMPDIR, or beside the store.  Findings go
 * to `report`, one per line.  Unless the store is sound, err says why. */
enum store_verdict store_verify(const char *dir, FILE *report,
                                struct errbuf *err) WARN_UNUSED;

enum store_salvage {
    STORE_SALVAGED = 0,  /* there is a sound store, and nothing is missing */
    STORE_SALVAGED_PART, /* there is a sound store; the report says what is
                            missing */
    STORE_NOT_SALVAGED   /* err says why; the store is unchanged */
};

/* Builds a sound store from the readable parts of a damaged one that no server
 * has open.  The old store is kept beside it, under a name with the time `now`
 * (microseconds UTC).  `report` gets a line for each table. */
enum store_salvage store_salvage(const char *dir, int64_t now, FILE *report,
                                 struct errbuf *err) WARN_UNUSED;

/* The body of a job, on the writer thread; see above.  With STORE_REFUSED and
 * STORE_ERROR it fills err. */
typedef enum store_result store_body_fn(struct store_txn *txn, void *arg,
                                        struct errbuf *err);
/* The end of a job, on the writer thread.  STORE_AGAIN: a part of it is on
 * disk.  err is borrowed for the call, and says why for other results than
 * STORE_OK. */
typedef void store_done_fn(enum store_result result, void *arg,
                           const struct errbuf *err);

/* Queues a job in a lane.  Never waits for the disk.  Any thread may call this,
 * but not a body.  `done` (may be NULL) is called on the writer thread: any
 * number of times with STORE_AGAIN, and then exactly once with another result.
 * arg is borrowed until then. */
void store_submit_lane(struct store *store, uint64_t lane, store_body_fn *body,
                       store_done_fn *done, void *arg);
/* The same, but what the body writes is taken back.  It runs in a transaction of
 * its own, which is committed only if nothing but lines of the audit log was
 * written; `done` is called all the same.  A body that has written does not
 * return STORE_AGAIN. */
void store_submit_trial(struct store *store, uint64_t lane, store_body_fn *body,
                        store_done_fn *done, void *arg);
/* As store_submit_lane, in lane 0. */
void store_submit(struct store *store, store_body_fn *body, store_done_fn *done,
                  void *arg);

/* The progress of a job in parts.  A zeroed one is at 0. */
struct store_mark {
    uint64_t done, next;
    unsigned part;
};
/* The place where the body must begin, or continue. */
uint64_t store_mark_begin(struct store_mark *m, const struct store_txn *txn);
/* Sets the place where the body will continue, if it now returns STORE_AGAIN
 * and the transaction is committed. */
void store_mark_set(struct store_mark *m, const struct store_txn *txn,
                    uint64_t next);
/* For bodies: the number of parts of this job that are on disk. */
unsigned store_part(const struct store_txn *txn);

/* For bodies: true if the job has used up its turn. */
bool store_tired(const struct store_txn *txn);
/* For bodies: counts work that is not done by functions of the store, in units
 * of one or two microseconds, or of about 500 bytes read. */
void store_charge(struct store_txn *txn, uint64_t work);

/* Runs a job in lane 0, waits for its end, and returns its result; err is
 * filled as by `done`.  For start, tools and tests; never for a thread with an
 * event loop. */
enum store_result store_run(struct store *store, store_body_fn *body, void *arg,
                            struct errbuf *err) WARN_UNUSED;

/* For bodies: says whether the following writes only remove something (on).
 * Removals are allowed when the disk is too full for other writes.  Each job
 * begins with off.  Returns the previous value. */
bool store_removing(struct store_txn *txn, bool on);

/* For bodies: a number that grows with each change in this transaction. */
unsigned store_changes(const struct store_txn *txn);

/* The number of jobs that wait now, for limits and statistics.  Any thread. */
unsigned store_backlog(const struct store *store);

/* True if the last thing that was to be stored could not be, for lack of space or
 * because the tables cannot be written.  Any thread. */
bool store_refuses(const struct store *store);
/* For bodies: looks whether there is space again, so that store_refuses tells so
 * though nobody stores anything. */
void store_look_for_space(struct store_txn *txn);

/* The most work, in units as for store_charge, of one run of a job, and of one
 * transaction. */
struct store_load {
    uint64_t job, transaction;
};
/* The maxima since the last call.  Any thread. */
struct store_load store_load(struct store *store);

/* What the store's memory has done since the start.  Any thread; asks no disk. */
struct store_figures {
    uint64_t cache_hits, cache_misses; /* pages */
    bool full; /* it refuses to write for want of space, or cannot */
};
void store_figures(struct store *store, struct store_figures *figures_r);

/* What there is on the disk of the store in dir, also while it is open.  It asks
 * the file system, which may hang.  False: it does not say. */
struct store_disk {
    uint64_t free, size; /* bytes, of the file system; free: for the server */
    uint64_t log;        /* bytes, of the files of the log */
};
bool store_disk(const char *dir, struct store_disk *disk_r) WARN_UNUSED;

/* Sets a function that is called on the writer thread when the database cannot
 * continue (panic).  By default the store logs this and ends the process with
 * status 75, so that a supervisor restarts it and it recovers. */
void store_on_panic(struct store *store, void (*cb)(void *arg), void *arg);

#endif
