/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/proxy_door.h"

#include "util/clock.h"
#include "util/log_event.h"
#include "util/proxy_header.h"
#include "ximss/server/live/admission.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"

#define COMPLAINT_PAUSE (60 * CLOCK_SECOND)

/* One line a minute and worker: strangers could fill the log else. */
static void
refuse(struct session *s, const char *why)
{
    struct worker *w = session_worker(s);
    int64_t now = clock_mono();
    char address[PEER_TEXT_SIZE];

    peer_format(&s->peer, address);
    if (w->proxy_told == 0 || now - w->proxy_told >= COMPLAINT_PAUSE) {
        log_event(LOG_WARN_, "PROXY header refused",
                  LOG_WORD("address", address), LOG_QUOTED("reason", why));
        w->proxy_told = now;
    }
    session_close(s, "PROXY header refused");
}

static bool
is_in(const struct config_nets *nets, const struct session *s)
{
    return (s->peer.kind == PEER_IPV4 || s->peer.kind == PEER_IPV6) &&
           config_nets_hold_bytes(nets, s->peer.address);
}

void
proxy_door_open(struct session *s, bool proxied)
{
    const struct config *cfg = session_worker(s)->cfg;
    bool trusted =
        s->door == SESSION_LOCAL || is_in(&cfg->trusted_addresses, s);

    s->proxy = SESSION_PROXY_OVER;
    if (proxied) {
        s->proxy = SESSION_PROXY_MUST;
        if (s->door == SESSION_TLS || s->door == SESSION_PWD_TLS)
            conn_read_exactly(&s->conn);
        if (!trusted && !is_in(&cfg->proxy_addresses, s))
            refuse(s, "the listener is for proxy-addresses");
    } else if (s->door == SESSION_LOCAL || s->door == SESSION_TCP) {
        s->proxy = trusted ? SESSION_PROXY_MAY : SESSION_PROXY_FORBIDDEN;
    }
}

static void
take(struct session *s, const struct proxy_header *h)
{
    bool begins = s->proxy == SESSION_PROXY_MUST;

    s->proxy = SESSION_PROXY_OVER;
    s->proxied = true;
    s->proxy_tls = h->tls;
    if (h->known)
        peer_from_sockaddr(&s->peer, (const struct sockaddr *)&h->client);
    if (!admission_moved(session_worker(s), s))
        session_close(s, "there is no room");
    else if (begins && s->state != SESSION_CLOSED)
        session_begin(s);
}

size_t
proxy_door_take(struct session *s, const char *data, size_t len)
{
    bool must = s->proxy == SESSION_PROXY_MUST;
    size_t most = session_worker(s)->cfg->proxy_header_bytes, used = 0;
    const char *why = "there is none";
    struct proxy_header h;

    switch (proxy_header_parse(data, len, most, must, &h, &used, &why)) {
    case PROXY_MORE:
        /* Nobody else is kept waiting for what may be a message. */
        if (s->proxy == SESSION_PROXY_FORBIDDEN && len < PROXY_SIGNATURE_SIZE)
            s->proxy = SESSION_PROXY_OVER;
        else if (s->proxy == SESSION_PROXY_FORBIDDEN)
            refuse(s, "the address is not trusted");
        break;
    case PROXY_NONE:
        if (must)
            refuse(s, why);
        else
            s->proxy = SESSION_PROXY_OVER;
        break;
    case PROXY_BAD:
        refuse(s, why);
        break;
    case PROXY_WHOLE:
        if (s->proxy == SESSION_PROXY_FORBIDDEN)
            refuse(s, "the address is not trusted");
        else
            take(s, &h);
        return used;
    }
    return 0;
}
