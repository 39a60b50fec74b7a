/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_PAM_WARDEN_H
#define PASSDB_PAM_WARDEN_H

#include <stdint.h>
#include <sys/types.h>

#include "passdb/pam_check.h"

/* A warden is the process that watches over one check.  It outlives whatever
 * the check left running, and ends all of it: what crashed, hangs, or has made
 * itself a daemon. */

struct pam_warden {
    pid_t pid; /* 0: none */
    /* The master's end: a packet of SOCK_SEQPACKET with a struct
     * pam_check_result comes, if the check gets so far; then the end, when
     * nothing of the check is left. */
    int line;
};

/* Forks a warden for the ask in the packet.  The check ends after `timeout` us at
 * the latest.  0, or -1 with errno: no process, no descriptor. */
int pam_warden_start(struct pam_warden *w, const struct pam_check_config *c,
                     int64_t timeout, const uint8_t *packet, size_t len);

/* Nobody wants the result any more: the warden ends the check, then itself. */
void pam_warden_stop(struct pam_warden *w);

/* The end has come: gives the place back. */
void pam_warden_clear(struct pam_warden *w);

#endif
