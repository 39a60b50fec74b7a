/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_PAM_CHECK_H
#define PASSDB_PAM_CHECK_H

#include "passdb/pam_wire.h"

/* One check of a password by PAM, in a process that was made for it: modules
 * block, leak and crash, and may end the process. */

struct pam_check_config {
    const char *service;
    /* For tests: where the services are described, instead of /etc/pam.d; NULL:
     * there. */
    const char *directory;
};

struct pam_check_result {
    enum pam_wire_answer answer;
    char why[PAM_WIRE_WHY + 1];
};

/* Asks the modules, writes the result (a struct pam_check_result) to the pipe
 * `to`, gives them time to clean up, and ends the process.  `ask` is a message
 * of that type. */
void pam_check_run(const struct pam_check_config *c,
                   const struct pam_wire_message *ask, int to)
    __attribute__((noreturn));

#endif
