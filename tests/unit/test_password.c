/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <openssl/evp.h>

#include "ximss/server/auth/keyed_hash.h"
#include "ximss/server/auth/password.h"

Suite *password_suite(void);

/* The example of RFC 7677: user "user", password "pencil". */
static const uint8_t rfc_salt[CRED_SALT_BYTES] = {
    0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e,
    0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36, 0xfa, 0x81,
};
#define RFC_NONCE "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define RFC_AUTH_MESSAGE             \
    "n=user,r=rOprNGfwEbeRWgbNEkqO," \
    "r=" RFC_NONCE ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=" RFC_NONCE
#define RFC_PROOF    "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define RFC_VERIFIER "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

/* HMAC of the example's AuthMessage. */
static void
sign(const uint8_t key[CRED_KEY_BYTES], uint8_t out[CRED_KEY_BYTES])
{
    const struct keyed_part part = {RFC_AUTH_MESSAGE, strlen(RFC_AUTH_MESSAGE)};
    struct keyed_hash k;

    keyed_hash_init(&k, key, CRED_KEY_BYTES);
    keyed_hash_get(&k, &part, 1, out);
}

/* A SHA-256 hash in base64: 44 characters, the last one padding. */
static void
from_base64(const char *text, uint8_t out[CRED_KEY_BYTES])
{
    uint8_t bytes[33];

    ck_assert_int_eq(
        EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)strlen(text)),
        33);
    memcpy(out, bytes, CRED_KEY_BYTES);
}

START_TEST(verifies_the_exchange_of_rfc_7677)
{
    uint8_t key[CRED_KEY_BYTES], signature[CRED_KEY_BYTES];
    uint8_t proof[CRED_KEY_BYTES], verifier[CRED_KEY_BYTES];
    struct credential c;

    password_derive("pencil", rfc_salt, 4096, &c);
    sign(c.stored_key, signature);
    from_base64(RFC_PROOF, proof);
    for (size_t i = 0; i < sizeof proof; i++)
        proof[i] ^= signature[i];
    EVP_Digest(proof, sizeof proof, key, NULL, EVP_sha256(), NULL);
    ck_assert_mem_eq(key, c.stored_key, sizeof key);

    sign(c.server_key, signature);
    from_base64(RFC_VERIFIER, verifier);
    ck_assert_mem_eq(signature, verifier, sizeof verifier);
    ck_assert(!c.has_cram);
}
END_TEST

START_TEST(matches_only_the_password)
{
    struct credential c, again;

    password_make("pencil", 10, false, &c);
    ck_assert_uint_eq(c.iterations, 10);
    ck_assert(password_matches(&c, "pencil", NULL));
    ck_assert(!password_matches(&c, "Pencil", NULL));
    ck_assert(!password_matches(&c, "pencil ", NULL));
    ck_assert(!password_matches(&c, "penci", NULL));
    ck_assert(!password_matches(&c, "", NULL));
    password_make("pencil", 10, false, &again);
    ck_assert_mem_ne(c.salt, again.salt, sizeof c.salt);
    ck_assert_mem_ne(c.stored_key, again.stored_key, sizeof c.stored_key);
    c.stored_key[CRED_KEY_BYTES - 1] ^= 1;
    ck_assert(!password_matches(&c, "pencil", NULL));
}
END_TEST

START_TEST(knows_what_is_not_taken)
{
    char longest[PASSWORD_MOST + 2];

    memset(longest, 'x', sizeof longest);
    longest[PASSWORD_MOST] = '\0';
    ck_assert_ptr_null(password_fault(longest));
    longest[PASSWORD_MOST] = 'x';
    longest[PASSWORD_MOST + 1] = '\0';
    ck_assert_str_eq(password_fault(longest), "password is empty or too long");
    ck_assert_str_eq(password_fault(""), "password is empty or too long");
    ck_assert_str_eq(password_fault("a\xff"), "password is not UTF-8");
    ck_assert_str_eq(
        password_fault("secret\r"),
        "password has a line end or another control character in it");
    ck_assert_ptr_null(password_fault(" a\xc2\xa0\xf0\x9f\x98\x80"));
}
END_TEST

START_TEST(nothing_matches_where_no_password_is_set)
{
    const struct credential none = {.iterations = 0};

    ck_assert(!password_matches(&none, "", NULL));
    ck_assert(!password_matches(&none, "pencil", NULL));
    ck_assert(!password_cram_matches(&none, "", ""));
}
END_TEST

static const struct {
    const char *made, *typed;
    bool matches;
} prepared[] = {
    {"IX", "I\xc2\xadX", true}, /* RFC 4013's examples */
    {"user", "USER", false},
    {"a", "\xc2\xaa", true},
    {"IX", "\xe2\x85\xa8", true},
    {"\xe2\x85\xa8", "IX", true},
    {"x\x07", "x\x07", true}, /* forbidden: the bytes count */
    {"x\x07", "x", false},
    {"\xd8\xa7\x31", "\xd8\xa7\x31", true},
    {"\xc2\xad", "\xc2\xad", true}, /* nothing would be left */
    {"\xc2\xad", "", false},
    {"\xff\xfe", "\xff\xfe", true}, /* not UTF-8 */
    {"\xff\xfe", "\xff", false},
    {"\xc3\xa4", "a\xcc\x88", true}, /* composed and not */
    {"", "", true},
};

