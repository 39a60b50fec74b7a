/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NOTIFY_NOTIFY_URL_H
#define NOTIFY_NOTIFY_URL_H

#include <poll.h>
#include <stdbool.h>

#include "notify/notify.h"
#include "util/errbuf.h"

/* Notices to URLs, by libcurl: the loop that waits for all of them, and for other
 * descriptors; and each of them. */

/* One for a thread, which calls all functions but notify_url_loop_wake. */
struct notify_url_loop *notify_url_loop_new(struct errbuf *err) WARN_UNUSED;
/* All notices have ended. */
void notify_url_loop_free(struct notify_url_loop **l);

/* Waits until something can be done for a notice, one of the descriptors can be
 * read, somebody wakes it, or so many milliseconds have passed; and does what can
 * be done. */
void notify_url_loop_turn(struct notify_url_loop *l, const struct pollfd *fds,
                          unsigned n, int ms);
/* Ends the waiting, or the next.  Any thread. */
void notify_url_loop_wake(struct notify_url_loop *l);

/* Whether it may be sent: 0 or -1. */
int notify_url_check(const struct notify_config *c,
                     const struct notify_notice *x,
                     struct errbuf *err) WARN_UNUSED;

/* Begins to send it, after that check.  `c` is borrowed until the end.  NULL with
 * err: it cannot begin. */
struct notify_url *notify_url_start(struct notify_url_loop *l,
                                    const struct notify_config *c,
                                    const struct notify_notice *x,
                                    struct errbuf *err) WARN_UNUSED;

/* True: it is over, *ok_r says how, and err why not.  False: not yet. */
bool notify_url_has_ended(const struct notify_url *u, bool *ok_r,
                          struct errbuf *err);

/* Ends it, at any time, without waiting for anything. */
void notify_url_free(struct notify_url **u);

#endif
