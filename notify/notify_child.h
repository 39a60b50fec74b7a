/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NOTIFY_NOTIFY_CHILD_H
#define NOTIFY_NOTIFY_CHILD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/errbuf.h"

/* A program that is run for a notice: without a shell, in a session and a process
 * group of its own, in /, with PATH and LC_ALL alone in its environment, and with
 * no descriptor of ours.  What it says on standard error is kept, as far as it
 * fits, and standard output is dropped.  Nobody else may reap it, and it reaps
 * nobody else. */

#define NOTIFY_CHILD_SAID 160

struct notify_child {
    pid_t pid; /* and the group; 0: there is none */
    int ended; /* pidfd: readable when it has ended; -1: there are none */
    int said;  /* pipe, its standard error; -1: closed */
    size_t n_said;
    char text[NOTIFY_CHILD_SAID]; /* what it said */
    bool is_signalled;            /* by notify_child_signal */
};

/* Starts argv[0], an absolute path; its standard input is these bytes.  0, or -1:
 * nothing runs. */
int notify_child_start(struct notify_child *c, const char *const *argv,
                       const char *input, size_t len,
                       struct errbuf *err) WARN_UNUSED;

/* What can be read when there is something to do; how many of them. */
unsigned notify_child_polls(const struct notify_child *c, struct pollfd p[2]);

/* After how many milliseconds to look at it even if nothing can be read: the
 * system (before Linux 5.3, or valgrind's) may not tell that it has ended. */
int notify_child_wait_ms(const struct notify_child *c);

/* Does that, and waits for nothing.  True: it has ended and is no more; *ok_r
 * says whether with status 0, and err how else.  What it started in its group is
 * killed then, if it was signalled.  False: it goes on. */
bool notify_child_has_ended(struct notify_child *c, bool *ok_r,
                            struct errbuf *err);

/* To all of its group. */
void notify_child_signal(struct notify_child *c, int sig);

/* Forgets one that SIGKILL has not ended yet. */
void notify_child_abandon(struct notify_child *c);

#endif
