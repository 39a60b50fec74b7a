/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates and keys are read here, not by OpenSSL, which would wait for the
 * other end of a pipe, and ask for the password of a key at the terminal.  What
 * browsers would refuse is refused here, while an administrator is watching. */
#include "config.h"

#include "util/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "util/bom.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/tls_chain.h"

#define FILE_MOST   (1024 * 1024) /* bytes */
#define CERTIFICATE "reading the certificate"
#define KEY         "reading the private key"
#define ROOTS       "reading the roots"

static int
fail(struct errbuf *err, const char *doing, const char *file)
{
    /* The first of them is the cause; the others say who passed it on. */
    unsigned long e = ERR_get_error();
    const char *text = ERR_reason_error_string(e);

    ERR_clear_error();
    return err_set(err, "%s %.120s: %s", doing, file,
                   text != NULL ? text : "unknown error");
}

/* --- files --- */

static int
read_all(int fd, struct buf *out)
{
    char piece[4096];
    ssize_t n;

    while ((n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (out->len + (size_t)n > FILE_MOST) {
            errno = EFBIG;
            return -1;
        }
        buf_append(out, piece, (size_t)n);
    }
    return 0;
}

/* A file and nothing else: who opens a pipe or a device may wait for ever. */
static int
read_file(const char *doing, const char *file, struct buf *out,
          struct errbuf *err)
{
    int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const char *wrong = NULL;
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        wrong = strerror(errno);
    else if (!S_ISREG(st.st_mode))
        wrong = S_ISDIR(st.st_mode) ? "it is a directory" : "it is not a file";
    else if (read_all(fd, out) < 0)
        wrong = strerror(errno);
    else if (out->len == 0)
        wrong = "it is empty";
    else
        wrong = bom_fault(out->data, out->len);
    if (fd >= 0)
        close(fd);
    return wrong == NULL ? 0
                         : err_set(err, "%s %.120s: %s", doing, file, wrong);
}

static void
wipe(struct buf *b)
{
    if (b->data != NULL)
        OPENSSL_cleanse(b->data, b->cap);
    buf_clear(b);
}

/* Instead of asking somebody. */
static int
on_password(char *out, int size, int is_writing, void *asked)
{
    (void)out;
    (void)size;
    (void)is_writing;
    *(bool *)asked = true;
    return -1;
}

/* --- the certificate, and those of who signed it --- */

/* Reads the first certificate, or the next one (NULL with *more_r false: there
 * is none).  NULL with err and *more_r true: what is there is none. */
static X509 *
next_certificate(BIO *bio, const char *doing, const char *file, bool *more_r,
                 struct errbuf *err)
{
    bool asked = false;
    X509 *cert = PEM_read_bio_X509_AUX(bio, NULL, on_password, &asked);
    unsigned long e = ERR_peek_last_error();

    *more_r = true;
    if (cert != NULL)
        return cert;
    if (asked) {
        ERR_clear_error();
        err_set(err, "%s %.120s: it is protected by a password", doing, file);
    } else if (ERR_GET_LIB(e) == ERR_LIB_PEM &&
               ERR_GET_REASON(e) == PEM_R_NO_START_LINE) {
        ERR_clear_error();
        *more_r = false;
    } else {
        fail(err, doing, file);
    }
    return NULL;
}

/* Puts the certificates of the file into the context, the server's own first. */
static int
use_certificates(SSL_CTX *ctx, BIO *bio, const char *file, struct errbuf *err)
{
    bool more;
    X509 *cert = next_certificate(bio, CERTIFICATE, file, &more, err);
    int r;

    if (cert == NULL)
        return more ? -1
                    : err_set(err,
                              CERTIFICATE " %.120s: no start line of a PEM "
                                          "certificate",
                              file);
    r = SSL_CTX_use_certificate(ctx, cert);
    X509_free(cert);
    if (r != 1)
        return fail(err, CERTIFICATE, file);
    while ((cert = next_certificate(bio, CERTIFICATE, file, &more, err)) !=
           NULL)
        if (SSL_CTX_add0_chain_cert(ctx, cert) != 1) {
            X509_free(cert);
            return fail(err, CERTIFICATE, file);
        }
    return more ? -1 : 0;
}

/* Reads the roots that clients have (NULL: none are named). */
static int
read_roots(const char *file, STACK_OF(X509) * *roots_r, struct errbuf *err)
{
    STACK_OF(X509) *roots = sk_X509_new_null();
    struct buf text = {0};
    BIO *bio = NULL;
    X509 *cert;
    bool more = true;

    *roots_r = NULL;
    if (read_file(ROOTS, file, &text, err) == 0)
        bio = BIO_new_mem_buf(buf_cstr(&text), (int)text.len);
    while (bio != NULL && roots != NULL &&
           (cert = next_certificate(bio, ROOTS, file, &more, err)) != NULL)
        sk_X509_push(roots, cert);
    BIO_free(bio);
    buf_clear(&text);
    if (!more && sk_X509_num(roots) == 0)
        err_set(err, ROOTS " %.120s: no start line of a PEM certificate", file);
    else if (!more)
        *roots_r = roots;
    if (*roots_r == NULL)
        sk_X509_pop_free(roots, X509_free);
    return *roots_r != NULL ? 0 : -1;
}

static int
check_certificates(SSL_CTX *ctx, const struct tls_files *f, struct errbuf *err)
{
    STACK_OF(X509) *chain = NULL, *roots = NULL;
    int r;

    if (f->roots != NULL && f->roots[0] != '\0' &&
        read_roots(f->roots, &roots, err) < 0)
        return -1;
    SSL_CTX_get0_chain_certs(ctx, &chain);
    r = tls_chain_check(SSL_CTX_get0_certificate(ctx), chain, roots,
                        f->certificate, err);
    sk_X509_pop_free(roots, X509_free);
    return r;
}

/* --- both --- */

static int
use_key(SSL_CTX *ctx, BIO *bio, const char *file, struct errbuf *err)
{
    bool asked = false;
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, on_password, &asked);
    int r;

    if (key == NULL && asked) {
        ERR_clear_error();
        return err_set(err,
                       KEY " %.120s: it is protected by a password, and "
                           "nobody can be asked for it; remove the password: "
                           "openssl pkey",
                       file);
    }
    if (key == NULL)
        return fail(err, KEY, file);
    r = SSL_CTX_use_PrivateKey(ctx, key);
    EVP_PKEY_free(key);
    if (r != 1 || SSL_CTX_check_private_key(ctx) != 1)
        return fail(err, "matching the certificate with the private key", file);
    return 0;
}

