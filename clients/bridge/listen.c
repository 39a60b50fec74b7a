/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/listen.h"

#include <stdlib.h>
#include <unistd.h>

#include "util/acceptor.h"
#include "util/listen_socket.h"
#include "util/log.h"
#include "util/xmalloc.h"

struct bridge_listener {
    struct bridge_listener *next;
    struct acceptor *acceptor; /* owned */
    listen_fn *fn;
    void *arg;
    int fd;
    bool tls;
    bool proxied;
};

static void
on_accept(void *arg, int fd, const struct sockaddr *peer)
{
    struct bridge_listener *l = arg;

    l->fn(l->arg, fd, peer, l->tls, l->proxied);
}

static const struct acceptor_ops acceptor_ops = {on_accept, NULL};

static void
say(const struct config_address *a, int fd, bool tls)
{
    struct buf where = {0};

    config_address_print(a, listen_socket_port(fd), &where);
    log_info("listening on %s %s", tls ? "https" : "http", buf_cstr(&where));
    buf_clear(&where);
}

static int
open_one(struct bridge_listener **list, struct event_base *base,
         const struct config_address *a, bool tls, struct errbuf *err)
{
    int fd = listen_socket_open(a, a->port, LISTEN_ALONE, err);
    struct bridge_listener *l;

    if (fd < 0)
        return -1;
    l = xcalloc(1, sizeof *l);
    l->fd = fd;
    l->tls = tls;
    l->acceptor = acceptor_new(base, fd, &acceptor_ops, l);
    l->next = *list;
    *list = l;
    say(a, fd, tls);
    return 0;
}

int
listen_open(struct bridge_listener **list, struct event_base *base,
            const struct config_listen *addresses,
            const struct config_listen *proxied, bool tls, listen_fn *fn,
            void *arg, struct errbuf *err)
{
    for (size_t i = 0; i < addresses->count; i++) {
        if (open_one(list, base, &addresses->items[i], tls, err) < 0)
            return -1;
        (*list)->fn = fn;
        (*list)->proxied = config_listen_holds(proxied, &addresses->items[i]);
        (*list)->arg = arg;
    }
    return 0;
}

void
listen_close_all(struct bridge_listener **list)
{
    struct bridge_listener *l;

    while ((l = *list) != NULL) {
        *list = l->next;
        acceptor_free(&l->acceptor);
        close(l->fd);
        free(l);
    }
}
