/* SPDX-License-Identifier: BSD-2-Clause */
/* Every start of a header wants more, until it is decided, and then nothing
 * that follows changes it; what a header says, written again, says the same;
 * nothing is believed of what is no header. */
#include "config.h"

#include <netinet/in.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/proxy_header.h"

#define MOST 1024

static void
check_again(const struct proxy_header *h)
{
    struct buf b = {0};
    struct proxy_header again;
    const char *why;
    size_t used = 0;

    proxy_header_write(&b, (const struct sockaddr *)&h->client, NULL, h->tls);
    FUZZ_CHECK(proxy_header_parse(b.data, b.len, MOST, false, &again, &used,
                                  &why) == PROXY_WHOLE);
    FUZZ_CHECK(used == b.len && again.known == h->known);
    if (h->known) {
        FUZZ_CHECK(again.tls == h->tls);
        FUZZ_CHECK(memcmp(&again.client, &h->client, sizeof h->client) == 0);
    }
    buf_clear(&b);
}

static void
check_meaning(const struct proxy_header *h)
{
    struct sockaddr_in6 in6;

    if (!h->known) {
        FUZZ_CHECK(h->client.ss_family == 0);
        return;
    }
    memcpy(&in6, &h->client, sizeof in6);
    FUZZ_CHECK(h->client.ss_family == AF_INET ||
               (h->client.ss_family == AF_INET6 &&
                !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)));
}

static void
check(const uint8_t *data, size_t size, bool text)
{
    struct proxy_header whole, part;
    enum proxy_found w, p = PROXY_MORE;
    const char *why = NULL;
    size_t used = 0, again = 0, cut = 0;

    w = proxy_header_parse(data, size, MOST, text, &whole, &used, &why);
    while (p == PROXY_MORE && cut <= size)
        p = proxy_header_parse(data, cut++, MOST, text, &part, &again, &why);
    FUZZ_CHECK(p == w);
    if (w == PROXY_BAD)
        FUZZ_CHECK(why != NULL);
    if (w != PROXY_WHOLE)
        return;
    FUZZ_CHECK(used == again && used == cut - 1 && used <= MOST);
    FUZZ_CHECK(memcmp(&whole, &part, sizeof whole) == 0);
    check_meaning(&whole);
    check_again(&whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(data, size, true);
    check(data, size, false);
    return 0;
}
