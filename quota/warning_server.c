/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/warning_server.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "quota/source.h"
#include "quota/warning_line.h"
#include "util/xmalloc.h"

struct warning_server {
    struct local_server *server; /* owned */
    const struct quota_sink *sink;
    _Atomic uint64_t reports;
};

struct warning_conn {
    struct local_conn l; /* first */
    bool done;           /* what it still says is nothing to us */
};

static void
answer(struct conn *c)
{
    conn_send(c, "+\n", 2);
    conn_finish(c);
    conn_uncork(c);
}

static void
report(struct warning_server *s, const struct warning *w)
{
    struct quota_report r = {.user = w->user,
                             .source = QUOTA_SOURCE_WARNING,
                             .used = w->percent,
                             .is_percent = true};

    s->sink->report(s->sink->arg, &r);
    atomic_fetch_add_explicit(&s->reports, 1, memory_order_relaxed);
}

static size_t
on_data(struct local_conn *c, const char *data, size_t len)
{
    struct warning_conn *wc = (struct warning_conn *)c;
    struct warning_server *s = local_server_owner(c->server);
    struct warning w;
    struct errbuf err;

    if (wc->done)
        return len;
    switch (warning_parse(data, len, &w, &err)) {
    case WARNING_MORE:
        return 0;
    case WARNING_MALFORMED:
        local_conn_end_malformed(c, err.text);
        break;
    case WARNING_DONE:
        /* Its end is left to the peer, which would take it ill if we closed
         * before it has written all. */
        wc->done = true;
        if (w.wants_reply)
            answer(&c->c);
        report(s, &w);
        break;
    }
    return len;
}

static void
on_end(struct local_conn *c)
{
    if (!((struct warning_conn *)c)->done && c->c.in_len > 0)
        local_conn_end_malformed(c, "it ends without an empty line");
}

static const struct local_ops ops = {
    .size = sizeof(struct warning_conn),
    .on_data = on_data,
    .on_end = on_end,
};

struct warning_server *
warning_server_start(struct event_base *base, struct conn_loop *loop,
                     const struct local_server_config *cfg,
                     const struct quota_sink *sink, struct errbuf *err)
{
    struct warning_server *s = xcalloc(1, sizeof *s);

    s->sink = sink;
    s->server = local_server_start(base, loop, cfg, &ops, s, err);
    if (s->server == NULL)
        warning_server_stop(&s);
    return s;
}

void
warning_server_stop(struct warning_server **sp)
{
    struct warning_server *s = *sp;

    if (s == NULL)
        return;
    local_server_stop(&s->server);
    free(s);
    *sp = NULL;
}

struct local_server *
warning_server_listener(const struct warning_server *s)
{
    return s->server;
}

void
warning_server_get_counts(const struct warning_server *s,
                          struct warning_counts *counts_r)
{
    local_server_get_counts(s->server, &counts_r->sockets);
    counts_r->reports = atomic_load(&s->reports);
}
