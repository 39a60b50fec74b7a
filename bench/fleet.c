/* SPDX-License-Identifier: BSD-2-Clause */
/* One thread, edge-triggered epoll, one read buffer for all.  What is done for
 * each delivery (a recv, a search for the 0, a look at the clock) is kept
 * small, because it competes with the server for the same two cores; and it
 * does not depend on who is at the other end. */
#include "config.h"

#include "bench/fleet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench/procfs.h"
#include "util/clock.h"
#include "util/xmalloc.h"

#define EVENTS     256
#define ADMINS_MAX 64

struct fleet {
    struct fleet_options o; /* its pointers are borrowed */
    int epoll;
    struct peer *sessions; /* owned; the first n_sessions are connected */
    struct peer *admins;   /* likewise */
    unsigned n_sessions, n_admins;
    unsigned turn; /* of the source addresses */

    /* The operation under way. */
    unsigned ready, left; /* peers that logged in, that left */
    unsigned under_way;   /* log-ins begun and not finished */
    bool leave_at_once;   /* fleet_pass */
    size_t answers;       /* responses to what was asked in a session */
    size_t strays;        /* alerts that nobody posted */
    unsigned posted;      /* alerts since the first session came */
    size_t wanted;        /* deliveries */
    size_t wanted_answers;
    struct sample times; /* of deliveries */
    int64_t now;         /* when the bytes at hand were read */
    size_t alert_bytes;
    bool lenient;
    struct fleet_pipeline pipe;
    size_t piped; /* requests of the pipeline that were sent */

    bool failed;
    struct errbuf err;
    char buffer[65536];
};

static void
fail(struct fleet *f, const struct peer *p, const char *what)
{
    if (f->failed)
        return;
    f->failed = true;
    if (p == NULL)
        err_set(&f->err, "%s", what);
    else
        err_set(&f->err, "%s %u: %s", p->admin ? "administrator" : "session",
                p->number, what);
}

static void
send_or_fail(struct fleet *f, struct peer *p, const void *data, size_t len)
{
    struct errbuf err;

    if (peer_send(p, data, len, &err) != 0)
        fail(f, p, err.text);
}

/* --- what comes in --- */

static bool
begins(const char *msg, size_t len, const char *with)
{
    size_t n = strlen(with);

    return len >= n && memcmp(msg, with, n) == 0;
}

static void
send_bye(struct fleet *f, struct peer *p)
{
    static const char bye[] = "<bye id=\"B\"/>";

    p->state = PEER_LEAVING;
    send_or_fail(f, p, bye, sizeof(bye));
}

static void
on_logged_in(struct fleet *f, struct peer *p)
{
    p->state = PEER_READY;
    f->ready++;
    if (f->leave_at_once)
        send_bye(f, p);
    else
        f->under_way--;
}

static void
on_response(struct fleet *f, struct peer *p, const char *msg)
{
    if (strstr(msg, " errorText=") != NULL &&
        !(f->lenient && p->state == PEER_READY)) {
        fail(f, p, msg);
        return;
    }
    if (p->state == PEER_LOGIN) {
        on_logged_in(f, p);
    } else if (p->state == PEER_READY) {
        p->pending -= p->pending > 0;
        f->answers++;
    }
}

static void
on_message(struct peer *p, const char *msg, size_t len, void *arg)
{
    struct fleet *f = arg;

    if (begins(msg, len, "<alert ")) {
        p->alerts++;
        f->alert_bytes = len + 1;
        if (f->times.n < f->wanted)
            sample_add(&f->times, f->now);
        else
            f->strays++;
    } else if (begins(msg, len, "<response ")) {
        on_response(f, p, msg);
    } else if (begins(msg, len, "<bye")) {
        fail(f, p, "the server says bye");
    }
}

static void
on_end(struct fleet *f, struct peer *p, const char *why)
{
    if (p->state != PEER_LEAVING) {
        fail(f, p, why[0] != '\0' ? why : "the server closed");
        return;
    }
    peer_close(p);
    f->left++;
    if (f->leave_at_once)
        f->under_way--;
}

