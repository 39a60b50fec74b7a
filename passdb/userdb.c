/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "passdb/userdb.h"

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "passdb/userdb_list.h"
#include "util/conn.h"
#include "util/xmalloc.h"

/* Lists that wait for their turn. */
#define LISTS_MOST 8

struct userdb {
    struct event_base *base; /* borrowed */
    struct conn_loop *loop;
    struct mailbox *box;
    char *socket;
    struct userdb_dovecot *dovecot; /* NULL: stopped */
    /* The list that is under way. */
    struct userdb_list *list; /* NULL: none */
    struct userdb_listing *listing;
    STAILQ_HEAD(, mail) waiting; /* other listings */
    unsigned n_waiting;
    struct mail end;
    pthread_mutex_t lock;
    bool is_over; /* under lock: it takes no more questions */
};

/* False: it is over. */
static bool
post(struct userdb *u, struct mail *m,
     void (*deliver)(struct mail *m, void *owner))
{
    bool takes;

    *m = (struct mail){.deliver = deliver};
    pthread_mutex_lock(&u->lock);
    takes = !u->is_over;
    if (takes)
        mailbox_put(u->box, m);
    pthread_mutex_unlock(&u->lock);
    return takes;
}

/* --- questions --- */

static void
refuse(struct userdb_asking *a)
{
    a->question.done(&a->question, USERDB_AWAY, "the server ends");
}

static void
deliver_ask(struct mail *m, void *owner)
{
    struct userdb_asking *a =
        (struct userdb_asking *)(void *)((char *)m -
                                         offsetof(struct userdb_asking, mail));
    struct userdb *u = owner;

    if (u->dovecot != NULL)
        userdb_dovecot_ask(u->dovecot, &a->question);
    else
        refuse(a);
}

void
userdb_ask(struct userdb *u, struct userdb_asking *a)
{
    if (!post(u, &a->mail, deliver_ask))
        refuse(a);
}

/* --- lists --- */

static struct userdb_listing *
listing_of(struct mail *m)
{
    return (
        struct userdb_listing *)(void *)((char *)m -
                                         offsetof(struct userdb_listing, mail));
}

static void start_list(struct userdb *u, struct userdb_listing *l);

/* The next one has its turn. */
static void
end_list(struct userdb *u, const char *why)
{
    struct userdb_listing *l = u->listing;
    struct mail *next = STAILQ_FIRST(&u->waiting);

    u->listing = NULL;
    l->done(l, why);
    if (next == NULL)
        return;
    STAILQ_REMOVE_HEAD(&u->waiting, link);
    u->n_waiting--;
    start_list(u, listing_of(next));
}

static void
deliver_full(struct mail *m, void *owner)
{
    struct userdb *u = owner;

    if (u->list == NULL || m != &u->listing->mail)
        return; /* it has ended */
    userdb_list_stop(&u->list);
    end_list(u, "it lists too many users");
}

/* The list cannot be stopped from within. */
static bool
on_name(void *arg, const char *name)
{
    struct userdb *u = arg;
    struct userdb_listing *l = u->listing;

    if (l->name(l, name))
        return true;
    post(u, &l->mail, deliver_full);
    return false;
}

static void
on_end(void *arg, const char *why)
{
    struct userdb *u = arg;

    u->list = NULL;
    end_list(u, why);
}

static const struct userdb_list_ops list_ops = {on_name, on_end};

static void
start_list(struct userdb *u, struct userdb_listing *l)
{
    struct errbuf err;

    err_set(&err, "the server ends");
    u->listing = l;
    if (u->dovecot != NULL)
        u->list = userdb_list_start(u->base, u->loop, u->socket, 0, &list_ops,
                                    u, &err);
    if (u->list == NULL)
        end_list(u, err.text);
}

static void
deliver_list(struct mail *m, void *owner)
{
    struct userdb *u = owner;

    if (u->listing == NULL) {
        start_list(u, listing_of(m));
    } else if (u->n_waiting < LISTS_MOST) {
        STAILQ_INSERT_TAIL(&u->waiting, m, link);
        u->n_waiting++;
    } else {
        listing_of(m)->done(listing_of(m), "too many wait for its list");
    }
}

void
userdb_list(struct userdb *u, struct userdb_listing *l)
{
    if (!post(u, &l->mail, deliver_list))
        l->done(l, "the server ends");
}

/* --- its life --- */

struct userdb *
userdb_new(struct event_base *base, const struct userdb_dovecot_config *config)
{
    struct userdb *u = xcalloc(1, sizeof *u);

    u->base = base;
    u->loop = conn_loop_new(base, u);
    u->box = mailbox_new(base, u);
    u->socket = xstrdup(config->socket);
    u->dovecot = userdb_dovecot_new(base, u->loop, config);
    STAILQ_INIT(&u->waiting);
    pthread_mutex_init(&u->lock, NULL);
    return u;
}

static void
deliver_end(struct mail *m, void *owner)
{
    struct userdb *u = owner;

    (void)m;
    userdb_dovecot_free(&u->dovecot);
    userdb_list_stop(&u->list);
    if (u->listing != NULL)
        end_list(u, "the server ends");
}

void
userdb_stop(struct userdb *u)
{
    if (u == NULL)
        return;
    pthread_mutex_lock(&u->lock);
    if (!u->is_over) {
        u->is_over = true; /* so that this is the last mail */
        u->end.deliver = deliver_end;
        mailbox_put(u->box, &u->end);
    }
    pthread_mutex_unlock(&u->lock);
}

void
userdb_flush(struct userdb *u)
{
    if (u != NULL)
        mailbox_flush(u->box);
}

void
userdb_free(struct userdb **u_)
{
    struct userdb *u = *u_;

    if (u == NULL)
        return;
    *u_ = NULL;
    userdb_stop(u);
    userdb_flush(u);
    conn_loop_free(&u->loop);
    mailbox_free(&u->box);
    pthread_mutex_destroy(&u->lock);
    free(u->socket);
    free(u);
}
