/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes that other programs made, each with the command that did. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/log_capture.h"
#include "ximss/server/auth/foreign_hash.h"
#include "ximss/server/auth/password.h"

Suite *foreign_hash_suite(void);

#define PW "Geheim7wort"

/* As little as the hashes below need. */
static const struct hash_limits limits = {.bcrypt_cost = 5,
                                          .crypt_rounds = 5000,
                                          .pbkdf2_rounds = 4096,
                                          .argon2_passes = 2,
                                          .hash_memory = 4 << 20};

static const char *const good[] = {
    /* doveadm pw -s SSHA -p PW; SSHA.b64, SSHA256, SSHA256.HEX, ... */
    "{SSHA}mc5AYAGaIEokAHK7VSqMMsPnur3uhHcR",
    "{SSHA.B64}jSTImHZfFKt4kJVcWEvp7f4LIdH19fpS",
    "{SSHA256}lYFHZXa0TA9Gy01xJjuwc3P+D2r8y4ze16WF8qklD8H2CNe5",
    "{ssha256.hex}32b771b4b18ec087be7d07df8a3c6bb1d5271725bb3cc68b6abb62cc5afb"
    "05a910fece0b",
    "{SSHA512}UIC079XjzV7J+WSuUbwFXEdqnizO5Zcqkn5IDLxNFWaXnJaibRXld8iOy1iMPXxg"
    "Ww+DDp6jx5C3RPStGAlT2UDewE8=",
    "{SSHA512.base64}btxZCPSQPDg3+dZYjoo2dcT0Qhi3NCtXn6MybAGxYJesvD21lZELtQke"
    "gVSmKfzLIi5FA5SJOo4d51kXJDRaSMWjdfk=",
    /* doveadm pw -s PBKDF2 -r 1000 -p PW */
    "{PBKDF2}$1$W1VaTc3glkY.7ZEp$1000$1972e42ef3d6b05ee31c5aa89297bfaa3f87d5d0",
    /* doveadm pw -s BLF-CRYPT -r 4 -p PW; mkpasswd -m bcrypt-a -R 4 PW */
    "{BLF-CRYPT}$2y$04$9OxeyHITr6rmxpy44kC2D.MCVoMFM5I3KGE6f72WWUrpFgi6mBH5S",
    "$2a$05$WCe.1dI7PaEzunIEU8WfW.gf9D7Y9h5RpYZYFpjKKyXSaVdfxM/ci",
    /* mkpasswd -m sha512crypt -R 1000 PW; openssl passwd -6 PW */
    "{SHA512-CRYPT}$6$rounds=1000$A5O4uE7zrrfeZ0Ke$if.yIWi6rX1Dpvt2VRRJI7scCUT"
    "6DfX8ILQGYBQhcsQ6o07whlp6oEzJgjJ32AwOi58TZiAqUO6JEqzv0wmnV.",
    "$6$bwszZI.mTYy0KfXs$RPmVoWZnHRDUb7OvIJTBt9gOlNcBpAdZQM0nQfUSW/Kf8cm5srIUse"
    "1HjMCGQ5Rf38rp1hA7HX8QE6K/Ste6L1",
    /* mkpasswd -m sha256crypt -R 1000 PW; openssl passwd -5 -salt abc PW */
    "{SHA256-CRYPT}$5$rounds=1000$HtY9B9pipC/Mm5zm$sKYHXYdqp.f0/BQgrarranpstFo"
    "CY66Qg3K1PQtTaQA",
    "{CRYPT}$5$abc$nOZfE.eeic9ZR0UXzoVWPTG3jgrO1pM.abRYEw057OC",
    /* openssl passwd -1 PW */
    "{MD5-CRYPT}$1$uZqoKzMx$UjpxajT3oNnSRj6cLQeDC1",
    /* mkpasswd -m yescrypt -R 1 PW; gost-yescrypt; scrypt -R 6 */
    "$y$j75$lnhPUnBsGgZd6fdOkb3LX.$FTgwnXqqlnpPBYTBn2eGsHELIsAFvC/lLAM7Ty9Ilu5",
    "$gy$j75$oTUag/mN6dWQQQuGYFhi0.$0XFsrylA0o1sEUH5V4xuMQ4vWRwnyC4G0NlpNoSPP/"
    "6",
    /* echo -n PW | argon2 somesalt1 -id -t 1 -m 6 -p 2 -l 32 -e; -i -t 2 -p 1 -l
     * 16; -id -v 10 */
    "{ARGON2ID}$argon2id$v=19$m=64,t=1,p=2$c29tZXNhbHQx$ri3XguDRkdXHBwEm+7ieV1U"
    "G9j3gTNNJL9O1INCZRZ8",
    "{ARGON2I}$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHQx$SdwXS7lY9iTFK6yLiX0ywQ",
    "$argon2id$v=16$m=64,t=1,p=2$c29tZXNhbHQx$VkFVMB4cPL/xb1FQSSzCXCf5l3O48uRQi"
    "TuYIehmxCk",
    /* python3: hashlib.pbkdf2_hmac with the salt 0123456789 */
    "{SCRAM-SHA-256}4096,MDEyMzQ1Njc4OQ==,gGlfaqLYzUwpdZsGoA+Vgq/ZMcJkYohF2DHgz"
    "1olZww=,1UbyXrOnvgVxF9hDJh9u5BQdxOQYEfd5hI8GoZNB4X4=",
};
#define GOOD (sizeof good / sizeof good[0])

