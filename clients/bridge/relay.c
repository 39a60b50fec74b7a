/* SPDX-License-Identifier: BSD-2-Clause */
/* ximssd would take everybody who is handed on for us: a user of this machine,
 * or a machine that speaks for users, with one count of failed log-ins for all.
 * So it is told whose connection it is (PROXY protocol), and asked whom it sees
 * (readClient).  Until it has given exactly that answer, nothing of the client
 * goes to it: an ximssd that knows no such header, or does not believe us,
 * relays nobody. */
#include "config.h"

#include "clients/bridge/relay.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "clients/bridge/http_conn.h"
#include "clients/bridge/server_link.h"
#include "util/address.h"
#include "util/lobby.h"
#include "util/log.h"
#include "util/proxy_header.h"
#include "util/xmalloc.h"

#define SESSION "<session "
#define HELD    2          /* why input waits: ximssd has not answered */
#define FULL    4          /* ... the other side does not read */
#define BOUND   (64 << 10) /* bytes that one side has not taken */

struct relay {
    struct conn up; /* to ximssd; first */
    struct http_taker taker;
    struct http_conn *http;
    struct conn_deferred end;
    struct buf answer;         /* that lets it begin */
    size_t matched;            /* bytes of it that have come */
    struct buf held;           /* the client's, until then */
    bool *refused;             /* borrowed: said so, since it last worked */
    struct lobby_guest *guest; /* owned; of owner->relays */
    struct lobby *lobby;       /* borrowed */
    size_t seen;               /* bytes of SESSION in this message */
    bool begun;
    bool ended;
};

static void
run_end(struct conn_deferred *d)
{
    struct relay *r =
        (struct relay *)(void *)((char *)d - offsetof(struct relay, end));

    buf_clear(&r->answer);
    buf_clear(&r->held);
    free(r);
}

static void
end(struct relay *r)
{
    if (r->ended)
        return;
    r->ended = true;
    conn_close(&r->up);
    lobby_leave(r->lobby, &r->guest);
    r->end.run = run_end;
    conn_loop_defer(r->up.loop, &r->end);
}

/* What neither side has taken counts as a stranger's.  False: it was too much,
 * and is over. */
static bool
count(struct relay *r)
{
    struct http_conn *h = r->http;

    if (r->ended)
        return false;
    if (http_hold_more(h, r->held.len + conn_pending(&r->up) +
                              conn_pending(&h->conn)))
        return true;
    http_conn_end(h);
    return false;
}

/* --- from ximssd --- */

static void
refuse(struct relay *r)
{
    if (!*r->refused)
        log_warn("connections that begin with XML are closed: ximssd does "
                 "not believe the addresses that this machine passes on; add "
                 "its address to trusted-addresses of ximssd, or use "
                 "server-socket");
    *r->refused = true;
    http_conn_end(r->http);
}

static void
begin(struct relay *r)
{
    struct http_conn *h = r->http;

    r->begun = true;
    *r->refused = false;
    event_del(&h->timer);
    conn_send(&r->up, r->held.data, r->held.len);
    buf_clear(&r->held);
    if (!r->ended)
        conn_resume(&h->conn, HELD);
}

/* Bytes that were of the answer. */
static size_t
take_answer(struct relay *r, const char *data, size_t len)
{
    size_t n = r->answer.len - r->matched;

    if (n > len)
        n = len;
    if (memcmp(r->answer.data + r->matched, data, n) != 0) {
        refuse(r);
        return len;
    }
    r->matched += n;
    if (r->matched == r->answer.len)
        begin(r);
    return n;
}

/* Who is logged in need not give way.  (In their own TLS, nobody sees it.) */
static void
look_for_session(struct relay *r, const char *data, size_t len)
{
    static const size_t whole = sizeof SESSION - 1;

    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\0')
            r->seen = 0;
        else if (r->seen >= whole || data[i] != SESSION[r->seen])
            r->seen = whole; /* another message */
        else if (++r->seen == whole)
            lobby_busy(r->lobby, r->guest);
    }
}

