/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/certificate.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static void
write_pair(const char *cert_file, const char *key_file)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_NAME *name;
    FILE *f;

    ck_assert(key != NULL && cert != NULL);
    name = X509_get_subject_name(cert);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)"test.example", -1, -1,
                               0);
    X509_set_issuer_name(cert, name);
    ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
    f = fopen(cert_file, "w");
    ck_assert(f != NULL && PEM_write_X509(f, cert) == 1 && fclose(f) == 0);
    f = fopen(key_file, "w");
    ck_assert(f != NULL &&
              PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1 &&
              fclose(f) == 0);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void
name_file(const struct certificates *c, char out[80], const char *name)
{
    snprintf(out, 80, "%s/%s", c->dir, name);
}

void
certificates_make(struct certificates *c)
{
    const char *tmp = getenv("TMPDIR");
    FILE *f;

    snprintf(c->dir, sizeof c->dir, "%s/cert.XXXXXX",
             tmp != NULL ? tmp : "/tmp");
    ck_assert(mkdtemp(c->dir) != NULL);
    name_file(c, c->cert, "cert.pem");
    name_file(c, c->key, "key.pem");
    name_file(c, c->other_cert, "other-cert.pem");
    name_file(c, c->other_key, "other-key.pem");
    name_file(c, c->garbage, "garbage.pem");
    name_file(c, c->missing, "missing.pem");
    write_pair(c->cert, c->key);
    write_pair(c->other_cert, c->other_key);
    f = fopen(c->garbage, "w");
    ck_assert(f != NULL && fputs("this is no PEM\n", f) >= 0 && fclose(f) == 0);
}

void
certificates_remove(struct certificates *c)
{
    unlink(c->cert);
    unlink(c->key);
    unlink(c->other_cert);
    unlink(c->other_key);
    unlink(c->garbage);
    ck_assert_int_eq(rmdir(c->dir), 0);
}