/* doveadm pw -s SCRAM-SHA-256 -p PW */
#define SCRAM                                                                   \
    "{SCRAM-SHA-256}4096,hdWsQ61/9974XpIXb2o2Pg==,4wiCMiXE/gt4x3I/rSWTqgGABjEA" \
    "rELA3yRC2DPzQIs=,GQvFb7oXH0FmiF2yswiewS+87SSuUzt4LZ4RPXDRJ/I="

static enum foreign_kind
read_hash(const char *text, struct credential *c, struct errbuf *err)
{
    const char *clear = NULL;

    err->text[0] = '\0';
    return foreign_hash_read(text, &limits, c, &clear, err);
}

static void
check_bad(const char *text, const char *why)
{
    struct credential c;
    struct errbuf err;

    ck_assert_msg(read_hash(text, &c, &err) == FOREIGN_BAD, "%s is taken",
                  text);
    ck_assert_msg(strncmp(err.text, why, strlen(why)) == 0, "%s: %s", text,
                  err.text);
    ck_assert_str_eq(c.hash, "");
}

START_TEST(hashes_of_other_programs)
{
    struct credential c, other;
    struct errbuf err;

    ck_assert_msg(read_hash(good[_i], &c, &err) == FOREIGN_HASH, "%s: %s",
                  good[_i], err.text);
    ck_assert_uint_eq(c.iterations, 0);
    ck_assert_msg(password_matches(&c, PW, &limits), "%s", good[_i]);
    ck_assert(!password_matches(&c, "geheim7wort", &limits));
    ck_assert(!password_matches(&c, PW " ", &limits));
    ck_assert(!password_matches(&c, "", &limits));
    ck_assert(!password_matches(&c, PW, NULL));
    /* The salt of the verifier it will become. */
    ck_assert(read_hash(good[_i], &other, &err) == FOREIGN_HASH);
    ck_assert_str_eq(c.hash, other.hash);
    ck_assert_mem_ne(c.salt, other.salt, sizeof c.salt);
    /* What is kept is as good as what was given. */
    ck_assert(read_hash(c.hash, &other, &err) == FOREIGN_HASH);
    ck_assert_str_eq(c.hash, other.hash);
}
END_TEST

START_TEST(a_cut_hash_is_refused)
{
    struct credential c;
    struct errbuf err;
    char text[CRED_HASH_BYTES], longer[CRED_HASH_BYTES + 1];
    size_t len = strlen(good[_i]);

    for (size_t n = 0; n < len; n++) {
        memcpy(text, good[_i], n);
        text[n] = '\0';
        /* A salted digest is as good with less salt, but is another; and padding
         * may be missing. */
        if (strspn(good[_i] + n, "=") < len - n &&
            read_hash(text, &c, &err) == FOREIGN_HASH)
            ck_assert_msg(!password_matches(&c, PW, &limits), "%s", text);
    }
    snprintf(longer, sizeof longer, "%s:", good[_i]);
    check_bad(longer, "");
}
END_TEST

/* Nobody can get in by a name that is not there, and it takes as long. */
START_TEST(a_dummy_never_matches)
{
    struct credential c, dummy = {.iterations = 1};
    struct errbuf err;

    ck_assert(read_hash(good[_i], &c, &err) == FOREIGN_HASH);
    password_dummy_costs(&dummy, c.hash);
    ck_assert(credential_is_set(&dummy));
    ck_assert(!password_matches(&dummy, PW, &limits));
    ck_assert_str_eq(dummy.hash + 1, c.hash);
}
END_TEST

