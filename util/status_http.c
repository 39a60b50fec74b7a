/* SPDX-License-Identifier: BSD-2-Clause */
/* What evhttp does not do: it has no limit for connections, and its time-out
 * begins anew with each byte.  So each connection's bufferevent is made here and
 * held once more than evhttp does.  Whose time is over is shut down, which evhttp
 * takes for the client's end; and what evhttp has let go has no callbacks any
 * more, which is how it is found. */
#include "config.h"

#include "util/status_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/listen_socket.h"
#include "util/log.h"
#include "util/queue_safe.h"
#include "util/xmalloc.h"

#define HEAD_BYTES 4096
#define SILENCE_S  5
#define LIFE_US    (10 * CLOCK_SECOND)

static const struct timeval sweep_pause = {0, 250000}, at_once = {0, 1000};

struct guest {
    TAILQ_ENTRY(guest) link;
    struct bufferevent *bev; /* counted */
    int64_t came;            /* clock_steady */
    bool is_shut;
};

struct door {
    LIST_ENTRY(door) link;
    struct evconnlistener *listener; /* evhttp's */
};

struct status_http {
    struct event_base *base;         /* borrowed */
    struct evhttp *http;             /* owned */
    const struct status_page *pages; /* borrowed */
    size_t n_pages;
    void *arg;
    struct event *sweep; /* owned; runs while there are guests */
    TAILQ_HEAD(, guest) guests;
    unsigned n_guests;
    LIST_HEAD(, door) doors;
};

/* --- connections --- */

static bool
is_let_go(const struct guest *g)
{
    bufferevent_data_cb on_read, on_write;
    bufferevent_event_cb on_event;
    void *arg;

    bufferevent_getcb(g->bev, &on_read, &on_write, &on_event, &arg);
    return on_event == NULL;
}

static void
shut(struct guest *g)
{
    if (!g->is_shut && bufferevent_getfd(g->bev) >= 0)
        shutdown(bufferevent_getfd(g->bev), SHUT_RDWR);
    g->is_shut = true;
}

static void
set_doors(struct status_http *h, bool open)
{
    struct door *d;

    LIST_FOREACH(d, &h->doors, link)
        if (open)
            evconnlistener_enable(d->listener);
        else
            evconnlistener_disable(d->listener);
}

static void
forget(struct status_http *h, struct guest *g)
{
    TAILQ_REMOVE(&h->guests, g, link);
    h->n_guests--;
    bufferevent_decref(g->bev);
    free(g);
}

/* Those that are gone, those whose time is over; then others may come. */
static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
    struct status_http *h = arg;
    struct guest *g, *next;
    int64_t now = clock_steady();

    (void)fd;
    (void)what;
    TAILQ_FOREACH_SAFE(g, &h->guests, link, next)
        if (is_let_go(g))
            forget(h, g);
        else if (now - g->came > LIFE_US)
            shut(g);
    if (h->n_guests < STATUS_HTTP_CONNECTIONS)
        set_doors(h, true);
    if (h->n_guests > 0)
        evtimer_add(h->sweep, &sweep_pause);
}

/* The oldest goes; nobody comes in before that. */
static void
make_room(struct status_http *h)
{
    struct guest *g;

    set_doors(h, false);
    TAILQ_FOREACH(g, &h->guests, link)
        if (!g->is_shut)
            break;
    if (g != NULL)
        shut(g);
    evtimer_add(h->sweep, &at_once);
}

/* evhttp has accepted a connection. */
static struct bufferevent *
on_guest(struct event_base *base, void *arg)
{
    struct status_http *h = arg;
    struct guest *g = xcalloc(1, sizeof *g);

    g->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (g->bev == NULL)
        log_fatal("making a connection: out of memory");
    bufferevent_incref(g->bev);
    g->came = clock_steady();
    TAILQ_INSERT_TAIL(&h->guests, g, link);
    if (h->n_guests++ == 0)
        evtimer_add(h->sweep, &sweep_pause);
    if (h->n_guests >= STATUS_HTTP_CONNECTIONS)
        make_room(h);
    return g->bev;
}

/* No descriptor is left: others are waited for, not asked for all the time. */
static void
on_want(struct evconnlistener *l, void *arg)
{
    struct status_http *h = arg;

    evconnlistener_disable(l);
    evtimer_add(h->sweep, &sweep_pause);
}

