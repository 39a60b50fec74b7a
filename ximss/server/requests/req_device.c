/* SPDX-License-Identifier: BSD-2-Clause */
/* A user's own devices that stay logged in. */
#include "config.h"

#include "ximss/server/requests/req_device.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/text.h"
#include "ximss/proto/xml_write.h"
#include "ximss/server/live/attrs.h"
#include "ximss/server/live/device_sessions.h"
#include "ximss/server/live/req_job.h"
#include "ximss/server/live/session_private.h"
#include "ximss/server/rules/device.h"

struct ask {
    struct req_job q;         /* first */
    uint64_t current, device; /* device 0: all */
    uint32_t serial;
    struct ticket_rec *list; /* owned */
    size_t n;
    unsigned gone;
};

static struct ask *
ask_new(struct req *r, const struct req_job_ops *ops)
{
    const struct session *s = r->session;
    struct ask *a = req_job_new(r, ops, sizeof *a);

    a->serial = s->account->cred_serial;
    a->current = s->device;
    return a;
}

/* --- deviceList --- */

static enum store_result
list_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct ask *a = (struct ask *)q;

    free(a->list);
    return ticket_devices(x->txn, x->caller->account, &a->list, &a->n, err);
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
list_answer(struct req_job *q, struct req *r)
{
    const struct ask *a = (const struct ask *)q;

    for (size_t i = 0; i < a->n; i++)
        if (a->list[i].cred_serial == a->serial &&
            a->list[i].expires > clock_now())
            write_device(r, &a->list[i], a->list[i].device == a->current);
    req_ok(r);
}

static void
list_clear(struct req_job *q)
{
    free(((struct ask *)q)->list);
}

static const struct req_job_ops list_ops = {
    .body = list_body, .answer = list_answer, .clear = list_clear};

static enum req_result
handle_list(struct req *r, const struct attrs *in)
{
    (void)in;
    if (r->session->account == NULL) {
        req_ok(r);
        return REQ_DONE;
    }
    return req_job_submit(&ask_new(r, &list_ops)->q);
}

/* --- deviceRevoke --- */

static enum store_result
revoke_body(struct req_job *q, struct admin_context *x, struct errbuf *err)
{
    struct ask *a = (struct ask *)q;
    enum store_result r =
        device_revoke(x->txn, x->caller->account, a->device, &a->gone, err);

    if (r == STORE_OK && a->gone == 0 && a->device != 0)
        req_job_refuse(q, ANSWER(NO_DEVICE));
    return r;
}

/* The workers hear of it when the answer has left: the session that asks may be
 * among those that end. */
static void
revoke_done(struct req_job *q)
{
    const struct ask *a = (const struct ask *)q;

    if (a->gone > 0)
        device_sessions_end(q->job.server, q->caller.caller.account, a->device);
}

static const struct req_job_ops revoke_ops = {.body = revoke_body,
                                              .done = revoke_done};

/* deviceID="number", "current" or "all" */
static enum req_result
handle_revoke(struct req *r, const struct attrs *in)
{
    const char *id = attrs_text(in, "deviceID");
    unsigned long long n = 0;
    bool all = strcmp(id, "all") == 0;
    bool current = strcmp(id, "current") == 0;
    struct ask *a;

    if (r->session->account == NULL ||
        (current
             ? r->session->device == 0
             : !all && (text_parse_u64(id, UINT64_MAX, &n) < 0 || n == 0))) {
        req_fail(r, ANSWER(NO_DEVICE));
        return REQ_DONE;
    }
    a = ask_new(r, &revoke_ops);
    a->device = current ? a->current : (uint64_t)n;
    return req_job_submit(&a->q);
}

static const struct attr_rule revoke_attrs[] = {
    ATTR_MUST("deviceID", ATTR_TEXT),
    ATTRS_END,
};

const struct req_desc req_device_table[] = {
    {"deviceList", REQ_IN_SESSION, handle_list, NULL},
    {"deviceRevoke", REQ_IN_SESSION, handle_revoke, revoke_attrs},
    {NULL, 0, NULL, NULL},
};