/* One byte is left for the mark of a dummy. */
START_TEST(the_longest_hash)
{
    char text[CRED_HASH_BYTES + 1] = "{SSHA512.HEX}";
    struct credential c, dummy = {0};
    struct errbuf err;

    memset(text + 13, 'a', 2 * (64 + 56));
    ck_assert(read_hash(text, &c, &err) == FOREIGN_HASH);
    ck_assert_uint_eq(strlen(c.hash), CRED_HASH_BYTES - 3);
    password_dummy_costs(&dummy, c.hash);
    ck_assert_str_eq(dummy.hash + 1, c.hash);
    strcat(text, "aa");
    check_bad(text, "this hash is too long");
}
END_TEST

START_TEST(a_verifier_is_ours_at_once)
{
    struct credential c;
    struct errbuf err;

    ck_assert(read_hash(SCRAM, &c, &err) == FOREIGN_VERIFIER);
    ck_assert_str_eq(c.hash, "");
    ck_assert_uint_eq(c.iterations, 4096);
    ck_assert(password_matches(&c, PW, NULL));
    ck_assert(!password_matches(&c, "x", NULL));
}
END_TEST

START_TEST(clear_texts)
{
    struct credential c;
    struct errbuf err;
    const char *clear = NULL;

    ck_assert(foreign_hash_read("{PLAIN}{SSHA}x", &limits, &c, &clear, &err) ==
              FOREIGN_CLEAR);
    ck_assert_str_eq(clear, "{SSHA}x");
    ck_assert(!credential_is_set(&c));
    ck_assert_str_eq(foreign_hash_clear("{clear}a"), "a");
    ck_assert_str_eq(foreign_hash_clear("{CLEARTEXT}"), "");
    ck_assert_ptr_null(foreign_hash_clear("{SSHA}a"));
    ck_assert_ptr_null(foreign_hash_clear("a"));
}
END_TEST

