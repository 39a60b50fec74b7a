/* SPDX-License-Identifier: BSD-2-Clause */
/* A short result is one reply.  A long one, which may have no end, begins to go
 * to the client while the rest of it is made, and no more of it is fetched than
 * the client takes: in chunks, so that one that breaks off can be told from one
 * that is whole, or up to the end of the connection where the client knows no
 * chunks. */
#include "config.h"

#include "clients/bridge/cli_call.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "clients/bridge/bridge.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"
#include "ximss/proto/cli_data.h"

#define WHOLE_MOST  (64 << 10) /* bytes of a result that is one reply */
#define PIECE       (16 << 10) /* ... of a chunk, about */
#define UNREAD_MOST (64 << 10) /* that wait for the client */

#define TEXT_TYPE "text/plain;charset=utf-8"
#define NO_STORE  "no-store"

struct cli_call {
    struct http_waiter waiter; /* first */
    LIST_ENTRY(cli_call) link;
    struct bridge *bridge;
    struct http_conn *http;
    struct cli_talk *talk; /* NULL: it has ended */
    struct event stalled;  /* the client has taken nothing for too long */
    struct conn_deferred end;
    struct buf held; /* of the result, and not sent */
    bool is_long;    /* it has begun to go to the client */
    bool waits;      /* for the client */
    char address[INET6_ADDRSTRLEN];
};

/* --- the end --- */

static void
run_end(struct conn_deferred *d)
{
    struct cli_call *k =
        (struct cli_call *)(void *)((char *)d - offsetof(struct cli_call, end));

    if (k->held.data != NULL)
        explicit_bzero(k->held.data, k->held.cap);
    buf_clear(&k->held);
    free(k);
}

/* Nobody hears of it any more, from either side. */
static void
end_call(struct cli_call *k)
{
    if (k->talk != NULL)
        cli_talk_cancel(k->talk);
    event_del(&k->stalled);
    LIST_REMOVE(k, link);
    k->end.run = run_end;
    conn_loop_defer(k->bridge->loop, &k->end);
}

static void
on_gone(struct http_waiter *w)
{
    end_call((struct cli_call *)(void *)w);
}

/* --- what is refused --- */

void
cli_call_fail(struct http_conn *h, unsigned status, int number,
              const char *text)
{
    char *plain = xstrdup(text);
    struct buf body = {0};
    struct http_reply r = {.status = status,
                           .reason = plain,
                           .type = TEXT_TYPE,
                           .cache = NO_STORE};

    cli_plain_text(plain);
    if (number != 0)
        buf_appendf(&body, "ERROR %d %s\r\n", number, plain);
    else
        buf_appendf(&body, "ERROR %s\r\n", plain);
    r.body = body.data;
    r.len = body.len;
    if (status == 401)
        r.headers = "WWW-Authenticate: Basic realm=\"CLI\", "
                    "charset=\"UTF-8\"\r\n";
    else if (status == 405)
        r.headers = "Allow: GET, POST\r\n";
    http_reply(h, &r);
    buf_clear(&body);
    free(plain);
}

/* --- how many --- */

static void
give_way(struct cli_call *k)
{
    k->bridge->counts.crowded_out++;
    http_wait(k->http, NULL);
    cli_call_fail(k->http, 503, ANSWER(BUSY));
    end_call(k);
}

bool
cli_call_make_room(struct bridge *b, const struct client *client)
{
    uint8_t net[CLIENT_NET], other[CLIENT_NET];
    struct cli_call *k, *stranger = NULL;
    unsigned all = 0, here = 0;

    client_net(client->address, net);
    LIST_FOREACH(k, &b->cli_calls, link) {
        client_net(k->address, other);
        all++;
        here += memcmp(net, other, sizeof net) == 0;
        if (!cli_talk_is_logged_in(k->talk))
            stranger = k;
    }
    if (here >= b->cfg->max_cli_requests_per_address)
        return false;
    if (all < b->cfg->max_cli_requests)
        return true;
    if (stranger != NULL)
        give_way(stranger);
    return stranger != NULL;
}

/* --- what is answered --- */

/* Of a command that was refused. */
static unsigned
status_of(int number)
{
    switch (number) {
    case ANSWER_NO_RIGHTS:
    case ANSWER_WRONG_PASSWORD: /* that the command checks */
    case ANSWER_ENCRYPTION:
        return 403;
    case ANSWER_NO_DOMAIN:
    case ANSWER_NO_ACCOUNT:
    case ANSWER_NO_ALERT:
    case ANSWER_NO_GROUP:
    case ANSWER_NO_FORWARDER:
    case ANSWER_NO_LIST:
        return 404;
    case ANSWER_KEY_USED:
    case ANSWER_ACCOUNT_EXISTS:
    case ANSWER_DOMAIN_EXISTS:
        return 409;
    case ANSWER_TOO_BIG:
        return 413;
    case ANSWER_BUSY:
    case ANSWER_STORE_FULL:
        return 503;
    case ANSWER_STORE_FAILED:
        return 500;
    default:
        return 400;
    }
}

