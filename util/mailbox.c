/* SPDX-License-Identifier: BSD-2-Clause */
/* A list under a mutex, and an eventfd.  The descriptor is written only when
 * the list was empty, so a burst of mail costs one wake-up.  A turn of the loop
 * delivers a limited number, so that mail does not starve sockets. */
#include "config.h"

#include "util/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "util/log.h"
#include "util/xmalloc.h"

#define MAILS_PER_TURN 256

STAILQ_HEAD(mail_list, mail);

struct mailbox {
    pthread_mutex_t lock;
    struct mail_list fresh;   /* under lock */
    struct mail_list current; /* the loop's thread only */
    int fd;
    struct event *ev; /* owned */
    void *owner;
};

static void
wake(struct mailbox *box)
{
    uint64_t one = 1;

    if (write(box->fd, &one, sizeof one) < 0 && errno != EAGAIN)
        log_fatal("waking a thread: %s", strerror(errno));
}

/* Ends when it has delivered `most`, or what is as much work. */
static unsigned
deliver(struct mailbox *box, unsigned most)
{
    struct mail *m;
    unsigned n = 0, work = 0;

    pthread_mutex_lock(&box->lock);
    STAILQ_CONCAT(&box->current, &box->fresh);
    pthread_mutex_unlock(&box->lock);
    while (work < most && (m = STAILQ_FIRST(&box->current)) != NULL) {
        STAILQ_REMOVE_HEAD(&box->current, link);
        work += m->work > 0 && most < UINT32_MAX ? m->work : 1;
        m->deliver(m, box->owner);
        n++;
    }
    return n;
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct mailbox *box = arg;
    uint64_t count;

    (void)what;
    if (read(fd, &count, sizeof count) < 0 && errno != EAGAIN)
        log_fatal("reading a wake-up: %s", strerror(errno));
    deliver(box, MAILS_PER_TURN);
    if (!STAILQ_EMPTY(&box->current))
        wake(box);
}

struct mailbox *
mailbox_new(struct event_base *base, void *owner)
{
    struct mailbox *box = xcalloc(1, sizeof *box);

    pthread_mutex_init(&box->lock, NULL);
    STAILQ_INIT(&box->fresh);
    STAILQ_INIT(&box->current);
    box->owner = owner;
    box->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (box->fd < 0)
        log_fatal("making a mailbox: %s", strerror(errno));
    box->ev = event_new(base, box->fd, EV_READ | EV_PERSIST, on_wake, box);
    if (box->ev == NULL || event_add(box->ev, NULL) < 0)
        log_fatal("making a mailbox: out of memory");
    return box;
}

void
mailbox_put(struct mailbox *box, struct mail *m)
{
    int was_empty;

    pthread_mutex_lock(&box->lock);
    was_empty = STAILQ_EMPTY(&box->fresh);
    STAILQ_INSERT_TAIL(&box->fresh, m, link);
    pthread_mutex_unlock(&box->lock);
    if (was_empty)
        wake(box);
}

unsigned
mailbox_flush(struct mailbox *box)
{
    return deliver(box, UINT32_MAX);
}

void
mailbox_free(struct mailbox **box)
{
    if (*box == NULL)
        return;
    event_free((*box)->ev);
    close((*box)->fd);
    pthread_mutex_destroy(&(*box)->lock);
    free(*box);
    *box = NULL;
}
