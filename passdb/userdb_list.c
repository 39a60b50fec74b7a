/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "passdb/userdb_list.h"

#include <stdlib.h>

#include <event2/event.h>

#include "passdb/userdb_link.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define IDLE (30 * CLOCK_SECOND)
#define ID   1

struct userdb_list {
    struct userdb_link *link;
    const struct userdb_list_ops *ops;
    void *arg;
    struct event *mute; /* nothing came for too long; or it is to be asked */
    struct timeval idle;
    bool is_asked;
};

static void
wait_for_more(struct userdb_list *l)
{
    if (event_add(l->mute, &l->idle) < 0)
        log_fatal("setting a timer: out of memory");
}

void
userdb_list_stop(struct userdb_list **l_)
{
    struct userdb_list *l = *l_;

    if (l == NULL)
        return;
    *l_ = NULL;
    userdb_link_close(&l->link);
    event_free(l->mute);
    free(l);
}

static void
end(struct userdb_list *l, const char *why)
{
    const struct userdb_list_ops *ops = l->ops;
    void *arg = l->arg;

    userdb_list_stop(&l);
    ops->on_end(arg, why);
}

static void
take_name(struct userdb_list *l, const char *name)
{
    struct userdb_link *link = l->link;

    if (l->ops->on_name(l->arg, name)) {
        wait_for_more(l);
        return;
    }
    event_del(l->mute);
    userdb_link_pause(link);
}

static int
on_line(void *arg, const struct userdb_line *line, struct errbuf *err)
{
    struct userdb_list *l = arg;

    if (line->id != ID ||
        (line->word != USERDB_NAME && line->word != USERDB_DONE &&
         line->word != USERDB_FAIL))
        return err_set(err, "it answers what nobody asked");
    if (line->word == USERDB_NAME)
        take_name(l, line->name);
    else if (line->word == USERDB_DONE && !line->failed)
        end(l, NULL);
    else
        end(l, "it could not list all users; its log says why");
    return 0;
}

static void
on_lost(void *arg, const char *why)
{
    struct userdb_list *l = arg;

    l->link = NULL;
    end(l, why);
}

static const struct userdb_link_ops link_ops = {on_line, on_lost};

static void
ask(struct userdb_list *l)
{
    struct buf b = {0};

    l->is_asked = true;
    wait_for_more(l);
    userdb_list_encode(&b, ID);
    userdb_link_send(l->link, &b); /* it may be the end of l */
    buf_clear(&b);
}

static void
on_mute(evutil_socket_t fd, short what, void *arg)
{
    struct userdb_list *l = arg;

    (void)fd;
    (void)what;
    if (l->is_asked)
        end(l, "it does not go on with its list of users");
    else
        ask(l);
}

struct userdb_list *
userdb_list_start(struct event_base *base, struct conn_loop *loop,
                  const char *path, int64_t idle,
                  const struct userdb_list_ops *ops, void *arg,
                  struct errbuf *err)
{
    struct userdb_list *l = xcalloc(1, sizeof *l);

    if (idle == 0)
        idle = IDLE;
    l->idle = (struct timeval){idle / CLOCK_SECOND, idle % CLOCK_SECOND};
    l->ops = ops;
    l->arg = arg;
    l->link = userdb_link_open(loop, path, &link_ops, l, err);
    if (l->link == NULL) {
        free(l);
        return NULL;
    }
    l->mute = evtimer_new(base, on_mute, l);
    if (l->mute == NULL)
        log_fatal("making a timer: out of memory");
    event_active(l->mute, EV_TIMEOUT, 0); /* not from within this call */
    return l;
}

void
userdb_list_go_on(struct userdb_list *l)
{
    userdb_link_go_on(l->link);
    wait_for_more(l);
}
