/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/broadcast.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "util/mailbox.h"
#include "util/xmalloc.h"
#include "ximss/server/live/session_walk.h"
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

/* --- sessions --- */

/* Sessions that a mail visits, and how much mail that is worth. */
#define VISIT_BATCH 64
#define VISIT_WORK  128

struct tour {
    struct mail mail;
    struct session_walk walk;
    bool begun;
    struct tours *all;
};

struct tours {
    void (*visit)(struct worker *w, struct session *s, void *arg);
    void (*done)(void *arg);
    void *arg;
    atomic_uint left;
    struct tour tours[]; /* one per worker */
};

static void
end_tour(struct tour *t)
{
    struct tours *all = t->all;

    session_walk_clear(&t->walk);
    if (atomic_fetch_sub(&all->left, 1) == 1) {
        all->done(all->arg);
        free(all);
    }
}

static void
go_on_tour(struct mail *m, void *owner)
{
    struct tour *t = (struct tour *)m;
    struct worker *w = owner;
    struct session *s;

    if (!t->begun)
        session_walk_init_once(w, &t->walk);
    t->begun = true;
    for (int i = 0; i < VISIT_BATCH; i++) {
        s = session_walk_step(w, &t->walk);
        if (s == NULL) {
            end_tour(t);
            return;
        }
        t->all->visit(w, s, t->all->arg);
    }
    mailbox_put(w->box, m);
}

void
broadcast_sessions(struct server *server,
                   void (*visit)(struct worker *w, struct session *s,
                                 void *arg),
                   void (*done)(void *arg), void *arg)
{
    unsigned n = server->n_workers;
    struct tours *all = xcalloc(1, sizeof *all + n * sizeof(struct tour));

    all->visit = visit;
    all->done = done;
    all->arg = arg;
    atomic_init(&all->left, n);
    for (unsigned i = 0; i < n; i++) {
        all->tours[i].mail.deliver = go_on_tour;
        all->tours[i].mail.work = VISIT_WORK;
        all->tours[i].all = all;
    }
    /* The last put may be delivered, and `all` be gone, at once. */
    for (unsigned i = 0; i < n; i++)
        mailbox_put(server->workers[i]->box, &all->tours[i].mail);
}
