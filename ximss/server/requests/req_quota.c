/* SPDX-License-Identifier: BSD-2-Clause */
/* quotaRead: how much storage the user's own account uses. */
#include "config.h"

#include "ximss/server/requests/req_quota.h"

#include "util/clock.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/req_job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/rules/usage.h"

struct quota_job {
    struct req_job q;   /* first */
    struct usage usage; /* owned */
};

static enum store_result
quota_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    return usage_find(x, q->caller.caller.account,
                      &((struct quota_job *)q)->usage, err);
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
quota_answer(struct req_job *q, struct req *r)
{
    write_quota(&r->out, r->id, &((struct quota_job *)q)->usage);
    req_ok(r);
}

static void
quota_clear(struct req_job *q)
{
    usage_clear(&((struct quota_job *)q)->usage);
}

static const struct req_job_ops quota_ops = {
    .body = quota_body, .answer = quota_answer, .clear = quota_clear};

static enum req_result
handle_read(struct req *r, const struct attrs *in)
{
    (void)in;
    if (r->session->account == NULL) {
        req_fail(r, ANSWER(NO_ACCOUNT)); /* the local administrator */
        return REQ_DONE;
    }
    return req_job_submit(req_job_new(r, &quota_ops, sizeof(struct quota_job)));
}

const struct req_desc req_quota_table[] = {
    {"quotaRead", REQ_IN_SESSION | REQ_OVERLAP, handle_read, NULL},
    {NULL, 0, NULL, NULL},
};
