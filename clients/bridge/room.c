/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/room.h"

#include <string.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/route.h"
#include "clients/bridge/web_session.h"

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t
room_on_head(struct http_conn *h, const char *url)
{
    struct bridge *b = h->owner->arg;
    const struct bridge_config *cfg = b->cfg;
    struct web_session *s;
    struct client client;

    client_read(cfg, h, &client);
    s = route_session(b, h, &client, url);
    if (s == NULL) {
        h->budget = &b->strangers;
        client_net(client.address, h->holder);
        return smaller(cfg->stranger_body_bytes, cfg->body_bytes);
    }
    budget_release(&b->strangers, &h->held);
    h->budget = &b->members;
    memcpy(h->holder, s->account->key, sizeof h->holder);
    return cfg->body_bytes;
}

/* The head is not there yet.  Many share a proxy's address: then it counts in
 * all only. */
static bool
hold_unknown(struct bridge *b, struct http_conn *h, size_t bytes)
{
    char peer[INET6_ADDRSTRLEN];
    uint8_t net[CLIENT_NET];

    client_peer(h, peer);
    client_net(peer, net);
    return budget_hold(&b->strangers, &h->held,
                       config_nets_hold(&b->cfg->trusted_proxies,
                                        (const struct sockaddr *)h->peer)
                           ? NULL
                           : net,
                       bytes);
}

bool
room_on_held(struct http_conn *h, size_t bytes)
{
    struct bridge *b = h->owner->arg;

    if (bytes > 0 && h->budget == NULL)
        return hold_unknown(b, h, bytes);
    if (bytes > 0)
        return budget_hold(h->budget, &h->held, h->holder, bytes);
    budget_release(h->budget != NULL ? h->budget : &b->strangers, &h->held);
    h->budget = NULL;
    return true;
}
