/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/fuzz/fuzz_bridge.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "clients/bridge/comeback.h"
#include "clients/bridge/listen.h"
#include "clients/bridge/server_link.h"
#include "clients/bridge/web_session.h"
#include "tests/fuzz/fuzz.h"

int fuzz_bridge_upstream = -1;

/* Stands for server_link_open (the linker's --wrap). */
int __wrap_server_link_open(const struct bridge_config *cfg);

int
__wrap_server_link_open(const struct bridge_config *cfg)
{
    int fd = fuzz_bridge_upstream;

    (void)cfg;
    fuzz_bridge_upstream = -1;
    return fd;
}

struct bridge *
fuzz_bridge_start(void)
{
    static const struct config_override o[] = {
        {"listen", "127.0.0.1:0"},
        {"log-level", "error"},
        {"pages", ""},
        {"relay", "no"},
        {"server-socket", "/nonexistent/control.sock"},
        {"trusted-proxies", "127.0.0.1"},
        {"allowed-origins", "https://a.test"},
        {"head-bytes", "1K"},
        {"body-bytes", "4K"},
    };
    struct errbuf err = {""};
    struct bridge_config *cfg = config_table_load(&bridge_config_table, NULL, o,
                                                  sizeof o / sizeof o[0], &err);
    struct bridge *b;

    FUZZ_CHECK(cfg != NULL);
    b = bridge_start(cfg, event_base_new(), &err);
    FUZZ_CHECK(b != NULL);
    listen_close_all(&b->listeners); /* connections are made below */
    trust_end(b);
    b->trust.state = TRUST_YES;
    return b;
}

void
fuzz_bridge_turn(struct bridge *b)
{
    FUZZ_CHECK(event_base_loop(b->base, EVLOOP_NONBLOCK) >= 0);
}

static void
make_pair(int fds[2])
{
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                          0, fds) == 0);
}

int
fuzz_bridge_connect(struct bridge *b)
{
    struct sockaddr_storage peer = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&peer;
    struct http_conn *h;
    int fds[2];

    make_pair(fds);
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    h = http_conn_new(&b->http, b->loop, fds[0], (struct sockaddr *)&peer, NULL,
                      0);
    TAILQ_INSERT_TAIL(&b->conns, h, link);
    return fds[1];
}

int
fuzz_bridge_make_upstream(void)
{
    int fds[2], size = 1; /* the kernel's least */

    make_pair(fds);
    FUZZ_CHECK(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size) ==
               0);
    fuzz_bridge_upstream = fds[0];
    return fds[1];
}

void
fuzz_bridge_send(struct bridge *b, int fd, const void *data, size_t len,
                 size_t step)
{
    for (size_t at = 0, n; at < len; at += n) {
        ssize_t sent;

        n = step == 0 || len - at < step ? len - at : step;
        sent =
            send(fd, (const char *)data + at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        FUZZ_CHECK(sent == (ssize_t)n || (sent < 0 && errno == EPIPE));
        fuzz_bridge_turn(b);
    }
}

bool
fuzz_bridge_drain(int fd, struct buf *out)
{
    char piece[16384];
    ssize_t n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);

    if (n > 0)
        buf_append(out, piece, (size_t)n);
    return n > 0;
}

void
fuzz_bridge_end_all(struct bridge *b)
{
    struct http_conn *h;

    TAILQ_FOREACH(h, &b->conns, link)
        http_conn_end(h);
    comeback_end_all(b);
    web_session_forget_all(b);
    for (int i = 0; i < FUZZ_CALM; i++)
        fuzz_bridge_turn(b);
    FUZZ_CHECK(TAILQ_EMPTY(&b->conns));
    FUZZ_CHECK(b->http.open == 0 && b->n_sessions == 0 && b->n_streams == 0);
    FUZZ_CHECK(b->strangers.held == 0 && b->members.held == 0);
}
