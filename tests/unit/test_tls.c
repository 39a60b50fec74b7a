/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "util/tls.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/unit/certificate.h"
#include "tests/unit/suite.h"
#include "util/xmalloc.h"

Suite *tls_suite(void);

static struct certificates files;

static void
setup(void)
{
    certificates_make(&files);
}

static void
teardown(void)
{
    certificates_remove(&files);
}

START_TEST(test_good)
{
    static const struct {
        const char *version;
        long least;
    } rows[] = {{"1.2", TLS1_2_VERSION}, {"1.3", TLS1_3_VERSION}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct errbuf err = {""};
        const struct tls_files pair = {files.cert, files.key, NULL};
        struct ssl_ctx_st *ctx =
                              tls_server_context(&pair, rows[i].version, &err),
                          *other;

        ck_assert_msg(ctx != NULL, "row %zu: %s", i, err.text);
        ck_assert_int_eq(SSL_CTX_get_min_proto_version(ctx), rows[i].least);
        other = tls_context_ref(ctx);
        ck_assert_ptr_eq(ctx, other);
        tls_context_unref(&ctx);
        ck_assert_ptr_null(ctx);
        ck_assert_int_eq(SSL_CTX_get_min_proto_version(other), rows[i].least);
        tls_context_unref(&other);
        tls_context_unref(&other);
    }
    ck_assert_ptr_null(tls_context_ref(NULL));
}
END_TEST

/* Who signed it comes with it. */
START_TEST(test_chain)
{
    struct errbuf err = {""};
    const struct tls_files pair = {files.chain, files.other_key, NULL};
    struct ssl_ctx_st *ctx = tls_server_context(&pair, "1.2", &err);
    STACK_OF(X509) *chain = NULL;

    ck_assert_msg(ctx != NULL, "%s", err.text);
    SSL_CTX_get0_chain_certs(ctx, &chain);
    ck_assert_int_eq(sk_X509_num(chain), 1);
    tls_context_unref(&ctx);
}
END_TEST

/* Who has to be there of those who signed. */
START_TEST(test_who_signed)
{
    const struct {
        const char *cert, *roots, *says; /* NULL: it is well */
    } rows[] = {
        {files.other_cert, NULL, NULL}, /* itself */
        {files.other_cert, files.other_root, NULL},
        {files.chain, NULL, NULL},
        {files.chain, "", NULL},
        {files.chain, files.root, NULL},
        {files.chain, files.other_root, "is not one of tls-roots"},
        {files.wrong_chain, NULL, "does not fit who signed it"},
        /* Roots need not be sent... */
        {files.part_chain, NULL, NULL},
        {files.part_chain, files.root, NULL},
        {files.part_chain, files.other_root,
         "who signed it is not in the file"},
        /* ... but only who knows them may leave the chain out. */
        {files.signed_cert, NULL, "who signed it is not in the file"},
        {files.signed_cert, files.root, NULL},
        {files.signed_cert, files.other_root,
         "who signed it is not in the file"},
        {files.of_root, NULL, NULL},
        {files.of_root, files.root, NULL},
        {files.of_root, files.other_root, "who signed it is not in the file"},
        {files.between, NULL, "who signed it is not in the file"},
        {files.between, files.root, "who signed it is not in the file"},
        {files.says_between, NULL, "who signed it is not in the file"},
        {files.chain, files.missing, "reading the roots"},
        {files.chain, files.garbage, "no start line"},
        {files.chain, files.empty, "it is empty"},
        {files.chain, files.dir, "it is a directory"},
        {files.chain, files.fifo, "it is not a file"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct tls_files pair = {rows[i].cert, files.other_key,
                                       rows[i].roots};
        struct errbuf err = {""};
        struct ssl_ctx_st *ctx = tls_server_context(&pair, "1.2", &err);

        ck_assert_msg((ctx != NULL) == (rows[i].says == NULL), "row %zu: %s", i,
                      err.text);
        ck_assert_msg(ctx != NULL || strstr(err.text, rows[i].says) != NULL,
                      "row %zu: %s", i, err.text);
        ck_assert_msg(ERR_peek_error() == 0, "row %zu", i);
        tls_context_unref(&ctx);
    }
}
END_TEST

/* The text says which file, and what is wrong with it. */
START_TEST(test_errors)
{
    const struct {
        const char *cert, *key, *begins, *file, *says;
    } rows[] = {
        {files.missing, files.key, "reading the certificate ", files.missing,
         "No such file or directory"},
        {files.garbage, files.key, "reading the certificate ", files.garbage,
         "no start line"},
        {files.key, files.key, "reading the certificate ", files.key,
         "no start line"},
        {files.dir, files.key, "reading the certificate ", files.dir, ": "},
        {files.cert, files.missing, "reading the private key ", files.missing,
         "No such file or directory"},
        {files.cert, files.garbage, "reading the private key ", files.garbage,
         ": "},
        {files.cert, files.cert, "reading the private key ", files.cert, ": "},
        {files.cert, files.other_key, "", files.other_key, "mismatch"},
        {files.other_cert, files.key, "", files.key, "mismatch"},
        {files.fifo, files.key, "reading the certificate ", files.fifo,
         "not a file"},
        {files.cert, files.fifo, "reading the private key ", files.fifo,
         "not a file"},
        {files.cert, files.dir, "reading the private key ", files.dir,
         "directory"},
        {"/dev/zero", files.key, "reading the certificate ", "/dev/zero",
         "not a file"},
        {files.empty, files.key, "reading the certificate ", files.empty,
         "empty"},
        {files.cert, files.empty, "reading the private key ", files.empty,
         "empty"},
        {files.cert, files.locked_key, "reading the private key ",
         files.locked_key, "protected by a password"},
        {files.expired, files.other_key, "the certificate ", files.expired,
         "expired"},
        {files.early, files.other_key, "the certificate ", files.early,
         "not valid yet"},
        {files.signed_cert, files.other_key, "the certificate ",
         files.signed_cert, "who signed it"},
        {files.wrong_chain, files.other_key, "the certificate ",
         files.wrong_chain, "who signed it"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct errbuf err = {""};
        const struct tls_files pair = {rows[i].cert, rows[i].key, NULL};
        struct ssl_ctx_st *ctx = tls_server_context(&pair, "1.2", &err);
        char *begins = xasprintf("%s%s: ", rows[i].begins, rows[i].file);

        ck_assert_msg(ctx == NULL, "row %zu", i);
        ck_assert_msg(strstr(err.text, begins) != NULL &&
                          (rows[i].begins[0] == '\0' ||
                           strstr(err.text, begins) == err.text) &&
                          strstr(err.text, rows[i].says) != NULL,
                      "row %zu: %s", i, err.text);
        /* Nothing stays for who asks OpenSSL next. */
        ck_assert_msg(ERR_peek_error() == 0, "row %zu", i);
        free(begins);
    }
}
END_TEST

Suite *
tls_suite(void)
{
    Suite *s = suite_create("tls");
    TCase *t = tcase_create("tls");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_good);
    tcase_add_test(t, test_chain);
    suite_add_tcase(s, t);
    t = suite_add_many(s, setup, teardown); /* contexts of OpenSSL */
    tcase_add_test(t, test_who_signed);
    tcase_add_test(t, test_errors);
    return s;
}
