/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_DISK_FAULT_H
#define TESTS_UNIT_DISK_FAULT_H

#include <stdint.h>

/* A full disk, for files in the fixture's directory only: the program's own
 * write, pwrite and statvfs stand before those of the C library. */

/* After `writes` more of them, each write fails with ENOSPC. */
void disk_fault_after(unsigned writes);
/* statvfs tells of that much space. */
void disk_fault_space(uint64_t bytes);
/* All is well again. */
void disk_fault_end(void);

/* Writes to the directory that failed since the last disk_fault_after. */
unsigned disk_fault_count(void);

#endif
