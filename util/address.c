/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static socklen_t
take_v4(const struct in_addr *address, uint16_t port,
        struct sockaddr_storage *sa)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = *address};

    memset(sa, 0, sizeof *sa);
    memcpy(sa, &in, sizeof in);
    return sizeof in;
}

static socklen_t
take_v6(const struct sockaddr_in6 *found, uint16_t port,
        struct sockaddr_storage *sa)
{
    struct sockaddr_in6 in6 = *found;
    struct in_addr v4;

    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
        memcpy(&v4, in6.sin6_addr.s6_addr + 12, sizeof v4);
        return take_v4(&v4, port, sa);
    }
    in6.sin6_port = htons(port);
    memset(sa, 0, sizeof *sa);
    memcpy(sa, &in6, sizeof in6);
    return sizeof in6;
}

/* getaddrinfo knows the interfaces. */
static socklen_t
parse_v6(const char *host, uint16_t port, struct sockaddr_storage *sa)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST,
                                   .ai_family = AF_INET6,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    struct sockaddr_in6 in6;

    if (strchr(host, ':') == NULL ||
        getaddrinfo(host, NULL, &hints, &list) != 0)
        return 0;
    memcpy(&in6, list->ai_addr, sizeof in6);
    freeaddrinfo(list);
    return take_v6(&in6, port, sa);
}

socklen_t
address_make(const char *text, uint16_t port, struct sockaddr_storage *sa_r)
{
    char host[ADDRESS_SIZE];
    size_t len = strlen(text);
    bool brackets = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    struct in_addr v4;

    if (brackets) {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= sizeof host)
        return 0;
    memcpy(host, text, len);
    host[len] = '\0';
    if (inet_pton(AF_INET, host, &v4) == 1)
        return take_v4(&v4, port, sa_r);
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
