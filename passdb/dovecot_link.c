/* SPDX-License-Identifier: BSD-2-Clause */
/* One connection after the other, each in a struct of its own, which is freed at
 * the end of the loop's turn in which it was closed. */
#include "config.h"

#include "passdb/dovecot_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/util.h>

#include "passdb/dovecot_line.h"
#include "util/clock.h"
#include "util/conn.h"
#include "util/log.h"
#include "util/xmalloc.h"

#define FIRST_PAUSE (CLOCK_SECOND / 20)
#define PAUSE_MOST  (2 * CLOCK_SECOND)
/* Bytes that leave at the end of a turn of the loop: what was sent in that turn,
 * while other lines came.  With as many, on_drained tells that they are gone. */
#define BATCH ((size_t)16 * 1024)
/* A Dovecot that is restarted is back by then. */
#define AWAY_AFTER (3 * CLOCK_SECOND)
/* Between two looks whether the socket is still the same. */
#define LOOK_PAUSE CLOCK_SECOND

/* What a file is known by: numbers of inodes come again. */
struct file_id {
    dev_t dev;
    ino_t ino;
    struct timespec changed;
};

struct line_conn {
    struct conn c; /* first */
    struct conn_deferred deferred;
    struct dovecot_link *link; /* borrowed; NULL: it was closed */
};

struct dovecot_link {
    struct event_base *base; /* borrowed, as the loop */
    struct conn_loop *loop;
    char *path; /* owned */
    int64_t greeting_us;
    const struct dovecot_link_ops *ops;
    void *owner;
    struct line_conn *conn; /* owned; NULL: there is none */
    struct event *timer;    /* owned: the next try, or the greeting's end */
    int64_t pause;          /* before the next try */
    int64_t bad_since;      /* clock_mono; 0: it is good */
    int64_t heard;
    struct file_id file; /* of the socket, before it was connected to */
    int64_t looked;      /* at it; clock_mono */
    struct errbuf why;   /* it is away */
};

/* --- time --- */

static void
set_timer(struct dovecot_link *l, int64_t us)
{
    struct timeval tv = {us / CLOCK_SECOND, us % CLOCK_SECOND};

    if (event_add(l->timer, &tv) < 0)
        log_fatal("setting a timer: out of memory");
}

/* Between a half and one and a half of the pause: many servers that lost the
 * same Dovecot do not come back at once. */
static void
try_later(struct dovecot_link *l)
{
    uint16_t chance;

    evutil_secure_rng_get_bytes(&chance, sizeof chance);
    set_timer(l, l->pause / 2 + l->pause * chance / UINT16_MAX);
    l->pause = l->pause * 2 < PAUSE_MOST ? l->pause * 2 : PAUSE_MOST;
}

/* --- the connection --- */

static void
run_free(struct conn_deferred *d)
{
    free((char *)d - offsetof(struct line_conn, deferred));
}

static void
close_conn(struct dovecot_link *l)
{
    struct line_conn *c = l->conn;

    if (c == NULL)
        return;
    l->conn = NULL;
    c->link = NULL;
    conn_close(&c->c);
    c->deferred.run = run_free;
    conn_loop_defer(l->loop, &c->deferred);
}

static void
fail(struct dovecot_link *l, const char *why)
{
    bool was_open = l->conn != NULL;
    int64_t now = clock_mono();

    close_conn(l);
    if (l->bad_since == 0)
        l->bad_since = now;
    if (was_open)
        l->ops->on_lost(l->owner);
    if (now - l->bad_since >= AWAY_AFTER)
        l->ops->on_away(l->owner, why);
    try_later(l);
}

void
dovecot_link_drop(struct dovecot_link *l, const char *why)
{
    l->bad_since = clock_mono() - AWAY_AFTER; /* that was no restart */
    fail(l, why);
}

static bool
take_line(struct dovecot_link *l, const char *data, size_t len)
{
    char line[DOVECOT_LINE_MOST + 1];
    const char *why = "";
    bool good;

    memcpy(line, data, len);
    line[len] = '\0';
    good = l->ops->on_line(l->owner, line, len, &why);
    explicit_bzero(line, len);
    if (!good) {
        err_set(&l->why, "it sends what nobody understands: %s", why);
        dovecot_link_drop(l, l->why.text);
    }
    return good;
}

