/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_BACKUP_H
#define STORAGE_BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/store.h"
#include "util/errbuf.h"

/* Backups of a store that is in use, one at a time, in a thread of their own.
 *
 * A backup is a directory, DIR/ximssd-STORE-TIME: in db a closed store, and
 * beside it a label, which is written last (backup_label.h).  Until then its
 * name ends in ".partial".  It holds all that was acknowledged before the
 * backup began, and a part of what came later.
 *
 * The files are read as they are, and the log that was written meanwhile is
 * applied to the copy.  Nothing of the database is held while the copy is
 * written, so a directory that hangs delays nobody; the log is kept meanwhile,
 * which ends when no byte was taken for `timeout_us`. */

struct backups;

#define BACKUP_ID_SIZE   17
#define BACKUP_PATH_SIZE 4096

enum backup_state {
    BACKUP_NONE, /* since the start of the process */
    BACKUP_RUNNING,
    BACKUP_DONE,
    BACKUP_FAILED
};

struct backup_wanted {
    const char *dir; /* absolute; must exist */
    unsigned keep;   /* so many of this store stay there, this one included;
                        0: all */
    int64_t timeout_us;
    const char *version; /* of the program, for the label */
};

struct backup_status {
    enum backup_state state;
    char id[BACKUP_ID_SIZE];     /* of this one; random */
    const char *step;            /* what it is doing */
    char path[BACKUP_PATH_SIZE]; /* of the backup, when it is done; before
                                    that the directory that was named */
    int64_t begun, ended;        /* UTC, microseconds; 0: not yet */
    bool hangs;                  /* FAILED, but its thread is not gone */
    uint64_t done, total;        /* bytes copied */
    unsigned removed;            /* older ones, by `keep` */
    struct errbuf err;           /* FAILED: why; DONE: what went wrong after it
                                    was done, or "" */
    /* The last good one, also of an earlier process. */
    int64_t last; /* when it began; 0: there was none */
    char last_id[BACKUP_ID_SIZE];
};

/* For an open store, which is borrowed until backups_close.  Reads from the
 * store, and gives it an instance id if it has none. */
struct backups *backups_new(struct store *store);
/* A backup that runs is to end.  Any thread; does not wait. */
void backups_cancel(struct backups *b);
/* The store is not used from now on: call this before store_close. */
void backups_close(struct backups *b);
/* Waits for a backup that was cancelled, some seconds at most: one that hangs
 * in its directory is left to the end of the process, with all that it uses. */
void backups_free(struct backups **b);

/* Starts a backup; its id goes to id_r.  -1 with err: one is running, or hangs,
 * or dir is not absolute.  Any thread; does not wait. */
int backup_start(struct backups *b, const struct backup_wanted *w,
                 char id_r[BACKUP_ID_SIZE], struct errbuf *err) WARN_UNUSED;
/* Any thread; does not wait. */
void backup_status(struct backups *b, struct backup_status *status_r);

/* Seconds since the last good backup began; if there was none, or if the clock
 * was set back behind it, since the store is known.  Any thread. */
int64_t backup_age(struct backups *b, int64_t now);

#endif
