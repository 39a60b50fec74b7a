/* SPDX-License-Identifier: BSD-2-Clause */
/* Plain libevent events over non-blocking sockets, with TLS by OpenSSL on the
 * same descriptor.  The one difficult idea: between reading from a connection
 * and the end of the turn, everything that is sent to this connection is
 * gathered in the cork buffer of the loop.  So answers to pipelined requests,
 * and the alerts between them, leave in one write.  Nothing is freed in a
 * callback: the owner frees by conn_loop_defer. */
#include "config.h"

#include "util/conn.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "util/buf.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/turns.h"
#include "util/xmalloc.h"

#define READ_BYTES  65536
#define WRITEV_MOST 64
#define EXACT_BYTES 4096

/* Of handshakes in a turn: so many steps, and no more once they have taken so
 * long. */
#define HANDSHAKE_STEPS 4
#define HANDSHAKE_US    3000

/* A piece of output that waits: a shared buffer or bytes of its own. */
struct segment {
    STAILQ_ENTRY(segment) link;
    struct shared_buf *shared; /* NULL: bytes */
    size_t off, len;
    size_t cost; /* memory that is held for it alone, until all of it is sent */
    char bytes[];
};

struct conn_out {
    STAILQ_HEAD(, segment) segments;
    size_t total, cost;
    int64_t moved; /* clock_mono, when some of it left last, or it began */
    struct conn *conn;
    LIST_ENTRY(conn_out) in_budget; /* the owner's, if it has one */
    LIST_ENTRY(conn_out) in_loop;   /* loop->all, or loop->cut */
};

struct conn_handshake {
    struct turn turn; /* first; it waits for one */
    struct conn *conn;
    uint64_t crowd;
};

struct conn_loop {
    struct event_base *base;
    void *owner;
    struct event *deferred_ev; /* owned */
    STAILQ_HEAD(, conn_deferred) deferred;
    struct event *again_ev; /* owned */
    STAILQ_HEAD(, conn) again;
    unsigned n_again;
    struct conn *corked;
    struct buf cork;
    size_t soft_limit, hard_limit;
    struct conn_budget all;
    atomic_size_t total;         /* all.bytes, for other threads */
    struct conn_budget_list cut; /* end in the next turn */
    struct event *cut_ev;        /* owned */
    struct turns *handshakes;    /* owned: those that have to wait */
    struct event *handshakes_ev; /* owned */
    unsigned steps;              /* of handshakes, in this turn */
    int64_t steps_us;            /* ... and how long they took */
    char in[READ_BYTES];
};

static void on_event(evutil_socket_t fd, short what, void *arg);
static void on_handshakes(evutil_socket_t fd, short what, void *arg);
static void offer_kept(struct conn *c);
static void read_input(struct conn *c);
static void take_input(struct conn *c, bool kept);

/* --- loops --- */

static void
on_deferred(evutil_socket_t fd, short what, void *arg)
{
    struct conn_loop *loop = arg;
    struct conn_deferred *d;

    (void)fd;
    (void)what;
    while ((d = STAILQ_FIRST(&loop->deferred)) != NULL) {
        STAILQ_REMOVE_HEAD(&loop->deferred, link);
        d->run(d);
    }
}

/* A timer of 0 comes after the next poll; an event that is activated by hand
 * would come before it, and starve the sockets. */
static void
next_turn(struct event *ev)
{
    static const struct timeval now = {0, 0};

    if (event_add(ev, &now) < 0)
        log_fatal("setting a timer: out of memory");
}

static void
forget_again(struct conn *c)
{
    if (!c->again)
        return;
    STAILQ_REMOVE(&c->loop->again, c, conn, again_link);
    c->loop->n_again--;
    c->again = false;
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
    struct conn_loop *loop = arg;
    struct conn *c;

    (void)fd;
    (void)what;
    /* Those that ask again while this runs have to wait for the next turn. */
    for (unsigned n = loop->n_again;
         n > 0 && (c = STAILQ_FIRST(&loop->again)) != NULL; n--) {
        forget_again(c);
        if (c->paused == 0 && !c->finish && c->tls_handshake == NULL)
            take_input(c, c->in_len > 0);
    }
    if (!STAILQ_EMPTY(&loop->again))
        next_turn(loop->again_ev);
}