static void
send_login(struct fleet *f, struct peer *p)
{
    struct buf b = {0};

    if (!p->admin && f->o.door != NULL)
        buf_appendf(&b,
                    "<login id=\"L\" method=\"EXTERNAL\" userName=\"u%u@%s\" "
                    "door=\"imap\"/>",
                    p->number, f->o.domain);
    else if (!p->admin)
        buf_appendf(&b, "<login id=\"L\" userName=\"u%u@%s\" authData=\"%s\"/>",
                    p->number, f->o.domain, f->o.password);
    else if (f->o.admin == NULL)
        buf_append_str(&b, "<login id=\"L\" method=\"EXTERNAL\"/>");
    else
        buf_appendf(&b,
                    "<login id=\"L\" userName=\"%s\" authData=\"%s\" "
                    "alerts=\"no\"/>",
                    f->o.admin, f->o.admin_password);
    p->state = PEER_LOGIN;
    send_or_fail(f, p, buf_cstr(&b), b.len + 1);
    buf_clear(&b);
}

static void
shake_hands(struct fleet *f, struct peer *p)
{
    struct errbuf err;
    int n = peer_handshake(p, &err);

    if (n < 0)
        fail(f, p, err.text);
    else if (n > 0)
        send_login(f, p);
}

/* A read that does not fill the buffer has emptied the socket: the next edge
 * will tell of more, unless the end stands behind it already (`ending`).  TLS
 * holds its own remainder. */
static void
read_all(struct fleet *f, struct peer *p, bool ending)
{
    struct errbuf err;
    ssize_t n;

    do {
        n = peer_read(p, f->buffer, sizeof(f->buffer), &err);
        if (n < 0) {
            on_end(f, p, err.text);
            return;
        }
        if (n == 0)
            return;
        f->now = clock_mono();
        peer_feed(p, f->buffer, (size_t)n, on_message, f);
    } while (ending || p->ssl != NULL || n == sizeof(f->buffer));
}

static void refill(struct fleet *f, struct peer *p);

