/* SPDX-License-Identifier: BSD-2-Clause */
/* The small pure parts of the bridge: forms, nonces, addresses behind
 * proxies, bytes of replies, its configuration. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clients/bridge/bridge_config.h"
#include "clients/bridge/budget.h"
#include "clients/bridge/client.h"
#include "clients/bridge/form.h"
#include "clients/bridge/http_host.h"
#include "clients/bridge/http_message.h"
#include "clients/bridge/http_reply.h"
#include "clients/bridge/known.h"
#include "clients/bridge/nonce.h"
#include "util/xmalloc.h"

Suite *bridge_parts_suite(void);

/* --- form --- */

static const struct {
    const char *text, *name, *value; /* NULL: not there */
} fields[] = {
    {"a=1&b=2", "b", "2"},
    {"userName=joe@x", "username", "joe@x"},
    {"a=1&A=2", "a", "1"},
    {"a=x+y%20z%2B%2b", "a", "x y z++"},
    {"a=%4", "a", "%4"},
    {"a=%zz&b=1", "a", "%zz"},
    {"a", "a", ""},
    {"a=&b", "a", ""},
    {"=1&&a=2", "a", "2"},
    {"a=b=c", "a", "b=c"},
    {"", "a", NULL},
    {"a=%00x", "a", NULL},
    {"a=%ff", "a", NULL},
    {"a=%01", "a", NULL},
    {"a=%c3%a4", "a", "\xc3\xa4"},
    {"ab=1", "a", NULL},
};

START_TEST(forms)
{
    struct form f = {.n = 0};
    const char *found;

    form_parse(&f, fields[_i].text, strlen(fields[_i].text));
    found = form_get(&f, fields[_i].name);
    if (fields[_i].value == NULL)
        ck_assert_ptr_null(found);
    else
        ck_assert_str_eq(found, fields[_i].value);
    form_clear(&f);
}
END_TEST

/* What is no text is not the same as what is not there. */
START_TEST(garbled_fields_of_forms)
{
    static const char text[] = "a=%ff&b=x&a=1&c=%00&%ff=2&d";
    struct form f = {.n = 0};

    form_parse(&f, text, strlen(text));
    ck_assert(form_is_garbled(&f, "A"));
    ck_assert(form_is_garbled(&f, "c"));
    ck_assert(!form_is_garbled(&f, "b"));
    ck_assert(!form_is_garbled(&f, "d"));
    ck_assert(!form_is_garbled(&f, "e"));
    ck_assert_ptr_null(form_get(&f, "a"));
    ck_assert(!form_is_on(&f, "a"));
    ck_assert_uint_eq(form_number(&f, "a", 7, 100), 7);
    form_clear(&f);
}
END_TEST

/* Where whoever sends may know no UTF-8. */
START_TEST(fields_of_other_bytes)
{
    static const char text[] =
        "a=%fc+%ac&b=%c3%bc&c=%00&d=\xfc&e=%01&A=2&%ff=2";
    struct form f = {.takes_bytes = true};

    form_parse(&f, text, strlen(text));
    ck_assert_str_eq(form_get(&f, "a"), "\xc3\xbc \xc2\xac");
    ck_assert_str_eq(form_get(&f, "b"), "\xc3\xbc");
    ck_assert(form_is_garbled(&f, "c"));
    ck_assert_str_eq(form_get(&f, "d"), "\xc3\xbc");
    ck_assert(form_is_garbled(&f, "e"));
    ck_assert_uint_eq(form_count(&f, "a"), 2);
    ck_assert_uint_eq(form_count(&f, "B"), 1);
    ck_assert_uint_eq(form_count(&f, "x"), 0);
    form_clear(&f);
}
END_TEST

START_TEST(numbers_and_flags_of_forms)
{
    static const char text[] = "n=12&e=&x=1x&m=-1&b=99999999999999999999999&"
                               "on=1&yes=YES&no=0";
    struct form f = {.n = 0};

    form_parse(&f, text, strlen(text));
    ck_assert_uint_eq(form_number(&f, "n", 7, 100), 12);
    ck_assert_uint_eq(form_number(&f, "n", 7, 10), 10);
    ck_assert_uint_eq(form_number(&f, "e", 7, 100), 7);
    ck_assert_uint_eq(form_number(&f, "x", 7, 100), 7);
    ck_assert_uint_eq(form_number(&f, "m", 7, 100), 7);
    ck_assert_uint_eq(form_number(&f, "b", 7, UINT64_MAX), UINT64_MAX);
    ck_assert_uint_eq(form_number(&f, "none", 7, 100), 7);
    ck_assert(form_is_on(&f, "on"));
    ck_assert(form_is_on(&f, "yes"));
    ck_assert(!form_is_on(&f, "no"));
    ck_assert(!form_is_on(&f, "none"));
    form_clear(&f);
}
END_TEST