static void
on_cut(evutil_socket_t fd, short what, void *arg)
{
    struct conn_loop *loop = arg;
    struct conn_out *out;

    (void)fd;
    (void)what;
    while ((out = LIST_FIRST(&loop->cut)) != NULL) {
        struct conn *c = out->conn;

        c->ops->on_closed(c, CONN_BUDGET);
        conn_close(c); /* whatever the owner does */
    }
}

struct conn_loop *
conn_loop_new(struct event_base *base, void *owner)
{
    struct conn_loop *loop = xmalloc(sizeof *loop);

    *loop = (struct conn_loop){.base = base, .owner = owner};
    loop->soft_limit = loop->hard_limit = SIZE_MAX;
    STAILQ_INIT(&loop->deferred);
    loop->deferred_ev = event_new(base, -1, 0, on_deferred, loop);
    STAILQ_INIT(&loop->again);
    loop->again_ev = evtimer_new(base, on_again, loop);
    conn_budget_init(&loop->all, SIZE_MAX);
    LIST_INIT(&loop->cut);
    loop->cut_ev = evtimer_new(base, on_cut, loop);
    loop->handshakes = turns_new();
    loop->handshakes_ev = evtimer_new(base, on_handshakes, loop);
    if (loop->deferred_ev == NULL || loop->again_ev == NULL ||
        loop->cut_ev == NULL || loop->handshakes_ev == NULL)
        log_fatal("making a loop: out of memory");
    return loop;
}

void
conn_loop_free(struct conn_loop **loop)
{
    if (*loop == NULL)
        return;
    on_deferred(-1, 0, *loop);
    event_free((*loop)->deferred_ev);
    event_free((*loop)->again_ev);
    event_free((*loop)->cut_ev);
    event_free((*loop)->handshakes_ev);
    turns_free(&(*loop)->handshakes);
    buf_clear(&(*loop)->cork);
    free(*loop);
    *loop = NULL;
}

void *
conn_loop_owner(const struct conn_loop *loop)
{
    return loop->owner;
}

void
conn_loop_set_hard_limit(struct conn_loop *loop, size_t bytes)
{
    loop->hard_limit = bytes;
}

void
conn_loop_set_soft_limit(struct conn_loop *loop, size_t bytes)
{
    loop->soft_limit = bytes;
}

void
conn_loop_set_total_limit(struct conn_loop *loop, size_t bytes)
{
    loop->all.most = bytes;
}

size_t
conn_loop_total(const struct conn_loop *loop)
{
    return atomic_load_explicit(&loop->total, memory_order_relaxed);
}

void
conn_loop_defer(struct conn_loop *loop, struct conn_deferred *d)
{
    STAILQ_INSERT_TAIL(&loop->deferred, d, link);
    event_active(loop->deferred_ev, 0, 0);
}

/* --- budgets --- */

void
conn_budget_init(struct conn_budget *b, size_t most)
{
    b->most = most;
    b->bytes = 0;
    LIST_INIT(&b->outs);
}

static void
change_total(struct conn_loop *loop, size_t bytes)
{
    loop->all.bytes = bytes;
    atomic_store_explicit(&loop->total, bytes, memory_order_relaxed);
}

/* Counts the connection's output for those it concerns, or no longer. */
static void
enter(struct conn *c)
{
    if (c->cut) {
        LIST_INSERT_HEAD(&c->loop->cut, c->out, in_loop);
        next_turn(c->loop->cut_ev);
        return;
    }
    LIST_INSERT_HEAD(&c->loop->all.outs, c->out, in_loop);
    change_total(c->loop, c->loop->all.bytes + c->out->cost);
    if (c->budget != NULL) {
        LIST_INSERT_HEAD(&c->budget->outs, c->out, in_budget);
        c->budget->bytes += c->out->cost;
    }
}

