/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_BACKUP_COPY_H
#define STORAGE_BACKUP_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/env_state.h"
#include "storage/log_walk.h"
#include "util/errbuf.h"

/* The parts of one backup, in the thread that makes it (backup.c).  Private to
 * storage/. */

/* The end of the name of what is not finished. */
#define BACKUP_PARTIAL ".partial"

struct backup_run {
    struct env
        *env; /* the open one; used through functions of backup.c alone */
    const char *home; /* of it */
    const char *to;   /* the db that is made */
    /* Tells that so many bytes were copied, 0: that it goes on.  False: stop,
     * err says why. */
    bool (*go_on)(void *arg, uint64_t bytes, struct errbuf *err);
    void *arg;
};

/* How much there is to copy, about. */
uint64_t backup_copy_size(const struct backup_run *r);
/* The log is kept meanwhile: -1 with err if the disk of `home` has no room for
 * that any more, and the store comes first. */
int backup_copy_disk(const char *home, struct errbuf *err) WARN_UNUSED;
/* Copies the tables, page by page, each as somebody wrote it; on the disk.  0,
 * or -1 with err. */
int backup_copy_tables(const struct backup_run *r,
                       struct errbuf *err) WARN_UNUSED;
/* After that, the log; it is cut behind its last whole record, which must not
 * be before `durable`.  0, or -1 with err. */
int backup_copy_log(const struct backup_run *r, struct log_pos durable,
                    struct errbuf *err) WARN_UNUSED;

#endif
