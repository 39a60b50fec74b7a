/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/lib/wire.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clients/lib/tls.h"
#include "util/xmalloc.h"
#include "ximss/proto/frame.h"

#define WIRE_READ_SIZE 65536

void
wire_init(struct wire *w)
{
    *w = (struct wire){.fd = -1};
}

void
wire_open(struct wire *w, int fd)
{
    wire_init(w);
    w->fd = fd;
}

void
wire_close(struct wire *w)
{
    if (w->ssl != NULL) {
        /* One try: nobody waits for the peer's farewell. */
        if (SSL_is_init_finished(w->ssl))
            (void)SSL_shutdown(w->ssl);
        ERR_clear_error();
        SSL_free(w->ssl);
    }
    if (w->fd >= 0)
        close(w->fd);
    if (w->out.data != NULL)
        explicit_bzero(w->out.data, w->out.cap);
    if (w->in.data != NULL)
        explicit_bzero(w->in.data, w->in.cap);
    buf_clear(&w->in);
    buf_clear(&w->out);
    wire_init(w);
}

int
wire_tls(struct wire *w, const char *name, const char *ca_file,
         struct errbuf *err)
{
    w->ssl = tls_open(w->fd, name, ca_file, err);
    return w->ssl != NULL ? 0 : -1;
}

/* Translates the outcome of an SSL call; `blocked` is set if it waits for the
 * direction that is not its own. */
static enum wire_result
tls_result(struct wire *w, int r, int own, const char *doing, bool *blocked,
           struct errbuf *err)
{
    int e = errno, code = SSL_get_error(w->ssl, r);

    if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE) {
        *blocked = code != own;
        return WIRE_AGAIN;
    }
    if (code == SSL_ERROR_ZERO_RETURN && own == SSL_ERROR_WANT_READ &&
        SSL_is_init_finished(w->ssl))
        return WIRE_EOF;
    tls_failed(w->ssl, code, code == SSL_ERROR_SYSCALL ? e : 0, doing, err);
    return WIRE_FAILED;
}

enum wire_result
wire_handshake(struct wire *w, struct errbuf *err)
{
    int r;

    ERR_clear_error();
    errno = 0;
    r = SSL_do_handshake(w->ssl);
    w->read_wants_write = false;
    if (r == 1)
        return WIRE_OK;
    return tls_result(w, r, SSL_ERROR_WANT_READ, "starting TLS",
                      &w->read_wants_write, err);
}

static enum wire_result
read_plain(struct wire *w, struct errbuf *err)
{
    ssize_t n = recv(w->fd, w->in.data + w->in.len, WIRE_READ_SIZE, 0);

    if (n > 0) {
        w->in.len += (size_t)n;
        return WIRE_OK;
    }
    if (n == 0)
        return WIRE_EOF;
    if (errno == EAGAIN || errno == EINTR)
        return WIRE_AGAIN;
    err_set(err, "receiving: %s", strerror(errno));
    return WIRE_FAILED;
}

/* Frees the room of taken messages. */
static void
trim(struct wire *w)
{
    if (w->in_used == 0)
        return;
    buf_drop(&w->in, w->in_used);
    w->in_used = 0;
    /* A huge message is rare: its room is given back. */
    if (w->in.len == 0 && w->in.cap > 8 * (size_t)WIRE_READ_SIZE)
        buf_clear(&w->in);
}

enum wire_result
wire_fill(struct wire *w, struct errbuf *err)
{
    size_t n = 0;
    int r;

    trim(w);
    buf_reserve(&w->in, WIRE_READ_SIZE);
    if (w->ssl == NULL)
        return read_plain(w, err);
    ERR_clear_error();
    errno = 0;
    w->read_wants_write = false;
    r = SSL_read_ex(w->ssl, w->in.data + w->in.len, WIRE_READ_SIZE, &n);
    if (r != 1)
        return tls_result(w, r, SSL_ERROR_WANT_READ, "receiving",
                          &w->read_wants_write, err);
    w->in.len += n;
    return WIRE_OK;
}

bool
wire_has_stock(const struct wire *w)
{
    return w->ssl != NULL && SSL_has_pending(w->ssl);
}

bool
wire_next(struct wire *w, const char **msg_r, size_t *len_r)
{
    size_t n;

    if (w->in_used >= w->in.len)
        return false;
    n = frame_next(w->in.data + w->in_used, w->in.len - w->in_used, w->scanned,
                   msg_r, len_r);
    w->in_used += n;
    w->scanned = *msg_r != NULL ? 0 : w->in.len - w->in_used;
    return *msg_r != NULL;
}

const char *
wire_rest(const struct wire *w, size_t *len_r)
{
    *len_r = w->in.len - w->in_used;
    return *len_r > 0 ? w->in.data + w->in_used : "";
}

void
wire_idle(struct wire *w)
{
    trim(w);
    if (w->in.len == 0)
        buf_clear(&w->in);
    if (w->out.data == NULL || w->sent < w->out.len)
        return;
    explicit_bzero(w->out.data, w->out.cap);
    buf_clear(&w->out);
    w->sent = 0;
}

struct buf *
wire_out(struct wire *w, size_t more)
{
    struct buf bigger = {0};
    size_t left = w->out.len - w->sent;

    if (w->out.cap - w->out.len >= more)
        return &w->out;
    buf_reserve(&bigger, left + more);
    if (w->out.data != NULL) {
        buf_append(&bigger, w->out.data + w->sent, left);
        explicit_bzero(w->out.data, w->out.cap);
        buf_clear(&w->out);
    }
    w->out = bigger;
    w->sent = 0;
    return &w->out;
}

bool
wire_has_out(const struct wire *w)
{
    return w->out.len > w->sent;
}

static enum wire_result
write_plain(struct wire *w, size_t *n_r, struct errbuf *err)
{
    ssize_t n =
        send(w->fd, w->out.data + w->sent, w->out.len - w->sent, MSG_NOSIGNAL);

    if (n >= 0) {
        *n_r = (size_t)n;
        return WIRE_OK;
    }
    if (errno == EAGAIN || errno == EINTR)
        return WIRE_AGAIN;
    err_set(err, "sending: %s", strerror(errno));
    return WIRE_FAILED;
}

static enum wire_result
write_tls(struct wire *w, size_t *n_r, struct errbuf *err)
{
    int r;

    ERR_clear_error();
    errno = 0;
    w->write_wants_read = false;
    r = SSL_write_ex(w->ssl, w->out.data + w->sent, w->out.len - w->sent, n_r);
    if (r == 1)
        return WIRE_OK;
    return tls_result(w, r, SSL_ERROR_WANT_WRITE, "sending",
                      &w->write_wants_read, err);
}

enum wire_result
wire_flush(struct wire *w, struct errbuf *err)
{
    while (wire_has_out(w)) {
        size_t n = 0;
        enum wire_result r =
            w->ssl != NULL ? write_tls(w, &n, err) : write_plain(w, &n, err);

        if (r != WIRE_OK)
            return r;
        explicit_bzero(w->out.data + w->sent, n);
        w->sent += n;
    }
    w->out.len = w->sent = 0;
    return WIRE_OK;
}
