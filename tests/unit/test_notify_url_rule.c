/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "notify/notify_url_rule.h"

#include <stdint.h>
#include <string.h>

#include "notify/notify.h"
#include "tests/unit/suite.h"
#include "util/address.h"

static struct config_texts
list_of(char **item)
{
    return (struct config_texts){.items = item, .count = 1};
}

static const struct {
    const char *prefix, *url;
    bool allowed;
} urls[] = {
    {"https://good.example", "https://good.example", true},
    {"https://good.example", "https://good.example/", true},
    {"https://good.example", "https://good.example?x", true},
    {"https://good.example", "https://good.example/a/b?c=d", true},
    {"https://good.example", "HTTPS://Good.Example:443/a", true},
    {"https://good.example:443", "https://good.example/", true},
    {"https://good.example", "http://good.example/", false},
    {"https://good.example", "http://good.example:443/", false},
    {"https://good.example", "https://good.example:444/", false},
    {"https://good.example", "https://good.example.evil.com/", false},
    {"https://good.example", "https://good.exampleevil.com/", false},
    {"https://good.example", "https://good.example@evil.com/", false},
    {"https://good.example", "https://good.example:443@evil.com/", false},
    {"https://good.example", "https://good.example%40evil.com/", false},
    {"https://good.example", "https://good.example%2eevil.com/", false},
    {"https://good.example", "https://good.example\\@evil.com/", false},
    {"https://good.example", "https://evil.com/#@good.example/", false},
    {"https://good.example", "https://evil.com/?https://good.example/", false},
    {"https://good.example", "https://evil.com/https://good.example/", false},
    {"https://good.example", "https://good.example./", false},
    {"https://good.example", "https://good.example/#x", false},
    {"https://good.example", "https:good.example/", false},
    {"https://good.example", "https:/good.example/", false},
    {"https://good.example", "good.example/", false},
    {"https://good.example", "//good.example/", false},
    {"https://good.example", "ftp://good.example/", false},
    {"https://good.example", "file:///etc/passwd", false},
    {"https://good.example", "", false},
    {"https://good.example", " https://good.example/", false},
    {"https://good.example", "https://good.example/a b", false},
    {"https://good.example", "https://good.example/\r\nX: y", false},
    {"https://good.example", "https://good.example/\xc3\xa4", false},
    {"https://good.example", "https://good.example:0x1bb/", false},
    {"https://good.example", "https://good.example:99999/", false},
    {"https://good.example", "https://user@good.example/", false},
    {"https://good.example", "https://:p@good.example/", false},
    {"https://good.example/a", "https://good.example/a", true},
    {"https://good.example/a", "https://good.example/a?x", true},
    {"https://good.example/a", "https://good.example/a/", true},
    {"https://good.example/a", "https://good.example/a/b", true},
    {"https://good.example/a", "https://good.example/a/.b/...", true},
    {"https://good.example/a", "https://good.example/ab", false},
    {"https://good.example/a", "https://good.example/A", false},
    {"https://good.example/a", "https://good.example/", false},
    {"https://good.example/a", "https://good.example/a/../b", false},
    {"https://good.example/a", "https://good.example/a/..", false},
    {"https://good.example/a", "https://good.example/a/%2e%2E/b", false},
    {"https://good.example/a", "https://good.example/a/.%2e/b", false},
    {"https://good.example/a", "https://good.example/a/./b", false},
    {"https://good.example/a", "https://good.example/a/..;x/b", false},
    {"https://good.example/a", "https://good.example/a/..%2fb", false},
    {"https://good.example/a", "https://good.example/a%2F..%2Fb", false},
    {"https://good.example/a", "https://good.example/a/x%5c..", false},
    {"https://good.example/a", "https://good.example/a/x%00", false},
    {"https://good.example/a/", "https://good.example/a/b", true},
    {"https://good.example/a/", "https://good.example/a/", true},
    {"https://good.example/a/", "https://good.example/a", false},
    {"http://127.0.0.1:9093", "http://127.0.0.1:9093/x", true},
    {"http://127.0.0.1:9093", "http://127.1:9093/x", true}, /* the same */
    {"http://127.0.0.1:9093", "http://127.0.0.2:9093/x", false},
    {"http://127.0.0.1:9093", "http://localhost:9093/x", false},
    {"http://[::1]:80", "http://[::1]/x", true},
    {"http://[::1]:80", "http://[::2]/x", false},
    {"http://[fe80::1]", "http://[fe80::1%25eth0]/", false},
    {"http://[::1]", "http://[::1/", false},
};

START_TEST(prefixes_are_compared_by_their_parts)
{
    char *prefix = (char *)(uintptr_t)urls[_i].prefix;
    struct config_texts list = list_of(&prefix);
    struct errbuf err = {""};
    int r;

    ck_assert_int_eq(notify_url_rule_check_prefix(prefix, &err), 0);
    r = notify_url_rule_check(&list, urls[_i].url, &err);
    ck_assert_msg(r == (urls[_i].allowed ? 0 : -1), "%s below %s: %s",
                  urls[_i].url, prefix, err.text);
    ck_assert(urls[_i].allowed || err.text[0] != '\0');
}
END_TEST