START_TEST(prepares_what_is_typed)
{
    struct credential c;

    password_make(prepared[_i].made, 1, false, &c);
    ck_assert_int_eq(password_matches(&c, prepared[_i].typed, NULL),
                     prepared[_i].matches);
}
END_TEST

START_TEST(dummies_are_stable_and_unlike)
{
    uint8_t secret[STORE_SECRET_BYTES] = {1};
    struct credential joe, again, ann, other;

    password_dummy(secret, "joe@example.test", 7, &joe);
    password_dummy(secret, "joe@example.test", 7, &again);
    ck_assert_uint_eq(joe.iterations, 7);
    ck_assert_mem_eq(joe.salt, again.salt, sizeof joe.salt);
    ck_assert_mem_eq(joe.stored_key, again.stored_key, sizeof joe.stored_key);
    ck_assert_mem_eq(joe.server_key, again.server_key, sizeof joe.server_key);
    ck_assert_mem_ne(joe.stored_key, joe.server_key, sizeof joe.stored_key);

    password_dummy(secret, "ann@example.test", 7, &ann);
    ck_assert_mem_ne(joe.salt, ann.salt, sizeof joe.salt);
    ck_assert_mem_ne(joe.stored_key, ann.stored_key, sizeof joe.stored_key);
    secret[31] ^= 1;
    password_dummy(secret, "joe@example.test", 7, &other);
    ck_assert_mem_ne(joe.salt, other.salt, sizeof joe.salt);
    ck_assert_mem_ne(joe.stored_key, other.stored_key, sizeof joe.stored_key);

    ck_assert(!password_matches(&joe, "", NULL));
    ck_assert(!password_matches(&joe, "joe@example.test", NULL));
    ck_assert(!password_cram_matches(&joe, "<1@a>", ""));
}
END_TEST

START_TEST(names_have_points)
{
    uint8_t secret[STORE_SECRET_BYTES] = {1};
    uint64_t joe = password_dummy_point(secret, "joe@example.test");

    ck_assert_uint_eq(password_dummy_point(secret, "joe@example.test"), joe);
    ck_assert_uint_ne(password_dummy_point(secret, "ann@example.test"), joe);
    secret[0]++;
    ck_assert_uint_ne(password_dummy_point(secret, "joe@example.test"), joe);
}
END_TEST

START_TEST(a_renewed_one_is_the_same_password)
{
    struct credential c, before;

    password_make("pencil", 10, true, &c);
    before = c;
    password_renew(&c, "pencil", 25);
    ck_assert_uint_eq(c.iterations, 25);
    ck_assert_mem_eq(c.salt, before.salt, sizeof c.salt);
    ck_assert_mem_ne(c.stored_key, before.stored_key, sizeof c.stored_key);
    ck_assert_mem_ne(c.server_key, before.server_key, sizeof c.server_key);
    ck_assert(c.has_cram);
    ck_assert_mem_eq(c.cram, before.cram, sizeof c.cram);
    ck_assert(password_matches(&c, "pencil", NULL));
    ck_assert(!password_matches(&c, "Pencil", NULL));
}
END_TEST

/* protocol.md A.6 */
static const struct {
    const char *hex;
    bool matches;
} cram[] = {
    {"704128af2061df4cc9a7b581483270df", true},
    {"704128AF2061DF4CC9A7B581483270DF", true},
    {"704128af2061df4cc9a7b581483270de", false},
    {"804128af2061df4cc9a7b581483270df", false},
    {"704128af2061df4cc9a7b581483270d", false},
    {"704128af2061df4cc9a7b581483270df0", false},
    {" 704128af2061df4cc9a7b581483270df", false},
    {"", false},
};

START_TEST(checks_cram_answers)
{
    struct credential c;

    password_make("secret", 1, true, &c);
    ck_assert(c.has_cram);
    ck_assert_int_eq(password_cram_matches(&c, "<1.55@mymac.ru>", cram[_i].hex),
                     cram[_i].matches);
    ck_assert(!password_cram_matches(&c, "<1.56@mymac.ru>", cram[_i].hex));
    c.has_cram = false;
    ck_assert(!password_cram_matches(&c, "<1.55@mymac.ru>", cram[_i].hex));
}
END_TEST

START_TEST(keeps_no_cram_state_unasked)
{
    const uint8_t none[CRED_CRAM_BYTES] = {0};
    struct credential c;

    password_make("secret", 1, false, &c);
    ck_assert(!c.has_cram);
    ck_assert_mem_eq(c.cram, none, sizeof none);
}
END_TEST

Suite *
password_suite(void)
{
    Suite *s = suite_create("password");
    TCase *t = tcase_create("password");

    tcase_add_test(t, verifies_the_exchange_of_rfc_7677);
    tcase_add_test(t, matches_only_the_password);
    tcase_add_test(t, knows_what_is_not_taken);
    tcase_add_test(t, nothing_matches_where_no_password_is_set);
    tcase_add_loop_test(t, prepares_what_is_typed, 0,
                        sizeof prepared / sizeof prepared[0]);
    tcase_add_test(t, dummies_are_stable_and_unlike);
    tcase_add_test(t, names_have_points);
    tcase_add_test(t, a_renewed_one_is_the_same_password);
    tcase_add_loop_test(t, checks_cram_answers, 0,
                        sizeof cram / sizeof cram[0]);
    tcase_add_test(t, keeps_no_cram_state_unasked);
    suite_add_tcase(s, t);
    return s;
}
