/* SPDX-License-Identifier: BSD-2-Clause */
/* The listener for those who come without TLS.  A redirect to where the request
 * wants would be one for any page of the web: the host is the configured one. */
#include "config.h"

#include "clients/bridge/redirect.h"

#include "clients/bridge/bridge_config.h"
#include "clients/bridge/http_conn.h"
#include "util/buf.h"

/* Other bytes than visible ones would end the header, or be read in many ways. */
static void
append_visible(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (*text > ' ' && *text < 0x7f)
            buf_append_char(out, *text);
        else
            buf_appendf(out, "%%%02X", (unsigned char)*text);
}

void
redirect(const struct bridge_config *cfg, struct http_conn *h,
         const struct http_request *q)
{
    bool reads = q->method == HTTP_GET || q->method == HTTP_HEAD;
    struct http_reply r = {.status = reads ? 301 : 308,
                           .type = "text/plain;charset=utf-8",
                           .body = "Use HTTPS\r\n",
                           .len = 11};
    struct buf headers = {0};

    buf_appendf(&headers, "Location: https://%s", cfg->redirect_host);
    append_visible(&headers, *q->path == '/' ? q->path : "/");
    if (*q->query != '\0') {
        buf_append_char(&headers, '?');
        append_visible(&headers, q->query);
    }
    buf_append_str(&headers, "\r\n");
    r.headers = buf_cstr(&headers);
    http_reply(h, &r);
    buf_clear(&headers);
}