START_TEST(more_fields_than_there_is_room_for)
{
    struct form f = {.n = 0};
    struct buf text = {0};

    for (int i = 0; i < 2 * FORM_MOST; i++)
        buf_appendf(&text, "a%d=%d&", i, i);
    form_parse(&f, text.data, text.len);
    ck_assert_uint_eq(f.n, FORM_MOST);
    ck_assert_str_eq(form_get(&f, "a63"), "63");
    ck_assert_ptr_null(form_get(&f, "a64"));
    form_clear(&f);
    buf_clear(&text);
}
END_TEST

/* --- nonces --- */

START_TEST(nonce_for_one_try)
{
    static struct nonces n;
    char one[NONCE_SIZE], two[NONCE_SIZE];

    nonce_init(&n);
    nonce_make(&n, "192.0.2.1", 1000, one);
    nonce_make(&n, "192.0.2.1", 1000, two);
    ck_assert_str_ne(one, two);
    ck_assert(one[0] == '<' && one[strlen(one) - 1] == '>');
    ck_assert(!nonce_take(&n, one, "192.0.2.2", 1000));
    ck_assert(!nonce_take(&n, one, "192.0.2.1", 999));
    ck_assert(!nonce_take(&n, one, "192.0.2.1", 1000 + NONCE_LIFE));
    ck_assert(nonce_take(&n, one, "192.0.2.1", 999 + NONCE_LIFE));
    ck_assert(!nonce_take(&n, one, "192.0.2.1", 999 + NONCE_LIFE));
    ck_assert(nonce_take(&n, two, "192.0.2.1", 999 + NONCE_LIFE));
}
END_TEST

START_TEST(nonce_of_another_process)
{
    static struct nonces n, other;
    char text[NONCE_SIZE];

    nonce_init(&n);
    nonce_init(&other);
    nonce_make(&other, "192.0.2.1", 1000, text);
    ck_assert(!nonce_take(&n, text, "192.0.2.1", 1000));
    for (size_t i = 0; text[i] != '\0'; i++) {
        char kept = text[i];

        text[i] = kept == '7' ? '8' : '7';
        ck_assert(!nonce_take(&other, text, "192.0.2.1", 1000));
        text[i] = kept;
    }
    ck_assert(nonce_take(&other, text, "192.0.2.1", 1000));
}
END_TEST

static bool
try_one(struct nonces *n, const char *address, int64_t now)
{
    char text[NONCE_SIZE];

    nonce_make(n, address, now, text);
    return nonce_take(n, text, address, now);
}

/* How often an address may try until it is refused. */
static unsigned
tries(struct nonces *n, const char *address, int64_t now)
{
    unsigned count = 0;

    while (try_one(n, address, now))
        count++;
    return count;
}

START_TEST(nonces_of_a_flood_are_refused_not_reused)
{
    static struct nonces n;
    char first[NONCE_SIZE], text[NONCE_SIZE];

    nonce_init(&n);
    nonce_make(&n, "192.0.2.1", 0, first);
    ck_assert(nonce_take(&n, first, "192.0.2.1", 0));
    ck_assert_uint_eq(tries(&n, "192.0.2.1", 0), NONCE_USED / 2 - 1);
    nonce_make(&n, "192.0.2.1", 1, text);
    ck_assert(!nonce_take(&n, text, "192.0.2.1", 1));
    ck_assert(!nonce_take(&n, first, "192.0.2.1", 1));
    ck_assert(nonce_take(&n, text, "192.0.2.1", NONCE_LIFE));
}
END_TEST

