/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/proxied.h"

#include <netinet/in.h>
#include <string.h>

#include "clients/bridge/bridge.h"
#include "util/clock.h"
#include "util/lobby.h"
#include "util/log_event.h"
#include "util/proxy_header.h"

#define COMPLAINT_PAUSE (60 * CLOCK_SECOND)

static void
complain(struct bridge *b, const struct http_conn *h, const char *why)
{
    char address[INET6_ADDRSTRLEN];
    int64_t now = clock_mono();

    b->counts.refused++;
    if (b->proxy_told != 0 && now - b->proxy_told < COMPLAINT_PAUSE)
        return;
    b->proxy_told = now;
    client_peer(h, address);
    log_event(LOG_WARN_, "PROXY header refused", LOG_WORD("address", address),
              LOG_QUOTED("reason", why));
}

bool
proxied_begin(struct bridge *b, struct http_conn *h, bool tls)
{
    h->awaits_header = true;
    h->header_then_tls = tls;
    if (tls)
        conn_read_exactly(&h->conn);
    if (config_nets_hold(&b->cfg->trusted_proxies,
                         (const struct sockaddr *)h->peer))
        return true;
    complain(b, h, "the listener is for trusted-proxies");
    return false;
}

static bool
start_tls(const struct bridge *b, struct http_conn *h)
{
    return b->tls != NULL &&
           conn_start_tls(&h->conn, b->tls, h->owner->find_crowd(h)) == 0;
}

static void
take(struct bridge *b, struct http_conn *h, const struct proxy_header *p)
{
    const struct sockaddr_in6 unknown = {.sin6_family = AF_INET6};

    memset(h->peer, 0, sizeof *h->peer);
    memcpy(h->peer, &unknown, sizeof unknown);
    if (p->known)
        *h->peer = p->client;
    h->awaits_header = h->loopback = false;
    h->proxy_tls = p->tls;
    if (!h->owner->on_moved(h) || (h->header_then_tls && !start_tls(b, h)))
        http_conn_end(h);
}

size_t
proxied_on_data(struct http_conn *h, const char *data, size_t len)
{
    struct bridge *b = h->owner->arg;
    const char *why = "there is none";
    struct proxy_header p;
    size_t used = 0;

    switch (proxy_header_parse(data, len, b->cfg->head_bytes, true, &p, &used,
                               &why)) {
    case PROXY_MORE:
        return 0;
    case PROXY_WHOLE:
        take(b, h, &p);
        return used;
    case PROXY_NONE:
    case PROXY_BAD:
        break;
    }
    complain(b, h, why);
    http_conn_end(h);
    return len;
}