static void
leave(struct conn *c)
{
    LIST_REMOVE(c->out, in_loop);
    if (c->cut)
        return;
    change_total(c->loop, c->loop->all.bytes - c->out->cost);
    if (c->budget != NULL) {
        LIST_REMOVE(c->out, in_budget);
        c->budget->bytes -= c->out->cost;
    }
}

static void
add_cost(struct conn *c, size_t n)
{
    c->out->cost += n;
    if (c->cut)
        return;
    change_total(c->loop, c->loop->all.bytes + n);
    if (c->budget != NULL)
        c->budget->bytes += n;
}

static void
subtract_cost(struct conn *c, size_t n)
{
    c->out->cost -= n;
    if (c->cut)
        return;
    change_total(c->loop, c->loop->all.bytes - n);
    if (c->budget != NULL)
        c->budget->bytes -= n;
}

/* The next of the list: each hangs in two. */
static struct conn_out *
after(const struct conn_out *out, bool of_loop)
{
    return of_loop ? LIST_NEXT(out, in_loop) : LIST_NEXT(out, in_budget);
}

/* How much it holds, and for how long nothing of it has left: who reads is not
 * cut off for what others leave, however long an answer they are reading. */
static double
badness(const struct conn_out *out, int64_t now)
{
    return (double)out->cost * (double)(now - out->moved + CLOCK_SECOND / 1000);
}

/* Whoever sends may be in the middle of something with all connections, so the
 * end of one is put off; it counts no longer, and takes no more. */
static void
keep_within(struct conn_budget *b, bool of_loop)
{
    int64_t now;

    if (b->bytes <= b->most)
        return;
    now = clock_mono();
    while (b->bytes > b->most) {
        struct conn_out *worst = LIST_FIRST(&b->outs), *out;

        if (worst == NULL || after(worst, of_loop) == NULL)
            return;
        for (out = worst; out != NULL; out = after(out, of_loop))
            if (badness(out, now) > badness(worst, now))
                worst = out;
        leave(worst->conn);
        worst->conn->cut = true;
        enter(worst->conn);
    }
}

static void
keep_budgets(struct conn *c)
{
    if (c->budget != NULL)
        keep_within(c->budget, false);
    keep_within(&c->loop->all, true);
}

void
conn_set_budget(struct conn *c, struct conn_budget *b)
{
    bool counted = c->out != NULL && c->loop != NULL;

    if (c->budget == b)
        return;
    if (counted)
        leave(c);
    c->budget = b;
    if (!counted)
        return;
    enter(c);
    if (!c->cut)
        keep_budgets(c);
}

/* --- the event --- */

static void
update_event(struct conn *c, bool reading, bool writing)
{
    short what = (short)(EV_PERSIST | (reading ? EV_READ : 0) |
                         (writing ? EV_WRITE : 0));

    if (c->closed || (reading == c->reading && writing == c->writing))
        return;
    event_del(&c->ev);
    event_assign(&c->ev, c->loop->base, c->fd, what, on_event, c);
    if ((reading || writing) && event_add(&c->ev, NULL) < 0)
        log_fatal("watching a connection: out of memory");
    c->reading = reading;
    c->writing = writing;
}

void
conn_init(struct conn *c, int fd, const struct conn_ops *ops)
{
    /* Here, and not when the first slow peer makes one of them needed. */
    assert(ops->on_data != NULL && ops->on_drained != NULL &&
           ops->on_closed != NULL);
    memset(c, 0, sizeof *c);
    c->fd = fd;
    c->ops = ops;
}

void
conn_attach(struct conn *c, struct conn_loop *loop)
{
    assert(c->loop == NULL);
    c->loop = loop;
    if (c->out != NULL)
        enter(c);
    event_assign(&c->ev, loop->base, c->fd, EV_READ | EV_PERSIST, on_event, c);
    update_event(c, true, c->out != NULL);
    if (c->in_len > 0 || (c->tls != NULL && SSL_pending(c->tls) > 0))
        conn_continue(c);
}

