/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NOTIFY_NOTIFY_JOB_H
#define NOTIFY_NOTIFY_JOB_H

#include <sys/queue.h>

#include "notify/notify.h"
#include "notify/notify_child.h"
#include "notify/notify_url.h"

/* The settings, for all jobs that began with them.  References are counted under
 * the lock of whoever has them. */
struct notify_settings {
    unsigned references;
    struct notify_config c;
};

/* A notice from its acceptance to its end. */
struct notify_job {
    TAILQ_ENTRY(notify_job) link;
    struct notify_notice x;           /* what it points to is owned */
    struct notify_settings *settings; /* since it began; else NULL */
    struct notify_child child;        /* of mail and commands */
    struct notify_url *url;           /* of URLs */
    int64_t due; /* of clock_mono: when the next step towards its end is due */
    unsigned step; /* 0: in progress; then one for each signal */
    bool is_told;
    struct errbuf refused; /* "": it fits */
};
TAILQ_HEAD(notify_jobs, notify_job);

/* A copy of the notice; of one that is too long only why it cannot be sent. */
struct notify_job *notify_job_new(const struct notify_notice *x);
void notify_job_free(struct notify_job *j);

/* Whether such a notice can be sent by these settings: 0 or -1. */
int notify_job_check(const struct notify_config *c,
                     const struct notify_notice *x,
                     struct errbuf *err) WARN_UNUSED;

/* Begins to send it, by its settings.  -1: it cannot begin. */
int notify_job_start(struct notify_job *j, struct notify_url_loop *l,
                     struct errbuf *err) WARN_UNUSED;

/* Whether it is over, by itself; as notify_child_has_ended. */
bool notify_job_has_ended(struct notify_job *j, bool *ok_r, struct errbuf *err);

/* The next step towards its end, for one that was still in progress: a URL ends
 * at once, a program is asked to, then killed.  True: nothing is left to wait
 * for.  pause: until the following step. */
bool notify_job_end(struct notify_job *j, int64_t now, int64_t pause);

#endif