static size_t
on_data(struct conn *conn, const char *data, size_t len)
{
    struct line_conn *c = (struct line_conn *)conn;
    const char *end;
    size_t used = 0;

    c->link->heard = clock_mono();
    while (c->link != NULL &&
           (end = memchr(data + used, '\n', len - used)) != NULL) {
        size_t n = (size_t)(end - data) - used;

        if (n > DOVECOT_LINE_MOST || !take_line(c->link, data + used, n))
            break;
        used += n + 1;
    }
    if (c->link != NULL && len - used > DOVECOT_LINE_MOST)
        dovecot_link_drop(c->link, "it sends a line that has no end");
    return used;
}

static void
on_drained(struct conn *conn)
{
    struct dovecot_link *l = ((struct line_conn *)conn)->link;

    if (l != NULL)
        l->ops->on_drained(l->owner);
}

static void
on_closed(struct conn *conn, enum conn_close_reason reason)
{
    struct dovecot_link *l = ((struct line_conn *)conn)->link;

    (void)reason;
    if (l != NULL)
        fail(l, "it closes the connection");
}

static const struct conn_ops conn_ops = {on_data, on_drained, on_closed};

static int
connect_to(const char *path, struct errbuf *err)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof sa.sun_path)
        return err_set(err, "the path is too long");
    strcpy(sa.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, "%s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
        return fd;
    err_set(err, "%s", strerror(errno));
    close(fd);
    return -1;
}

/* False: there is none, or it cannot be looked at. */
static bool
look_at(const char *path, struct file_id *id_r)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return false;
    *id_r = (struct file_id){st.st_dev, st.st_ino, st.st_ctim};
    return true;
}

static bool
is_same(const struct file_id *a, const struct file_id *b)
{
    return a->dev == b->dev && a->ino == b->ino &&
           a->changed.tv_sec == b->changed.tv_sec &&
           a->changed.tv_nsec == b->changed.tv_nsec;
}

static void
try(struct dovecot_link *l)
{
    int fd;

    l->looked = clock_mono();
    if (!look_at(l->path, &l->file))
        l->file = (struct file_id){.dev = 0};
    fd = connect_to(l->path, &l->why);
    if (fd < 0) {
        fail(l, l->why.text);
        return;
    }
    l->conn = xcalloc(1, sizeof *l->conn);
    l->conn->link = l;
    conn_init(&l->conn->c, fd, &conn_ops);
    conn_attach(&l->conn->c, l->loop);
    set_timer(l, l->greeting_us);
    l->ops->on_open(l->owner);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct dovecot_link *l = arg;

    (void)fd;
    (void)what;
    if (l->conn == NULL)
        try(l);
    else
        dovecot_link_drop(l, "it does not greet");
}

/* --- for the owner --- */

void
dovecot_link_is_good(struct dovecot_link *l)
{
    event_del(l->timer);
    l->pause = FIRST_PAUSE;
    l->bad_since = 0;
}

void
dovecot_link_look(struct dovecot_link *l)
{
    struct file_id now;

    if (l->conn == NULL || clock_mono() - l->looked < LOOK_PAUSE)
        return;
    l->looked = clock_mono();
    if (look_at(l->path, &now) && !is_same(&now, &l->file))
        fail(l, "another process has taken its socket");
}

bool
dovecot_link_may_send(const struct dovecot_link *l)
{
    return l->conn != NULL && l->conn->c.out == NULL &&
           conn_pending(&l->conn->c) < BATCH;
}

void
dovecot_link_send(struct dovecot_link *l, const void *data, size_t len)
{
    conn_send(&l->conn->c, data, len);
}

int64_t
dovecot_link_heard(const struct dovecot_link *l)
{
    return l->heard;
}

struct dovecot_link *
dovecot_link_new(struct event_base *base, struct conn_loop *loop,
                 const char *path, int64_t greeting_us,
                 const struct dovecot_link_ops *ops, void *owner)
{
    struct dovecot_link *l = xcalloc(1, sizeof *l);

    l->base = base;
    l->loop = loop;
    l->path = xstrdup(path);
    l->greeting_us = greeting_us;
    l->ops = ops;
    l->owner = owner;
    l->pause = FIRST_PAUSE;
    conn_loop_set_soft_limit(loop, BATCH);
    l->timer = evtimer_new(base, on_timer, l);
    if (l->timer == NULL)
        log_fatal("making a timer: out of memory");
    set_timer(l, 0);
    return l;
}

void
dovecot_link_free(struct dovecot_link **lp)
{
    struct dovecot_link *l = *lp;

    if (l == NULL)
        return;
    close_conn(l);
    event_free(l->timer);
    free(l->path);
    free(l);
    *lp = NULL;
}