void
conn_detach(struct conn *c)
{
    if (c->loop->corked == c)
        conn_uncork(c);
    if (c->reading || c->writing)
        event_del(&c->ev);
    forget_again(c);
    if (c->tls_handshake != NULL)
        turns_leave(c->loop->handshakes, &c->tls_handshake->turn);
    if (c->out != NULL)
        leave(c);
    c->budget = NULL; /* of this loop */
    c->reading = c->writing = false;
    c->loop = NULL;
}

void
conn_continue(struct conn *c)
{
    if (c->closed || c->again)
        return;
    c->again = true;
    STAILQ_INSERT_TAIL(&c->loop->again, c, again_link);
    c->loop->n_again++;
    next_turn(c->loop->again_ev);
}

void
conn_pause(struct conn *c, uint8_t bit)
{
    /* The event stays on the loop: most pauses are over before more input
     * comes, and epoll_ctl costs more than one idle callback. */
    c->paused |= bit;
}

void
conn_resume(struct conn *c, uint8_t bit)
{
    if ((c->paused & bit) == 0)
        return;
    c->paused &= (uint8_t)~bit;
    if (c->paused != 0 || c->closed || c->finish)
        return;
    update_event(c, true, c->writing);
    if (c->in_len > 0 || c->tls != NULL)
        conn_continue(c);
}

/* --- closing --- */

static void
out_free(struct conn *c)
{
    struct segment *seg;

    if (c->out == NULL)
        return;
    if (c->loop != NULL)
        leave(c);
    while ((seg = STAILQ_FIRST(&c->out->segments)) != NULL) {
        STAILQ_REMOVE_HEAD(&c->out->segments, link);
        shared_buf_unref(&seg->shared);
        free(seg);
    }
    free(c->out);
    c->out = NULL;
}

static void
end_handshake(struct conn *c)
{
    struct conn_handshake *h = c->tls_handshake;

    if (h == NULL)
        return;
    if (c->loop != NULL)
        turns_leave(c->loop->handshakes, &h->turn);
    free(h);
    c->tls_handshake = NULL;
}

void
conn_close(struct conn *c)
{
    if (c->closed)
        return;
    c->closed = true;
    if (c->loop != NULL && c->loop->corked == c) {
        c->loop->corked = NULL;
        c->loop->cork.len = 0;
    }
    if (c->loop != NULL) {
        forget_again(c);
        event_del(&c->ev);
    }
    if (c->tls != NULL) {
        if (c->tls_handshake == NULL)
            SSL_shutdown(c->tls);
        end_handshake(c);
        SSL_free(c->tls);
        c->tls = NULL;
        ERR_clear_error();
    }
    close(c->fd);
    c->fd = -1;
    free(c->in);
    c->in = NULL;
    c->in_len = c->in_cap = 0;
    out_free(c);
}

void
conn_finish(struct conn *c)
{
    if (c->closed)
        return;
    c->finish = true;
    free(c->in);
    c->in = NULL;
    c->in_len = c->in_cap = 0;
    if (c->loop->corked == c)
        return; /* conn_uncork looks at it */
    if (c->out != NULL) {
        update_event(c, false, true);
        return;
    }
    if (c->tls != NULL && c->tls_handshake == NULL)
        SSL_shutdown(c->tls);
    shutdown(c->fd, SHUT_WR);
    c->lingering = true;
    update_event(c, true, false);
}

static void
ended(struct conn *c, enum conn_close_reason reason)
{
    if (!c->closed)
        c->ops->on_closed(c, reason);
}

/* --- output --- */

