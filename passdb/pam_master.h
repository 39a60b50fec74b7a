/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_PAM_MASTER_H
#define PASSDB_PAM_MASTER_H

#include <stdint.h>

#include "passdb/pam_check.h"

/* The process of ximss-pam that the server talks to.  It has nothing to do with
 * PAM itself: it starts a warden for each check, so many at a time, in the order
 * in which they were asked for. */

struct pam_master_config {
    struct pam_check_config check;
    unsigned processes; /* 1 to PAM_WIRE_PROCESSES */
    int64_t timeout;    /* us, of a check */
};

/* Serves the socket until the server closes it or is gone; then ends all checks.
 * 0, or -1: it cannot go on, and why is on standard error. */
int pam_master_run(const struct pam_master_config *c, int socket);

#endif
