/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/proxy_header.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

Suite *proxy_header_suite(void);

#define MOST   512
#define SIG    PROXY_SIGNATURE
#define V4     "\xc0\0\2\1\xc6\x33\x64\1\x9c\x40\x2b\x10"
#define NET    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define MAPPED "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1"
#define PORTS  "\x9c\x40\x2b\x10"
#define TLS    "\x20\0\5\1\0\0\0\0"

struct row {
    const char *bytes;
    size_t len;
    enum proxy_found found;
    const char *client; /* with port; NULL: not known */
    bool tls;
};

#define ROW(bytes, ...)                       \
    {                                         \
        bytes, sizeof(bytes) - 1, __VA_ARGS__ \
    }

static const struct row rows[] = {
    ROW(SIG "\x21\x11\0\x0c" V4, PROXY_WHOLE, "192.0.2.1 40000", false),
    ROW(SIG "\x21\x11\0\x14" V4 TLS, PROXY_WHOLE, "192.0.2.1 40000", true),
    ROW(SIG "\x21\x11\0\x14" V4 "\x20\0\5\2\0\0\0\0", PROXY_WHOLE,
        "192.0.2.1 40000", false),
    ROW(SIG "\x21\x21\0\x24" NET NET PORTS, PROXY_WHOLE, "2001:db8::1 40000",
        false),
    ROW(SIG "\x21\x21\0\x24" MAPPED MAPPED PORTS, PROXY_WHOLE,
        "192.0.2.1 40000", false),
    ROW(SIG "\x20\0\0\0", PROXY_WHOLE, NULL, false),
    ROW(SIG "\x20\x11\0\x14" V4 TLS, PROXY_WHOLE, NULL, false),
    ROW(SIG "\x20\x99\0\1x", PROXY_WHOLE, NULL, false),
    ROW(SIG "\x21\0\0\0", PROXY_WHOLE, NULL, false),
    ROW(SIG "\x21\0\0\x8" TLS, PROXY_WHOLE, NULL, false),
    /* CRC32C of the whole, computed by another program */
    ROW(SIG "\x21\x11\0\x13" V4 "\3\0\4\x01\x39\xd5\x5f", PROXY_WHOLE,
        "192.0.2.1 40000", false),
    ROW(SIG "\x21\x11\0\x13" V4 "\3\0\4\x01\x39\xd5\x5e", PROXY_BAD, NULL,
        false),
    ROW(SIG "\x21\x12\0\x0c" V4, PROXY_BAD, NULL, false),
    ROW(SIG "\x22\x11\0\x0c" V4, PROXY_BAD, NULL, false),
    ROW(SIG "\x11\x11\0\x0c" V4, PROXY_BAD, NULL, false),
    ROW(SIG "\x21\x11\0\x0b" V4, PROXY_BAD, NULL, false),
    ROW(SIG "\x21\x11\0\x0d" V4 "\x4", PROXY_BAD, NULL, false),
    ROW(SIG "\x21\x11\0\x0f" V4 "\x4\0\1", PROXY_BAD, NULL, false),
    ROW(SIG "\x21\x11\0\x1c" V4 TLS TLS, PROXY_BAD, NULL, false),
    ROW(SIG "\x21\x11\0\x13" V4 "\x20\0\4\1\0\0\0", PROXY_BAD, NULL, false),
    ROW(SIG "\x21\x11\2\0" V4, PROXY_BAD, NULL, false),
    ROW(SIG "\x21\x11\1\xf0" V4, PROXY_MORE, NULL, false),
    ROW("PROXY TCP4 192.0.2.1 192.0.2.2 1 65535\r\n", PROXY_WHOLE,
        "192.0.2.1 1", false),
    ROW("PROXY TCP6 ::ffff:192.0.2.1 ::1 0 2\r\n", PROXY_WHOLE, "192.0.2.1 0",
        false),
    ROW("PROXY UNKNOWN\r\n", PROXY_WHOLE, NULL, false),
    ROW("PROXY UNKNOWN 1 2 3\r\n", PROXY_WHOLE, NULL, false),
    ROW("PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n", PROXY_BAD, NULL, false),
    ROW("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", PROXY_BAD, NULL, false),
    ROW("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n", PROXY_BAD, NULL, false),
    ROW("PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n", PROXY_BAD, NULL, false),
    ROW("PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n", PROXY_BAD, NULL, false),
    ROW("PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", PROXY_BAD, NULL, false),
    ROW("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", PROXY_BAD, NULL, false),
    ROW("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", PROXY_BAD, NULL, false),
    ROW("PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n", PROXY_BAD, NULL, false),
    ROW("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n", PROXY_BAD, NULL, false),
    ROW("PROXY TCP4 ::1 ::1 1 2\r\n", PROXY_BAD, NULL, false),
    ROW("PROXY TCP5 ::1 ::1 1 2\r\n", PROXY_BAD, NULL, false),
    ROW("PROXY \r\n", PROXY_BAD, NULL, false),
    ROW("<noop id=\"1\"/>", PROXY_NONE, NULL, false),
    ROW("\r\n\r\n<noop/>", PROXY_NONE, NULL, false),
    ROW("proxy TCP4", PROXY_NONE, NULL, false),
    ROW("\r\n\r\n", PROXY_MORE, NULL, false),
    ROW("", PROXY_MORE, NULL, false),
};

