/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_DESCRIPTORS_H
#define UTIL_DESCRIPTORS_H

/* Descriptors of the process. */

/* How many it may have open; the soft limit is raised to the hard one first. */
unsigned descriptors_limit(void);

/* How many are open now. */
unsigned descriptors_open(void);

#endif
