/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "tests/unit/fake_dovecot.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "util/buf.h"
#include "util/xmalloc.h"

#define MOST_SCRIPTS 16
#define MOST_OPEN    16

struct fake_dovecot {
    struct event_base *base;
    struct evconnlistener *listener;
    struct bufferevent *open[MOST_OPEN];
    unsigned n_open;
    const char *scripts[MOST_SCRIPTS];
    unsigned n_scripts, next;
    const char *value;
    unsigned requests, unknown;
    struct buf last;
    bool was_crowded;
};

static void
forget(struct fake_dovecot *f, struct bufferevent *bev)
{
    for (unsigned i = 0; i < f->n_open; i++)
        if (f->open[i] == bev) {
            f->open[i] = f->open[--f->n_open];
            break;
        }
    bufferevent_free(bev);
}

static void
append_answer(struct buf *out, struct fake_dovecot *f, const char *user,
              unsigned tag)
{
    if (strncmp(user, "missing", 7) == 0)
        return;
    f->unknown += strncmp(user, "unknown", 7) == 0;
    if (out->len > 1)
        buf_append_char(out, ',');
    if (strncmp(user, "unknown", 7) == 0 || strncmp(user, "broken", 6) == 0)
        buf_appendf(out,
                    "[\"error\",{\"type\":\"exitCode\",\"exitCode\":%d},"
                    "\"%u\"]",
                    *user == 'u' ? 67 : 75, tag);
    else
        buf_appendf(out,
                    "[\"doveadmResponse\",[{\"root\":\"User quota\",\"type\":"
                    "\"STORAGE\",\"value\":\"%s\",\"limit\":\"100\","
                    "\"percent\":\"4\"}],\"%u\"]",
                    f->value, tag);
}

static void
answer(struct fake_dovecot *f, struct bufferevent *bev, const char *body)
{
    struct buf out = {0};
    unsigned tag = 0;

    buf_append_char(&out, '[');
    for (const char *p = body; (p = strstr(p, "{\"user\":\"")) != NULL;) {
        p += strlen("{\"user\":\"");
        append_answer(&out, f, p, tag++);
    }
    buf_append_char(&out, ']');
    evbuffer_add_printf(bufferevent_get_output(bev),
                        "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                        "Content-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        out.len, buf_cstr(&out));
    buf_clear(&out);
}

/* All is sent: closed, as Dovecot does. */
static void
on_written(struct bufferevent *bev, void *arg)
{
    forget(arg, bev);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
        forget(arg, bev);
}

static void
on_request(struct fake_dovecot *f, struct bufferevent *bev, const char *body)
{
    const char *script;

    f->requests++;
    bufferevent_setcb(bev, NULL, NULL, on_event, f);
    if (f->next == f->n_scripts) {
        answer(f, bev, body);
    } else {
        script = f->scripts[f->next++];
        if (script == NULL)
            return;
        if (*script == '\0') {
            forget(f, bev);
            return;
        }
        evbuffer_add(bufferevent_get_output(bev), script, strlen(script));
    }
    bufferevent_setcb(bev, NULL, on_written, on_event, f);
}

static void
on_data(struct bufferevent *bev, void *arg)
{
    struct fake_dovecot *f = arg;
    struct evbuffer *in = bufferevent_get_input(bev);
    size_t len = evbuffer_get_length(in);
    const char *text, *end, *length;

    f->last.len = 0;
    buf_append(&f->last, evbuffer_pullup(in, -1), len);
    text = buf_cstr(&f->last);
    end = strstr(text, "\r\n\r\n");
    length = strstr(text, "Content-Length: ");
    if (end == NULL || length == NULL ||
        strlen(end + 4) < strtoul(length + 16, NULL, 10))
        return;
    on_request(f, bev, end + 4);
}

static void
on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from,
          int len, void *arg)
{
    struct fake_dovecot *f = arg;
    struct bufferevent *bev =
        bufferevent_socket_new(f->base, fd, BEV_OPT_CLOSE_ON_FREE);

    (void)l;
    (void)from;
    (void)len;
    ck_assert_uint_lt(f->n_open, MOST_OPEN);
    if (f->n_open > 0)
        f->was_crowded = true;
    f->open[f->n_open++] = bev;
    bufferevent_setcb(bev, on_data, NULL, on_event, f);
    bufferevent_enable(bev, EV_READ);
}

struct fake_dovecot *
fake_dovecot_new(struct event_base *base, uint16_t port)
{
    struct fake_dovecot *f = xcalloc(1, sizeof *f);
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port)};

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    f->base = base;
    f->value = "4";
    f->listener = evconnlistener_new_bind(
        base, on_accept, f, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 16,
        (struct sockaddr *)&sin, sizeof sin);
    ck_assert_ptr_nonnull(f->listener);
    return f;
}

void
fake_dovecot_free(struct fake_dovecot **f)
{
    if (*f == NULL)
        return;
    while ((*f)->n_open > 0)
        forget(*f, (*f)->open[0]);
    evconnlistener_free((*f)->listener);
    buf_clear(&(*f)->last);
    free(*f);
    *f = NULL;
}

uint16_t
fake_dovecot_port(const struct fake_dovecot *f)
{
    struct sockaddr_in sin = {0};
    socklen_t len = sizeof sin;

    ck_assert_int_eq(getsockname(evconnlistener_get_fd(f->listener),
                                 (struct sockaddr *)&sin, &len),
                     0);
    return ntohs(sin.sin_port);
}

void
fake_dovecot_script(struct fake_dovecot *f, const char *bytes)
{
    ck_assert_uint_lt(f->n_scripts, MOST_SCRIPTS);
    f->scripts[f->n_scripts++] = bytes;
}

void
fake_dovecot_value(struct fake_dovecot *f, const char *kib)
{
    f->value = kib;
}

unsigned
fake_dovecot_requests(const struct fake_dovecot *f)
{
    return f->requests;
}

unsigned
fake_dovecot_unknown(const struct fake_dovecot *f)
{
    return f->unknown;
}

const char *
fake_dovecot_last(struct fake_dovecot *f)
{
    return buf_cstr(&f->last);
}

bool
fake_dovecot_was_crowded(const struct fake_dovecot *f)
{
    return f->was_crowded;
}
