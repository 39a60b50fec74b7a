/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_LISTEN_H
#define CLIENTS_BRIDGE_LISTEN_H

#include <sys/socket.h>

#include "util/config_value.h"
#include "util/errbuf.h"

struct event_base;
struct bridge_listener;

typedef void listen_fn(void *arg, int fd, const struct sockaddr *peer, bool tls,
                       bool proxied);

/* Opens the listeners (proxied: those of them that are for proxies) in front of
 * those in *list and says in the log where they are.  -1 with err. */
int listen_open(struct bridge_listener **list, struct event_base *base,
                const struct config_listen *addresses,
                const struct config_listen *proxied, bool tls, listen_fn *fn,
                void *arg, struct errbuf *err) WARN_UNUSED;
void listen_close_all(struct bridge_listener **list);

#endif