/* Whoever floods leaves room for the others. */
START_TEST(nonces_are_shared_out)
{
    static struct nonces n;
    char address[32];

    nonce_init(&n);
    ck_assert_uint_eq(tries(&n, "192.0.2.1", 0), NONCE_USED / 2);
    ck_assert_uint_eq(tries(&n, "192.0.2.2", 0), NONCE_USED / 4);
    for (int i = 3; i <= 10; i++) {
        snprintf(address, sizeof address, "192.0.2.%d", i);
        ck_assert_uint_gt(tries(&n, address, 0), 0);
    }
    ck_assert(!try_one(&n, "192.0.2.1", NONCE_LIFE - 1));
    ck_assert(try_one(&n, "198.51.100.1", NONCE_LIFE - 1));
    /* When the minute is over, all of it is there again. */
    ck_assert_uint_eq(tries(&n, "192.0.2.1", NONCE_LIFE), NONCE_USED / 2);
}
END_TEST

START_TEST(nonces_of_one_network)
{
    static struct nonces n;

    nonce_init(&n);
    ck_assert_uint_eq(tries(&n, "2001:db8::1", 0), NONCE_USED / 2);
    ck_assert(!try_one(&n, "2001:db8::ffff:1", 0));
    ck_assert(!try_one(&n, "2001:db8:0:1::1", 0));
    ck_assert(try_one(&n, "2001:db8:1::1", 0));
    ck_assert(try_one(&n, "32.1.13.184", 0)); /* the same first bytes */
}
END_TEST

/* --- alerts known --- */

START_TEST(knows_the_last_alerts)
{
    struct known_alerts k = {0};
    uint64_t one = known_hash("1", "20261122T133000Z\"", 16);

    ck_assert(one == known_hash("1", "20261122T133000Z", 16));
    ck_assert(one != known_hash("1", "20261122T133001Z", 16));
    ck_assert(one != known_hash("1", NULL, 0));
    ck_assert(one != known_hash("12", "0261122T133000Z", 15));
    ck_assert_ptr_null(known_find(&k, one));
    for (uint64_t i = 1; i <= 5 * KNOWN_MOST + 7; i++) {
        known_add(&k, i);
        ck_assert(!known_find(&k, i)->confirmed);
        known_find(&k, i)->confirmed = true;
        ck_assert_ptr_null(known_find(&k, i + 1));
        if (i > KNOWN_MOST) {
            ck_assert_ptr_null(known_find(&k, i - KNOWN_MOST));
            ck_assert(known_find(&k, i - KNOWN_MOST + 1)->confirmed);
        } else {
            ck_assert(known_find(&k, 1)->confirmed);
        }
    }
    known_clear(&k);
    ck_assert_ptr_null(known_find(&k, 1));
}
END_TEST

/* --- budgets --- */

static const uint8_t her[BUDGET_KEY] = {1}, his[BUDGET_KEY] = {2};

START_TEST(budget_of_one_and_of_all)
{
    static struct budget b;
    struct budget_share s[4] = {{NULL, 0}};

    budget_set(&b, 100, 60);
    ck_assert(budget_hold(&b, &s[0], her, 50));
    ck_assert(!budget_hold(&b, &s[1], her, 11));
    ck_assert(budget_hold(&b, &s[1], her, 10));
    ck_assert(!budget_hold(&b, &s[2], his, 41));
    ck_assert(budget_hold(&b, &s[2], his, 40));
    ck_assert(!budget_hold(&b, &s[3], NULL, 1));
    ck_assert_uint_eq(b.held, 100);
    budget_release(&b, &s[1]);
    ck_assert(!budget_hold(&b, &s[3], NULL, 11));
    ck_assert(budget_hold(&b, &s[3], NULL, 10));
    for (size_t i = 0; i < 4; i++) {
        budget_release(&b, &s[i]);
        budget_release(&b, &s[i]); /* again: nothing */
    }
    ck_assert_uint_eq(b.held, 0);
    ck_assert(budget_hold(&b, &s[0], her, 60));
    budget_release(&b, &s[0]);
}
END_TEST

START_TEST(budget_that_others_have_filled)
{
    static struct budget b;
    struct budget_share s[3] = {{NULL, 0}};

    budget_set(&b, 100, 60);
    ck_assert(budget_hold(&b, &s[0], her, 50));
    ck_assert(budget_hold(&b, &s[1], his, 45));
    ck_assert(!budget_is_full(&b, &s[2], NULL, 5));
    ck_assert(budget_is_full(&b, &s[2], NULL, 6));
    ck_assert(!budget_is_full(&b, &s[2], NULL, 101)); /* nobody may */
    ck_assert(budget_is_full(&b, &s[2], her, 10));
    ck_assert(!budget_is_full(&b, &s[2], her, 11)); /* it is her own */
    ck_assert(!budget_is_full(&b, &s[0], her, 55));
    ck_assert(budget_is_full(&b, &s[0], her, 56));
    for (size_t i = 0; i < 3; i++)
        budget_release(&b, &s[i]);
}
END_TEST