/* What ximssd could not read was none of anybody's names and passwords. */
static void
refuse_login(struct http_conn *h, int number, const char *text)
{
    switch (number) {
    case ANSWER_ARGUMENTS:
    case ANSWER_WRONG_LOGIN:
    case ANSWER_MALFORMED:
    case ANSWER_TOO_BIG:
    case ANSWER_FORBIDDEN:
        cli_call_fail(h, 401, ANSWER(WRONG_LOGIN));
        break;
    case ANSWER_BUSY:
    case ANSWER_TOO_MANY_SESSIONS:
    case ANSWER_STORE_FULL:
        cli_call_fail(h, 503, number, text);
        break;
    case ANSWER_STORE_FAILED:
        cli_call_fail(h, 500, number, text);
        break;
    default:
        cli_call_fail(h, 403, number, text);
        break;
    }
}

/* --- a long result --- */

static void
send_held(struct cli_call *k)
{
    struct buf out = {0};

    if (!k->http->is_http_1_0) {
        buf_appendf(&out, "%zx\r\n", k->held.len);
        buf_append(&out, k->held.data, k->held.len);
        buf_append_str(&out, "\r\n");
        http_send(k->http, out.data, out.len);
        explicit_bzero(out.data, out.cap);
        buf_clear(&out);
    } else {
        http_send(k->http, k->held.data, k->held.len);
    }
    k->held.len = 0;
}

static void
begin_long(struct cli_call *k)
{
    struct http_reply r = {.status = 200, .type = TEXT_TYPE, .cache = NO_STORE};

    k->is_long = true;
    if (!k->http->is_http_1_0)
        r.headers = "Transfer-Encoding: chunked\r\n";
    http_stream(k->http, &r, &k->waiter);
}

static void
wait_for_client(struct cli_call *k)
{
    const int64_t us = k->bridge->cfg->request_timeout;
    const struct timeval tv = {us / CLOCK_SECOND, us % CLOCK_SECOND};

    if (k->waits || k->talk == NULL || http_pending(k->http) <= UNREAD_MOST)
        return;
    k->waits = true;
    cli_talk_pause(k->talk, true);
    evtimer_add(&k->stalled, &tv);
}

static void
on_client_drained(struct http_waiter *w)
{
    struct cli_call *k = (struct cli_call *)(void *)w;

    if (!k->waits)
        return;
    k->waits = false;
    event_del(&k->stalled);
    cli_talk_pause(k->talk, false);
}

static void
on_stalled(evutil_socket_t fd, short what, void *arg)
{
    struct cli_call *k = arg;

    (void)fd;
    (void)what;
    http_conn_end(k->http);
}

static void
on_data(void *arg, const char *data, size_t len)
{
    struct cli_call *k = arg;

    buf_append(&k->held, data, len);
    if (k->held.len < (k->is_long ? PIECE : WHOLE_MOST))
        return;
    if (!k->is_long)
        begin_long(k);
    send_held(k);
    wait_for_client(k);
}

/* --- the outcome --- */

/* A result ends in CR LF, as on the PWD port. */
static void
reply_done(struct cli_call *k)
{
    struct http_reply r = {.status = 200, .type = TEXT_TYPE, .cache = NO_STORE};

    if (k->is_long || k->held.len > 0)
        buf_append_str(&k->held, "\r\n");
    if (k->is_long) {
        send_held(k);
        if (!k->http->is_http_1_0)
            http_send(k->http, "0\r\n\r\n", 5);
        http_finish(k->http);
        return;
    }
    r.body = k->held.data;
    r.len = k->held.len;
    http_reply(k->http, &r);
}

static void
on_end(void *arg, enum cli_outcome outcome, int number, const char *text)
{
    struct cli_call *k = arg;
    struct http_conn *h = k->http;

    k->talk = NULL;
    http_wait(h, NULL);
    if (outcome == CLI_DONE) {
        reply_done(k);
    } else if (k->is_long) { /* without its last chunk */
        http_conn_end(h);
    } else if (outcome == CLI_NO_LOGIN) {
        k->bridge->counts.logins_failed++;
        refuse_login(h, number, text);
    } else if (outcome == CLI_REFUSED) {
        cli_call_fail(h, status_of(number), number, text);
    } else {
        cli_call_fail(h, outcome == CLI_AWAY ? 503 : 500, number, text);
    }
    end_call(k);
}

static const struct cli_talk_ops talk_ops = {on_data, on_end};

void
cli_call_start(struct call *c, const struct cli_order *order)
{
    struct cli_call *k = xcalloc(1, sizeof *k);

    k->waiter.on_gone = on_gone;
    k->waiter.on_drained = on_client_drained;
    k->bridge = c->bridge;
    k->http = c->http;
    strcpy(k->address, c->client.address);
    evtimer_assign(&k->stalled, c->bridge->base, on_stalled, k);
    LIST_INSERT_HEAD(&c->bridge->cli_calls, k, link);
    c->bridge->counts.cli_commands++;
    http_wait(c->http, &k->waiter);
    k->talk = cli_talk_start(c->bridge, order, &talk_ops, k);
}
