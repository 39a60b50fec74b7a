/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_RESTORE_H
#define STORAGE_RESTORE_H

#include <stdint.h>
#include <stdio.h>

#include "util/errbuf.h"

/* Bringing back a backup (backup.h). */

struct restore_wanted {
    const char *backup; /* directory with the label */
    const char *dir;    /* of the store; must exist */
    int64_t now;        /* UTC, microseconds: for the name of the old store */
};

/* Checks a backup and puts it in the place of the store in `dir`, if there is
 * one, which must not be in use and may be damaged.  The new store is another
 * instance: backups of it are its own.  Findings go to `report`.  0; *kept_r,
 * which the caller frees, is where the old store is now, NULL: there was none.
 * -1 with err: the store is as it was. */
int store_restore(const struct restore_wanted *w, FILE *report, char **kept_r,
                  struct errbuf *err) WARN_UNUSED;

#endif