static void
show(const struct proxy_header *h, char out[64])
{
    const struct sockaddr_in6 *in6 = (const void *)&h->client;
    const struct sockaddr_in *in = (const void *)&h->client;

    if (h->client.ss_family == AF_INET) {
        inet_ntop(AF_INET, &in->sin_addr, out, 50);
        sprintf(out + strlen(out), " %u", ntohs(in->sin_port));
    } else {
        inet_ntop(AF_INET6, &in6->sin6_addr, out, 50);
        sprintf(out + strlen(out), " %u", ntohs(in6->sin6_port));
    }
}

START_TEST(test_parse)
{
    const struct row *r = &rows[_i];
    struct proxy_header h;
    const char *why = NULL;
    size_t used = 0;
    char client[64];

    ck_assert_int_eq(
        proxy_header_parse(r->bytes, r->len, MOST, true, &h, &used, &why),
        r->found);
    ck_assert((why != NULL) == (r->found == PROXY_BAD));
    if (r->found != PROXY_WHOLE)
        return;
    ck_assert_uint_eq(used, r->len);
    ck_assert_int_eq(h.known, r->client != NULL);
    ck_assert_int_eq(h.known && h.tls, r->tls);
    if (r->client != NULL) {
        show(&h, client);
        ck_assert_str_eq(client, r->client);
    }
}
END_TEST

/* Version 1 is a matter of being asked for; what is behind it is left. */
START_TEST(test_text_and_rest)
{
    static const char line[] = "PROXY UNKNOWN\r\n<noop/>";
    struct proxy_header h;
    const char *why;
    size_t used = 0;

    ck_assert_int_eq(
        proxy_header_parse(line, sizeof line, MOST, false, &h, &used, &why),
        PROXY_NONE);
    ck_assert_int_eq(
        proxy_header_parse(line, sizeof line, MOST, true, &h, &used, &why),
        PROXY_WHOLE);
    ck_assert_str_eq(line + used, "<noop/>");
}
END_TEST

START_TEST(test_write)
{
    struct sockaddr_in6 far = {.sin6_family = AF_INET6, .sin6_port = htons(7)};
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(11024)};
    struct sockaddr un = {.sa_family = AF_UNIX};
    struct buf b = {0};

    inet_pton(AF_INET6, "::ffff:192.0.2.1", &far.sin6_addr);
    inet_pton(AF_INET, "198.51.100.1", &here.sin_addr);
    proxy_header_write(&b, (struct sockaddr *)&far, (struct sockaddr *)&here,
                       false);
    ck_assert_uint_eq(b.len, 28);
    ck_assert_mem_eq(b.data,
                     SIG "\x21\x11\0\x0c\xc0\0\2\1\xc6\x33\x64\1"
                         "\0\7\x2b\x10",
                     28);
    b.len = 0;
    proxy_header_write(&b, &un, (struct sockaddr *)&here, true);
    ck_assert_uint_eq(b.len, 16);
    ck_assert_mem_eq(b.data, SIG "\x21\0\0\0", 16);
    b.len = 0;
    inet_pton(AF_INET6, "2001:db8::1", &far.sin6_addr);
    proxy_header_write(&b, (struct sockaddr *)&far, (struct sockaddr *)&here,
                       true);
    ck_assert_uint_eq(b.len, 60);
    ck_assert_mem_eq(b.data, SIG "\x21\x21\0\x2c" NET, 32);
    buf_clear(&b);
}
END_TEST

Suite *
proxy_header_suite(void)
{
    Suite *s = suite_create("proxy header");
    TCase *t = tcase_create("proxy header");

    tcase_add_loop_test(t, test_parse, 0, sizeof rows / sizeof rows[0]);
    tcase_add_test(t, test_text_and_rest);
    tcase_add_test(t, test_write);
    suite_add_tcase(s, t);
    return s;
}