typedef int use_fn(SSL_CTX *ctx, BIO *bio, const char *file,
                   struct errbuf *err);

static int
load_file(SSL_CTX *ctx, use_fn *use, const char *doing, const char *file,
          struct errbuf *err)
{
    struct buf text = {0};
    int r = read_file(doing, file, &text, err);
    BIO *bio = r == 0 ? BIO_new_mem_buf(buf_cstr(&text), (int)text.len) : NULL;

    if (r == 0)
        r = bio != NULL ? use(ctx, bio, file, err) : fail(err, doing, file);
    BIO_free(bio);
    wipe(&text);
    return r;
}

static int
load(SSL_CTX *ctx, const struct tls_files *f, struct errbuf *err)
{
    if (load_file(ctx, use_certificates, CERTIFICATE, f->certificate, err) <
            0 ||
        load_file(ctx, use_key, KEY, f->key, err) < 0)
        return -1;
    return check_certificates(ctx, f, err);
}

struct ssl_ctx_st *
tls_server_context(const struct tls_files *files, const char *min_version,
                   struct errbuf *err)
{
    SSL_CTX *ctx;

    ERR_clear_error();
    ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL) {
        fail(err, "making a TLS context for", files->certificate);
        return NULL;
    }
    SSL_CTX_set_min_proto_version(
        ctx, strcmp(min_version, "1.3") == 0 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* Resumption by tickets only: nothing is kept here for a session. */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ctx, 1);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
        fail(err, "choosing the ciphers for", files->certificate);
        SSL_CTX_free(ctx);
        return NULL;
    }
    if (load(ctx, files, err) < 0) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

struct ssl_ctx_st *
tls_context_ref(struct ssl_ctx_st *ctx)
{
    if (ctx != NULL)
        SSL_CTX_up_ref(ctx);
    return ctx;
}

void
tls_context_unref(struct ssl_ctx_st **ctx)
{
    SSL_CTX_free(*ctx);
    *ctx = NULL;
}

int64_t
tls_context_end(const struct ssl_ctx_st *ctx)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(ctx)),
                        &tm) != 1)
        return 0;
    return (int64_t)timegm(&tm) * CLOCK_SECOND;
}