START_TEST(budget_share_that_changes)
{
    static struct budget b;
    struct budget_share s = {NULL, 0}, t = {NULL, 0};

    budget_set(&b, 100, 60);
    ck_assert(budget_hold(&b, &s, NULL, 80)); /* whose it is, is not known */
    ck_assert(!budget_hold(&b, &s, her, 80));
    ck_assert_uint_eq(s.bytes, 80);
    ck_assert(budget_hold(&b, &s, her, 60));
    ck_assert(!budget_hold(&b, &s, her, 61));
    ck_assert(budget_hold(&b, &s, her, 30));
    ck_assert(budget_hold(&b, &t, her, 30));
    /* A limit that is lower now takes nothing away. */
    budget_set(&b, 20, 10);
    ck_assert(budget_hold(&b, &s, her, 30));
    ck_assert(budget_hold(&b, &s, her, 29));
    ck_assert(!budget_hold(&b, &s, her, 30));
    ck_assert(!budget_hold(&b, &s, his, 29)); /* nor does it move */
    ck_assert_uint_eq(b.held, 59);
    budget_release(&b, &s);
    budget_release(&b, &t);
    ck_assert_uint_eq(b.held, 0);
    ck_assert(!budget_hold(&b, &s, her, SIZE_MAX));
    ck_assert_ptr_null(s.holder);
}
END_TEST

/* An IPv6 network has a share besides those of its addresses. */
START_TEST(budget_of_networks)
{
    static struct budget b;
    struct budget_share s[4] = {{NULL, 0}};
    uint8_t key[4][CLIENT_NET];

    budget_init(&b, true);
    budget_set(&b, 100, 30);
    client_net("2001:db8:1:1::1", key[0]);
    client_net("2001:db8:1:2::1", key[1]);
    client_net("2001:db8:2:1::1", key[2]);
    client_net("192.0.2.1", key[3]);
    ck_assert(budget_hold(&b, &s[0], key[0], 30)); /* no limit of it yet */
    ck_assert(budget_hold(&b, &s[1], key[1], 30));
    budget_release(&b, &s[1]);
    budget_set_network(&b, 50);
    ck_assert(!budget_hold(&b, &s[1], key[1], 21));
    ck_assert(budget_hold(&b, &s[1], key[1], 20));
    ck_assert(budget_hold(&b, &s[2], key[2], 21));
    ck_assert(budget_hold(&b, &s[3], key[3], 29));
    ck_assert(budget_is_full(&b, &s[0], key[2], 31) == false);
    ck_assert(budget_is_full(&b, &s[2], key[2], 22));  /* others' fault */
    ck_assert(!budget_is_full(&b, &s[1], key[1], 21)); /* its own */
    for (size_t i = 0; i < 4; i++)
        budget_release(&b, &s[i]);
    ck_assert_uint_eq(b.held, 0);
    for (size_t i = 0; i < BUDGET_BUCKETS; i++)
        ck_assert(LIST_EMPTY(&b.holders[i]));
}
END_TEST

/* Nobody can choose keys that fall together. */
START_TEST(budget_by_chance)
{
    static struct budget b[2];

    budget_init(&b[0], true);
    budget_init(&b[1], true);
    ck_assert_uint_ne(b[0].seed, b[1].seed);
}
END_TEST

START_TEST(budget_of_many)
{
    static struct budget_share s[5000];
    static struct budget b;

    budget_set(&b, SIZE_MAX, 2);
    for (uint32_t round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 5000; i++) {
            uint8_t key[BUDGET_KEY] = {0};

            memcpy(key, &i, sizeof i);
            ck_assert(!budget_hold(&b, &s[i], key, 3));
            ck_assert(budget_hold(&b, &s[i], key, 1 + round));
        }
    ck_assert_uint_eq(b.held, 10000);
    for (size_t i = 0; i < 5000; i++)
        budget_release(&b, &s[i]);
    ck_assert_uint_eq(b.held, 0);
    for (size_t i = 0; i < BUDGET_BUCKETS; i++)
        ck_assert(LIST_EMPTY(&b.holders[i]));
}
END_TEST

/* --- addresses behind proxies --- */

