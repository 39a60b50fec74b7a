/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "ximss/server/auth/keyed_hash.h"

Suite *keyed_hash_suite(void);

static void
to_hex(const uint8_t *bytes, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

#define JEFE "what do ya want for nothing?"

/* RFC 4231, those with keys of at most a block. */
static const struct {
    char key_byte; /* repeated, or 0: key_text */
    size_t key_len;
    const char *key_text, *data;
    const char *hex;
} sha256[] = {
    {0x0b, 20, NULL, "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {0, 4, "Jefe", JEFE,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {0x0c, 20, NULL, "Test With Truncation",
     "a3b6167473100ee06e0c796c2955552bfa6f7c0a6a8aef8b93f860aab0cd20c5"},
};

START_TEST(makes_the_hashes_of_rfc_4231)
{
    uint8_t out[KEYED_HASH_BYTES];
    char hex[2 * KEYED_HASH_BYTES + 1], key[64];
    const char *data = sha256[_i].data;
    struct keyed_hash k;

    memset(key, sha256[_i].key_byte, sizeof key);
    if (sha256[_i].key_text != NULL)
        memcpy(key, sha256[_i].key_text, sha256[_i].key_len);
    keyed_hash_init(&k, key, sha256[_i].key_len);
    /* Cut in two at every place: the parts are one message. */
    for (size_t cut = 0; cut <= strlen(data); cut++) {
        const struct keyed_part parts[] = {{data, cut},
                                           {data + cut, strlen(data) - cut}};

        keyed_hash_get(&k, parts, 2, out);
        to_hex(out, sizeof out, hex);
        ck_assert_str_eq(hex, sha256[_i].hex);
    }
}
END_TEST

START_TEST(random_keys_differ)
{
    const struct keyed_part part = {"a", 1};
    uint8_t one[KEYED_HASH_BYTES], two[KEYED_HASH_BYTES];
    struct keyed_hash k;

    keyed_hash_random(&k);
    keyed_hash_get(&k, &part, 1, one);
    keyed_hash_get(&k, &part, 1, two);
    ck_assert_mem_eq(one, two, sizeof one);
    keyed_hash_random(&k);
    keyed_hash_get(&k, &part, 1, two);
    ck_assert_mem_ne(one, two, sizeof one);
}
END_TEST

/* RFC 2202; the last two have keys longer than a block. */
static const struct {
    char key_byte;
    size_t key_len;
    const char *key_text, *data;
    const char *hex;
} md5[] = {
    {0x0b, 16, NULL, "Hi There", "9294727a3638bb1c13f48ef8158bfc9d"},
    {0, 4, "Jefe", JEFE, "750c783e6ab0b503eaa86e310a5db738"},
    {0x0c, 16, NULL, "Test With Truncation",
     "56461ef2342edc00f9bab995690efd4c"},
    {(char)0xaa, 80, NULL,
     "Test Using Larger Than Block-Size Key - Hash Key First",
     "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"},
    {(char)0xaa, 80, NULL,
     "Test Using Larger Than Block-Size Key and Larger "
     "Than One Block-Size Data",
     "6f630fad67cda0ee1fb1f562db3aa53e"},
};

START_TEST(makes_the_hashes_of_rfc_2202)
{
    uint8_t state[KEYED_MD5_STATE_SIZE], out[KEYED_MD5_BYTES];
    char hex[2 * KEYED_MD5_BYTES + 1], key[80];

    memset(key, md5[_i].key_byte, sizeof key);
    if (md5[_i].key_text != NULL)
        memcpy(key, md5[_i].key_text, md5[_i].key_len);
    keyed_md5_state(key, md5[_i].key_len, state);
    keyed_md5_get(state, md5[_i].data, strlen(md5[_i].data), out);
    to_hex(out, sizeof out, hex);
    ck_assert_str_eq(hex, md5[_i].hex);
}
END_TEST

/* The state goes into the store: other machines must read the same bytes. */
START_TEST(md5_state_has_a_fixed_byte_order)
{
    uint8_t state[KEYED_MD5_STATE_SIZE];
    char hex[2 * KEYED_MD5_STATE_SIZE + 1];

    keyed_md5_state("secret", 6, state);
    to_hex(state, sizeof state, hex);
    ck_assert_str_eq(hex, "a9e0f7f1fbc00c8a81bbaac395731b56"
                          "cd3ba7deaad6e5ca23448ba42e379747");
}
END_TEST

Suite *
keyed_hash_suite(void)
{
    Suite *s = suite_create("keyed_hash");
    TCase *t = tcase_create("keyed_hash");

    tcase_add_loop_test(t, makes_the_hashes_of_rfc_4231, 0,
                        sizeof sha256 / sizeof sha256[0]);
    tcase_add_test(t, random_keys_differ);
    tcase_add_loop_test(t, makes_the_hashes_of_rfc_2202, 0,
                        sizeof md5 / sizeof md5[0]);
    tcase_add_test(t, md5_state_has_a_fixed_byte_order);
    suite_add_tcase(s, t);
    return s;
}
