/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/dict_server.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "quota/dict_session.h"
#include "quota/source.h"
#include "util/buf.h"
#include "util/xmalloc.h"

/* Bytes of answers that the peer's kernel does not take. */
#define UNREAD_MOST 65536

struct dict_server {
    struct local_server *server; /* owned */
    const struct quota_sink *sink;
    struct buf reply; /* of the connection whose turn it is */
    _Atomic uint64_t commits, rollbacks, reports;
};

struct dict_conn {
    struct local_conn l; /* first */
    struct dict_session session;
};

static void
init(struct local_conn *c)
{
    dict_session_init(&((struct dict_conn *)c)->session);
}

static void
clear(struct local_conn *c)
{
    dict_session_clear(&((struct dict_conn *)c)->session);
}

static void
count(_Atomic uint64_t *to, unsigned n)
{
    if (n > 0)
        atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

static void
report_usages(struct dict_server *s, struct dict_session *session)
{
    struct dict_usage *u;

    count(&s->commits, session->n_committed);
    count(&s->rollbacks, session->n_rolled_back);
    session->n_committed = session->n_rolled_back = 0;
    while ((u = dict_session_take(session)) != NULL) {
        struct quota_report r = {
            .user = u->user, .source = QUOTA_SOURCE_DICT, .used = u->used};

        s->sink->report(s->sink->arg, &r);
        count(&s->reports, 1);
        free(u);
    }
}

static size_t
on_data(struct local_conn *c, const char *data, size_t len)
{
    struct dict_server *s = local_server_owner(c->server);
    struct dict_session *session = &((struct dict_conn *)c)->session;
    struct errbuf err;
    size_t used;
    int r;

    s->reply.len = 0;
    r = dict_session_feed(session, data, len, c->c.scanned, &s->reply, &used,
                          &err);
    c->c.scanned = (uint32_t)(len - used);
    if (s->reply.len > 0)
        conn_send(&c->c, s->reply.data, s->reply.len);
    conn_uncork(&c->c); /* now: deliveries wait for it.  It may close. */
    report_usages(s, session);
    if (r < 0)
        local_conn_end_malformed(c, err.text);
    else if (conn_pending(&c->c) > UNREAD_MOST)
        local_conn_end_malformed(c, "it does not read its answers");
    return used;
}

static const struct local_ops ops = {
    .size = sizeof(struct dict_conn),
    .init = init,
    .on_data = on_data,
    .clear = clear,
};

struct dict_server *
dict_server_start(struct event_base *base, struct conn_loop *loop,
                  const struct local_server_config *cfg,
                  const struct quota_sink *sink, struct errbuf *err)
{
    struct dict_server *s = xcalloc(1, sizeof *s);

    s->sink = sink;
    s->server = local_server_start(base, loop, cfg, &ops, s, err);
    if (s->server == NULL)
        dict_server_stop(&s);
    return s;
}

void
dict_server_stop(struct dict_server **sp)
{
    struct dict_server *s = *sp;

    if (s == NULL)
        return;
    local_server_stop(&s->server);
    buf_clear(&s->reply);
    free(s);
    *sp = NULL;
}

struct local_server *
dict_server_listener(const struct dict_server *s)
{
    return s->server;
}

void
dict_server_get_counts(const struct dict_server *s,
                       struct dict_counts *counts_r)
{
    local_server_get_counts(s->server, &counts_r->sockets);
    counts_r->commits = atomic_load(&s->commits);
    counts_r->rollbacks = atomic_load(&s->rollbacks);
    counts_r->reports = atomic_load(&s->reports);
}
