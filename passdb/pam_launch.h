/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_PAM_LAUNCH_H
#define PASSDB_PAM_LAUNCH_H

#include <sys/types.h>

#include "util/errbuf.h"

/* Starts ximss-pam, and ends it. */

struct passdb_pam_config;

struct pam_process {
    pid_t pid;  /* 0: none */
    int socket; /* not blocking; see pam_wire.h */
};

/* Starts the program with the rights of this process, none of its descriptors but
 * standard error, and none of its environment, and waits until it says that it
 * is there.  Other threads may run.  0, or -1 with err: it cannot be started, or
 * has ended, and has said why on standard error. */
int pam_launch(struct pam_process *p, const struct passdb_pam_config *c,
               struct errbuf *err) WARN_UNUSED;

/* Tells it to end, and waits some seconds for that. */
void pam_launch_end(struct pam_process *p);

#endif
