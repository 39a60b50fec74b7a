/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "clients/lib/dial.h"
#include "clients/lib/ximss.h"

Suite *dial_suite(void);

static const struct {
    const char *text, *host; /* NULL: it is none */
    unsigned port;
} hosts[] = {
    {"a.test", "a.test", 0},
    {"a.test.", "a.test.", 0},
    {" a.test\t", "a.test", 0},
    {"a.test:11024", "a.test", 11024},
    {"127.0.0.1", "127.0.0.1", 0},
    {"127.0.0.1:1", "127.0.0.1", 1},
    {"[127.0.0.1]", "127.0.0.1", 0},
    {"::1", "::1", 0},
    {"[::1]", "::1", 0},
    {"[::1]:65535", "::1", 65535},
    {"fe80::1%eth0", "fe80::1%eth0", 0},
    {"[fe80::1%eth0]:80", "fe80::1%eth0", 80},
    {"::ffff:192.0.2.1", "::ffff:192.0.2.1", 0},
    {"", NULL, 0},
    {" ", NULL, 0},
    {"[]", NULL, 0},
    {"[::1", NULL, 0},
    {"[::1]x", NULL, 0},
    {"[::1]:", NULL, 0},
    {"[::1]:0", NULL, 0},
    {"[::1]:65536", NULL, 0},
    {"a.test:", NULL, 0},
    {"a.test:x", NULL, 0},
    {"a.test:80x", NULL, 0},
    {":80", NULL, 0},
    {"http://a.test", NULL, 0},
};

START_TEST(takes_hosts_apart)
{
    unsigned port = 1;
    char *host = dial_host(hosts[_i].text, &port);

    ck_assert_pstr_eq(host, hosts[_i].host);
    if (host != NULL)
        ck_assert_uint_eq(port, hosts[_i].port);
    free(host);
}
END_TEST

static const struct {
    const char *host;
    unsigned port;
    bool good;
} settings[] = {
    {"[::1]:9", 0, true}, {"[::1]:9", 9, true}, {"[::1]:9", 10, false},
    {"[::1", 9, false},   {"", 9, false},
};

/* Nobody listens at the port "discard": it is tried, or it is not. */
START_TEST(hosts_that_cannot_be_are_no_hosts)
{
    struct ximss *x = ximss_new();

    ximss_set_server(x, settings[_i].host, settings[_i].port);
    ximss_set_user(x, "joe");
    ximss_set_password(x, "p");
    ximss_set_tls(x, XIMSS_TLS_NONE);
    (void)ximss_start(x);
    ck_assert((ximss_failure(x) != XIMSS_MISUSE) == settings[_i].good);
    if (!settings[_i].good)
        ck_assert_str_eq(
            ximss_error(x),
            "no such host: give a name or an address, and at most "
            "one port; an IPv6 address with a port needs brackets");
    ximss_free(&x);
}
END_TEST

Suite *
dial_suite(void)
{
    Suite *s = suite_create("dial");
    TCase *t = tcase_create("dial");

    tcase_add_loop_test(t, takes_hosts_apart, 0,
                        sizeof hosts / sizeof hosts[0]);
    tcase_add_loop_test(t, hosts_that_cannot_be_are_no_hosts, 0,
                        sizeof settings / sizeof settings[0]);
    suite_add_tcase(s, t);
    return s;
}
