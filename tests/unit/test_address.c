/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
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

Suite *
address_suite(void)
{
    Suite *s = suite_create("address");
    TCase *t = tcase_create("address");

    tcase_add_loop_test(t, reads_addresses, 0, sizeof rows / sizeof rows[0]);
    suite_add_tcase(s, t);
    return s;
}
