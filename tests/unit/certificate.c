/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/certificate.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define HOUR 3600L

struct wanted {
    const char *name;
    EVP_PKEY *key;
    X509 *issuer; /* NULL: itself */
    EVP_PKEY *issuer_key;
    long from, until;  /* seconds from now */
    bool names_issuer; /* and who signed him (authorityKeyIdentifier) */
};

static void
name_issuer(X509 *cert, X509 *issuer)
{
    X509V3_CTX ctx;
    X509_EXTENSION *e;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier,
                            "issuer:always");
    ck_assert(e != NULL && X509_add_ext(cert, e, -1) == 1);
    X509_EXTENSION_free(e);
}

static X509 *
make_certificate(const struct wanted *w)
{
    X509 *cert = X509_new();
    X509_NAME *name;

    ck_assert(w->key != NULL && cert != NULL);
    name = X509_get_subject_name(cert);
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), w->from);
    X509_gmtime_adj(X509_getm_notAfter(cert), w->until);
    X509_set_pubkey(cert, w->key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)w->name, -1, -1, 0);
    X509_set_issuer_name(
        cert, w->issuer != NULL ? X509_get_subject_name(w->issuer) : name);
    if (w->names_issuer)
        name_issuer(cert, w->issuer);
    ck_assert_int_gt(X509_sign(cert, w->issuer != NULL ? w->issuer_key : w->key,
                               EVP_sha256()),
                     0);
    return cert;
}

/* Takes both certificates; second may be NULL. */
static void
write_certificates(const char *file, X509 *first, X509 *second)
{
    FILE *f = fopen(file, "w");

    ck_assert(f != NULL && PEM_write_X509(f, first) == 1);
    ck_assert(second == NULL || PEM_write_X509(f, second) == 1);
    ck_assert_int_eq(fclose(f), 0);
    X509_free(first);
    X509_free(second);
}

static void
write_key(const char *file, EVP_PKEY *key, const char *password)
{
    FILE *f = fopen(file, "w");

    ck_assert(f != NULL &&
              PEM_write_PKCS8PrivateKey(
                  f, key, password != NULL ? EVP_aes_128_cbc() : NULL, password,
                  password != NULL ? (int)strlen(password) : 0, NULL,
                  NULL) == 1 &&
              fclose(f) == 0);
}

static EVP_PKEY *
write_pair(const char *cert_file, const char *key_file)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct wanted own = {"test.example", key, NULL, NULL, -HOUR, HOUR, false};

    write_certificates(cert_file, make_certificate(&own), NULL);
    write_key(key_file, key, NULL);
    return key;
}

/* What somebody between signed, whom the issuer signed. */
static void
write_between(const struct certificates *c, EVP_PKEY *key, X509 *issuer,
              EVP_PKEY *issuer_key)
{
    EVP_PKEY *middle_key = EVP_EC_gen("P-256");
    struct wanted middle = {"Between", middle_key, issuer, issuer_key,
                            -HOUR,     HOUR,       false};
    X509 *between = make_certificate(&middle);
    struct wanted leaf = {"test.example", key,  between, middle_key,
                          -HOUR,          HOUR, false};

    write_certificates(c->between, make_certificate(&leaf), NULL);
    leaf.names_issuer = true;
    write_certificates(c->says_between, make_certificate(&leaf), NULL);
    leaf.names_issuer = false;
    write_certificates(c->part_chain, make_certificate(&leaf), between);
    EVP_PKEY_free(middle_key);
}

/* An authority, what it signed, and an impostor of its name. */
static void
write_chains(const struct certificates *c, EVP_PKEY *key)
{
    EVP_PKEY *root_key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
    struct wanted root = {"An Authority", root_key, NULL, NULL,
                          -HOUR,          HOUR,     false};
    struct wanted fake = {"An Authority", other, NULL, NULL,
                          -HOUR,          HOUR,  false};
    struct wanted far = {"Others", other, NULL, NULL, -HOUR, HOUR, false};
    X509 *issuer = make_certificate(&root);
    struct wanted leaf = {"test.example", key,  issuer, root_key,
                          -HOUR,          HOUR, false};

    write_certificates(c->root, make_certificate(&root), NULL);
    write_certificates(c->other_root, make_certificate(&far), NULL);
    write_between(c, key, issuer, root_key);
    write_certificates(c->signed_cert, make_certificate(&leaf), NULL);
    write_certificates(c->wrong_chain, make_certificate(&leaf),
                       make_certificate(&fake));
    leaf.names_issuer = true;
    write_certificates(c->of_root, make_certificate(&leaf), NULL);
    leaf.names_issuer = false;
    write_certificates(c->chain, make_certificate(&leaf), issuer);
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(other);
}

static void
write_dated(const char *file, EVP_PKEY *key, long from, long until)
{
    struct wanted own = {"test.example", key, NULL, NULL, from, until, false};

    write_certificates(file, make_certificate(&own), NULL);
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
    EVP_PKEY *key;
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
    name_file(c, c->fifo, "fifo");
    name_file(c, c->empty, "empty.pem");
    name_file(c, c->locked_key, "locked-key.pem");
    name_file(c, c->expired, "expired.pem");
    name_file(c, c->early, "early.pem");
    name_file(c, c->signed_cert, "signed.pem");
    name_file(c, c->chain, "chain.pem");
    name_file(c, c->wrong_chain, "wrong-chain.pem");
    name_file(c, c->of_root, "of-root.pem");
    name_file(c, c->between, "between.pem");
    name_file(c, c->says_between, "says.pem");
    name_file(c, c->part_chain, "part-chain.pem");
    name_file(c, c->root, "root.pem");
    name_file(c, c->other_root, "other-root.pem");
    key = write_pair(c->cert, c->key);
    write_key(c->locked_key, key, "secret");
    EVP_PKEY_free(key);
    key = write_pair(c->other_cert, c->other_key);
    write_dated(c->expired, key, -2 * HOUR, -HOUR);
    write_dated(c->early, key, HOUR, 2 * HOUR);
    write_chains(c, key);
    EVP_PKEY_free(key);
    ck_assert_int_eq(mkfifo(c->fifo, 0600), 0);
    f = fopen(c->empty, "w");
    ck_assert(f != NULL && fclose(f) == 0);
    f = fopen(c->garbage, "w");
    ck_assert(f != NULL && fputs("this is no PEM\n", f) >= 0 && fclose(f) == 0);
}

void
certificates_remove(struct certificates *c)
{
    const char *const files[] = {
        c->cert,        c->key,         c->other_cert,   c->other_key,
        c->garbage,     c->fifo,        c->locked_key,   c->expired,
        c->early,       c->signed_cert, c->chain,        c->empty,
        c->wrong_chain, c->of_root,     c->between,      c->root,
        c->part_chain,  c->other_root,  c->says_between,
    };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        unlink(files[i]);
    ck_assert_int_eq(rmdir(c->dir), 0);
}
