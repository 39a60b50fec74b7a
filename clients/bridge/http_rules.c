/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/http_rules.h"

#include <stddef.h>
#include <string.h>

#include "clients/bridge/http_message.h"
#include "util/text.h"

static unsigned
refuse(struct http_message *m, const char *why)
{
    m->why = why;
    return 400;
}

/* uri-host [ ":" port ], and none at all for a URL without a host. */
static bool
is_host(const char *s)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-._~%!$&'()*+,;=:[]";

    return s[strspn(s, allowed)] == '\0';
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
        return refuse(m, "Host is no host");
    return 0;
}

static bool
is_number(const char *s)
{
    return *s != '\0' && s[strspn(s, "0123456789")] == '\0';
}

/* Wherever two who read the same request might find its end in two places. */
static unsigned
check_length(struct http_message *m, bool is_http_1_0)
{
    const char *coding = http_message_header(m, "Transfer-Encoding");
    size_t lengths = http_message_count(m, "Content-Length");

    if (lengths > 1)
        return refuse(m, "more than one Content-Length");
    if (lengths == 1 && !is_number(http_message_header(m, "Content-Length")))
        return refuse(m, "Content-Length is no number");
    if (coding == NULL)
        return 0;
    if (lengths > 0)
        return refuse(m, "Content-Length and Transfer-Encoding");
    if (is_http_1_0)
        return refuse(m, "Transfer-Encoding in HTTP/1.0");
    if (!text_equal_nocase(coding, "chunked"))
        return refuse(m, "Transfer-Encoding is not chunked");
    return 0;
}

unsigned
http_rules_check(struct http_message *m, bool is_http_1_0)
{
    unsigned status = check_length(m, is_http_1_0);

    if (status == 0)
        status = check_host(m, is_http_1_0);
    if (status != 0)
        return status;
    if (http_message_split_url(m) < 0 ||
        (m->authority != NULL && !is_host(m->authority)))
        return refuse(m, "not a URL that can be asked for");
    return 0;
}