static size_t
on_data(struct conn *c, const char *data, size_t len)
{
    struct relay *r = (struct relay *)(void *)c;
    size_t used = r->begun ? 0 : take_answer(r, data, len);

    if (r->ended || used == len)
        return len;
    look_for_session(r, data + used, len - used);
    conn_send(&r->http->conn, data + used, len - used);
    if (count(r) && conn_pending(&r->http->conn) > BOUND)
        conn_pause(c, FULL);
    return len;
}

static void
on_drained(struct conn *c)
{
    struct relay *r = (struct relay *)(void *)c;

    if (count(r))
        conn_resume(&r->http->conn, FULL);
}

static void
on_closed(struct conn *c, enum conn_close_reason reason)
{
    struct relay *r = (struct relay *)(void *)c;
    struct http_conn *h = r->http;

    if (reason == CONN_EOF && !r->begun) {
        refuse(r);
        return;
    }
    if (reason != CONN_EOF) {
        http_conn_end(h);
        return;
    }
    /* What ximssd said last is still to be read. */
    h->taker = NULL;
    end(r);
    h->streaming = true;
    http_finish(h);
}

static const struct conn_ops ops = {on_data, on_drained, on_closed};

/* --- from the client --- */

static void
take(struct relay *r, const char *data, size_t len)
{
    if (!r->begun) {
        buf_append(&r->held, data, len);
        if (count(r))
            conn_pause(&r->http->conn, HELD);
        return;
    }
    conn_send(&r->up, data, len);
    if (count(r) && conn_pending(&r->up) > BOUND)
        conn_pause(&r->http->conn, FULL);
}

static struct relay *
relay_of(struct http_taker *t)
{
    return (struct relay *)(void *)((char *)t - offsetof(struct relay, taker));
}

static void
on_client_data(struct http_taker *t, const char *data, size_t len)
{
    take(relay_of(t), data, len);
}

static void
on_client_drained(struct http_taker *t)
{
    struct relay *r = relay_of(t);

    if (count(r))
        conn_resume(&r->up, FULL);
}

static void
on_client_end(struct http_taker *t)
{
    end(relay_of(t));
}

/* Says who it is, and asks whom ximssd sees. */
static void
introduce(struct relay *r)
{
    static const char ask[] = "<readClient id=\"relay\"/>";
    struct http_conn *h = r->http;
    struct sockaddr_storage to = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof to;
    struct buf header = {0};
    struct proxy_header p;
    uint8_t bytes[ADDRESS_BYTES];
    char address[ADDRESS_TEXT_SIZE];
    const char *why;
    size_t used;

    getsockname(h->conn.fd, (struct sockaddr *)&to, &len);
    proxy_header_write(&header, (const struct sockaddr *)h->peer,
                       (const struct sockaddr *)&to, http_is_encrypted(h));
    /* As ximssd reads it. */
    proxy_header_parse(header.data, header.len, header.len, false, &p, &used,
                       &why);
    address_from_sockaddr((const struct sockaddr *)&p.client, bytes);
    address_format(bytes, address);
    buf_appendf(&r->answer,
                "<client id=\"relay\" address=\"%s\" encrypted=\"%s\" "
                "proxied=\"yes\"/>",
                address, p.tls ? "yes" : "no");
    buf_append_char(&r->answer, '\0');
    buf_append(&r->answer, "<response id=\"relay\"/>",
               sizeof "<response id=\"relay\"/>");
    buf_append(&header, ask, sizeof ask);
    conn_send(&r->up, header.data, header.len);
    buf_clear(&header);
}

bool
relay_begin(struct http_conn *h, const struct bridge_config *cfg,
            struct lobby_guest *guest, bool *refused, const char *data,
            size_t len)
{
    int fd = server_link_open(cfg);
    struct relay *r;

    if (fd < 0) {
        lobby_leave(h->owner->relays, &guest);
        return false;
    }
    r = xcalloc(1, sizeof *r);
    conn_init(&r->up, fd, &ops);
    conn_attach(&r->up, h->conn.loop);
    r->http = h;
    r->refused = refused;
    r->guest = guest;
    r->lobby = h->owner->relays;
    lobby_spoke(r->lobby, guest);
    r->taker =
        (struct http_taker){on_client_data, on_client_drained, on_client_end};
    h->taker = &r->taker;
    introduce(r);
    if (!r->ended)
        take(r, data, len);
    return true;
}
