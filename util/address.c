/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* --- as bytes --- */

void
address_from_ipv4(const uint8_t four[4], uint8_t out[ADDRESS_BYTES])
{
    memcpy(out, v4_prefix, sizeof v4_prefix);
    memcpy(out + sizeof v4_prefix, four, 4);
}

bool
address_from_sockaddr(const struct sockaddr *sa, uint8_t out[ADDRESS_BYTES])
{
    struct sockaddr_in6 in6;
    struct sockaddr_in in;

    if (sa->sa_family == AF_INET) {
        memcpy(&in, sa, sizeof in);
        address_from_ipv4((const uint8_t *)&in.sin_addr, out);
        return true;
    }
    if (sa->sa_family == AF_INET6) {
        memcpy(&in6, sa, sizeof in6);
        memcpy(out, &in6.sin6_addr, ADDRESS_BYTES);
        return true;
    }
    memset(out, 0, ADDRESS_BYTES);
    return false;
}

uint16_t
address_port(const struct sockaddr *sa)
{
    struct sockaddr_in6 in6;
    struct sockaddr_in in;

    if (sa->sa_family == AF_INET) {
        memcpy(&in, sa, sizeof in);
        return ntohs(in.sin_port);
    }
    if (sa->sa_family == AF_INET6) {
        memcpy(&in6, sa, sizeof in6);
        return ntohs(in6.sin6_port);
    }
    return 0;
}

bool
address_parse(const char *text, uint8_t out[ADDRESS_BYTES])
{
    uint8_t four[4];

    if (inet_pton(AF_INET, text, four) == 1) {
        address_from_ipv4(four, out);
        return true;
    }
    if (inet_pton(AF_INET6, text, out) == 1)
        return true;
    memset(out, 0, ADDRESS_BYTES);
    return false;
}

bool
address_is_ipv4(const uint8_t a[ADDRESS_BYTES])
{
    return memcmp(a, v4_prefix, sizeof v4_prefix) == 0;
}

bool
address_is_loopback(const uint8_t a[ADDRESS_BYTES])
{
    static const uint8_t one[ADDRESS_BYTES] = {[15] = 1};

    return address_is_ipv4(a) ? a[12] == 127
                              : memcmp(a, one, ADDRESS_BYTES) == 0;
}

const uint8_t *
address_plain(const uint8_t a[ADDRESS_BYTES], size_t *n_r)
{
    size_t skip = address_is_ipv4(a) ? sizeof v4_prefix : 0;

    *n_r = ADDRESS_BYTES - skip;
    return a + skip;
}

void
address_to_network(uint8_t a[ADDRESS_BYTES], unsigned bits)
{
    if (!address_is_ipv4(a))
        memset(a + bits / 8, 0, ADDRESS_BYTES - bits / 8);
}

bool
address_is_within(const uint8_t a[ADDRESS_BYTES],
                  const uint8_t net[ADDRESS_BYTES], unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;

    return memcmp(net, a, bytes) == 0 &&
           (rest == 0 ||
            ((net[bytes] ^ a[bytes]) & (0xff00u >> rest) & 0xff) == 0);
}

void
address_format(const uint8_t a[ADDRESS_BYTES], char out[ADDRESS_TEXT_SIZE])
{
    size_t n;
    const uint8_t *plain = address_plain(a, &n);

    inet_ntop(n == 4 ? AF_INET : AF_INET6, plain, out, ADDRESS_TEXT_SIZE);
}

socklen_t
address_to_sockaddr(const uint8_t a[ADDRESS_BYTES], uint16_t port,
                    struct sockaddr_storage *sa_r)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons(port)};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    size_t n;
    const uint8_t *plain = address_plain(a, &n);

    memset(sa_r, 0, sizeof *sa_r);
    if (n == sizeof in.sin_addr) {
        memcpy(&in.sin_addr, plain, n);
        memcpy(sa_r, &in, sizeof in);
        return sizeof in;
    }
    memcpy(&in6.sin6_addr, plain, n);
    memcpy(sa_r, &in6, sizeof in6);
    return sizeof in6;
}

bool
address_is_local(const struct sockaddr *sa)
{
    uint8_t a[ADDRESS_BYTES];

    return sa->sa_family == AF_UNIX ||
           (address_from_sockaddr(sa, a) && address_is_loopback(a));
}

/* --- as they are configured --- */

/* getaddrinfo knows the interfaces. */
static socklen_t
parse_v6(const char *host, uint16_t port, struct sockaddr_storage *sa)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST,
                                   .ai_family = AF_INET6,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    struct sockaddr_in6 in6;
    uint8_t a[ADDRESS_BYTES];

    if (strchr(host, ':') == NULL ||
        getaddrinfo(host, NULL, &hints, &list) != 0)
        return 0;
    memcpy(&in6, list->ai_addr, sizeof in6);
    address_from_sockaddr(list->ai_addr, a);
    freeaddrinfo(list);
    if (address_is_ipv4(a))
        return address_to_sockaddr(a, port, sa);
    in6.sin6_port = htons(port);
    memset(sa, 0, sizeof *sa);
    memcpy(sa, &in6, sizeof in6);
    return sizeof in6;
}

socklen_t
address_make(const char *text, uint16_t port, struct sockaddr_storage *sa_r)
{
    char host[ADDRESS_SIZE];
    size_t len = strlen(text);
    bool brackets = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    uint8_t a[ADDRESS_BYTES];

    if (brackets) {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof host)
        return 0;
    memcpy(host, text, len);
    host[len] = '\0';
    if (address_parse(host, a) && address_is_ipv4(a))
        return address_to_sockaddr(a, port, sa_r);
    return parse_v6(host, port, sa_r);
}

void
address_print(const struct sockaddr_storage *sa, char out[ADDRESS_SIZE])
{
    socklen_t len = sa->ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                             : sizeof(struct sockaddr_in6);

    if (getnameinfo((const struct sockaddr *)sa, len, out, ADDRESS_SIZE, NULL,
                    0, NI_NUMERICHOST) != 0)
        snprintf(out, ADDRESS_SIZE, "?");
}
