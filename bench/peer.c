/* SPDX-License-Identifier: BSD-2-Clause */
/* A socket, with or without TLS.  The source addresses take turns so that
 * neither the ports of one of them run out nor a limit per address is met. */
#include "config.h"

#include "bench/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/text.h"

static int
parse_inet(const char *address, struct sockaddr_in *in_r, struct errbuf *err)
{
    const char *colon = strrchr(address, ':');
    char host[64];
    unsigned long long port;
    size_t len;

    if (colon == NULL || (size_t)(colon - address) >= sizeof(host))
        return err_set(err, "\"%s\" is not HOST:PORT", address);
    len = (size_t)(colon - address);
    memcpy(host, address, len);
    host[len] = '\0';
    *in_r = (struct sockaddr_in){.sin_family = AF_INET};
    if (inet_pton(AF_INET, host, &in_r->sin_addr) != 1 ||
        text_parse_u64(colon + 1, 65535, &port) != 0)
        return err_set(err, "\"%s\" is not HOST:PORT", address);
    in_r->sin_port = htons((uint16_t)port);
    return 0;
}

static int
connect_inet(const struct peer_target *t, unsigned turn, struct errbuf *err)
{
    struct sockaddr_in to, from = {.sin_family = AF_INET};
    const int on = 1;
    int fd;

    if (parse_inet(t->address, &to, err) != 0)
        return -1;
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, "socket: %s", strerror(errno));
    from.sin_addr.s_addr =
        htonl(0x7f000101 + (t->sources > 1 ? turn % t->sources : 0));
    /* The port is chosen by connect: it need only differ per destination. */
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if ((t->sources > 0 &&
         bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0) ||
        connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        err_set(err, "connecting to %s: %s", t->address, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

static int
connect_unix(const char *path, struct errbuf *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof(to.sun_path))
        return err_set(err, "the path %s is too long for a socket", path);
    memcpy(to.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, "socket: %s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        err_set(err, "connecting to %s: %s", path, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

int
peer_connect(struct peer *p, const struct peer_target *t, unsigned turn,
             struct errbuf *err)
{
    bool local = strchr(t->address, '/') != NULL;

    p->fd = local ? connect_unix(t->address, err) : connect_inet(t, turn, err);
    if (p->fd < 0)
        return -1;
    if (fcntl(p->fd, F_SETFL, O_NONBLOCK) != 0) {
        err_set(err, "fcntl: %s", strerror(errno));
        peer_close(p);
        return -1;
    }
    p->state = PEER_LOGIN;
    if (t->tls == NULL || local)
        return 0;
    p->state = PEER_HANDSHAKE;
    p->ssl = SSL_new(t->tls);
    if (p->ssl == NULL || SSL_set_fd(p->ssl, p->fd) != 1) {
        peer_close(p);
        return err_set(err, "out of memory for TLS");
    }
    SSL_set_connect_state(p->ssl);
    return 0;
}

/* 0: the socket is not ready; -1: err says what failed, or is empty if the
 * other side has closed. */
static int
tls_outcome(struct peer *p, int result, struct errbuf *err)
{
    unsigned long code;
    int kind = SSL_get_error(p->ssl, result);

    err->text[0] = '\0';
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
        return 0;
    code = ERR_get_error();
    ERR_clear_error();
    if (kind == SSL_ERROR_SSL)
        return err_set(err, "TLS: %s", ERR_reason_error_string(code));
    return -1;
}

int
peer_handshake(struct peer *p, struct errbuf *err)
{
    int n = SSL_do_handshake(p->ssl);

    if (n == 1)
        return 1;
    if (tls_outcome(p, n, err) == 0)
        return 0;
    if (err->text[0] == '\0')
        err_set(err, "closed during the TLS handshake");
    return -1;
}

/* How much was taken, 0 if nothing can be now, or -1. */
static ssize_t
send_some(struct peer *p, const void *data, size_t len, struct errbuf *err)
{
    ssize_t n;

    if (p->ssl != NULL) {
        n = SSL_write(p->ssl, data, (int)(len > 16384 ? 16384 : len));
        return n > 0 ? n : tls_outcome(p, (int)n, err);
    }
    n = send(p->fd, data, len, MSG_NOSIGNAL);
    if (n >= 0)
        return n;
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    return err_set(err, "sending: %s", strerror(errno));
}

int
peer_send(struct peer *p, const void *data, size_t len, struct errbuf *err)
{
    const char *from = data;

    while (p->out.len == 0 && len > 0) {
        ssize_t n = send_some(p, from, len, err);

        if (n < 0)
            return -1;
        if (n == 0)
            break;
        from += n;
        len -= (size_t)n;
    }
    if (len > 0)
        buf_append(&p->out, from, len);
    return 0;
}

int
peer_flush(struct peer *p, struct errbuf *err)
{
    while (p->out.len > 0) {
        ssize_t n = send_some(p, p->out.data, p->out.len, err);

        if (n <= 0)
            return (int)n;
        buf_drop(&p->out, (size_t)n);
    }
    return 0;
}

ssize_t
peer_read(struct peer *p, void *data, size_t size, struct errbuf *err)
{
    ssize_t n;

    if (p->ssl != NULL) {
        n = SSL_read(p->ssl, data, (int)size);
        return n > 0 ? n : tls_outcome(p, (int)n, err);
    }
    n = recv(p->fd, data, size, 0);
    if (n > 0)
        return n;
    err->text[0] = '\0';
    if (n == 0)
        return -1;
    if (errno == EAGAIN || errno == EINTR)
        return 0;
    return err_set(err, "reading: %s", strerror(errno));
}

/* Returns how many bytes were complete messages. */
static size_t
take_messages(struct peer *p, const char *data, size_t len,
              peer_message_fn *on_message, void *arg)
{
    size_t at = 0;

    while (at < len) {
        const char *end = memchr(data + at, '\0', len - at);

        if (end == NULL)
            break;
        if (end > data + at)
            on_message(p, data + at, (size_t)(end - data) - at, arg);
        at = (size_t)(end - data) + 1;
    }
    return at;
}

void
peer_feed(struct peer *p, const char *data, size_t len,
          peer_message_fn *on_message, void *arg)
{
    size_t done;

    if (p->in.len == 0) {
        done = take_messages(p, data, len, on_message, arg);
        if (done < len)
            buf_append(&p->in, data + done, len - done);
        return;
    }
    buf_append(&p->in, data, len);
    done = take_messages(p, p->in.data, p->in.len, on_message, arg);
    if (done < p->in.len)
        buf_drop(&p->in, done);
    else
        buf_clear(&p->in);
}

void
peer_close(struct peer *p)
{
    if (p->ssl != NULL)
        SSL_free(p->ssl);
    if (p->fd >= 0)
        close(p->fd);
    p->ssl = NULL;
    p->fd = -1;
    p->state = PEER_NONE;
    p->alerts = 0;
    p->pending = 0;
    buf_clear(&p->in);
    buf_clear(&p->out);
}
