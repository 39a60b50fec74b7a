/* SPDX-License-Identifier: BSD-2-Clause */
/* As in HAProxy's specification, "The PROXY protocol, versions 1 & 2".  What it
 * leaves open is handled strictly: a header makes a claim about who somebody
 * is, so one that is not fully understood is refused. */
#include "config.h"

#include "util/proxy_header.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#include "util/address.h"

#define FIXED       16 /* signature, version and command, family, length */
#define TEXT_BEGIN  "PROXY "
#define TEXT_MOST   107 /* with CR LF */
#define TLV_HEAD    3
#define UNIX_BYTES  216
#define INET_BYTES  12
#define INET6_BYTES 36

enum {
    COMMAND_LOCAL = 0x20,
    COMMAND_PROXY = 0x21
};

enum {
    OVER_UNSPEC = 0x00,
    OVER_TCP4 = 0x11,
    OVER_TCP6 = 0x21,
    OVER_UNIX = 0x31
};

enum {
    TLV_CRC32C = 0x03,
    TLV_SSL = 0x20
};

#define SSL_HEAD   5 /* client, verify */
#define CLIENT_SSL 0x01

static enum proxy_found
bad(const char **why_r, const char *why)
{
    *why_r = why;
    return PROXY_BAD;
}

static void
set_client(struct proxy_header *h, const uint8_t address[ADDRESS_BYTES],
           uint16_t port)
{
    h->known = true;
    address_to_sockaddr(address, port, &h->client);
}

static unsigned
get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* --- version 1 --- */

/* The text up to the next space, or the end, into out; -1: none, or it is too
 * long. */
static int
next_word(const char **at, const char *end, char *out, size_t size)
{
    const char *space = memchr(*at, ' ', (size_t)(end - *at));
    size_t len = (size_t)((space != NULL ? space : end) - *at);

    if (len == 0 || len >= size || memchr(*at, '\0', len) != NULL)
        return -1;
    memcpy(out, *at, len);
    out[len] = '\0';
    *at = space != NULL ? space + 1 : end;
    return 0;
}

static int
get_port(const char *text, uint16_t *port_r)
{
    unsigned n = 0;

    if (*text == '\0' || (*text == '0' && text[1] != '\0'))
        return -1;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || n > UINT16_MAX)
            return -1;
        n = 10 * n + (unsigned)(*text - '0');
    }
    *port_r = (uint16_t)n;
    return n <= UINT16_MAX ? 0 : -1;
}

static bool
get_address(const char *text, bool is_v6, uint8_t out[ADDRESS_BYTES])
{
    return (strchr(text, ':') != NULL) == is_v6 && address_parse(text, out);
}

/* TCP4 192.0.2.1 192.0.2.2 1234 80 */
static int
read_words(const char *at, const char *end, struct proxy_header *h)
{
    char kind[8], source[46], target[46], ports[2][6];
    uint8_t address[ADDRESS_BYTES], other[ADDRESS_BYTES];
    uint16_t port, other_port;
    bool is_v6;

    if (next_word(&at, end, kind, sizeof kind) < 0)
        return -1;
    if (strcmp(kind, "UNKNOWN") == 0)
        return 0;
    is_v6 = strcmp(kind, "TCP6") == 0;
    if (!is_v6 && strcmp(kind, "TCP4") != 0)
        return -1;
    if (next_word(&at, end, source, sizeof source) < 0 ||
        next_word(&at, end, target, sizeof target) < 0 ||
        next_word(&at, end, ports[0], sizeof ports[0]) < 0 ||
        next_word(&at, end, ports[1], sizeof ports[1]) < 0 || at != end ||
        end[-1] == ' ' || !get_address(source, is_v6, address) ||
        !get_address(target, is_v6, other) || get_port(ports[0], &port) < 0 ||
        get_port(ports[1], &other_port) < 0)
        return -1;
    set_client(h, address, port);
    return 0;
}

static enum proxy_found
parse_text(const char *data, size_t len, size_t most, struct proxy_header *h,
           size_t *used_r, const char **why_r)
{
    size_t begin = sizeof TEXT_BEGIN - 1;
    const char *lf;

    if (memcmp(data, TEXT_BEGIN, len < begin ? len : begin) != 0)
        return PROXY_NONE;
    if (most > TEXT_MOST)
        most = TEXT_MOST;
    lf = memchr(data, '\n', len < most ? len : most);
    if (lf == NULL)
        return len < most ? PROXY_MORE : bad(why_r, "its line is too long");
    if (lf == data || lf[-1] != '\r' || (size_t)(lf - 1 - data) < begin ||
        read_words(data + begin, lf - 1, h) < 0)
        return bad(why_r, "its line is malformed");
    *used_r = (size_t)(lf + 1 - data);
    return PROXY_WHOLE;
}

/* --- version 2 --- */

static uint32_t
crc32c(const uint8_t *p, size_t len, const uint8_t *skip)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        /* Its own four bytes count as zeros. */
        crc ^= p + i >= skip && p + i < skip + 4 ? 0 : p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
    }
    return ~crc;
}

static bool
sum_is_right(const uint8_t *header, size_t len, const uint8_t *sum)
{
    uint32_t crc = crc32c(header, len, sum);

    return sum[0] == crc >> 24 && sum[1] == (crc >> 16 & 255) &&
           sum[2] == (crc >> 8 & 255) && sum[3] == (crc & 255);
}

