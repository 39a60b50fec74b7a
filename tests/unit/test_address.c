/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <netinet/in.h>
#include <string.h>

#include "util/address.h"

Suite *address_suite(void);

static const struct {
    const char *text, *printed; /* NULL: it is none */
} rows[] = {
    {"127.0.0.1", "127.0.0.1"},
    {"[127.0.0.1]", "127.0.0.1"},
    {"::1", "::1"},
    {"[::1]", "::1"},
    {"0:0:0:0:0:0:0:1", "::1"},
    {"[2001:DB8::00:1]", "2001:db8::1"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"[::]", "::"},
    {"fe80::1%lo", "fe80::1%lo"},
    {"[fe80::1%lo]", "fe80::1%lo"},
    {"", NULL},
    {"[]", NULL},
    {"[", NULL},
    {"[::1", NULL},
    {"::1]", NULL},
    {"[[::1]]", NULL},
    {"127.1", NULL},
    {"0177.0.0.1", NULL},
    {"0x7f.0.0.1", NULL},
    {"2130706433", NULL},
    {"127.0.0.1:80", NULL},
    {"[::1]:80", NULL},
    {" 127.0.0.1", NULL},
    {"127.0.0.1%lo", NULL},
    {"fe80::1%no-such-one", NULL},
    {"localhost", NULL},
    {"::g", NULL},
};

START_TEST(reads_addresses)
{
    struct sockaddr_storage sa;
    char printed[ADDRESS_SIZE];
    socklen_t len = address_make(rows[_i].text, 1234, &sa);

    ck_assert_msg((len > 0) == (rows[_i].printed != NULL), "\"%s\"",
                  rows[_i].text);
    if (len == 0)
        return;
    address_print(&sa, printed);
    ck_assert_str_eq(printed, rows[_i].printed);
    if (sa.ss_family == AF_INET) {
        struct sockaddr_in in;

        ck_assert_uint_eq(len, sizeof in);
        memcpy(&in, &sa, sizeof in);
        ck_assert_uint_eq(ntohs(in.sin_port), 1234);
    } else {
        struct sockaddr_in6 in6;

        ck_assert_uint_eq(len, sizeof in6);
        memcpy(&in6, &sa, sizeof in6);
        ck_assert_uint_eq(ntohs(in6.sin6_port), 1234);
        ck_assert((in6.sin6_scope_id != 0) ==
                  (strchr(rows[_i].text, '%') != NULL));
    }
}
END_TEST

/* --- as bytes --- */

static const struct {
    const char *text, *printed; /* NULL: it is none */
    bool ipv4, loopback;
    const char *network64, *network48;
} plain[] = {
    {"192.0.2.1", "192.0.2.1", true, false, "192.0.2.1", "192.0.2.1"},
    {"127.0.0.1", "127.0.0.1", true, true, "127.0.0.1", "127.0.0.1"},
    {"127.255.0.9", "127.255.0.9", true, true, "127.255.0.9", "127.255.0.9"},
    {"128.0.0.1", "128.0.0.1", true, false, "128.0.0.1", "128.0.0.1"},
    {"126.0.0.1", "126.0.0.1", true, false, "126.0.0.1", "126.0.0.1"},
    {"0.0.0.0", "0.0.0.0", true, false, "0.0.0.0", "0.0.0.0"},
    {"2001:DB8::1", "2001:db8::1", false, false, "2001:db8::", "2001:db8::"},
    {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", false, false,
     "2001:db8:1:2::", "2001:db8:1::"},
    {"::1", "::1", false, true, "::", "::"},
    {"::2", "::2", false, false, "::", "::"},
    {"::", "::", false, false, "::", "::"},
    {"::7f00:1", "::127.0.0.1", false, false, "::", "::"},
    {"::ffff:192.0.2.1", "192.0.2.1", true, false, "192.0.2.1", "192.0.2.1"},
    {"::FFFF:7f00:1", "127.0.0.1", true, true, "127.0.0.1", "127.0.0.1"},
    {"::fffe:7f00:1", "::fffe:7f00:1", false, false, "::", "::"},
    {"", NULL, false, false, NULL, NULL},
    {"local", NULL, false, false, NULL, NULL},
    {"192.0.2", NULL, false, false, NULL, NULL},
    {"192.0.2.01", NULL, false, false, NULL, NULL},
    {"192.0.2.256", NULL, false, false, NULL, NULL},
    {"192.0.2.1:80", NULL, false, false, NULL, NULL},
    {" 192.0.2.1", NULL, false, false, NULL, NULL},
    {"[::1]", NULL, false, false, NULL, NULL},
    {"fe80::1%lo", NULL, false, false, NULL, NULL},
    {"host.test", NULL, false, false, NULL, NULL},
};

static void
check_text(const uint8_t a[ADDRESS_BYTES], const char *text)
{
    char out[ADDRESS_TEXT_SIZE];

    address_format(a, out);
    ck_assert_str_eq(out, text);
}

