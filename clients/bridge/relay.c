/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/relay.h"

#include <stdlib.h>

#include "clients/bridge/http_conn.h"
#include "clients/bridge/server_link.h"
#include "util/xmalloc.h"

#define FULL  4           /* why input waits: the other side does not read */
#define BOUND (256 << 10) /* bytes that one side has not taken */

struct relay {
    struct conn up; /* to ximssd; first */
    struct http_conn *http;
    struct conn_deferred end;
    bool ended;
};

static void
run_end(struct conn_deferred *d)
{
    free((char *)d - offsetof(struct relay, end));
}

void
relay_on_end(struct relay *r)
{
    if (r->ended)
        return;
    r->ended = true;
    conn_close(&r->up);
    r->end.run = run_end;
    conn_loop_defer(r->up.loop, &r->end);
}

/* --- from ximssd --- */

static size_t
on_data(struct conn *c, const char *data, size_t len)
{
    struct relay *r = (struct relay *)(void *)c;

    conn_send(&r->http->conn, data, len);
    if (!r->ended && conn_pending(&r->http->conn) > BOUND)
        conn_pause(c, FULL);
    return len;
}

static void
on_drained(struct conn *c)
{
    struct relay *r = (struct relay *)(void *)c;

    conn_resume(&r->http->conn, FULL);
}

static void
on_closed(struct conn *c, enum conn_close_reason reason)
{
    struct relay *r = (struct relay *)(void *)c;
    struct http_conn *h = r->http;

    if (reason != CONN_EOF) {
        http_conn_end(h);
        return;
    }
    /* What ximssd said last is still to be read. */
    h->relay = NULL;
    relay_on_end(r);
    h->streaming = true;
    http_finish(h);
}

static const struct conn_ops ops = {on_data, on_drained, on_closed};

/* --- from the client --- */

void
relay_on_data(struct relay *r, const char *data, size_t len)
{
    conn_send(&r->up, data, len);
    if (!r->ended && conn_pending(&r->up) > BOUND)
        conn_pause(&r->http->conn, FULL);
}

void
relay_on_drained(struct relay *r)
{
    conn_resume(&r->up, FULL);
}

bool
relay_begin(struct http_conn *h, const struct bridge_config *cfg,
            const char *data, size_t len)
{
    int fd = server_link_open_for_stranger(cfg);
    struct relay *r;

    if (fd < 0)
        return false;
    r = xcalloc(1, sizeof *r);
    conn_init(&r->up, fd, &ops);
    conn_attach(&r->up, h->conn.loop);
    r->http = h;
    h->relay = r;
    relay_on_data(r, data, len);
    return true;
}