static void
on_event(struct fleet *f, struct peer *p, uint32_t events)
{
    struct errbuf err;

    if (p->state == PEER_HANDSHAKE) {
        shake_hands(f, p);
        if (p->state == PEER_HANDSHAKE)
            return;
    }
    if ((events & EPOLLOUT) != 0 && p->out.len > 0 && peer_flush(p, &err) != 0)
        fail(f, p, err.text);
    if ((events & ~(uint32_t)EPOLLOUT) != 0)
        read_all(f, p, (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
    if (p->admin && p->state == PEER_READY)
        refill(f, p);
}

/* --- the loop --- */

static int
turn(struct fleet *f, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(f->epoll, events, EVENTS, timeout_ms);

    if (n < 0 && errno != EINTR) {
        fail(f, NULL, strerror(errno));
        return -1;
    }
    for (int i = 0; i < n && !f->failed; i++)
        on_event(f, events[i].data.ptr, events[i].events);
    return f->failed ? -1 : 0;
}

typedef bool fleet_done_fn(struct fleet *f);

static int
run_until(struct fleet *f, fleet_done_fn *done, const char *what,
          struct errbuf *err)
{
    int64_t end = clock_mono() + f->o.patience_s * CLOCK_SECOND;

    while (!f->failed && !done(f)) {
        int64_t rest = end - clock_mono();

        if (rest <= 0) {
            fail(f, NULL, "time-out");
            break;
        }
        (void)turn(f, (int)(rest / 1000) + 1);
    }
    if (!f->failed)
        return 0;
    return err_set(err,
                   "%s: %s (%u ready, %u left, %zu answers, %zu of %zu "
                   "deliveries)",
                   what, f->err.text, f->ready, f->left, f->answers, f->times.n,
                   f->wanted);
}

static void
begin(struct fleet *f, struct fleet_result *r)
{
    f->ready = f->left = f->under_way = 0;
    f->answers = 0;
    f->wanted = f->wanted_answers = 0;
    f->leave_at_once = f->lenient = false;
    f->times.n = 0;
    *r = (struct fleet_result){.us = clock_mono()};
    r->cpu_ns = f->o.pid > 0 ? procfs_cpu_ns(f->o.pid) : 0;
}

static void
finish(struct fleet *f, struct fleet_result *r, size_t count)
{
    r->us = clock_mono() - r->us;
    r->cpu_ns = f->o.pid > 0 ? procfs_cpu_ns(f->o.pid) - r->cpu_ns : 0;
    r->count = count;
    r->bytes = f->alert_bytes;
}

/* --- logging in and out --- */

struct fleet *
fleet_new(const struct fleet_options *o, struct errbuf *err)
{
    struct fleet *f = xcalloc(1, sizeof(*f));

    f->o = *o;
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (f->epoll < 0) {
        err_set(err, "epoll_create1: %s", strerror(errno));
        free(f);
        return NULL;
    }
    f->sessions = xcalloc(FLEET_MAX, sizeof(*f->sessions));
    f->admins = xcalloc(ADMINS_MAX, sizeof(*f->admins));
    return f;
}

static void
close_all(struct peer *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        peer_close(&list[i]);
}

void
fleet_free(struct fleet **fleet)
{
    struct fleet *f = *fleet;

    if (f == NULL)
        return;
    close_all(f->sessions, f->n_sessions);
    close_all(f->admins, f->n_admins);
    sample_clear(&f->times);
    free(f->sessions);
    free(f->admins);
    close(f->epoll);
    free(f);
    *fleet = NULL;
}

static void
start_peer(struct fleet *f, struct peer *p, unsigned number, bool admin)
{
    struct epoll_event ev = {.events =
                                 EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    const struct peer_target door = {.address = f->o.door};
    bool by_door = !admin && f->o.door != NULL;
    struct errbuf err;

    *p = (struct peer){.fd = -1, .admin = admin, .number = number};
    p->since = f->posted;
    if (peer_connect(p, by_door ? &door : &f->o.target, f->turn++, &err) != 0) {
        fail(f, p, err.text);
        return;
    }
    ev.data.ptr = p;
    if (epoll_ctl(f->epoll, EPOLL_CTL_ADD, p->fd, &ev) != 0)
        fail(f, p, strerror(errno));
    else if (p->state == PEER_HANDSHAKE)
        shake_hands(f, p);
    else
        send_login(f, p);
}

static bool
none_under_way(struct fleet *f)
{
    return f->under_way == 0;
}

static bool
window_open(struct fleet *f)
{
    return f->under_way < f->o.window;
}

static int
start_sessions(struct fleet *f, unsigned n, struct errbuf *err)
{
    for (; f->n_sessions < n; f->n_sessions++) {
        if (run_until(f, window_open, "logging in", err) != 0)
            return -1;
        f->under_way++;
        start_peer(f, &f->sessions[f->n_sessions], f->n_sessions + 1, false);
    }
    return run_until(f, none_under_way, "logging in", err);
}

int
fleet_login(struct fleet *f, unsigned n, struct fleet_result *r,
            struct errbuf *err)
{
    if (n > FLEET_MAX)
        return err_set(err, "at most %d sessions", FLEET_MAX);
    begin(f, r);
    if (start_sessions(f, n, err) != 0)
        return -1;
    finish(f, r, f->ready);
    return 0;
}

int
fleet_pass(struct fleet *f, unsigned n, struct fleet_result *r,
           struct errbuf *err)
{
    if (n > FLEET_MAX || f->n_sessions > 0)
        return err_set(err, "at most %d sessions, and none before", FLEET_MAX);
    begin(f, r);
    f->leave_at_once = true;
    if (start_sessions(f, n, err) != 0)
        return -1;
    f->n_sessions = 0;
    finish(f, r, f->ready);
    return 0;
}

static bool
all_left(struct fleet *f)
{
    return f->left == f->n_sessions;
}

int
fleet_logout(struct fleet *f, struct fleet_result *r, struct errbuf *err)
{
    begin(f, r);
    for (unsigned i = 0; i < f->n_sessions; i++)
        send_bye(f, &f->sessions[i]);
    if (run_until(f, all_left, "logging out", err) != 0)
        return -1;
    f->n_sessions = 0;
    finish(f, r, f->left);
    return 0;
}

static int
start_admins(struct fleet *f, unsigned n, struct errbuf *err)
{
    if (n > ADMINS_MAX)
        return err_set(err, "at most %d administrators", ADMINS_MAX);
    for (; f->n_admins < n; f->n_admins++) {
        f->under_way++;
        start_peer(f, &f->admins[f->n_admins], f->n_admins + 1, true);
    }
    return run_until(f, none_under_way, "logging in to administer", err);
}

/* --- asking and posting --- */

static bool
all_answered(struct fleet *f)
{
    return f->answers == f->wanted_answers;
}

static int
check_counts(const struct fleet *f, struct errbuf *err)
{
    for (unsigned i = 0; i < f->n_sessions; i++) {
        const struct peer *p = &f->sessions[i];

        if (p->alerts != f->posted - p->since)
            return err_set(err, "session %u got %u alerts of %u", p->number,
                           p->alerts, f->posted - p->since);
    }
    if (f->strays > 0)
        return err_set(err, "%zu alerts came that nobody waited for",
                       f->strays);
    return 0;
}

int
fleet_flush(struct fleet *f, struct fleet_result *r, struct errbuf *err)
{
    static const char noop[] = "<noop id=\"N\"/>";

    begin(f, r);
    for (unsigned i = 0; i < f->n_sessions; i++) {
        f->sessions[i].pending++;
        send_or_fail(f, &f->sessions[i], noop, sizeof(noop));
    }
    f->wanted_answers = f->n_sessions;
    if (run_until(f, all_answered, "asking", err) != 0)
        return -1;
    finish(f, r, f->answers);
    return check_counts(f, err);
}

static bool
all_delivered(struct fleet *f)
{
    return f->times.n == f->wanted && all_answered(f);
}

static void
make_posts(struct buf *b, unsigned k, unsigned text_bytes)
{
    for (unsigned i = 0; i < k; i++) {
        buf_append_str(b, "<alertPost id=\"P\" scope=\"server\">");
        for (unsigned j = 0; j < text_bytes; j++)
            buf_append_char(b, j % 8 == 7 ? ' ' : (char)('a' + j % 26));
        buf_append(b, "</alertPost>", sizeof("</alertPost>"));
    }
}

int
fleet_post(struct fleet *f, unsigned k, unsigned text_bytes,
           struct fleet_result *r, const struct sample **times_r,
           struct errbuf *err)
{
    struct buf posts = {0};
    int64_t start;

    begin(f, r);
    if (start_admins(f, 1, err) != 0)
        return -1;
    make_posts(&posts, k, text_bytes);
    sample_reset(&f->times, (size_t)k * f->n_sessions);
    begin(f, r);
    f->wanted = (size_t)k * f->n_sessions;
    f->wanted_answers = k;
    f->posted += k;
    start = clock_mono();
    send_or_fail(f, &f->admins[0], posts.data, posts.len);
    buf_clear(&posts);
    if (run_until(f, all_delivered, "posting", err) != 0)
        return -1;
    finish(f, r, f->times.n);
    for (size_t i = 0; i < f->times.n; i++)
        f->times.values[i] -= start;
    sample_sort(&f->times);
    *times_r = &f->times;
    return 0;
}

/* Sends as much as the pipeline's depth allows, in one write. */
static void
refill(struct fleet *f, struct peer *p)
{
    struct buf b = {0};

    while (p->pending < f->pipe.depth && f->piped < f->pipe.count) {
        f->pipe.make(&b, f->piped++, f->pipe.arg);
        p->pending++;
    }
    if (b.len > 0)
        send_or_fail(f, p, b.data, b.len);
    buf_clear(&b);
}

int
fleet_pipeline(struct fleet *f, const struct fleet_pipeline *p,
               struct fleet_result *r, struct errbuf *err)
{
    int result = -1;

    begin(f, r);
    if (start_admins(f, p->admins, err) != 0)
        return -1;
    begin(f, r);
    f->pipe = *p;
    f->piped = 0;
    f->lenient = p->lenient;
    f->wanted_answers = p->count;
    for (unsigned i = 0; i < p->admins; i++)
        refill(f, &f->admins[i]);
    if (run_until(f, all_answered, "administering", err) == 0) {
        finish(f, r, f->answers);
        result = 0;
    }
    f->pipe = (struct fleet_pipeline){0};
    return result;
}

int
fleet_idle(struct fleet *f, unsigned ms, struct fleet_result *r,
           struct errbuf *err)
{
    int64_t end, rest;

    begin(f, r);
    end = clock_mono() + (int64_t)ms * 1000;
    while ((rest = end - clock_mono()) > 0)
        if (turn(f, (int)(rest / 1000) + 1) != 0)
            return err_set(err, "waiting: %s", f->err.text);
    finish(f, r, 0);
    return 0;
}
