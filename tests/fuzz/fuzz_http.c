/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection of the bridge gives the same requests whether its bytes come at
 * once or in pieces; and whatever they ask for, with a session that is open and
 * an ximssd that is not there, nothing is left behind.  The session's id is
 * 1-AAAAAAAAAAAAAAAAAAAA. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "clients/bridge/web_account.h"
#include "clients/bridge/web_session.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_bridge.h"

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
    bridge = fuzz_bridge_start();
    answer = bridge->http.on_request;
    bridge->http.on_request = on_request;
}

static void
open_session(void)
{
    struct client client = {.address = "127.0.0.1", .loopback = true};
    struct web_session *s;

    s = web_session_new(bridge, &client);
    FUZZ_CHECK(web_account_enter(s, "joe@a.test"));
    s->watches_address = false;
    web_session_set_id(s, "1-AAAAAAAAAAAAAAAAAAAA");
}

/* Sends the bytes in pieces of `step` (0: at once); what was answered comes
 * back in replies. */
static void
talk(const uint8_t *data, size_t size, size_t step, struct buf *replies)
{
    int fd = fuzz_bridge_connect(bridge);

    fuzz_bridge_send(bridge, fd, data, size, step);
    for (int calm = 0; calm < FUZZ_CALM; calm++) {
        fuzz_bridge_turn(bridge);
        if (fuzz_bridge_drain(fd, replies))
            calm = 0;
    }
    fuzz_bridge_end_all(bridge);
    close(fd);
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

    if (size == 0 || size > FUZZ_MOST)
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