START_TEST(nothing_is_allowed_by_none)
{
    struct config_texts none = {.count = 0};
    struct errbuf err;

    ck_assert_int_eq(notify_url_rule_check(&none, "https://a/b?c", &err), -1);
    ck_assert_str_eq(err.text,
                     "https://a:443/b is not below one of notify-urls");
}
END_TEST

START_TEST(length_of_a_url_has_a_limit)
{
    char url[NOTIFY_URL_MOST + 2] = "https://a/", *prefix = url;
    struct config_texts list;
    struct errbuf err;

    memset(url + 10, 'x', sizeof url - 10);
    url[NOTIFY_URL_MOST] = '\0';
    list = list_of(&prefix);
    ck_assert_int_eq(notify_url_rule_check(&list, url, &err), 0);
    url[NOTIFY_URL_MOST] = 'x';
    url[NOTIFY_URL_MOST + 1] = '\0';
    ck_assert_int_eq(notify_url_rule_check(&list, url, &err), -1);
    ck_assert_str_eq(err.text, "has 8001 bytes, and may have 8000");
}
END_TEST

static const char *const bad_prefixes[] = {
    "good.example", "https://",          "https://a/?x",     "https://a?",
    "https://a/#",  "https://a/../b",    "https://u@a",      "gopher://a",
    "https://a b",  "https://*.example", "https://a/{name}",
};

START_TEST(prefixes_are_checked)
{
    struct errbuf err = {""};

    ck_assert_int_eq(notify_url_rule_check_prefix(bad_prefixes[_i], &err), -1);
    ck_assert_msg(
        strncmp(err.text, bad_prefixes[_i], strlen(bad_prefixes[_i])) == 0,
        "%s", err.text);
}
END_TEST

static const struct {
    const char *host, *address;
    bool may;
} connections[] = {
    {"good.example", "192.0.2.1", true},
    {"good.example", "8.8.8.8", true},
    {"good.example", "2a00:1450::1", true},
    {"good.example", "0.0.0.0", false},
    {"good.example", "127.0.0.1", false},
    {"good.example", "127.255.0.9", false},
    {"good.example", "10.2.0.1", false},
    {"good.example", "172.16.0.1", false},
    {"good.example", "172.31.255.255", false},
    {"good.example", "172.32.0.1", true},
    {"good.example", "192.168.0.1", false},
    {"good.example", "169.254.169.254", false},
    {"good.example", "100.64.0.1", false},
    {"good.example", "198.19.0.1", false},
    {"good.example", "224.0.0.1", false},
    {"good.example", "255.255.255.255", false},
    {"good.example", "::", false},
    {"good.example", "::1", false},
    {"good.example", "::ffff:127.0.0.1", false},
    {"good.example", "::ffff:10.2.0.1", false},
    {"good.example", "::127.0.0.1", false},
    {"good.example", "64:ff9b::7f00:1", false},
    {"good.example", "2002:7f00:1::", false},
    {"good.example", "2001:0:1::1", false},
    {"good.example", "fe80::1", false},
    {"good.example", "fec0::1", false},
    {"good.example", "fd00::1", false},
    {"good.example", "ff02::1", false},
    {"localhost", "127.0.0.1", true},
    {"localhost", "::1", true},
    {"localhost", "10.2.0.1", false},
    {"127.0.0.1", "127.0.0.1", true},
    {"127.0.0.1", "127.0.0.2", false},
    {"10.2.0.1", "10.2.0.1", true},
    {"::1", "::1", true},
    {"8.8.8.8", "8.8.4.4", false},
    /* in notify-networks */
    {"good.example", "10.1.2.3", true},
    {"localhost", "10.1.2.3", true},
    {"good.example", "fd01::1", true},
};

START_TEST(addresses_are_judged)
{
    static const struct config_spec spec = {.type = CONFIG_NETS, .max = 256};
    struct config_nets nets = {.count = 0};
    struct sockaddr_storage to;
    uint8_t a[ADDRESS_BYTES];
    struct errbuf err;

    ck_assert_int_eq(config_value_parse(&spec, "10.1.0.0/16", &nets, &err), 0);
    ck_assert_int_eq(config_value_parse(&spec, "fd01::/16", &nets, &err), 0);
    ck_assert(address_parse(connections[_i].address, a));
    address_to_sockaddr(a, 80, &to);
    ck_assert_msg(notify_url_rule_may_connect(connections[_i].host, &nets,
                                              (struct sockaddr *)&to) ==
                      connections[_i].may,
                  "%s at %s", connections[_i].host, connections[_i].address);
    config_value_clear(&spec, &nets);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(table)[0]))

Suite *notify_url_rule_suite(void);

Suite *
notify_url_rule_suite(void)
{
    Suite *s = suite_create("notify_url_rule");
    TCase *t = tcase_create("rule");

    tcase_add_loop_test(t, prefixes_are_compared_by_their_parts, 0,
                        COUNT(urls));
    tcase_add_test(t, nothing_is_allowed_by_none);
    tcase_add_test(t, length_of_a_url_has_a_limit);
    tcase_add_loop_test(t, prefixes_are_checked, 0, COUNT(bad_prefixes));
    tcase_add_loop_test(t, addresses_are_judged, 0, COUNT(connections));
    suite_add_tcase(s, t);
    return s;
}
