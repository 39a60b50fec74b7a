/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/warning_server.h"

#include <stdbool.h>

#include "quota/source.h"
#include "quota/warning_line.h"

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
report(struct report_server *s, const struct warning *w)
{
    struct quota_report r = {.user = w->user,
                             .source = QUOTA_SOURCE_WARNING,
                             .used = w->percent,
                             .is_percent = true};

    report_server_tell(s, &r);
}

static size_t
on_data(struct local_conn *c, const char *data, size_t len)
{
    struct warning_conn *wc = (struct warning_conn *)c;
    struct report_server *s = report_server_of(c);
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

const struct local_ops warning_server_ops = {
    .size = sizeof(struct warning_conn),
    .on_data = on_data,
    .on_end = on_end,
};
