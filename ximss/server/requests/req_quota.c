/* SPDX-License-Identifier: BSD-2-Clause */
/* quotaRead: how much storage one's own account uses. */
#include "config.h"

#include <stdlib.h>

#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/req_tables.h"
#include "ximss/server/rules/usage.h"

struct quota_job {
    struct job job;
    struct req *req;
    uint64_t account;
    struct usage usage; /* owned */
};

static enum store_result
quota_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct quota_job *q = (struct quota_job *)j;
    struct admin_context x = {.txn = t, .settings = &j->server->admin};

    return usage_find(&x, q->account, &q->usage, err);
}

static void
write_quota(struct buf *b, const char *id, const struct usage *u)
{
    char gmt[CLOCK_GMT_SIZE];

    buf_append_str(b, "<quota");
    xml_write_attr(b, "id", id);
    xml_write_attr_u64(b, "used", u->rec.used);
    if (u->level.limit != 0) {
        xml_write_attr_u64(b, "limit", u->level.limit);
        xml_write_attr_u64(b, "percent",
                           quota_percent(u->rec.used, u->level.limit));
    }
    xml_write_attr_u64(b, "level", u->level.percent);
    if (u->rec.reported != 0) {
        clock_format_gmt(u->rec.reported, gmt);
        xml_write_attr(b, "gmtTime", gmt);
    }
    buf_append(b, "/>", sizeof "/>");
}

static void
quota_finish(struct job *j)
{
    struct quota_job *q = (struct quota_job *)j;
    struct req *r = q->req;

    if (j->result == STORE_OK) {
        write_quota(&r->out, r->id, &q->usage);
        req_ok(r);
    } else {
        req_fail_store(r, j->result, &j->err);
    }
    req_finish(r);
    usage_clear(&q->usage);
    job_clear(j);
    free(q);
}

static enum req_result
handle_read(struct req *r, const struct xml_elem *e)
{
    struct quota_job *q;

    (void)e;
    if (r->session->account == NULL) {
        req_fail(r, ANSWER(NO_ACCOUNT)); /* the local administrator */
        return REQ_DONE;
    }
    q = xcalloc(1, sizeof *q);
    job_init(&q->job, r->worker->server, r->worker);
    q->job.lane = session_lane(r->session);
    q->req = r;
    q->account = r->session->account->number;
    q->job.body = quota_body;
    q->job.finish = quota_finish;
    job_submit(&q->job);
    return REQ_PENDING;
}

const struct req_desc req_quota_table[] = {
    {"quotaRead", REQ_IN_SESSION | REQ_OVERLAP, handle_read},
    {NULL, 0, NULL},
};
