/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSDB_PAM_LINK_H
#define PASSDB_PAM_LINK_H

#include <stdbool.h>
#include <sys/types.h>

#include "passdb/pam_wire.h"
#include "util/errbuf.h"

/* The line to ximss-pam, and the program at its end. */

struct event_base;
struct pam_link;
struct passdb_pam_config;

struct pam_link_ops {
    /* Borrowed for the call.  It may say something, but does not free the link. */
    void (*message)(void *arg, const struct pam_wire_message *m);
    /* What could not be said can be tried again; also after each message. */
    void (*room)(void *arg);
    /* It is over, and how: for the log, behind the name of the program. */
    void (*ended)(void *arg, const char *how);
};

/* Starts the program (pam_launch).  NULL with err. */
struct pam_link *pam_link_new(struct event_base *base,
                              const struct passdb_pam_config *c,
                              const struct pam_link_ops *ops, void *arg,
                              struct errbuf *err) WARN_UNUSED;

/* False: not now, or it is over.  The message must be one that can be written. */
bool pam_link_say(struct pam_link *l, const struct pam_wire_message *m);

/* Any thread: it is not over. */
bool pam_link_is_there(const struct pam_link *l);

/* The first process of the program. */
pid_t pam_link_pid(const struct pam_link *l);

/* Ends the program, and waits for that. */
void pam_link_free(struct pam_link **l);

#endif
