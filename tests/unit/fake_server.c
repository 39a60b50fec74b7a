/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/fake_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
listen_unix(struct fake_server *f)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    snprintf(f->path, sizeof f->path, "%s/control.sock", f->dir);
    strcpy(a.sun_path, f->path);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(f->listener, (struct sockaddr *)&a, sizeof a), 0);
}

static void
listen_tcp(struct fake_server *f)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;

    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(bind(f->listener, (struct sockaddr *)&a, sizeof a), 0);
    ck_assert_int_eq(getsockname(f->listener, (struct sockaddr *)&a, &len), 0);
    f->port = ntohs(a.sin_port);
}

void
fake_init(struct fake_server *f, bool on_unix)
{
    *f = (struct fake_server){.listener = -1, .fd = -1};
    strcpy(f->dir, "/tmp/ximss-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(f->dir));
    f->x = ximss_new();
    ximss_set_user(f->x, "joe@example.test");
    ximss_set_password(f->x, "secret");
    if (on_unix) {
        listen_unix(f);
        ximss_set_socket(f->x, f->path);
    } else {
        listen_tcp(f);
        ximss_set_server(f->x, "127.0.0.1", f->port);
    }
    ck_assert_int_eq(listen(f->listener, 8), 0);
}

static void
remove_file(const struct fake_server *f, const char *name)
{
    char path[200];

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    unlink(path);
}

void
fake_clear(struct fake_server *f)
{
    ximss_free(&f->x);
    fake_hang_up(f);
    close(f->listener);
    SSL_CTX_free(f->ctx);
    buf_clear(&f->in);
    remove_file(f, "control.sock");
    remove_file(f, "cert.pem");
    remove_file(f, "input");
    remove_file(f, "stdout");
    remove_file(f, "stderr");
    rmdir(f->dir);
}

void
fake_hang_up(struct fake_server *f)
{
    SSL_free(f->ssl);
    f->ssl = NULL;
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    f->in.len = 0;
}

static void
receive(struct fake_server *f)
{
    char data[4096];
    int n;

    if (f->fd < 0)
        return;
    n = f->ssl != NULL ? SSL_read(f->ssl, data, sizeof data)
                       : (int)recv(f->fd, data, sizeof data, MSG_DONTWAIT);
    if (n > 0)
        buf_append(&f->in, data, (size_t)n);
}

/* Waits a moment for either side, so that a slow machine is no failure. */
void
fake_turn(struct fake_server *f)
{
    struct pollfd p[3] = {
        {.fd = f->fd >= 0 ? f->fd : f->listener, .events = POLLIN},
        {.fd = ximss_fd(f->x), .events = POLLIN}};

    if (ximss_wants(f->x) & XIMSS_WANT_WRITE)
        p[1].events |= POLLOUT;
    poll(p, 2, 10);
    ximss_run_once(f->x, 0);
    receive(f);
}

void
fake_accept(struct fake_server *f)
{
    fake_hang_up(f);
    while (f->fd < 0) {
        fake_turn(f);
        f->fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK);
    }
}

const char *
fake_read(struct fake_server *f)
{
    static char message[300000];

    for (;;) {
        char *end = f->in.len > 0 ? memchr(f->in.data, '\0', f->in.len) : NULL;

        if (end != NULL) {
            size_t len = (size_t)(end - f->in.data) + 1;

            ck_assert_uint_lt(len, sizeof message);
            memcpy(message, f->in.data, len);
            buf_drop(&f->in, len);
            return message;
        }
        fake_turn(f);
    }
}

void
fake_expect(struct fake_server *f, const char *message)
{
    ck_assert_str_eq(fake_read(f), message);
}

void
fake_send_raw(struct fake_server *f, const char *data, size_t len)
{
    while (len > 0) {
        size_t n = 0;

        if (f->ssl != NULL) {
            if (SSL_write_ex(f->ssl, data, len, &n) != 1)
                n = 0;
        } else {
            ssize_t r = send(f->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

            ck_assert(r >= 0 || errno == EAGAIN);
            n = r > 0 ? (size_t)r : 0;
        }
        data += n;
        len -= n;
        if (len > 0)
            fake_turn(f);
    }
}

void
fake_send(struct fake_server *f, const char *message)
{
    fake_send_raw(f, message, strlen(message) + 1);
}

void
fake_wait(struct fake_server *f, enum ximss_state state)
{
    while (ximss_state(f->x) != state) {
        ck_assert_msg(ximss_state(f->x) != XIMSS_FAILED, "%s",
                      ximss_error(f->x));
        fake_turn(f);
    }
}

void
fake_log_in(struct fake_server *f)
{
    ximss_set_method(f->x, XIMSS_METHOD_CLEAR);
    ck_assert_int_eq(ximss_start(f->x), 0);
    fake_accept(f);
    fake_expect(f, "<login id=\"1\" authData=\"joe@example.test\" "
                   "password=\"secret\"/>");
    fake_send(f, "<session id=\"1\" userName=\"joe@example.test\" "
                 "realName=\"Joe\"/>");
    fake_send(f, "<response id=\"1\"/>");
    fake_wait(f, XIMSS_READY);
}

/* --- TLS --- */

static void
add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX c;
    X509_EXTENSION *e;

    X509V3_set_ctx(&c, cert, cert, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &c, nid, value);
    ck_assert_ptr_nonnull(e);
    X509_add_ext(cert, e, -1);
    X509_EXTENSION_free(e);
}

static X509 *
make_certificate(EVP_PKEY *key, const char *name, bool with_address)
{
    X509 *cert = X509_new();
    X509_NAME *subject = X509_get_subject_name(cert);
    char alt[200];

    snprintf(alt, sizeof alt, "DNS:%s%s", name,
             with_address ? ",IP:127.0.0.1" : "");
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, subject);
    add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(cert, NID_subject_alt_name, alt);
    ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
    return cert;
}

void
fake_make_certificate(struct fake_server *f, const char *name,
                      bool with_address)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = make_certificate(key, name, with_address);
    char path[200];
    FILE *file;

    snprintf(path, sizeof path, "%s/cert.pem", f->dir);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    PEM_write_X509(file, cert);
    fclose(file);
    f->ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(f->ctx, cert);
    SSL_CTX_use_PrivateKey(f->ctx, key);
    SSL_CTX_set_mode(f->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    X509_free(cert);
    EVP_PKEY_free(key);
}

void
fake_tls(struct fake_server *f)
{
    f->ssl = SSL_new(f->ctx);
    SSL_set_fd(f->ssl, f->fd);
    SSL_set_accept_state(f->ssl);
}
