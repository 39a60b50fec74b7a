/* SPDX-License-Identifier: BSD-2-Clause */
/* A user's own devices that stay logged in. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/device_sessions.h"
#include "ximss/server/live/job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/requests/req_tables.h"
#include "ximss/server/rules/device.h"

struct ask {
    struct job job;
    struct req *req;
    uint64_t account, current, device; /* device 0: all */
    uint32_t serial;
    struct ticket_rec *list; /* owned */
    size_t n;
    unsigned gone;
};

static struct ask *
ask_new(struct req *r)
{
    const struct session *s = r->session;
    struct ask *q = xcalloc(1, sizeof *q);

    job_init(&q->job, r->worker->server, r->worker);
    q->job.lane = session_lane(s);
    q->req = r;
    q->account = s->account->number;
    q->serial = s->account->cred_serial;
    q->current = s->device;
    return q;
}

static void
ask_free(struct ask *q)
{
    free(q->list);
    job_clear(&q->job);
    free(q);
}

/* --- deviceList --- */

static enum store_result
list_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct ask *q = (struct ask *)j;

    free(q->list);
    return ticket_devices(t, q->account, &q->list, &q->n, err);
}

static void
write_time(struct buf *b, const char *name, int64_t us)
{
    char text[CLOCK_GMT_SIZE];

    clock_format_gmt(us, text);
    xml_write_attr(b, name, text);
}

static void
write_device(struct req *r, const struct ticket_rec *k, bool current)
{
    char address[PEER_TEXT_SIZE];
    struct peer peer;

    peer_from_bytes(&peer, k->address);
    peer_format(&peer, address);
    buf_append_str(&r->out, "<device");
    xml_write_attr(&r->out, "id", r->id);
    xml_write_attr_u64(&r->out, "deviceID", k->device);
    xml_write_attr(&r->out, "name", k->note);
    write_time(&r->out, "created", k->created);
    write_time(&r->out, "used", k->used);
    xml_write_attr(&r->out, "address", address);
    if (current)
        xml_write_attr(&r->out, "current", "yes");
    buf_append(&r->out, "/>", sizeof "/>");
}

static void
list_finish(struct job *j)
{
    struct ask *q = (struct ask *)j;
    struct req *r = q->req;

    for (size_t i = 0; j->result == STORE_OK && i < q->n; i++)
        if (q->list[i].cred_serial == q->serial &&
            q->list[i].expires > clock_now())
            write_device(r, &q->list[i], q->list[i].device == q->current);
    if (j->result == STORE_OK)
        req_ok(r);
    else
        req_fail_store(r, j->result, &j->err);
    req_finish(r);
    ask_free(q);
}

static enum req_result
handle_list(struct req *r, const struct xml_elem *e)
{
    struct ask *q;

    (void)e;
    if (r->session->account == NULL) {
        req_ok(r);
        return REQ_DONE;
    }
    q = ask_new(r);
    q->job.body = list_body;
    q->job.finish = list_finish;
    job_submit(&q->job);
    return REQ_PENDING;
}

/* --- deviceRevoke --- */

static enum store_result
revoke_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct ask *q = (struct ask *)j;

    return device_revoke(t, q->account, q->device, &q->gone, err);
}

/* The answer leaves before the sessions end: his own may be among them. */
static void
revoke_finish(struct job *j)
{
    struct ask *q = (struct ask *)j;
    struct req *r = q->req;

    if (j->result != STORE_OK)
        req_fail_store(r, j->result, &j->err);
    else if (q->gone == 0 && q->device != 0)
        req_fail(r, ANSWER(NO_DEVICE));
    else
        req_ok(r);
    req_finish(r);
    if (j->result == STORE_OK && q->gone > 0)
        device_sessions_end(j->server, q->account, q->device);
    ask_free(q);
}

/* deviceID="number", "current" or "all" */
static enum req_result
handle_revoke(struct req *r, const struct xml_elem *e)
{
    const char *id = xml_attr(e, "deviceID");
    unsigned long long n = 0;
    bool all = id != NULL && strcmp(id, "all") == 0;
    bool current = id != NULL && strcmp(id, "current") == 0;
    struct ask *q;

    if (id == NULL) {
        req_failf(r, ANSWER(MISSING), "deviceID");
        return REQ_DONE;
    }
    if (r->session->account == NULL ||
        (current
             ? r->session->device == 0
             : !all && (text_parse_u64(id, UINT64_MAX, &n) < 0 || n == 0))) {
        req_fail(r, ANSWER(NO_DEVICE));
        return REQ_DONE;
    }
    q = ask_new(r);
    q->device = current ? q->current : (uint64_t)n;
    q->job.body = revoke_body;
    q->job.finish = revoke_finish;
    job_submit(&q->job);
    return REQ_PENDING;
}

const struct req_desc req_device_table[] = {
    {"deviceList", REQ_IN_SESSION, handle_list},
    {"deviceRevoke", REQ_IN_SESSION, handle_revoke},
    {NULL, 0, NULL},
};
