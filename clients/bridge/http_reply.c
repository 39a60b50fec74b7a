/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/http_reply.h"

#include <time.h>

#include "clients/bridge/http_conn.h"
#include "util/clock.h"

static const struct {
    unsigned status;
    const char *words;
} reasons[] = {
    {200, "OK"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {304, "Not Modified"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Payload Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
    {550, "Session not found"},
};

static const char *
usual_reason(unsigned status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].words;
    return "Error";
}

/* A text of the server's in the first line: one line, ASCII. */
static void
append_reason(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++)
        buf_append_char(out, *text >= ' ' && *text < 0x7f ? *text : '?');
}

static void
append_date(struct buf *out, int64_t now)
{
    time_t t = now / CLOCK_SECOND;
    char text[64];
    struct tm tm;

    gmtime_r(&t, &tm);
    /* The C locale is never left. */
    strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
    buf_append_str(out, text);
}

static void
append_begin(struct buf *out, const struct http_reply *r, bool keep,
             int64_t now)
{
    buf_appendf(out, "HTTP/1.1 %u ", r->status);
    append_reason(out, r->reason != NULL ? r->reason : usual_reason(r->status));
    buf_appendf(out, "\r\nConnection: %s\r\n", keep ? "keep-alive" : "close");
    append_date(out, now);
    if (r->type != NULL)
        buf_appendf(out, "Content-Type: %s\r\n", r->type);
}

static void
append_end(struct buf *out, const struct http_reply *r)
{
    buf_appendf(out,
                "Server: ximss-bridge/" PACKAGE_VERSION "\r\n"
                "Cache-Control: %s\r\n"
                "Referrer-Policy: no-referrer\r\n"
                "X-Frame-Options: DENY\r\n"
                "X-Content-Type-Options: nosniff\r\n"
                "X-XSS-Protection: 0\r\n",
                r->cache != NULL ? r->cache : "no-cache,must-revalidate");
    if (r->hsts > 0)
        buf_appendf(out, "Strict-Transport-Security: max-age=%lld\r\n",
                    (long long)(r->hsts / CLOCK_SECOND));
    if (r->headers != NULL)
        buf_append_str(out, r->headers);
    buf_append(out, "\r\n", 2);
}

void
http_reply_write(struct buf *out, const struct http_reply *r, bool keep,
                 bool is_head, int64_t now)
{
    append_begin(out, r, keep, now);
    if (r->status != 204 && r->status != 304)
        buf_appendf(out, "Content-Length: %zu\r\n", r->len);
    append_end(out, r);
    if (!is_head && r->len > 0)
        buf_append(out, r->body, r->len);
}

void
http_reply_write_open(struct buf *out, const struct http_reply *r, int64_t now)
{
    append_begin(out, r, false, now);
    append_end(out, r);
}