/* --- requests --- */

static const struct status_page *
find_page(const struct status_http *h, struct evhttp_request *q)
{
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(q));
    const char *accept =
        evhttp_find_header(evhttp_request_get_input_headers(q), "Accept");

    for (size_t i = 0; path != NULL && i < h->n_pages; i++) {
        const struct status_page *p = &h->pages[i];

        if (strcmp(p->path, path) == 0 &&
            (p->accept == NULL ||
             (accept != NULL && strstr(accept, p->accept) != NULL)))
            return p;
    }
    return NULL;
}

static void
on_request(struct evhttp_request *q, void *arg)
{
    struct status_http *h = arg;
    const struct status_page *page = find_page(h, q);
    struct evkeyvalq *headers = evhttp_request_get_output_headers(q);
    struct buf out = {0};
    char length[24];
    int status = 404;

    if (page != NULL)
        status = page->make(&out, h->arg);
    else
        buf_append_str(&out, "there is no such page\n");
    evhttp_add_header(headers, "Content-Type",
                      page != NULL ? page->type : "text/plain");
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "Connection", "close");
    snprintf(length, sizeof length, "%zu", out.len);
    evhttp_add_header(headers, "Content-Length", length);
    if (evhttp_request_get_command(q) != EVHTTP_REQ_HEAD)
        evbuffer_add(evhttp_request_get_output_buffer(q), out.data, out.len);
    evhttp_send_reply(q, status, NULL, NULL);
    buf_clear(&out);
}

struct status_http *
status_http_new(struct event_base *base, const struct status_page *pages,
                size_t n, void *arg)
{
    struct status_http *h = xcalloc(1, sizeof *h);

    h->base = base;
    h->pages = pages;
    h->n_pages = n;
    h->arg = arg;
    TAILQ_INIT(&h->guests);
    LIST_INIT(&h->doors);
    h->sweep = evtimer_new(base, on_sweep, h);
    h->http = evhttp_new(base);
    if (h->sweep == NULL || h->http == NULL)
        log_fatal("making a server of HTTP: out of memory");
    evhttp_set_allowed_methods(h->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_max_headers_size(h->http, HEAD_BYTES);
    evhttp_set_max_body_size(h->http, 0);
    evhttp_set_timeout(h->http, SILENCE_S);
    evhttp_set_bevcb(h->http, on_guest, h);
    evhttp_set_gencb(h->http, on_request, h);
    return h;
}

static int
open_one(struct status_http *h, const struct config_address *a,
         const char *kind, struct buf *where, struct errbuf *err)
{
    int fd = listen_socket_open(a, a->port, LISTEN_ALONE, err);
    struct evhttp_bound_socket *bound;
    struct door *d;

    if (fd < 0)
        return -1;
    bound = evhttp_accept_socket_with_handle(h->http, fd);
    if (bound == NULL)
        log_fatal("making a listener: out of memory");
    d = xcalloc(1, sizeof *d);
    d->listener = evhttp_bound_socket_get_listener(bound);
    evconnlistener_set_error_cb(d->listener, on_want);
    LIST_INSERT_HEAD(&h->doors, d, link);
    buf_appendf(where, "%s ", kind);
    config_address_print(a, listen_socket_port(fd), where);
    buf_append_char(where, '\n');
    return 0;
}

int
status_http_listen(struct status_http *h, const struct config_listen *at,
                   const char *kind, struct buf *where, struct errbuf *err)
{
    for (size_t i = 0; i < at->count; i++)
        if (open_one(h, &at->items[i], kind, where, err) < 0)
            return -1;
    return 0;
}

void
status_http_free(struct status_http **hp)
{
    struct status_http *h = *hp;
    struct guest *g;
    struct door *d;

    if (h == NULL)
        return;
    evhttp_free(h->http); /* its connections and listeners, too */
    while ((g = TAILQ_FIRST(&h->guests)) != NULL)
        forget(h, g);
    while ((d = LIST_FIRST(&h->doors)) != NULL) {
        LIST_REMOVE(d, link);
        free(d);
    }
    event_free(h->sweep);
    free(h);
    *hp = NULL;
}