/* Bytes taken, 0 if the socket is full, -1 if the connection is gone. */
static ssize_t
write_some(struct conn *c, const struct iovec *iov, int n)
{
    struct msghdr msg = {.msg_iov = (struct iovec *)(uintptr_t)iov,
                         .msg_iovlen = (size_t)n};
    ssize_t r;

    if (c->tls != NULL) {
        int w;

        ERR_clear_error();
        w = SSL_write(c->tls, iov[0].iov_base, (int)iov[0].iov_len);
        if (w > 0)
            return w;
        w = SSL_get_error(c->tls, w);
        return w == SSL_ERROR_WANT_WRITE || w == SSL_ERROR_WANT_READ ? 0 : -1;
    }
    if (n == 1)
        r = send(c->fd, iov[0].iov_base, iov[0].iov_len, MSG_NOSIGNAL);
    else
        r = sendmsg(c->fd, &msg, MSG_NOSIGNAL);
    if (r < 0)
        return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -1;
    return r;
}

/* One piece above the limit is let through, or a long answer could never be
 * given: what waits beside it is counted. */
static bool
is_too_much(const struct conn_out *out, size_t limit)
{
    const struct segment *seg;
    size_t n = 0;

    if (out->total <= limit)
        return false;
    STAILQ_FOREACH(seg, &out->segments, link)
        n += seg->len > limit ? 0 : seg->len - seg->off;
    return n > limit;
}

/* A buffer that only the caller and we have is ours as soon as the caller has gone. */
static size_t
cost_of(size_t len, const struct shared_buf *b)
{
    return sizeof(struct segment) +
           (b == NULL || atomic_load(&b->refs) <= 2 ? len : 0);
}

static void
begin_output(struct conn *c)
{
    c->out = xmalloc(sizeof *c->out);
    c->out->conn = c;
    c->out->total = 0;
    c->out->cost = 0;
    c->out->moved = clock_mono();
    STAILQ_INIT(&c->out->segments);
    enter(c);
}

static void
queue_out(struct conn *c, const char *data, size_t len, struct shared_buf *b,
          size_t off)
{
    struct segment *seg = xmalloc(sizeof *seg + (b != NULL ? 0 : len));

    seg->shared = b != NULL ? shared_buf_ref(b) : NULL;
    seg->off = b != NULL ? off : 0;
    seg->len = b != NULL ? b->len : len;
    if (b == NULL)
        memcpy(seg->bytes, data, len);
    if (c->out == NULL)
        begin_output(c);
    STAILQ_INSERT_TAIL(&c->out->segments, seg, link);
    c->out->total += seg->len - seg->off;
    seg->cost = cost_of(seg->len, seg->shared);
    add_cost(c, seg->cost);
    update_event(c, c->reading, true);
    if (is_too_much(c->out, c->loop->hard_limit))
        ended(c, CONN_OUTPUT_LIMIT);
    else
        keep_budgets(c);
}

/* b: NULL, or the shared buffer that data and len are. */
static void
send_now(struct conn *c, const char *data, size_t len, struct shared_buf *b)
{
    size_t done = 0;

    if (c->closed || c->cut || len == 0)
        return;
    while (c->out == NULL && c->tls_handshake == NULL && done < len) {
        struct iovec iov = {(void *)(uintptr_t)(data + done), len - done};
        ssize_t n = write_some(c, &iov, 1);

        if (n < 0) {
            ended(c, CONN_RESET);
            return;
        }
        if (n == 0)
            break;
        done += (size_t)n;
    }
    if (done < len)
        queue_out(c, data + done, len - done, b, done);
}

void
conn_send(struct conn *c, const void *data, size_t len)
{
    if (c->closed || c->finish)
        return;
    if (c->loop->corked == c)
        buf_append(&c->loop->cork, data, len);
    else
        send_now(c, data, len, NULL);
}

void
conn_send_shared(struct conn *c, struct shared_buf *b)
{
    if (c->closed || c->finish)
        return;
    if (c->loop->corked == c)
        buf_append(&c->loop->cork, b->bytes, b->len);
    else
        send_now(c, b->bytes, b->len, b);
}

void
conn_cork(struct conn *c)
{
    assert(c->loop->corked == NULL);
    c->loop->corked = c;
}

