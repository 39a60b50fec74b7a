/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/conn_end.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/xmalloc.h"

static size_t
on_data(struct conn *c, const char *data, size_t len)
{
    struct conn_end *e = (struct conn_end *)c;
    size_t used = len;

    e->n_data++;
    buf_append(&e->offers, data, len);
    buf_append_char(&e->offers, '|');
    if (e->on_data != NULL)
        used = e->on_data(e, data, len);
    if (!c->closed)
        buf_append(&e->got, data, used);
    return used;
}

static void
on_drained(struct conn *c)
{
    struct conn_end *e = (struct conn_end *)c;

    ck_assert_uint_eq(conn_pending(c), 0);
    e->n_drained++;
    if (e->on_drained != NULL)
        e->on_drained(e);
}

static void
on_closed(struct conn *c, enum conn_close_reason reason)
{
    struct conn_end *e = (struct conn_end *)c;

    e->n_closed++;
    e->reason = reason;
    if (e->on_closed != NULL)
        e->on_closed(e);
    else
        conn_close(c);
}

static const struct conn_ops ops = {on_data, on_drained, on_closed};

/* A connected pair over the loopback interface; -1: there is none. */
static int
tcp_pair(int fds[2])
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof in;
    int l = socket(AF_INET, SOCK_STREAM, 0);

    if (l < 0 || bind(l, (struct sockaddr *)&in, sizeof in) < 0 ||
        listen(l, 1) < 0 || getsockname(l, (struct sockaddr *)&in, &len) < 0) {
        close(l);
        return -1;
    }
    fds[1] = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fds[1], (struct sockaddr *)&in, sizeof in), 0);
    fds[0] = accept4(l, NULL, NULL, SOCK_NONBLOCK);
    ck_assert_int_ge(fds[0], 0);
    close(l);
    return 0;
}

struct conn_end *
conn_end_new(struct conn_loop *loop, enum conn_end_kind kind)
{
    struct conn_end *e;
    int fds[2];

    if (kind == CONN_END_TCP) {
        if (tcp_pair(fds) < 0)
            return NULL;
    } else {
        ck_assert_int_eq(socketpair(AF_UNIX,
                                    (kind == CONN_END_STREAM ? SOCK_STREAM
                                                             : SOCK_SEQPACKET) |
                                        SOCK_NONBLOCK,
                                    0, fds),
                         0);
    }
    e = xcalloc(1, sizeof *e);
    e->peer = fds[1];
    conn_init(&e->c, fds[0], &ops);
    conn_attach(&e->c, loop);
    return e;
}

void
conn_end_free(struct conn_end **ep)
{
    struct conn_end *e = *ep;

    conn_close(&e->c);
    conn_end_hang_up(e);
    buf_clear(&e->offers);
    buf_clear(&e->got);
    free(e);
    *ep = NULL;
}

void
conn_end_say(struct conn_end *e, const char *data, size_t len)
{
    ck_assert_int_eq(send(e->peer, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

bool
conn_end_hear(struct conn_end *e, struct buf *b)
{
    char bytes[65536];
    ssize_t n;

    while ((n = recv(e->peer, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        buf_append(b, bytes, (size_t)n);
    ck_assert_msg(n == 0 || errno == EAGAIN, "%s", strerror(errno));
    return n == 0;
}

const char *
conn_end_packet(struct conn_end *e)
{
    static char text[4096];
    ssize_t n = recv(e->peer, text, sizeof text - 1, MSG_DONTWAIT);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

void
conn_end_hang_up(struct conn_end *e)
{
    if (e->peer >= 0)
        close(e->peer);
    e->peer = -1;
}

void
conn_end_pattern(struct buf *b, size_t n)
{
    buf_reserve(b, n);
    for (size_t i = 0; i < n; i++)
        b->data[b->len++] = (char)('a' + (i * 7 + i / 251) % 26);
}
