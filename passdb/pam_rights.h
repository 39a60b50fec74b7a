/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_PAM_RIGHTS_H
#define PASSDB_PAM_RIGHTS_H

/* Gives up what checks of passwords do not need, for this process and all that it
 * starts: rights, core files, the terminal, and all descriptors but 0 to 2. */

/* user: whom to become; NULL: stay.  0, or -1: why is on standard error. */
int pam_rights_reduce(const char *user);

#endif
