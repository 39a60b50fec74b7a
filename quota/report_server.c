/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/report_server.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "quota/source.h"
#include "util/xmalloc.h"

struct report_server {
    struct local_server *server; /* owned */
    const struct quota_sink *sink;
    _Atomic uint64_t commits, rollbacks, reports;
};

struct report_server *
report_server_start(struct event_base *base, struct conn_loop *loop,
                    const struct local_server_config *cfg,
                    const struct local_ops *ops, const struct quota_sink *sink,
                    struct errbuf *err)
{
    struct report_server *s = xcalloc(1, sizeof *s);

    s->sink = sink;
    s->server = local_server_start(base, loop, cfg, ops, s, err);
    if (s->server == NULL)
        report_server_stop(&s);
    return s;
}

void
report_server_stop(struct report_server **sp)
{
    struct report_server *s = *sp;

    if (s == NULL)
        return;
    local_server_stop(&s->server);
    free(s);
    *sp = NULL;
}

struct local_server *
report_server_listener(const struct report_server *s)
{
    return s->server;
}

struct report_server *
report_server_of(const struct local_conn *c)
{
    return local_server_owner(c->server);
}

/* The loop's thread is the only one that writes. */
static void
count(_Atomic uint64_t *to, unsigned n)
{
    if (n > 0)
        atomic_fetch_add_explicit(to, n, memory_order_relaxed);
}

void
report_server_tell(struct report_server *s, const struct quota_report *r)
{
    s->sink->report(s->sink->arg, r);
    count(&s->reports, 1);
}

void
report_server_count(struct report_server *s, unsigned commits,
                    unsigned rollbacks)
{
    count(&s->commits, commits);
    count(&s->rollbacks, rollbacks);
}

void
report_server_get_counts(const struct report_server *s,
                         struct report_counts *counts_r)
{
    local_server_get_counts(s->server, &counts_r->sockets);
    counts_r->commits = atomic_load(&s->commits);
    counts_r->rollbacks = atomic_load(&s->rollbacks);
    counts_r->reports = atomic_load(&s->reports);
}