static const struct {
    bool is_rfc7239;
    const char *list, *expected; /* NULL: none */
} lists[] = {
    {false, "192.0.2.1", "192.0.2.1"},
    {false, "203.0.113.1, 192.0.2.1", "192.0.2.1"},
    {false, "203.0.113.1, 192.0.2.1, 10.1.2.3", "192.0.2.1"},
    {false, "10.9.9.9, 10.1.2.3", "10.9.9.9"},
    {false, "192.0.2.1:4711", "192.0.2.1"},
    {false, "2001:db8::1", "2001:db8::1"},
    {false, "[2001:db8::1]:80", "2001:db8::1"},
    {false, "::ffff:192.0.2.1", "192.0.2.1"},
    {false, "", NULL},
    {false, "unknown", NULL},
    {false, "192.0.2.1, unknown", NULL},
    {false, "192.0.2.1,", NULL},
    {false, "unknown, 10.1.2.3", "10.1.2.3"},
    {true, "for=192.0.2.1", "192.0.2.1"},
    {true, "For=\"[2001:db8::1]:80\";proto=https", "2001:db8::1"},
    {true, "proto=https; for=192.0.2.1;by=x", "192.0.2.1"},
    {true, "for=203.0.113.1, for=192.0.2.1, for=10.0.0.1", "192.0.2.1"},
    {true, "for=_hidden", NULL},
    {true, "proto=https", NULL},
    {true, "192.0.2.1", NULL},
};

START_TEST(forwarded)
{
    const struct config_spec spec = {CONFIG_NETS, 0, 0, NULL};
    char out[INET6_ADDRSTRLEN] = "";
    struct config_nets nets = {0};
    bool found;

    ck_assert_int_eq(config_value_parse(&spec, "10.0.0.0/8", &nets, NULL), 0);
    found = client_forwarded(&nets, lists[_i].list, lists[_i].is_rfc7239, out);
    ck_assert_int_eq(found, lists[_i].expected != NULL);
    if (found)
        ck_assert_str_eq(out, lists[_i].expected);
    config_value_clear(&spec, &nets);
}
END_TEST

/* --- hosts --- */

static const struct {
    const char *text, *name; /* NULL: it is none */
    unsigned port;
} hosts[] = {
    {"", "", 0},
    {"a.test", "a.test", 0},
    {"A.Test.", "a.test", 0},
    {"a.test:", "a.test", 0},
    {"a.test.:8100", "a.test", 8100},
    {"a:0080", "a", 80},
    {"a:65535", "a", 65535},
    {"a:65536", NULL, 0},
    {"a:0", NULL, 0},
    {"a:-1", NULL, 0},
    {"a: 1", NULL, 0},
    {"a:1:2", NULL, 0},
    {"a b", NULL, 0},
    {"a ", NULL, 0},
    {".a", NULL, 0},
    {".", NULL, 0},
    {"a..", NULL, 0},
    {"a..b", NULL, 0},
    {"a,b", NULL, 0},
    {"a%2eb", NULL, 0},
    {"\xc3\xa4", NULL, 0},
    {"[::1]", "::1", 0},
    {"[2001:DB8::1]:443", "2001:db8::1", 443},
    {"[fe80::1%eth0]", "fe80::1%eth0", 0},
    {"[::1", NULL, 0},
    {"[::1]443", NULL, 0},
    {"[127.0.0.1]", NULL, 0},
    {"::1", NULL, 0},
};

START_TEST(hosts_as_requests_name_them)
{
    struct http_host h;
    bool found = http_host_parse(hosts[_i].text, &h);

    ck_assert_msg(found == (hosts[_i].name != NULL), "%s", hosts[_i].text);
    if (found) {
        ck_assert_str_eq(h.name, hosts[_i].name);
        ck_assert_uint_eq(h.port, hosts[_i].port);
    }
}
END_TEST

/* --- requests --- */

static struct http_message *
message(const char *const texts[], size_t n)
{
    struct http_message *m = xcalloc(1, sizeof *m);

    ck_assert_int_eq(http_message_url(m, "/", 1, 1000), 0);
    for (size_t i = 0; i < n; i += 2) {
        ck_assert_int_eq(http_message_name(m, texts[i], strlen(texts[i]), 1000),
                         0);
        ck_assert_int_eq(
            http_message_value(m, texts[i + 1], strlen(texts[i + 1]), 1000), 0);
    }
    http_message_head_done(m);
    return m;
}

