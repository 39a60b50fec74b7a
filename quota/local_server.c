/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "quota/local_server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "util/acceptor.h"
#include "util/clock.h"
#include "util/local_socket.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define MOST            512
#define IDLE            (60 * CLOCK_SECOND)
#define COMPLAINT_PAUSE CLOCK_SECOND

TAILQ_HEAD(local_conns, local_conn);

struct local_server {
    struct local_socket socket;
    struct conn_loop *loop; /* borrowed */
    const struct local_ops *ops;
    void *owner;
    struct acceptor *acceptor; /* owned */
    struct event *tick;        /* owned */
    struct local_conns conns;  /* the one idle for longest first */
    unsigned n, most;
    int64_t idle;
    /* A descriptor that is given up when there is no other, to accept a
     * connection and close it: one that waits in the queue holds a delivery. */
    int spare;
    bool has_complained;
    int64_t complained; /* when */
    unsigned unsaid;    /* complaints since */
    struct {
        _Atomic uint64_t accepted, malformed, idle, crowded_out, refused;
    } counts;
};

/* The loop's thread is the only one that writes. */
static void
count(_Atomic uint64_t *n)
{
    atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

/* --- connections --- */

static void
run_free(struct conn_deferred *d)
{
    struct local_conn *c =
        (struct local_conn *)(void *)((char *)d -
                                      offsetof(struct local_conn, deferred));

    if (c->ops->clear != NULL)
        c->ops->clear(c);
    free(c);
}

static void
end_conn(struct local_conn *c)
{
    struct local_server *s = c->server;

    if (s == NULL)
        return; /* ended already */
    c->server = NULL;
    TAILQ_REMOVE(&s->conns, c, link);
    s->n--;
    conn_close(&c->c);
    conn_loop_defer(s->loop, &c->deferred);
}

static void
complain(struct local_server *s, const char *text)
{
    int64_t now = clock_mono();

    if (s->has_complained && now - s->complained < COMPLAINT_PAUSE) {
        s->unsaid++;
        return;
    }
    if (s->unsaid > 0)
        log_warn("%s: %s (and %u complaints more)", s->socket.path, text,
                 s->unsaid);
    else
        log_warn("%s: %s", s->socket.path, text);
    s->has_complained = true;
    s->complained = now;
    s->unsaid = 0;
}

void
local_conn_end_malformed(struct local_conn *c, const char *why)
{
    struct ucred cred = {.pid = 0, .uid = (uid_t)-1};
    socklen_t len = sizeof cred;
    struct errbuf text;

    if (c->server == NULL)
        return;
    getsockopt(c->c.fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
    err_set(&text, "closing the connection of uid %ld, process %ld: %s",
            (long)cred.uid, (long)cred.pid, why);
    complain(c->server, text.text);
    count(&c->server->counts.malformed);
    end_conn(c);
}

static size_t
on_data(struct conn *conn, const char *data, size_t len)
{
    struct local_conn *c = (struct local_conn *)conn;
    struct local_server *s = c->server;

    c->active = clock_mono();
    TAILQ_REMOVE(&s->conns, c, link);
    TAILQ_INSERT_TAIL(&s->conns, c, link);
    return c->ops->on_data(c, data, len);
}

static void
on_drained(struct conn *c)
{
    (void)c;
}

static void
on_closed(struct conn *conn, enum conn_close_reason reason)
{
    struct local_conn *c = (struct local_conn *)conn;

    if (reason == CONN_EOF && c->ops->on_end != NULL)
        c->ops->on_end(c);
    end_conn(c);
}

static const struct conn_ops conn_ops = {on_data, on_drained, on_closed};

/* --- times --- */

static void
set_tick(struct local_server *s)
{
    struct timeval tv = {s->idle / 4 / CLOCK_SECOND,
                         s->idle / 4 % CLOCK_SECOND};

    if (event_add(s->tick, &tv) < 0)
        log_fatal("setting a timer: out of memory");
}

void
local_server_check_times(struct local_server *s)
{
    int64_t now = clock_mono();
    struct local_conn *c;

    while ((c = TAILQ_FIRST(&s->conns)) != NULL && now - c->active >= s->idle) {
        count(&s->counts.idle);
        end_conn(c);
    }
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct local_server *s = arg;

    (void)fd;
    (void)what;
    local_server_check_times(s);
    if (s->n > 0)
        set_tick(s);
}

/* --- accepting --- */

/* A descriptor to give up when there are no others; -1: not yet. */
static void
open_spare(struct local_server *s)
{
    s->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
on_accept(void *arg, int fd, const struct sockaddr *peer)
{
    struct local_server *s = arg;
    struct local_conn *c = xcalloc(1, s->ops->size);

    (void)peer;
    if (s->spare < 0)
        open_spare(s); /* there are some again */
    count(&s->counts.accepted);
    if (s->n == s->most) {
        count(&s->counts.crowded_out);
        end_conn(TAILQ_FIRST(&s->conns));
    }
    c->server = s;
    c->ops = s->ops;
    c->deferred.run = run_free;
    c->active = clock_mono();
    TAILQ_INSERT_TAIL(&s->conns, c, link);
    if (s->n++ == 0)
        set_tick(s);
    conn_init(&c->c, fd, &conn_ops);
    if (s->ops->init != NULL)
        s->ops->init(c);
    conn_attach(&c->c, s->loop);
}

/* Without descriptors: closes what comes.  False: not even that is possible. */
static bool
refuse_one(void *arg)
{
    struct local_server *s = arg;
    int fd, saved;

    complain(s, "closing new connections: there are no descriptors left (raise "
                "the limit of open files)");
    if (s->spare < 0)
        open_spare(s);
    if (s->spare < 0)
        return false;
    close(s->spare);
    fd = accept4(s->socket.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    saved = errno;
    if (fd >= 0) {
        count(&s->counts.refused);
        close(fd);
    }
    open_spare(s);
    return fd >= 0 || !acceptor_is_want(saved);
}

static const struct acceptor_ops acceptor_ops = {on_accept, refuse_one};

/* --- starting and stopping --- */

struct local_server *
local_server_start(struct event_base *base, struct conn_loop *loop,
                   const struct local_server_config *cfg,
                   const struct local_ops *ops, void *owner, struct errbuf *err)
{
    struct local_server *s = xcalloc(1, sizeof *s);

    if (local_socket_open(&s->socket, cfg->path, cfg->mode, cfg->group, err) <
        0) {
        free(s);
        return NULL;
    }
    s->loop = loop;
    s->ops = ops;
    s->owner = owner;
    s->most = cfg->most > 0 ? cfg->most : MOST;
    s->idle = cfg->idle > 0 ? cfg->idle : IDLE;
    TAILQ_INIT(&s->conns);
    open_spare(s);
    s->acceptor = acceptor_new(base, s->socket.fd, &acceptor_ops, s);
    s->tick = evtimer_new(base, on_tick, s);
    if (s->tick == NULL)
        log_fatal("making a timer: out of memory");
    return s;
}

void
local_server_stop(struct local_server **sp)
{
    struct local_server *s = *sp;
    struct local_conn *c;

    if (s == NULL)
        return;
    acceptor_free(&s->acceptor);
    event_free(s->tick);
    local_socket_close(&s->socket);
    while ((c = TAILQ_FIRST(&s->conns)) != NULL)
        end_conn(c);
    if (s->spare >= 0)
        close(s->spare);
    free(s);
    *sp = NULL;
}

void *
local_server_owner(const struct local_server *s)
{
    return s->owner;
}

const struct local_socket *
local_server_socket(const struct local_server *s)
{
    return &s->socket;
}

void
local_server_get_counts(const struct local_server *s,
                        struct local_counts *counts_r)
{
    *counts_r = (struct local_counts){
        .accepted = atomic_load(&s->counts.accepted),
        .malformed = atomic_load(&s->counts.malformed),
        .idle = atomic_load(&s->counts.idle),
        .crowded_out = atomic_load(&s->counts.crowded_out),
        .refused = atomic_load(&s->counts.refused),
    };
}
