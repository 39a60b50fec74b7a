/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_PAM_SOURCE_H
#define PASSDB_PAM_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/errbuf.h"

struct event_base;
struct passdb_source;

/* Linux-PAM as a source of passwords.  PAM itself is in another program,
 * ximss-pam(8): modules block, leak and crash. */

/* Borrowed for the call. */
struct passdb_pam_config {
    const char *program;     /* path of ximss-pam */
    const char *service;     /* of PAM, without a slash */
    const char *user;        /* whom the program becomes; "": stays */
    const char *user_format; /* see pam_name.h */
    unsigned processes;      /* checks at once, 1 to PAM_WIRE_PROCESSES */
    int64_t timeout;         /* us, of a check: the program ends it then */
    /* us: refusals are told (passdb_request, not_before) at multiples of it after
     * they were asked for: modules find out faster that there is no such user than
     * that a password is wrong.  0: at once. */
    int64_t refusal_step;
};

/* Starts the program with the rights that this process has: call it before they
 * are given up.  If a process of it dies, it starts another by itself; if all of
 * it dies, the source answers PASSDB_AWAY from then on.  NULL with err.  Its
 * thread is the one that turns the base; in passdb_source, `free` waits for the
 * program's end. */
struct passdb_source *passdb_pam_new(struct event_base *base,
                                     const struct passdb_pam_config *c,
                                     struct errbuf *err) WARN_UNUSED;

/* The first process of the program, for tests. */
pid_t passdb_pam_pid(const struct passdb_source *s);

#endif