bool
conn_is_corked(const struct conn *c)
{
    return c->loop != NULL && c->loop->corked == c;
}

void
conn_uncork(struct conn *c)
{
    struct conn_loop *loop = c->loop;
    size_t len = loop->cork.len;

    if (loop->corked != c)
        return; /* closed meanwhile */
    loop->corked = NULL;
    loop->cork.len = 0; /* the bytes stay until something else is corked */
    if (len > 0)
        send_now(c, loop->cork.data, len, NULL);
    if (loop->cork.cap > 4 * READ_BYTES)
        buf_clear(&loop->cork);
    if (c->closed)
        return;
    if (c->finish)
        conn_finish(c);
    else if (len >= loop->soft_limit && c->out == NULL)
        c->ops->on_drained(c); /* nobody else would tell */
}

size_t
conn_pending(const struct conn *c)
{
    size_t n = c->out != NULL ? c->out->total : 0;

    if (c->loop != NULL && c->loop->corked == c)
        n += c->loop->cork.len;
    return n;
}

static void
drop_sent(struct conn *c, size_t n)
{
    struct segment *seg;

    c->out->total -= n;
    c->out->moved = clock_mono();
    while ((seg = STAILQ_FIRST(&c->out->segments)) != NULL) {
        size_t left = seg->len - seg->off;

        if (n < left) {
            seg->off += n;
            return;
        }
        n -= left;
        STAILQ_REMOVE_HEAD(&c->out->segments, link);
        subtract_cost(c, seg->cost);
        shared_buf_unref(&seg->shared);
        free(seg);
    }
}

static int
gather(struct conn_out *out, struct iovec *iov)
{
    struct segment *seg;
    int n = 0;

    STAILQ_FOREACH(seg, &out->segments, link) {
        char *bytes = seg->shared != NULL ? seg->shared->bytes : seg->bytes;

        iov[n].iov_base = bytes + seg->off;
        iov[n].iov_len = seg->len - seg->off;
        if (++n == WRITEV_MOST)
            break;
    }
    return n;
}

static void
flush_out(struct conn *c)
{
    struct iovec iov[WRITEV_MOST];
    ssize_t n;

    while (c->out != NULL && c->out->total > 0 && !c->cut) {
        n = write_some(c, iov, gather(c->out, iov));
        if (n < 0) {
            ended(c, CONN_RESET);
            return;
        }
        if (n == 0)
            return;
        drop_sent(c, (size_t)n);
    }
    if (c->cut) /* what was sent meanwhile was dropped */
        return;
    out_free(c);
    if (c->finish)
        conn_finish(c);
    else
        update_event(c, c->reading, false);
    c->ops->on_drained(c);
}

/* --- TLS --- */

int
conn_start_tls(struct conn *c, struct ssl_ctx_st *ctx, uint64_t crowd)
{
    c->tls = SSL_new(ctx);
    if (c->tls == NULL || SSL_set_fd(c->tls, c->fd) != 1)
        return -1;
    SSL_set_accept_state(c->tls);
    SSL_set_mode(c->tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
                             SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                             SSL_MODE_RELEASE_BUFFERS);
    /* Else one SSL_read goes on as long as the peer sends records that hold no
     * data, like new keys, and nobody else is served. */
    SSL_clear_mode(c->tls, SSL_MODE_AUTO_RETRY);
    c->tls_handshake = xcalloc(1, sizeof *c->tls_handshake);
    c->tls_handshake->conn = c;
    c->tls_handshake->crowd = crowd;
    free(c->in);
    c->in = NULL;
    c->in_len = c->in_cap = 0;
    return 0;
}

bool
conn_is_encrypted(const struct conn *c)
{
    return c->tls != NULL;
}

static void
count_step(struct conn_loop *loop, int64_t began)
{
    if (loop->steps++ == 0)
        next_turn(loop->handshakes_ev);
    loop->steps_us += clock_mono() - began;
}

