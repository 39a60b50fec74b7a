/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "ximss/server/auth/ticket.h"

Suite *ticket_suite(void);

#define BASE64URL                \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
    "abcdefghijklmnopqrstuvwxyz0123456789-_"

START_TEST(hash_of_a_ticket_is_found_again)
{
    char text[TICKET_TEXT_SIZE], other[TICKET_TEXT_SIZE];
    uint8_t made[TICKET_HASH_BYTES], found[TICKET_HASH_BYTES];

    ticket_make(text, made);
    ck_assert_uint_eq(strlen(text), 43);
    ck_assert_uint_eq(strspn(text, BASE64URL), 43);
    /* 32 bytes leave two bits over. */
    ck_assert_ptr_nonnull(strchr("AEIMQUYcgkosw048", text[42]));
    ck_assert_int_eq(ticket_hash(text, found), 0);
    ck_assert_mem_eq(made, found, sizeof made);
    ticket_make(other, found);
    ck_assert_str_ne(text, other);
    ck_assert_mem_ne(made, found, sizeof made);
}
END_TEST

START_TEST(uses_the_whole_alphabet)
{
    char text[TICKET_TEXT_SIZE];
    uint8_t hash[TICKET_HASH_BYTES];
    bool seen[256] = {false};

    for (int i = 0; i < 200; i++) {
        ticket_make(text, hash);
        /* It is written bare in the CLI's data format. */
        ck_assert(text[0] != '-' && text[0] != '_');
        for (const char *p = text; *p != '\0'; p++)
            seen[(unsigned char)*p] = true;
    }
    for (const char *p = BASE64URL; *p != '\0'; p++)
        ck_assert_msg(seen[(unsigned char)*p], "%c never came", *p);
}
END_TEST

START_TEST(refuses_what_is_no_ticket)
{
    char text[TICKET_TEXT_SIZE + 1] = "";
    uint8_t hash[TICKET_HASH_BYTES];

    ticket_make(text, hash);
    for (size_t i = 0; i < 43; i++) {
        char was = text[i];

        text[i] = '\0';
        ck_assert_int_eq(ticket_hash(text, hash), -1);
        text[i] = '=';
        ck_assert_int_eq(ticket_hash(text, hash), -1);
        text[i] = was;
    }
    strcat(text, "A");
    ck_assert_int_eq(ticket_hash(text, hash), -1);
    ck_assert_int_eq(ticket_hash("", hash), -1);
}
END_TEST

/* The hash is what stores hold: it must not change. */
START_TEST(hash_is_sha256_of_the_text)
{
    uint8_t hash[TICKET_HASH_BYTES];

    ck_assert_int_eq(
        ticket_hash("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", hash), 0);
    ck_assert_uint_eq(hash[0], 0x0f);
    ck_assert_uint_eq(hash[31], 0x1a);
}
END_TEST

static const struct {
    const char *address, *origin; /* NULL: none was named */
    const char *peer, *client;
    bool good;
} bindings[] = {
    {NULL, NULL, "192.0.2.1", NULL, true},
    {NULL, NULL, NULL, NULL, true},
    {"192.0.2.1", NULL, "192.0.2.1", NULL, true},
    {"192.0.2.1", NULL, "::ffff:192.0.2.1", NULL, true},
    {"2001:db8::1", NULL, "2001:db8::1", NULL, true},
    {"192.0.2.1", NULL, "192.0.2.2", NULL, false},
    {"2001:db8::1", NULL, "2001:db8::2", NULL, false},
    {"192.0.2.1", NULL, NULL, NULL, false}, /* the UNIX socket */
    {"::", NULL, NULL, NULL, false},
    {"192.0.2.1", NULL, "127.0.0.1", "192.0.2.1", true},
    {"192.0.2.1", NULL, NULL, "192.0.2.1", true},
    {"192.0.2.1", NULL, "192.0.2.1", "192.0.2.2", false},
    {"127.0.0.1", "192.0.2.1", "127.0.0.1", "192.0.2.1", true},
    {"127.0.0.1", "192.0.2.1", "127.0.0.1", "192.0.2.2", false},
    {"127.0.0.1", "192.0.2.1", "127.0.0.2", "192.0.2.1", false},
    {"127.0.0.1", "192.0.2.1", "127.0.0.1", NULL, false},
    {"127.0.0.1", "192.0.2.1", "192.0.2.1", NULL, false},
    {"127.0.0.1", "192.0.2.1", "192.0.2.1", "127.0.0.1", false},
};

/* NULL: the UNIX socket. */
static const struct peer *
peer(const char *text, struct peer *p)
{
    *p = (struct peer){.kind = PEER_LOCAL};
    if (text != NULL)
        ck_assert_int_eq(peer_parse(p, text), 0);
    return p;
}

START_TEST(bound_to_an_address)
{
    const char *address = bindings[_i].address, *origin = bindings[_i].origin;
    const char *client = bindings[_i].client;
    struct ticket_rec k = {.account = 1};
    struct peer a, b;

    if (address != NULL)
        ticket_bind(&k, peer(address, &a),
                    origin != NULL ? peer(origin, &b) : NULL);
    ck_assert_int_eq(ticket_admits(&k, peer(bindings[_i].peer, &a),
                                   client != NULL ? peer(client, &b) : NULL),
                     bindings[_i].good);
}
END_TEST

Suite *
ticket_suite(void)
{
    Suite *s = suite_create("ticket");
    TCase *t = tcase_create("ticket");

    tcase_add_test(t, hash_of_a_ticket_is_found_again);
    tcase_add_test(t, uses_the_whole_alphabet);
    tcase_add_loop_test(t, bound_to_an_address, 0,
                        sizeof bindings / sizeof bindings[0]);
    tcase_add_test(t, refuses_what_is_no_ticket);
    tcase_add_test(t, hash_is_sha256_of_the_text);
    suite_add_tcase(s, t);
    return s;
}
