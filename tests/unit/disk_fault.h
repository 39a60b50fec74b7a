/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_DISK_FAULT_H
#define TESTS_UNIT_DISK_FAULT_H

#include <stdint.h>

/* A full disk, and one that cannot do all, for files in the fixture's directory
 * only: the program's own write, pwrite, fsync, rename, renameat2, statvfs and
 * select stand before those of the C library. */

/* After `writes` more of them, each write fails with ENOSPC. */
void disk_fault_after(unsigned writes);
/* Each write to a table fails with that error; the log has its space.  The
 * database does not sleep then; its sleeps are counted. */
void disk_fault_tables(int error);
unsigned disk_fault_sleeps(void);
/* Each write fails with ENOSPC until the file is removed; the path is borrowed
 * until then. */
void disk_fault_until_gone(const char *path);
/* statvfs tells of that much space. */
void disk_fault_space(uint64_t bytes);
/* The file system cannot swap two names.  After `moves` more of them, one
 * rename in the directory itself fails with EIO. */
void disk_fault_moves(unsigned moves);
/* Who writes to a file with `part` in its path waits, until part is NULL;
 * borrowed until then. */
void disk_fault_hold(const char *part);
/* How many wait now. */
unsigned disk_fault_held(void);
/* All is well again. */
void disk_fault_end(void);

/* Writes to the directory that failed since the last disk_fault_after. */
unsigned disk_fault_count(void);

/* From now on: how often the mark of a store was written while a table was in
 * its directory whose name no sync of the directory had brought to the disk
 * yet; those that are in `home` now are there.  A power cut could leave a mark
 * that knows a table which is missing. */
void disk_fault_watch_names(const char *home);
unsigned disk_fault_marks_early(void);

#endif
