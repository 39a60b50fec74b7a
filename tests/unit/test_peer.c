/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/base/peer.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>

Suite *peer_suite(void);

START_TEST(test_text)
{
    static const struct {
        const char *in, *out; /* out NULL: no address */
        enum peer_kind kind;
        bool loopback;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", PEER_IPV4, false},
        {"127.0.0.1", "127.0.0.1", PEER_IPV4, true},
        {"127.255.0.9", "127.255.0.9", PEER_IPV4, true},
        {"128.0.0.1", "128.0.0.1", PEER_IPV4, false},
        {"2001:DB8::1", "2001:db8::1", PEER_IPV6, false},
        {"::1", "::1", PEER_IPV6, true},
        {"::2", "::2", PEER_IPV6, false},
        {"::", "::", PEER_IPV6, false},
        {"::ffff:192.0.2.1", "192.0.2.1", PEER_IPV4, false},
        {"::ffff:127.0.0.1", "127.0.0.1", PEER_IPV4, true},
        {"", NULL, PEER_NONE, false},
        {"local", NULL, PEER_NONE, false},
        {"192.0.2", NULL, PEER_NONE, false},
        {"192.0.2.1:80", NULL, PEER_NONE, false},
        {"[::1]", NULL, PEER_NONE, false},
        {"host.test", NULL, PEER_NONE, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct peer p;
        char text[PEER_TEXT_SIZE];
        int r = peer_parse(&p, rows[i].in);

        ck_assert_msg(r == (rows[i].out != NULL ? 0 : -1), "row %zu", i);
        ck_assert_msg(p.kind == rows[i].kind, "row %zu: %d", i, p.kind);
        peer_format(&p, text);
        ck_assert_msg(strcmp(text, rows[i].out != NULL ? rows[i].out : "") == 0,
                      "row %zu: %s", i, text);
        ck_assert_msg(peer_is_loopback(&p) == rows[i].loopback, "row %zu", i);
    }
}
END_TEST

/* There and back; a mapped address comes back as what it means. */
START_TEST(test_sockaddr)
{
    static const struct {
        const char *address;
        int family, back;
        uint16_t port;
    } rows[] = {
        {"192.0.2.1", AF_INET, AF_INET, 80},
        {"2001:db8::1", AF_INET6, AF_INET6, 65535},
        {"::ffff:192.0.2.1", AF_INET6, AF_INET, 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sockaddr_storage in = {0}, out;
        struct peer p, parsed;

        in.ss_family = (sa_family_t)rows[i].family;
        if (rows[i].family == AF_INET) {
            ((struct sockaddr_in *)&in)->sin_port = htons(rows[i].port);
            inet_pton(AF_INET, rows[i].address,
                      &((struct sockaddr_in *)&in)->sin_addr);
        } else {
            ((struct sockaddr_in6 *)&in)->sin6_port = htons(rows[i].port);
            inet_pton(AF_INET6, rows[i].address,
                      &((struct sockaddr_in6 *)&in)->sin6_addr);
        }
        peer_from_sockaddr(&p, (struct sockaddr *)&in);
        ck_assert_uint_eq(p.port, rows[i].port);
        ck_assert_int_eq(peer_parse(&parsed, rows[i].address), 0);
        ck_assert_mem_eq(p.address, parsed.address, 16);
        ck_assert_uint_eq(p.kind, parsed.kind);
        peer_to_sockaddr(&p, &out);
        ck_assert_int_eq(out.ss_family, rows[i].back);
        if (rows[i].back == rows[i].family)
            ck_assert_msg(memcmp(&in, &out, sizeof in) == 0, "row %zu", i);
    }
}
END_TEST

START_TEST(test_local)
{
    struct sockaddr sa = {.sa_family = AF_UNIX};
    struct sockaddr_storage out;
    struct peer p;
    char text[PEER_TEXT_SIZE];

    peer_from_sockaddr(&p, &sa);
    ck_assert_uint_eq(p.kind, PEER_LOCAL);
    ck_assert(peer_is_loopback(&p));
    peer_format(&p, text);
    ck_assert_str_eq(text, "local");
    peer_to_sockaddr(&p, &out);
    ck_assert_int_eq(out.ss_family, AF_UNIX);
}
END_TEST

Suite *
peer_suite(void)
{
    Suite *s = suite_create("peer");
    TCase *t = tcase_create("peer");

    tcase_add_test(t, test_text);
    tcase_add_test(t, test_sockaddr);
    tcase_add_test(t, test_local);
    suite_add_tcase(s, t);
    return s;
}
