/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/lib/tls.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/address.h"

/* OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE in the
 * program that uses the library; this one sends with MSG_NOSIGNAL. */

static BIO_METHOD *bio_method; /* made once, kept for the process */
static pthread_once_t bio_once = PTHREAD_ONCE_INIT;

static int
bio_fd(BIO *b)
{
    return (int)(intptr_t)BIO_get_data(b);
}

static int
bio_write(BIO *b, const char *data, int len)
{
    ssize_t n = send(bio_fd(b), data, (size_t)len, MSG_NOSIGNAL);

    BIO_clear_retry_flags(b);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(b);
    return (int)n;
}

static int
bio_read(BIO *b, char *data, int len)
{
    ssize_t n = recv(bio_fd(b), data, (size_t)len, 0);

    BIO_clear_retry_flags(b);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(b);
    if (n == 0)
        BIO_set_flags(b, BIO_FLAGS_IN_EOF);
    return (int)n;
}

static long
bio_ctrl(BIO *b, int command, long num, void *ptr)
{
    (void)num;
    (void)ptr;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return BIO_test_flags(b, BIO_FLAGS_IN_EOF) != 0;
    default:
        return 0;
    }
}

static void
make_bio_method(void)
{
    BIO_METHOD *m =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ximss");

    if (m == NULL)
        return;
    BIO_meth_set_write(m, bio_write);
    BIO_meth_set_read(m, bio_read);
    BIO_meth_set_ctrl(m, bio_ctrl);
    bio_method = m;
}

static BIO *
bio_new(int fd)
{
    BIO *b;

    pthread_once(&bio_once, make_bio_method);
    b = bio_method != NULL ? BIO_new(bio_method) : NULL;
    if (b == NULL)
        return NULL;
    BIO_set_data(b, (void *)(intptr_t)fd);
    BIO_set_init(b, 1);
    return b;
}

static const char *
last_reason(void)
{
    unsigned long e = ERR_peek_last_error();
    const char *reason = e != 0 ? ERR_reason_error_string(e) : NULL;

    return reason != NULL ? reason : "unknown error";
}

static SSL_CTX *
context_new(const char *ca_file, struct errbuf *err)
{
    SSL_CTX *c = SSL_CTX_new(TLS_client_method());
    int ok;

    if (c == NULL) {
        err_set(err, "starting TLS: %s", last_reason());
        return NULL;
    }
    SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                            SSL_MODE_RELEASE_BUFFERS);
    /* A server that just closes gives an end of file, as without TLS:
     * messages have an end of their own. */
    SSL_CTX_set_options(c, SSL_OP_IGNORE_UNEXPECTED_EOF);
    ok = ca_file != NULL ? SSL_CTX_load_verify_file(c, ca_file)
                         : SSL_CTX_set_default_verify_paths(c);
    if (ok != 1) {
        err_set(err, "reading the certificate authorities in %s: %s",
                ca_file != NULL ? ca_file : "the system's directory",
                last_reason());
        SSL_CTX_free(c);
        return NULL;
    }
    return c;
}

static int
set_address(SSL *ssl, const struct sockaddr_storage *sa)
{
    uint8_t a[ADDRESS_BYTES];
    const uint8_t *plain;
    size_t n;

    address_from_sockaddr((const struct sockaddr *)sa, a);
    plain = address_plain(a, &n);
    return X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), plain, n);
}

static int
set_name(SSL *ssl, const char *name)
{
    struct sockaddr_storage sa;
    size_t len = strlen(name);
    char *copy;
    int ok;

    if (address_make(name, 0, &sa) > 0)
        return set_address(ssl, &sa);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    /* The dot that ends a name stands in no certificate (RFC 6066, 3).
     * OpenSSL's macro casts const away, and clang warns. */
    copy = strndup(name, len - (len > 0 && name[len - 1] == '.'));
    ok = copy != NULL && SSL_set1_host(ssl, copy) == 1 &&
         SSL_set_tlsext_host_name(ssl, copy) == 1;
    free(copy);
    return ok;
}

SSL *
tls_open(int fd, const char *name, const char *ca_file, struct errbuf *err)
{
    SSL_CTX *c;
    SSL *ssl = NULL;
    BIO *b = NULL;

    ERR_clear_error();
    c = context_new(ca_file, err);
    if (c == NULL)
        return NULL;
    ssl = SSL_new(c);
    SSL_CTX_free(c);
    b = bio_new(fd);
    if (ssl == NULL || b == NULL || set_name(ssl, name) != 1) {
        err_set(err, "starting TLS for %s: %s", name, last_reason());
        BIO_free(b);
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_bio(ssl, b, b);
    SSL_set_connect_state(ssl);
    return ssl;
}

static const char *
verify_hint(long v)
{
    switch (v) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "; connect by a name that is in the certificate";
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "; check this machine's clock, and renew the certificate";
    default:
        return "; if the server is yours, give the file of its authority";
    }
}

int
tls_failed(SSL *ssl, int code, int e, const char *doing, struct errbuf *err)
{
    long v = SSL_get_verify_result(ssl);

    if (v != X509_V_OK)
        return err_set(err, "%s: the server's certificate is refused: %s%s",
                       doing, X509_verify_cert_error_string(v), verify_hint(v));
    if (code == SSL_ERROR_SYSCALL && e != 0)
        return err_set(err, "%s: %s", doing, strerror(e));
    if (code == SSL_ERROR_SYSCALL || code == SSL_ERROR_ZERO_RETURN)
        return err_set(err, "%s: the server closed the connection", doing);
    return err_set(err, "%s: %s; does the server speak TLS there?", doing,
                   last_reason());
}