/* Headers that were sent several times are joined once, however often they are
 * asked for: what a request takes in memory is known with its head. */
START_TEST(headers_of_a_message)
{
    static const char *const texts[] = {"Host",   "a \t", "X",      "1",  "Y",
                                        "2",      "x",    "3 ",     "X",  "4",
                                        "Cookie", "a=1",  "cookie", "b=2"};
    struct http_message *m = message(texts, sizeof texts / sizeof texts[0]);
    const char *joined = http_message_header(m, "X");

    ck_assert_str_eq(joined, "1, 3, 4");
    ck_assert_ptr_eq(http_message_header(m, "x"), joined);
    ck_assert_str_eq(http_message_header(m, "y"), "2");
    ck_assert_str_eq(http_message_header(m, "host"), "a");
    ck_assert_str_eq(http_message_header(m, "Cookie"), "a=1; b=2");
    ck_assert_ptr_null(http_message_header(m, "Z"));
    ck_assert_uint_eq(http_message_count(m, "X"), 3);
    ck_assert_uint_eq(http_message_count(m, "Z"), 0);
    ck_assert_uint_ge(http_message_size(m), sizeof *m + 2 * m->head.len);
    http_message_free(&m);
    ck_assert_ptr_null(m);
}
END_TEST

/* --- replies --- */

START_TEST(reply_in_the_order_of_the_family)
{
    const struct http_reply r = {.status = 200,
                                 .type = "text/xml;charset=utf-8",
                                 .body = "<XIMSS/>\r\n",
                                 .len = 10};
    struct buf out = {0};

    http_reply_write(&out, &r, true, false, INT64_C(784111777000000));
    ck_assert_str_eq(buf_cstr(&out),
                     "HTTP/1.1 200 OK\r\n"
                     "Connection: keep-alive\r\n"
                     "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                     "Content-Type: text/xml;charset=utf-8\r\n"
                     "Content-Length: 10\r\n"
                     "Server: ximss-bridge/" PACKAGE_VERSION "\r\n"
                     "Cache-Control: no-cache,must-revalidate\r\n"
                     "Referrer-Policy: no-referrer\r\n"
                     "X-Frame-Options: DENY\r\n"
                     "X-Content-Type-Options: nosniff\r\n"
                     "X-XSS-Protection: 0\r\n"
                     "\r\n"
                     "<XIMSS/>\r\n");
    buf_clear(&out);
}
END_TEST

START_TEST(reason_cannot_break_the_head)
{
    const struct http_reply r = {.status = 403, .reason = "a\r\nb: c\x80"};
    struct buf out = {0};

    http_reply_write(&out, &r, false, false, 0);
    ck_assert_int_eq(strncmp(buf_cstr(&out),
                             "HTTP/1.1 403 a??b: c?\r\nConnection: close\r\n",
                             41),
                     0);
    buf_clear(&out);
}
END_TEST

/* --- configuration --- */

static char *
file_text(const char *name)
{
    const char *dir = getenv("srcdir");
    char *path = xasprintf("%s/%s", dir != NULL ? dir : ".", name);
    struct buf b = {0};
    FILE *f = fopen(path, "r");
    int c;

    ck_assert_msg(f != NULL, "%s cannot be read", path);
    while ((c = fgetc(f)) != EOF)
        buf_append_char(&b, (char)c);
    fclose(f);
    free(path);
    buf_cstr(&b);
    return buf_take(&b);
}

START_TEST(manual_and_sample_have_every_key)
{
    char *manual = file_text("doc/man/ximss-bridge.conf.5");
    char *sample = file_text("dist/ximss-bridge.conf.in");

    /* Where this installation has them. */
    ck_assert_ptr_nonnull(
        strstr(sample, "\n#pages = \"@pkgdatadir@/pages\"\n"));

    for (size_t i = 0; i < bridge_config_table.n_rows; i++) {
        const char *key = bridge_config_table.rows[i].key;
        char *item = xasprintf("\n.It Cm %s\n", key);
        char *line = xasprintf("\n#%s = ", key);

        ck_assert_msg(strstr(manual, item) != NULL, "no %s", key);
        ck_assert_msg(strstr(sample, line) != NULL, "no %s", key);
        free(item);
        free(line);
    }
    free(manual);
    free(sample);
}
END_TEST

