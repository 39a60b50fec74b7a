/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/http_rules.h"

#include <stddef.h>
#include <string.h>

#include "clients/bridge/http_host.h"
#include "clients/bridge/http_message.h"
#include "clients/bridge/http_parse.h"
#include "util/text.h"

static unsigned
refuse(struct http_message *m, const char *why)
{
    m->why = why;
    return 400;
}

/* None at all for a URL without a host. */
static bool
is_host(const char *s)
{
    struct http_host host;

    return http_host_parse(s, &host);
}

static unsigned
check_host(struct http_message *m, bool is_http_1_0)
{
    size_t n = http_message_count(m, "Host");

    if (n > 1)
        return refuse(m, "more than one Host");
    if (n == 0 && !is_http_1_0)
        return refuse(m, "no Host");
    if (n == 1 && !is_host(http_message_header(m, "Host")))
        return refuse(m, "Host is not a host name");
    return 0;
}

static bool
is_number(const char *s)
{
    return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

static uint64_t
length_of(struct http_message *m, size_t lengths)
{
    unsigned long long length = 0;

    if (lengths == 1 && text_parse_u64(http_message_header(m, "Content-Length"),
                                       UINT64_MAX, &length) < 0)
        return UINT64_MAX;
    return length;
}

/* Wherever two who read the same request might find its end in two places. */
static unsigned
check_length(struct http_message *m, const struct http_parse_head *head)
{
    const char *coding = http_message_header(m, "Transfer-Encoding");
    size_t lengths = http_message_count(m, "Content-Length");

    if (lengths > 1)
        return refuse(m, "more than one Content-Length");
    if (lengths == 1 && !is_number(http_message_header(m, "Content-Length")))
        return refuse(m, "Content-Length is not a number");
    if (lengths > 0 && coding != NULL)
        return refuse(m, "Content-Length and Transfer-Encoding");
    if (coding != NULL && head->is_http_1_0)
        return refuse(m, "Transfer-Encoding in HTTP/1.0");
    if (coding != NULL && !text_equal_nocase(coding, "chunked"))
        return refuse(m, "Transfer-Encoding is not chunked");
    if (head->is_chunked != (coding != NULL) ||
        head->length != length_of(m, lengths))
        return refuse(m, "the end of the request is not defined");
    return 0;
}

unsigned
http_rules_check(struct http_message *m, const struct http_parse_head *head)
{
    unsigned status = check_length(m, head);

    if (status == 0)
        status = check_host(m, head->is_http_1_0);
    if (status != 0)
        return status;
    if (http_message_split_url(m) < 0 ||
        (m->authority != NULL && !is_host(m->authority)))
        return refuse(m, "not a valid request target");
    return 0;
}
