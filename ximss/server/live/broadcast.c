/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/broadcast.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "util/mailbox.h"
#include "util/xmalloc.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/worker.h"

struct broadcast_mail {
    struct mail mail;
    struct broadcast_all *all;
};

struct broadcast_all {
    void (*visit)(struct worker *w, void *arg);
    void (*done)(void *arg);
    void *arg;
    atomic_uint left;
    struct broadcast_mail mails[]; /* one per worker */
};

static void
deliver(struct mail *m, void *owner)
{
    struct broadcast_all *all = ((struct broadcast_mail *)m)->all;

    all->visit(owner, all->arg);
    if (atomic_fetch_sub(&all->left, 1) == 1) {
        all->done(all->arg);
        free(all);
    }
}

void
broadcast(struct server *server, void (*visit)(struct worker *w, void *arg),
          void (*done)(void *arg), void *arg)
{
    broadcast_work(server, 1, visit, done, arg);
}

void
broadcast_work(struct server *server, unsigned work,
               void (*visit)(struct worker *w, void *arg),
               void (*done)(void *arg), void *arg)
{
    unsigned n = server->n_workers;
    struct broadcast_all *all =
        xmalloc(sizeof *all + n * sizeof(struct broadcast_mail));

    all->visit = visit;
    all->done = done;
    all->arg = arg;
    atomic_init(&all->left, n);
    for (unsigned i = 0; i < n; i++) {
        all->mails[i].mail.deliver = deliver;
        all->mails[i].mail.work = work;
        all->mails[i].all = all;
    }
    /* The last put may be delivered, and `all` be gone, at once. */
    for (unsigned i = 0; i < n; i++)
        mailbox_put(server->workers[i]->box, &all->mails[i].mail);
}