static const struct {
    const char *text, *why;
} bad[] = {
    /* No salt, or no whole password, or unknown. */
    {"{SHA256}8kUby33Tlr2MBDvfXSv2v53djadwYa/SbNlNeF0KAl8=",
     "this kind of password hash is not taken. legal are SCRAM-SHA-256 "},
    {"{MD5}x", "this kind of password hash"},
    {"{SCRAM-SHA-256.HEX}x", "this kind of password hash"},
    {"{}x", "this kind of password hash"},
    {"{SSHA", "this kind of password hash"},
    {"", "this kind of password hash"},
    {"CyHlF/zC.p1Do", "this kind of password hash"}, /* mkpasswd -m descrypt */
    {"{CRYPT}CyHlF/zC.p1Do",
     "this kind of crypt hash is not taken. legal are "},
    {"{CRYPT}$3$$88d90a45d641c8e7c5bec8f8372cd698", "this kind of crypt hash"},
    {"$md5,rounds=59123$YzbVX0Dt$$uOw0jg3fHkSCJfH.4PvEs/",
     "this kind of crypt hash"},
    {"$", "this kind of crypt hash"},
    {"$2", "this kind of crypt hash"},
    /* Odd ones. */
    {"{SHA512-CRYPT}$5$abc$nOZfE.eeic9ZR0UXzoVWPTG3jgrO1pM.abRYEw057OC",
     "this hash is not of the scheme"},
    {"$2x$05$WCe.1dI7PaEzunIEU8WfW.gf9D7Y9h5RpYZYFpjKKyXSaVdfxM/ci",
     "this hash is damaged"},
    {"$2a$03$WCe.1dI7PaEzunIEU8WfW.gf9D7Y9h5RpYZYFpjKKyXSaVdfxM/ci",
     "this hash is damaged"},
    {"$5$rounds=01000$a$nOZfE.eeic9ZR0UXzoVWPTG3jgrO1pM.abRYEw057OC",
     "this hash is damaged"},
    {"$5$rounds=99999999999$a$nOZfE.eeic9ZR0UXzoVWPTG3jgrO1pM.abRYEw057OC",
     "this hash is damaged"},
    {"$5$a:c$nOZfE.eeic9ZR0UXzoVWPTG3jgrO1pM.abRYEw057OC",
     "this hash is damaged"},
    {"$y$k75$lnhPUnBsGgZd6fdOkb3LX.$FTgwnXqqlnpPBYTBn2eGsHELIsAFvC/"
     "lLAM7Ty9Ilu5",
     "this hash is damaged"},
    {"$argon2d$v=19$m=64,t=1,p=2$c29tZXNhbHQx$ri3XguDRkdXHBwEm+7ieV1UG9j3gTNNJL"
     "9O1INCZRZ8",
     "this hash is damaged"},
    {"{ARGON2ID}$argon2id$v=19$m=64,t=0,p=2$c29tZXNhbHQx$ri3XguDRkdXHBwEm+7ieV1"
     "UG9j3gTNNJL9O1INCZRZ8",
     "this hash is damaged"},
    {"$argon2id$v=19$m=15,t=1,p=2$c29tZXNhbHQx$ri3XguDRkdXHBwEm+7ieV1UG9j3gTNNJ"
     "L9O1INCZRZ8",
     "this hash is damaged"},
    {"{PBKDF2}$1$$1000$1972e42ef3d6b05ee31c5aa89297bfaa3f87d5d0",
     "this hash is damaged"},
    {"{PBKDF2}$1$a$0$1972e42ef3d6b05ee31c5aa89297bfaa3f87d5d0",
     "this hash is damaged"},
    {"{PBKDF2}$1$a$-1$1972e42ef3d6b05ee31c5aa89297bfaa3f87d5d0",
     "this hash is damaged"},
    {"{SSHA}mc5AYAGaIEokAHK7VSqMMsPnur0=", "this hash is damaged"},
    /* One above each limit. */
    {"$2a$06$WCe.1dI7PaEzunIEU8WfW.gf9D7Y9h5RpYZYFpjKKyXSaVdfxM/ci",
     "this hash costs too much. its cost is 6 and max-bcrypt-cost is 5"},
    {"$5$rounds=5001$a$nOZfE.eeic9ZR0UXzoVWPTG3jgrO1pM.abRYEw057OC",
     "this hash costs too much. its number of rounds is 5001 and "
     "max-crypt-rounds is 5000"},
    {"{PBKDF2}$1$a$4097$1972e42ef3d6b05ee31c5aa89297bfaa3f87d5d0",
     "this hash costs too much. its number of rounds is 4097 and "
     "max-pbkdf2-rounds is 4096"},
    {"{SCRAM-SHA-256}4097,hdWsQ61/9974XpIXb2o2Pg==,4wiCMiXE/gt4x3I/"
     "rSWTqgGABjEArELA3yRC2DPzQIs=,GQvFb7oXH0FmiF2yswiewS+87SSuUzt4LZ4RPXDRJ/I=",
     "this hash costs too much. its number of rounds is 4097 and "
     "max-pbkdf2-rounds"},
    {"$argon2id$v=19$m=64,t=3,p=2$c29tZXNhbHQx$ri3XguDRkdXHBwEm+7ieV1UG9j3gTNNJ"
     "L9O1INCZRZ8",
     "this hash costs too much. its number of passes is 3 and "
     "max-argon2-passes is 2"},
    {"$argon2id$v=19$m=4097,t=1,p=2$c29tZXNhbHQx$ri3XguDRkdXHBwEm+7ieV1UG9j3gTN"
     "NJL9O1INCZRZ8",
     "this hash costs too much. its memory is 4195328 and max-hash-memory is "
     "4194304"},
    {"$y$j8T$lnhPUnBsGgZd6fdOkb3LX.$FTgwnXqqlnpPBYTBn2eGsHELIsAFvC/lLAM7Ty9Ilu5",
     "this hash costs too much. its memory is 8388608 and max-hash-memory is "},
    /* mkpasswd -m scrypt -R 6 */
    {"$7$BU..../....gqb1gO7pdMfdQOxwUrU/v0$OPSBd36OQX3dLJPjs7J8JevWXHt2VQy5s8X3"
     "vKAEc//",
     "this hash costs too much. its memory is 33554432 and "},
    {"$7$zzzzzzzzzzzgqb1gO7pdMfdQOxwUrU/v0$OPSBd36OQX3dLJPjs7J8JevWXHt2VQy5s8X3"
     "vKAEc//",
     "this hash costs too much. its memory is 18446744073709551615 and "},
};
#define BAD (sizeof bad / sizeof bad[0])

