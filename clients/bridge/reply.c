/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/reply.h"

#include "clients/bridge/bridge.h"
#include "clients/bridge/client.h"
#include "clients/bridge/http_conn.h"
#include "util/buf.h"

/* With the body, which is cleared, and the headers that all replies have. */
static void
reply(struct bridge *b, struct http_conn *h, struct http_reply *r,
      struct buf *body, const char *headers)
{
    struct buf more = {0};

    client_cors(b->cfg, h, &more);
    if (headers != NULL)
        buf_append_str(&more, headers);
    r->body = body->data;
    r->len = body->len;
    r->headers = buf_cstr(&more);
    http_reply(h, r);
    buf_clear(&more);
    buf_clear(body);
}

void
reply_fail(struct bridge *b, struct http_conn *h, unsigned status,
           const char *reason, const char *headers)
{
    struct buf body = {0};
    struct http_reply r = {
        .status = status, .reason = reason, .type = "text/plain;charset=utf-8"};

    buf_appendf(&body, "%s\r\n", reason);
    reply(b, h, &r, &body, headers);
}

void
reply_xml(struct bridge *b, struct http_conn *h, const char *xml, size_t len,
          const char *headers)
{
    struct buf body = {0};
    struct http_reply r = {.status = 200, .type = "text/xml;charset=utf-8"};

    buf_append(&body, xml, len);
    if (len > 0)
        buf_append(&body, "\r\n", 2);
    reply(b, h, &r, &body, headers);
}

void
call_fail(struct call *c, unsigned status, const char *reason)
{
    reply_fail(c->bridge, c->http, status, reason, NULL);
}

void
call_xml(struct call *c, const char *xml, size_t len, const char *headers)
{
    reply_xml(c->bridge, c->http, xml, len, headers);
}
