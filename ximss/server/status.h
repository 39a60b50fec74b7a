/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_STATUS_H
#define XIMSS_SERVER_STATUS_H

#include <stdint.h>

#include "util/config_value.h"
#include "util/errbuf.h"

struct buf;
struct server;
struct status;

/* The status thread.  It looks whether all threads give signs of life (alive.h),
 * the main thread included; says in the log which do not; feeds the watchdog of
 * the service manager while all do; and serves /metrics, /healthz and /readyz.
 * It never waits for another thread.  All else is called by the main thread. */

struct status_options {
    const struct config_listen *listen; /* none: no pages; borrowed for new */
    unsigned most_behind; /* jobs of the store that may wait: ready-backlog */
    void (*feed)(void);   /* the watchdog; on the status thread; or NULL */
    int64_t feed_every;   /* microseconds, at most */
};

/* Opens its listeners, with a line for each in `where`; the thread does not run
 * yet.  NULL with err. */
struct status *status_new(const struct status_options *o, struct buf *where,
                          struct errbuf *err) WARN_UNUSED;
/* Starts the thread: recovering. */
void status_start(struct status *st);
/* The server is there; borrowed until status_leave. */
void status_enter(struct status *st, struct server *s);
/* The server goes: draining.  Nothing of it is looked at any more. */
void status_leave(struct status *st);
/* Ends the thread, if it runs.  NULL is allowed. */
void status_stop(struct status **st);

#endif
