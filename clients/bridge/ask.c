/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection to ximssd for one body's requests.  ximssd may come late, read
 * slowly, stop in the middle, or say something else than was asked: each of
 * them ends in `finish`, once. */
#include "config.h"

#include "clients/bridge/ask.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/server_link.h"
#include "clients/bridge/upstream.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"

#define ANSWERS_MOST (1 << 20) /* bytes that are read for one body */

struct ask {
    struct conn conn; /* first */
    struct bridge *bridge;
    struct event timer;
    struct conn_deferred end;
    size_t left;  /* answers */
    size_t bytes; /* of answers, so far */
    ask_fn *fn;
    void *arg;
    bool unreadable; /* ximssd said that it cannot read what was sent */
    bool open, started, ended;
};

static void
run_end(struct conn_deferred *d)
{
    free((char *)d - offsetof(struct ask, end));
}

void
ask_cancel(struct ask *a)
{
    if (a->ended)
        return;
    a->ended = true;
    event_del(&a->timer);
    if (a->open)
        conn_close(&a->conn);
    a->end.run = run_end;
    conn_loop_defer(a->bridge->loop, &a->end);
}

static void
finish(struct ask *a, int worked)
{
    static const struct timeval now = {0, 0};

    if (a->ended)
        return;
    if (!a->started) { /* the caller has no result yet: in a moment */
        evtimer_add(&a->timer, &now);
        return;
    }
    ask_cancel(a);
    a->fn(a->arg, NULL, worked);
}

/* 540 to 542: malformed, too big, forbidden; ximssd may hang up on it. */
static bool
is_about_bytes(const struct xml_elem *e)
{
    const char *num = xml_attr(e, "errorNum");

    return num != NULL && (strcmp(num, "540") == 0 || strcmp(num, "541") == 0 ||
                           strcmp(num, "542") == 0);
}

static void
take(struct ask *a, const char *text, size_t len)
{
    struct arena *arena = arena_new();
    struct xml_elem *e;
    struct errbuf err;
    const char *id;

    if (xml_parse(a->bridge->parser, text, len, arena, &e, &id, &err) !=
        XML_PARSED) {
        finish(a, 0);
    } else {
        a->unreadable = a->unreadable || is_about_bytes(e);
        a->fn(a->arg, e, 1);
        if (strcmp(e->name, "response") == 0 && --a->left == 0)
            finish(a, 1);
    }
    arena_free(&arena);
}

/* c->scanned: behind it no end of a message was looked for yet. */
static size_t
on_data(struct conn *c, const char *data, size_t len)
{
    struct ask *a = (struct ask *)(void *)c;
    size_t used = 0, from = c->scanned;
    const char *zero;

    while (!a->ended &&
           (zero = memchr(data + from, '\0', len - from)) != NULL) {
        size_t n = (size_t)(zero - (data + used));

        if (n > 0)
            take(a, data + used, n);
        from = used += n + 1;
    }
    c->scanned = (uint32_t)(len - used);
    a->bytes += used;
    if (a->bytes + (len - used) > ANSWERS_MOST)
        finish(a, 0);
    return used;
}

/* Nothing waits for the requests to be out: what counts are the answers. */
static void
on_drained(struct conn *c)
{
    (void)c;
}

static void
on_closed(struct conn *c, enum conn_close_reason reason)
{
    struct ask *a = (struct ask *)(void *)c;

    (void)reason;
    finish(a, a->unreadable);
}

static const struct conn_ops ops = {on_data, on_drained, on_closed};

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    finish(arg, 0);
}

static void
write_request(struct buf *out, const struct xml_elem *e, const char *address)
{
    buf_append_char(out, '<');
    buf_append_str(out, e->name);
    if (xml_attr(e, "id") == NULL)
        xml_write_attr(out, "id", "");
    for (unsigned i = 0; i < e->n_attrs; i++)
        if (strcmp(e->attrs[i].name, "clientAddress") != 0)
            xml_write_attr(out, e->attrs[i].name, e->attrs[i].value);
    xml_write_attr(out, "clientAddress", address);
    buf_append_char(out, '>');
    upstream_write_inside(out, e);
    buf_append_str(out, "</");
    buf_append_str(out, e->name);
    buf_append(out, ">", 2); /* with the byte 0 */
}

static void
send_all(struct ask *a, const struct xml_elem *root, const char *address)
{
    struct buf out = {0};

    for (const struct xml_elem *e = root->first; e != NULL; e = e->next) {
        write_request(&out, e, address);
        a->left++;
    }
    if (out.len > 0)
        conn_send(&a->conn, out.data, out.len);
    buf_clear(&out);
}

struct ask *
ask_start(struct bridge *b, const struct xml_elem *root, const char *address,
          ask_fn *fn, void *arg)
{
    int64_t us = b->cfg->answer_timeout;
    struct timeval tv = {us / CLOCK_SECOND, us % CLOCK_SECOND};
    struct ask *a = xcalloc(1, sizeof *a);
    int fd = server_link_open(b->cfg);

    a->bridge = b;
    a->fn = fn;
    a->arg = arg;
    evtimer_assign(&a->timer, b->base, on_timer, a);
    evtimer_add(&a->timer, &tv);
    if (fd < 0) {
        finish(a, 0);
    } else {
        a->open = true;
        conn_init(&a->conn, fd, &ops);
        conn_attach(&a->conn, b->loop);
        send_all(a, root, address);
    }
    a->started = true;
    return a;
}