static bool
is_turn_used_up(const struct conn_loop *loop)
{
    return loop->steps >= HANDSHAKE_STEPS || loop->steps_us >= HANDSHAKE_US;
}

/* True when the handshake is over. */
static bool
go_on_with_handshake(struct conn *c)
{
    const int64_t began = clock_mono();
    int r;

    ERR_clear_error();
    r = SSL_accept(c->tls);
    count_step(c->loop, began);
    if (r == 1) {
        end_handshake(c);
        update_event(c, true, c->out != NULL);
        return true;
    }
    r = SSL_get_error(c->tls, r);
    if (r == SSL_ERROR_WANT_READ)
        update_event(c, true, false);
    else if (r == SSL_ERROR_WANT_WRITE)
        update_event(c, true, true);
    else
        ended(c, r == SSL_ERROR_SYSCALL ? CONN_RESET : CONN_TLS_ERROR);
    return false;
}

/* The socket has something for a handshake.  True: it is over, and what else
 * there is can be read. */
static bool
take_handshake(struct conn *c)
{
    struct conn_loop *loop = c->loop;

    if (turns_is_empty(loop->handshakes) && !is_turn_used_up(loop))
        return go_on_with_handshake(c);
    if (c->tls_handshake->turn.queue == NULL)
        turns_wait(loop->handshakes, &c->tls_handshake->turn,
                   c->tls_handshake->crowd);
    update_event(c, false, false);
    return false;
}

/* A new turn begins. */
static void
on_handshakes(evutil_socket_t fd, short what, void *arg)
{
    struct conn_loop *loop = arg;
    struct turn *turn;

    (void)fd;
    (void)what;
    loop->steps = 0;
    loop->steps_us = 0;
    while (!is_turn_used_up(loop) &&
           (turn = turns_next(loop->handshakes)) != NULL) {
        struct conn *c = ((struct conn_handshake *)(void *)turn)->conn;

        if (!c->lingering)
            go_on_with_handshake(c);
    }
}

/* --- input --- */

/* Bytes read, 0 at the end, -1 nothing there now, -2 broken. */
static ssize_t
read_some(struct conn *c, char *to, size_t size)
{
    ssize_t n;
    int r;

    if (c->tls != NULL) {
        ERR_clear_error();
        r = SSL_read(c->tls, to, (int)size);
        if (r > 0)
            return r;
        r = SSL_get_error(c->tls, r);
        if (r == SSL_ERROR_WANT_READ || r == SSL_ERROR_WANT_WRITE)
            return -1;
        return r == SSL_ERROR_ZERO_RETURN ? 0 : -2;
    }
    n = recv(c->fd, to, size, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? -1 : -2;
    return n;
}

static void
keep_input(struct conn *c, const char *data, size_t len)
{
    if (c->in_cap - c->in_len < len) {
        size_t cap = c->in_len + len;

        cap += cap / 2;
        c->in = xrealloc(c->in, cap);
        c->in_cap = (uint32_t)cap;
    }
    memcpy(c->in + c->in_len, data, len);
    c->in_len += (uint32_t)len;
}

static void
offer_kept(struct conn *c)
{
    size_t used = c->ops->on_data(c, c->in, c->in_len);

    if (c->closed || c->loop == NULL || c->in == NULL)
        return;
    c->in_len -= (uint32_t)used;
    if (c->in_len > 0) {
        memmove(c->in, c->in + used, c->in_len);
        return;
    }
    free(c->in);
    c->in = NULL;
    c->in_cap = 0;
}

static void
offer(struct conn *c, char *data, size_t len)
{
    size_t used;
    struct ssl_st *tls = c->tls;

    if (c->in_len > 0) {
        keep_input(c, data, len);
        offer_kept(c);
        return;
    }
    used = c->ops->on_data(c, data, len);
    if (c->closed || c->loop == NULL || c->tls != tls)
        return;
    if (used < len)
        keep_input(c, data + used, len - used);
}

static void
read_input(struct conn *c)
{
    struct conn_loop *loop = c->loop;
    ssize_t n = read_some(c, loop->in, sizeof loop->in);

    if (n == -1)
        return;
    if (n <= 0) {
        ended(c, n == 0 ? CONN_EOF : CONN_RESET);
        return;
    }
    offer(c, loop->in, (size_t)n);
    /* What OpenSSL has decrypted already will not wake the loop. */
    if (!c->closed && c->loop == loop && c->tls != NULL &&
        c->tls_handshake == NULL && SSL_pending(c->tls) > 0)
        conn_continue(c);
}

void
conn_read_exactly(struct conn *c)
{
    c->exact = true;
}

/* What on_data was shown before is kept, and gone from the kernel. */
static void
read_exact(struct conn *c)
{
    struct conn_loop *loop = c->loop;
    ssize_t n = recv(c->fd, loop->in, EXACT_BYTES, MSG_PEEK);
    size_t had = c->in_len, used;
    struct conn kept; /* its input */

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        ended(c, n == 0 ? CONN_EOF : CONN_RESET);
        return;
    }
    keep_input(c, loop->in, (size_t)n);
    kept = *c; /* on_data may begin TLS, which drops what is kept */
    c->in = NULL;
    c->in_len = c->in_cap = 0;
    used = c->ops->on_data(c, kept.in, kept.in_len);
    if (c->closed) {
        free(kept.in);
        return;
    }
    assert(c->loop == loop && (used == 0 || used > had));
    c->exact = used == 0;
    if (c->exact) {
        c->in = kept.in;
        c->in_len = kept.in_len;
        c->in_cap = kept.in_cap;
    } else {
        free(kept.in);
    }
    if (recv(c->fd, loop->in, c->exact ? (size_t)n : used - had, 0) <= 0)
        ended(c, CONN_RESET);
}

