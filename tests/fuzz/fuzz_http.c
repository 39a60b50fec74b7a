/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection of the bridge gives the same requests whether its bytes come at
 * once or in pieces; and whatever they ask for, with a session that is open and
 * an ximssd that is not there, nothing is left behind.  The session's id is
 * 1-AAAAAAAAAAAAAAAAAAAA. */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/listen.h"
#include "clients/bridge/web_session.h"
#include "tests/fuzz/fuzz.h"

#define MOST 60000 /* bytes of an input: they fit into the socket */
#define CALM 4     /* turns of the loop in which nothing comes */

static struct bridge *bridge;
static void (*answer)(struct http_conn *h, const struct http_request *q);
static struct buf *record; /* where requests are noted; NULL: nowhere */

/* --- the bridge --- */

static void
note(const struct http_conn *h, const struct http_request *q)
{
    static const char *const headers[] = {"Host", "Cookie", "Origin",
                                          "X-Forwarded-For"};

    buf_appendf(record, "%u %s ? %s\n", q->method, q->path, q->query);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const char *value = http_header(h, headers[i]);

        buf_appendf(record, "%s: %s\n", headers[i],
                    value != NULL ? value : "(none)");
    }
    FUZZ_CHECK(q->body[q->body_len] == '\0');
    buf_append(record, q->body, q->body_len);
    buf_append_char(record, '\n');
}

static void
on_request(struct http_conn *h, const struct http_request *q)
{
    struct http_reply r = {.status = 204};

    if (record == NULL) {
        answer(h, q);
        return;
    }
    note(h, q);
    http_reply(h, &r);
}

static void
start(void)
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

    FUZZ_CHECK(cfg != NULL);
    bridge = bridge_start(cfg, event_base_new(), &err);
    FUZZ_CHECK(bridge != NULL);
    listen_close_all(&bridge->listeners); /* connections are made below */
    answer = bridge->http.on_request;
    bridge->http.on_request = on_request;
}

static void
open_session(void)
{
    struct client client = {.address = "127.0.0.1", .loopback = true};
    struct web_session *s;

    bridge->next_session = 1;
    s = web_session_new(bridge, &client);
    s->watches_address = false;
    snprintf(s->id, sizeof s->id, "1-AAAAAAAAAAAAAAAAAAAA");
}

/* --- a connection --- */

static struct http_conn *
connect_to(int fd)
{
    struct sockaddr_storage peer = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&peer;
    struct http_conn *h;

    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    h = http_conn_new(&bridge->http, bridge->loop, fd, (struct sockaddr *)&peer,
                      NULL);
    TAILQ_INSERT_TAIL(&bridge->conns, h, link);
    return h;
}

static void
turn(void)
{
    FUZZ_CHECK(event_base_loop(bridge->base, EVLOOP_NONBLOCK) >= 0);
}

/* Reads replies; true: there were some. */
static bool
drain(int fd, struct buf *replies)
{
    char piece[16384];
    ssize_t n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);

    if (n > 0)
        buf_append(replies, piece, (size_t)n);
    return n > 0;
}

static void
send_piece(int fd, const uint8_t *data, size_t len)
{
    ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    FUZZ_CHECK(n == (ssize_t)len || (n < 0 && errno == EPIPE));
}

static void
end_all(void)
{
    struct http_conn *h;

    TAILQ_FOREACH(h, &bridge->conns, link)
        http_conn_end(h);
    web_session_end_all(bridge);
    for (int i = 0; i < CALM; i++)
        turn();
    FUZZ_CHECK(TAILQ_EMPTY(&bridge->conns));
    FUZZ_CHECK(bridge->http.open == 0 && bridge->n_sessions == 0 &&
               bridge->n_streams == 0);
}

/* Sends the bytes in pieces of `step` (0: at once); what was answered comes
 * back in replies. */
static void
talk(const uint8_t *data, size_t size, size_t step, struct buf *replies)
{
    int fds[2];

    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                          0, fds) == 0);
    connect_to(fds[0]);
    for (size_t at = 0, len; at < size; at += len) {
        len = step == 0 || size - at < step ? size - at : step;
        send_piece(fds[1], data + at, len);
        turn();
    }
    for (int calm = 0; calm < CALM; calm++) {
        turn();
        if (drain(fds[1], replies))
            calm = 0;
    }
    end_all();
    close(fds[1]);
}

/* --- the target --- */

/* What kinds of replies there were.  No more than that may be told apart: of two
 * things that are wrong with a request, the one that is seen first depends on
 * the pieces. */
static void
note_kinds(struct buf *out, const struct buf *replies)
{
    static const char mark[] = "HTTP/1.1 ";
    const size_t len = sizeof mark - 1;

    for (size_t at = 0; at + len < replies->len; at++)
        if (memcmp(replies->data + at, mark, len) == 0)
            buf_append_char(out, replies->data[at + len]);
}

static void
listen_to(const uint8_t *data, size_t size, size_t step, struct buf *out)
{
    struct buf replies = {0};

    record = out;
    talk(data, size, step, &replies);
    record = NULL;
    note_kinds(out, &replies);
    buf_clear(&replies);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {0}, pieces = {0}, replies = {0};

    if (size == 0 || size > MOST)
        return 0;
    if (bridge == NULL)
        start();
    listen_to(data, size, 0, &whole);
    listen_to(data, size, data[size - 1] % 61 + 1, &pieces);
    FUZZ_CHECK(whole.len == pieces.len);
    FUZZ_CHECK(whole.len == 0 ||
               memcmp(whole.data, pieces.data, whole.len) == 0);
    open_session();
    talk(data, size, 0, &replies);
    FUZZ_CHECK(replies.len == 0 ||
               (replies.len > 9 && memcmp(replies.data, "HTTP/1.1 ", 9) == 0));
    buf_clear(&whole);
    buf_clear(&pieces);
    buf_clear(&replies);
    return 0;
}