/* NULL, or what is wrong with it. */
static const char *
read_tlvs(const uint8_t *header, size_t at, size_t len, struct proxy_header *h)
{
    bool seen_tls = false, seen_sum = false;

    while (at < len) {
        const uint8_t *tlv = header + at;
        size_t left = len - at, size;

        if (left < TLV_HEAD || left - TLV_HEAD < get16(tlv + 1))
            return "a field is cut off";
        size = get16(tlv + 1);
        if (tlv[0] == TLV_CRC32C) {
            if (seen_sum || size != 4 ||
                !sum_is_right(header, len, tlv + TLV_HEAD))
                return "its checksum is wrong";
            seen_sum = true;
        } else if (tlv[0] == TLV_SSL) {
            if (seen_tls || size < SSL_HEAD)
                return "its TLS field is malformed";
            seen_tls = true;
            h->tls = (tlv[TLV_HEAD] & CLIENT_SSL) != 0;
        }
        at += TLV_HEAD + size;
    }
    return NULL;
}

static enum proxy_found
read_addresses(const uint8_t *p, size_t len, struct proxy_header *h,
               const char **why_r)
{
    size_t bytes = p[13] == OVER_TCP4   ? INET_BYTES
                   : p[13] == OVER_TCP6 ? INET6_BYTES
                                        : UNIX_BYTES;
    uint8_t address[ADDRESS_BYTES];

    if (len < FIXED + bytes)
        return bad(why_r, "its addresses are cut off");
    *why_r = read_tlvs(p, FIXED + bytes, len, h);
    if (*why_r != NULL)
        return PROXY_BAD;
    if (p[13] == OVER_TCP4) {
        address_from_ipv4(p + FIXED, address);
        set_client(h, address, (uint16_t)get16(p + FIXED + 8));
    } else if (p[13] == OVER_TCP6) {
        set_client(h, p + FIXED, (uint16_t)get16(p + FIXED + 32));
    }
    return PROXY_WHOLE;
}

static enum proxy_found
parse_binary(const uint8_t *p, size_t len, size_t most, struct proxy_header *h,
             size_t *used_r, const char **why_r)
{
    size_t whole;

    if (len > 12 && p[12] != COMMAND_LOCAL && p[12] != COMMAND_PROXY)
        return bad(why_r, "its version or command is unknown");
    if (len > 13 && p[12] == COMMAND_PROXY && p[13] != OVER_UNSPEC &&
        p[13] != OVER_TCP4 && p[13] != OVER_TCP6 && p[13] != OVER_UNIX)
        return bad(why_r, "its protocol is unknown, or no stream");
    if (len < FIXED)
        return PROXY_MORE;
    whole = FIXED + get16(p + 14);
    if (whole > most)
        return bad(why_r, "it is too long (proxy-header-bytes)");
    if (len < whole)
        return PROXY_MORE;
    *used_r = whole;
    /* Of what belongs to no connection, nothing is looked at. */
    if (p[12] == COMMAND_LOCAL || p[13] == OVER_UNSPEC)
        return PROXY_WHOLE;
    return read_addresses(p, whole, h, why_r);
}

enum proxy_found
proxy_header_parse(const void *data, size_t len, size_t most, bool text,
                   struct proxy_header *h_r, size_t *used_r, const char **why_r)
{
    size_t n = len < PROXY_SIGNATURE_SIZE ? len : PROXY_SIGNATURE_SIZE;

    memset(h_r, 0, sizeof *h_r);
    if (len == 0)
        return PROXY_MORE;
    if (memcmp(data, PROXY_SIGNATURE, n) != 0)
        return text ? parse_text(data, len, most, h_r, used_r, why_r)
                    : PROXY_NONE;
    return parse_binary(data, len, most, h_r, used_r, why_r);
}

/* --- writing --- */

/* An address without its port: 4 bytes, 16, or none. */
struct end {
    uint8_t bytes[ADDRESS_BYTES];
    size_t n;
    uint16_t port;
};

static struct end
end_of(const struct sockaddr *sa)
{
    uint8_t a[ADDRESS_BYTES];
    struct end e = {.n = 0};
    const uint8_t *plain;

    if (sa == NULL || !address_from_sockaddr(sa, a))
        return e;
    plain = address_plain(a, &e.n);
    memcpy(e.bytes, plain, e.n);
    e.port = htons(address_port(sa));
    return e;
}

void
proxy_header_write(struct buf *out, const struct sockaddr *client,
                   const struct sockaddr *server, bool tls)
{
    static const uint8_t tls_field[] = {TLV_SSL, 0, SSL_HEAD, CLIENT_SSL, 0,
                                        0,       0, 1 /* nobody verified */};
    struct end from = end_of(client), to = end_of(server);
    uint8_t head[FIXED] = {0};
    size_t len = 0;

    if (to.n != from.n)
        to = (struct end){.n = from.n};
    if (from.n != 0)
        len = 2 * from.n + 4 + (tls ? sizeof tls_field : 0);
    memcpy(head, PROXY_SIGNATURE, PROXY_SIGNATURE_SIZE);
    head[12] = COMMAND_PROXY;
    head[13] = from.n == 0 ? OVER_UNSPEC : from.n == 4 ? OVER_TCP4 : OVER_TCP6;
    head[15] = (uint8_t)len;
    buf_append(out, head, sizeof head);
    if (from.n == 0)
        return;
    buf_append(out, from.bytes, from.n);
    buf_append(out, to.bytes, to.n);
    buf_append(out, &from.port, sizeof from.port);
    buf_append(out, &to.port, sizeof to.port);
    if (tls)
        buf_append(out, tls_field, sizeof tls_field);
}
