/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/bridge/http_host.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "util/address.h"
#include "util/text.h"

#define PORT_HTTP  80
#define PORT_HTTPS 443

/* Copies len bytes as lower case.  False: too many. */
static bool
take_name(struct http_host *out, const char *text, size_t len)
{
    if (len >= sizeof out->name)
        return false;
    memcpy(out->name, text, len);
    out->name[len] = '\0';
    text_lower(out->name);
    return true;
}

/* Labels with single dots between them, and one more dot at most. */
static bool
take_reg_name(struct http_host *out, const char *text, size_t len)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-._";

    if (!take_name(out, text, len) ||
        out->name[strspn(out->name, allowed)] != '\0' || out->name[0] == '.' ||
        strstr(out->name, "..") != NULL)
        return false;
    if (len > 0 && out->name[len - 1] == '.')
        out->name[len - 1] = '\0';
    return true;
}

/* What stands in brackets; it may name an interface behind a "%". */
static bool
take_address(struct http_host *out, const char *text, size_t len)
{
    uint8_t bytes[ADDRESS_BYTES];
    char address[HTTP_HOST_MOST + 1];

    if (!take_name(out, text, len))
        return false;
    memcpy(address, out->name, len + 1);
    address[strcspn(address, "%")] = '\0';
    return strchr(address, ':') != NULL && address_parse(address, bytes);
}

/* ":", or ":" and digits, or nothing. */
static bool
take_port(struct http_host *out, const char *text)
{
    unsigned long long port = 0;

    if (text[0] != '\0' && text[0] != ':')
        return false;
    if (text[0] == ':' && text[1] != '\0' &&
        (text_parse_u64(text + 1, 65535, &port) < 0 || port == 0))
        return false;
    out->port = (unsigned)port;
    return true;
}

bool
http_host_parse(const char *text, struct http_host *out)
{
    size_t len;

    if (*text != '[') {
        len = strcspn(text, ":");
        return take_reg_name(out, text, len) && take_port(out, text + len);
    }
    len = strcspn(++text, "]");
    return text[len] == ']' && take_address(out, text, len) &&
           take_port(out, text + len + 1);
}

bool
http_host_of_origin(const char *origin, struct http_host *out,
                    unsigned *usual_r)
{
    if (strncasecmp(origin, "https://", 8) == 0)
        *usual_r = PORT_HTTPS;
    else if (strncasecmp(origin, "http://", 7) == 0)
        *usual_r = PORT_HTTP;
    else
        return false;
    if (!http_host_parse(strstr(origin, "://") + 3, out) ||
        out->name[0] == '\0')
        return false;
    if (out->port == 0)
        out->port = *usual_r;
    return true;
}

bool
http_host_equal(const struct http_host *a, const struct http_host *b,
                unsigned port)
{
    return strcmp(a->name, b->name) == 0 &&
           (a->port != 0 ? a->port : port) == (b->port != 0 ? b->port : port);
}