/* kept: looks again at what is kept; else reads. */
static void
take_input(struct conn *c, bool kept)
{
    struct conn_loop *loop = c->loop;

    conn_cork(c);
    if (c->exact)
        read_exact(c);
    else if (kept)
        offer_kept(c);
    else
        read_input(c);
    if (!c->closed && c->loop == loop)
        conn_uncork(c);
}

/* After our FIN: reads and forgets. */
static void
discard_input(struct conn *c)
{
    ssize_t n = recv(c->fd, c->loop->in, sizeof c->loop->in, 0);

    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        ended(c, n == 0 ? CONN_EOF : CONN_RESET);
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;
    struct conn_loop *loop = c->loop;

    (void)fd;
    if (c->lingering) {
        discard_input(c);
        return;
    }
    if (c->tls_handshake != NULL && !take_handshake(c))
        return;
    if (what & EV_WRITE)
        flush_out(c);
    if (c->closed || c->finish || c->loop != loop || (what & EV_READ) == 0)
        return;
    if (c->paused != 0)
        update_event(c, false, c->writing);
    else if (!c->again) /* what is kept goes first, before the end too */
        take_input(c, false);
}

int64_t
conn_blocked_us(const struct conn *c)
{
    return c->out != NULL ? clock_mono() - c->out->moved : 0;
}

size_t
conn_unacknowledged(const struct conn *c)
{
    int out = 0;

    if (c->closed || ioctl(c->fd, SIOCOUTQ, &out) < 0)
        return 0;
    return conn_pending(c) + (size_t)out;
}

bool
conn_is_acknowledged_but(const struct conn *c)
{
    int out = 0, in = 0;

    if (c->closed || c->out != NULL)
        return false;
    if (ioctl(c->fd, SIOCOUTQ, &out) < 0 || out > 0)
        return false;
    return ioctl(c->fd, FIONREAD, &in) == 0 && in == 0;
}

bool
conn_is_broken(const struct conn *c)
{
    struct pollfd p = {.fd = c->fd};

    return c->closed ||
           (poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP)) != 0);
}

bool
conn_is_acknowledged(const struct conn *c)
{
    return c->in_len == 0 && conn_is_acknowledged_but(c);
}