START_TEST(reads_plain_addresses)
{
    uint8_t a[ADDRESS_BYTES], net[ADDRESS_BYTES];
    uint8_t none[ADDRESS_BYTES] = {0};
    bool is_one = address_parse(plain[_i].text, a);

    ck_assert_msg(is_one == (plain[_i].printed != NULL), "\"%s\"",
                  plain[_i].text);
    if (!is_one) {
        ck_assert_mem_eq(a, none, sizeof a);
        return;
    }
    check_text(a, plain[_i].printed);
    ck_assert(address_is_ipv4(a) == plain[_i].ipv4);
    ck_assert(address_is_loopback(a) == plain[_i].loopback);
    memcpy(net, a, sizeof net);
    address_to_network(net, 64);
    check_text(net, plain[_i].network64);
    address_to_network(net, 48);
    check_text(net, plain[_i].network48);
}
END_TEST

/* There and back; a mapped one comes back as what it means. */
START_TEST(goes_to_sockets_and_back)
{
    uint8_t a[ADDRESS_BYTES], back[ADDRESS_BYTES];
    struct sockaddr_storage sa;
    const uint8_t *bytes;
    socklen_t len;
    size_t n;

    if (!address_parse(plain[_i].text, a))
        return;
    len = address_to_sockaddr(a, 8080, &sa);
    bytes = address_plain(a, &n);
    ck_assert_uint_eq(n, plain[_i].ipv4 ? 4 : 16);
    if (plain[_i].ipv4) {
        struct sockaddr_in in;

        ck_assert_uint_eq(len, sizeof in);
        memcpy(&in, &sa, sizeof in);
        ck_assert_int_eq(in.sin_family, AF_INET);
        ck_assert_uint_eq(ntohs(in.sin_port), 8080);
        ck_assert_mem_eq(&in.sin_addr, bytes, n);
    } else {
        struct sockaddr_in6 in6;

        ck_assert_uint_eq(len, sizeof in6);
        memcpy(&in6, &sa, sizeof in6);
        ck_assert_int_eq(in6.sin6_family, AF_INET6);
        ck_assert_uint_eq(ntohs(in6.sin6_port), 8080);
        ck_assert_mem_eq(&in6.sin6_addr, bytes, n);
    }
    ck_assert(address_from_sockaddr((struct sockaddr *)&sa, back));
    ck_assert_mem_eq(back, a, sizeof a);
    ck_assert_uint_eq(address_port((struct sockaddr *)&sa), 8080);
    ck_assert(address_is_local((struct sockaddr *)&sa) == plain[_i].loopback);
}
END_TEST

START_TEST(takes_mapped_addresses_of_sockets)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(7)};
    uint8_t a[ADDRESS_BYTES];

    ck_assert(address_parse("::ffff:127.0.0.2", in6.sin6_addr.s6_addr));
    ck_assert(address_is_local((struct sockaddr *)&in6));
    ck_assert(address_from_sockaddr((struct sockaddr *)&in6, a));
    check_text(a, "127.0.0.2");
    address_from_ipv4((const uint8_t *)"\300\0\2\1", a);
    check_text(a, "192.0.2.1");
}
END_TEST

START_TEST(knows_what_is_no_address)
{
    struct sockaddr un = {.sa_family = AF_UNIX}, none = {0};
    uint8_t a[ADDRESS_BYTES] = {1};

    ck_assert(!address_from_sockaddr(&un, a));
    check_text(a, "::");
    ck_assert_uint_eq(address_port(&un), 0);
    ck_assert(address_is_local(&un));
    ck_assert(!address_is_local(&none));
}
END_TEST

static const struct {
    const char *address, *net;
    unsigned bits;
    bool within;
} nets[] = {
    {"192.0.2.1", "192.0.2.0", 120, true},
    {"192.0.3.1", "192.0.2.0", 120, false},
    {"192.0.2.129", "192.0.2.128", 121, true},
    {"192.0.2.127", "192.0.2.128", 121, false},
    {"192.0.2.1", "192.0.2.1", 128, true},
    {"192.0.2.0", "192.0.2.1", 128, false},
    {"192.0.2.1", "::", 0, true},
    {"2001:db8::1", "2001:db8::", 32, true},
    {"2001:db9::1", "2001:db8::", 32, false},
    {"2001:db9::1", "2001:db8::", 31, true},
    {"2001:db8::1", "0.0.0.0", 96, false},
    {"10.0.0.1", "0.0.0.0", 96, true},
};

START_TEST(knows_networks)
{
    uint8_t a[ADDRESS_BYTES], net[ADDRESS_BYTES];

    ck_assert(address_parse(nets[_i].address, a));
    ck_assert(address_parse(nets[_i].net, net));
    ck_assert_msg(address_is_within(a, net, nets[_i].bits) == nets[_i].within,
                  "%s in %s/%u", nets[_i].address, nets[_i].net, nets[_i].bits);
}
END_TEST

Suite *
address_suite(void)
{
    Suite *s = suite_create("address");
    TCase *t = tcase_create("address");

    tcase_add_loop_test(t, reads_addresses, 0, sizeof rows / sizeof rows[0]);
    tcase_add_loop_test(t, reads_plain_addresses, 0,
                        sizeof plain / sizeof plain[0]);
    tcase_add_loop_test(t, goes_to_sockets_and_back, 0,
                        sizeof plain / sizeof plain[0]);
    tcase_add_test(t, takes_mapped_addresses_of_sockets);
    tcase_add_test(t, knows_what_is_no_address);
    tcase_add_loop_test(t, knows_networks, 0, sizeof nets / sizeof nets[0]);
    suite_add_tcase(s, t);
    return s;
}
