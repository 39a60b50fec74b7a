/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/dict_server.h"

#include <stdlib.h>

#include "quota/dict_session.h"
#include "quota/source.h"
#include "util/buf.h"

/* Bytes of answers that the peer's kernel does not take. */
#define UNREAD_MOST 65536

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
    struct dict_conn *dc = (struct dict_conn *)c;

    dict_session_clear(&dc->session);
}

static void
report_usages(struct report_server *s, struct dict_session *session)
{
    struct dict_usage *u;

    report_server_count(s, session->n_committed, session->n_rolled_back);
    session->n_committed = session->n_rolled_back = 0;
    while ((u = dict_session_take(session)) != NULL) {
        struct quota_report r = {
            .user = u->user, .source = QUOTA_SOURCE_DICT, .used = u->used};

        report_server_tell(s, &r);
        free(u);
    }
}

static size_t
on_data(struct local_conn *c, const char *data, size_t len)
{
    struct report_server *s = report_server_of(c);
    struct dict_conn *dc = (struct dict_conn *)c;
    struct buf reply = {0};
    struct errbuf err;
    size_t used;
    int r;

    r = dict_session_feed(&dc->session, data, len, c->c.scanned, &reply, &used,
                          &err);
    c->c.scanned = (uint32_t)(len - used);
    if (reply.len > 0)
        conn_send(&c->c, reply.data, reply.len);
    buf_clear(&reply);
    conn_uncork(&c->c); /* now: deliveries wait for it.  It may close. */
    report_usages(s, &dc->session);
    if (r < 0)
        local_conn_end_malformed(c, err.text);
    else if (conn_pending(&c->c) > UNREAD_MOST)
        local_conn_end_malformed(c, "it does not read its answers");
    return used;
}

const struct local_ops dict_server_ops = {
    .size = sizeof(struct dict_conn),
    .init = init,
    .on_data = on_data,
    .clear = clear,
};