static const struct {
    const char *key, *value, *error;
} wrong[] = {
    {"server-address", "localhost",
     "command line: server-address: must be an address in numbers, without a port"},
    {"listen-tls", "*:0", "listen-tls: needs tls-certificate and tls-key"},
    {"tls-key", "/x", "command line: tls-key: needs tls-certificate too"},
    {"proxy-protocol", "*:81",
     "command line: proxy-protocol: each address must be one of listen or "
     "listen-tls, as it stands there"},
    {"proxy-protocol", "127.0.0.1:8100",
     "command line: proxy-protocol: needs trusted-proxies"},
    {"nothing", "1", "command line: nothing: there is no such key"},
    {"mail-auth-key", "fifteen-letters",
     "command line: mail-auth-key: must have at least 16 characters"},
    {"mail-auth-key", "sixteen letters and more",
     "command line: mail-auth-key: must be visible ASCII characters"},
    {"mail-auth-pop3", "*:110",
     "command line: mail-auth-pop3: must be an address and a port"},
    {"mail-auth-imap", "127.0.0.1:0",
     "command line: mail-auth-imap: must be an address and a port"},
    {"max-sessions", "0",
     "command line: max-sessions: \"0\" is not allowed; it takes a number from "
     "1 to 10000000"},
};

START_TEST(wrong_configurations)
{
    const struct config_override o = {wrong[_i].key, wrong[_i].value};
    struct errbuf err = {""};

    ck_assert_ptr_null(
        config_table_load(&bridge_config_table, NULL, &o, 1, &err));
    ck_assert_msg(strstr(err.text, wrong[_i].error) != NULL, "%s", err.text);
}
END_TEST

START_TEST(lists_of_texts)
{
    const struct config_override o[] = {
        {"allowed-origins", "https://a.test"},
        {"allowed-origins", "https://b.test:8443"}};
    struct errbuf err = {""};
    struct bridge_config *c =
        config_table_load(&bridge_config_table, NULL, o, 2, &err);
    struct bridge_config *other =
        config_table_load(&bridge_config_table, NULL, NULL, 0, &err);

    ck_assert_msg(c != NULL, "%s", err.text);
    ck_assert_uint_eq(c->allowed_origins.count, 2);
    ck_assert_str_eq(c->allowed_origins.items[1], "https://b.test:8443");
    ck_assert_uint_eq(other->allowed_origins.count, 0);
    config_table_keep_running(&bridge_config_table, other, c);
    ck_assert_uint_eq(other->allowed_origins.count, 0);
    config_table_free(&bridge_config_table, c);
    config_table_free(&bridge_config_table, other);
}
END_TEST

#define LOOP(tc, test, rows) \
    tcase_add_loop_test(tc, test, 0, sizeof(rows) / sizeof(rows)[0])

Suite *
bridge_parts_suite(void)
{
    Suite *s = suite_create("bridge_parts");
    TCase *tc = tcase_create("all");

    LOOP(tc, forms, fields);
    tcase_add_test(tc, garbled_fields_of_forms);
    tcase_add_test(tc, fields_of_other_bytes);
    tcase_add_test(tc, numbers_and_flags_of_forms);
    tcase_add_test(tc, more_fields_than_there_is_room_for);
    tcase_add_test(tc, nonce_for_one_try);
    tcase_add_test(tc, nonce_of_another_process);
    tcase_add_test(tc, nonces_of_a_flood_are_refused_not_reused);
    tcase_add_test(tc, nonces_are_shared_out);
    tcase_add_test(tc, knows_the_last_alerts);
    tcase_add_test(tc, nonces_of_one_network);
    tcase_add_test(tc, budget_of_one_and_of_all);
    tcase_add_test(tc, budget_that_others_have_filled);
    tcase_add_test(tc, budget_share_that_changes);
    tcase_add_test(tc, budget_of_many);
    tcase_add_test(tc, budget_of_networks);
    tcase_add_test(tc, budget_by_chance);
    LOOP(tc, forwarded, lists);
    tcase_add_test(tc, headers_of_a_message);
    LOOP(tc, hosts_as_requests_name_them, hosts);
    tcase_add_test(tc, reply_in_the_order_of_the_family);
    tcase_add_test(tc, reason_cannot_break_the_head);
    tcase_add_test(tc, manual_and_sample_have_every_key);
    LOOP(tc, wrong_configurations, wrong);
    tcase_add_test(tc, lists_of_texts);
    suite_add_tcase(s, tc);
    return s;
}
