/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_BACKUP_KEEP_H
#define STORAGE_BACKUP_KEEP_H

#include "storage/tables.h"

/* Which backups stay in a directory.  Private to storage/. */

/* Removes a directory with a backup or a part of one: what we put there, and
 * nothing else.  0 or -1, errno. */
int backup_remove(const char *path) WARN_UNUSED;
/* Removes what was not finished of that instance, and all but `keep` (0: all
 * stay) of its backups in a directory, the ones with the highest serials.  The
 * number of backups removed. */
unsigned backup_tidy(const char *dir,
                     const uint8_t instance[STORE_INSTANCE_BYTES],
                     unsigned keep);

/* The beginning of the names of backups of that instance. */
#define BACKUP_PREFIX_SIZE 17
void backup_prefix(char out[BACKUP_PREFIX_SIZE],
                   const uint8_t instance[STORE_INSTANCE_BYTES]);

#endif