START_TEST(others_are_refused)
{
    check_bad(bad[_i].text, bad[_i].why);
}
END_TEST

/* The other side of each limit: what one above it would have taken is taken. */
START_TEST(scrypt_within_the_limit)
{
    struct hash_limits more = limits;
    struct credential c;
    struct errbuf err;
    const char *clear;
    const char *const text =
        "$7$BU..../....gqb1gO7pdMfdQOxwUrU/v0$OPSBd36OQX3dLJPjs7J8JevWXHt2VQy5s"
        "8X3vKAEc//";

    more.hash_memory = 33554431;
    ck_assert(foreign_hash_read(text, &more, &c, &clear, &err) == FOREIGN_BAD);
    more.hash_memory++;
    ck_assert(foreign_hash_read(text, &more, &c, &clear, &err) == FOREIGN_HASH);
    ck_assert(password_matches(&c, PW, &more));
    ck_assert(!password_matches(&c, PW "x", &more));
}
END_TEST

/* Whatever is in the store, no more is done than is allowed now. */
START_TEST(limits_hold_for_what_is_there)
{
    struct hash_limits less = limits;
    struct credential c;
    struct errbuf err;

    ck_assert(read_hash(good[8], &c, &err) == FOREIGN_HASH);
    less.bcrypt_cost = 4;
    log_capture_begin(LOG_WARN_);
    ck_assert(!password_matches(&c, PW, &less));
    log_capture_end();
    ck_assert_uint_eq(
        log_capture_count(
            "a password is not checked: this hash costs too much. "
            "its cost is 5 and max-bcrypt-cost is 4"),
        1);
}
END_TEST

/* bcrypt takes the same for right, whatever stands behind 72 bytes: a verifier
 * of what was typed would shut the user out. */
START_TEST(a_password_that_bcrypt_cuts)
{
    /* doveadm pw -s BLF-CRYPT -r 4, of 80 times "a" */
    const char *const text = "{BLF-CRYPT}$2y$04$T0lWRbrKO7JGUIlwtktKCuP6m/"
                             "Ac38Gi.VYKQU3qVVtomk/ePaUlS";
    struct credential c;
    struct errbuf err;
    char typed[82];

    memset(typed, 'a', sizeof typed);
    typed[81] = '\0';
    ck_assert(read_hash(text, &c, &err) == FOREIGN_HASH);
    ck_assert(password_matches(&c, typed, &limits));
    ck_assert(!password_is_whole(&c, typed));
    typed[73] = '\0';
    ck_assert(!password_is_whole(&c, typed));
    typed[72] = '\0';
    ck_assert(password_is_whole(&c, typed));
    ck_assert(read_hash(good[0], &c, &err) == FOREIGN_HASH);
    typed[72] = 'a';
    ck_assert(password_is_whole(&c, typed));
}
END_TEST

/* At the first good log-in. */
START_TEST(a_verifier_takes_the_place)
{
    struct credential c, was;
    struct errbuf err;

    ck_assert(read_hash(good[0], &c, &err) == FOREIGN_HASH);
    was = c;
    password_renew(&c, PW, 2);
    ck_assert_str_eq(c.hash, "");
    ck_assert_uint_eq(c.iterations, 2);
    ck_assert_mem_eq(c.salt, was.salt, sizeof c.salt);
    ck_assert(password_matches(&c, PW, NULL));
}
END_TEST

Suite *
foreign_hash_suite(void)
{
    Suite *s = suite_create("foreign_hash");
    TCase *tc = tcase_create("foreign_hash");

    tcase_add_loop_test(tc, hashes_of_other_programs, 0, (int)GOOD);
    tcase_add_loop_test(tc, a_cut_hash_is_refused, 0, (int)GOOD);
    tcase_add_loop_test(tc, a_dummy_never_matches, 0, (int)GOOD);
    tcase_add_test(tc, the_longest_hash);
    tcase_add_test(tc, a_verifier_is_ours_at_once);
    tcase_add_test(tc, clear_texts);
    tcase_add_loop_test(tc, others_are_refused, 0, (int)BAD);
    tcase_add_test(tc, scrypt_within_the_limit);
    tcase_add_test(tc, limits_hold_for_what_is_there);
    tcase_add_test(tc, a_password_that_bcrypt_cuts);
    tcase_add_test(tc, a_verifier_takes_the_place);
    suite_add_tcase(s, tc);
    return s;
}
