/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions wait in one queue, the oldest first, whether they are on the
 * connection or not: all may wait equally long, so the first of the queue is the
 * next that is given up, and one timer does for all.  A connection on which
 * nothing came since that one was sent is given up with it. */
#include "config.h"

#include "passdb/userdb_dovecot.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <event2/event.h>

#include "passdb/userdb_link.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/queue_safe.h"
#include "util/xmalloc.h"

#define TIMEOUT        (5 * CLOCK_SECOND)
#define RETRY          (CLOCK_SECOND / 10)
#define MOST_DOUBLINGS 7
#define MOST           2000

TAILQ_HEAD(question_queue, userdb_question);

struct userdb_dovecot {
    char *socket;
    int64_t timeout, retry;
    unsigned most;
    struct conn_loop *loop;
    struct userdb_link *link; /* NULL: none now */
    int64_t heard;            /* clock_mono; when it said something */
    struct question_queue queue;
    unsigned n;
    uint32_t last_id;
    struct event *due;  /* the first of the queue is given up */
    struct event *go;   /* what waits is sent */
    unsigned failures;  /* in a row */
    int64_t rest_until; /* clock_mono; no connection before */
    bool is_refused;    /* nobody answered at the socket */
};

static void
set_timer(struct event *ev, int64_t us)
{
    const struct timeval wait = {us / CLOCK_SECOND, us % CLOCK_SECOND};

    if (event_add(ev, &wait) < 0)
        log_fatal("setting a timer: out of memory");
}

static void
set_due(struct userdb_dovecot *u)
{
    const struct userdb_question *first = TAILQ_FIRST(&u->queue);
    int64_t left = first != NULL ? first->until - clock_mono() : 0;

    if (first == NULL)
        event_del(u->due);
    else
        set_timer(u->due, left > 0 ? left : 0);
}

static void
answer(struct userdb_dovecot *u, struct userdb_question *q,
       enum userdb_answer what, const char *why)
{
    TAILQ_REMOVE(&u->queue, q, link);
    u->n--;
    q->done(q, what, why);
}

/* --- what goes wrong --- */

/* Half to one and a half of it, so that many servers do not come at once. */
static int64_t
pause_of(const struct userdb_dovecot *u)
{
    unsigned doublings =
        u->failures < MOST_DOUBLINGS ? u->failures : MOST_DOUBLINGS;
    int64_t pause = u->retry << doublings;
    uint32_t random = 0;

    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = UINT32_MAX / 2;
    return pause / 2 + (int64_t)((double)pause * random / UINT32_MAX);
}

static void
note_failure(struct userdb_dovecot *u, const char *why)
{
    u->rest_until = clock_mono() + pause_of(u);
    if (u->failures++ == 0)
        log_warn(
            "asking Dovecot's user database at %s: %s; is Dovecot running, "
            "and has its service auth a unix_listener auth-userdb that is "
            "ours to use?",
            u->socket, why);
}

/* Those that are asked from within a callback are not among them. */
static void
give_up(struct userdb_dovecot *u, bool only_lost, const char *why)
{
    struct question_queue lost = TAILQ_HEAD_INITIALIZER(lost);
    struct userdb_question *q, *next;

    TAILQ_FOREACH_SAFE(q, &u->queue, link, next) {
        if (only_lost && !q->was_lost)
            continue;
        TAILQ_REMOVE(&u->queue, q, link);
        TAILQ_INSERT_TAIL(&lost, q, link);
        u->n--;
    }
    while ((q = TAILQ_FIRST(&lost)) != NULL) {
        TAILQ_REMOVE(&lost, q, link);
        q->done(q, USERDB_AWAY, why);
    }
}

/* Not before the pause is over; what is asked in one turn leaves together. */
static void
kick(struct userdb_dovecot *u)
{
    int64_t left = u->link == NULL ? u->rest_until - clock_mono() : 0;

    set_timer(u->go, left > 0 ? left : 0);
}

/* The connection is gone: what was asked on it is asked on the next, once. */
static void
ask_again(struct userdb_dovecot *u, const char *why)
{
    struct userdb_question *q;

    give_up(u, true, why);
    TAILQ_FOREACH(q, &u->queue, link) {
        q->was_lost = q->sent != 0;
        q->sent = 0;
    }
    if (u->n > 0)
        kick(u);
    set_due(u);
}

/* --- the connection --- */

static struct userdb_question *
find(struct userdb_dovecot *u, uint32_t id)
{
    struct userdb_question *q;

    TAILQ_FOREACH(q, &u->queue, link)
        if (q->id == id && q->sent != 0)
            return q;
    return NULL;
}

static void
note_success(struct userdb_dovecot *u)
{
    if (u->failures > 0)
        log_info("Dovecot's user database at %s answers again", u->socket);
    u->failures = 0;
    u->heard = clock_mono();
}

static int
on_line(void *arg, const struct userdb_line *line, struct errbuf *err)
{
    struct userdb_dovecot *u = arg;
    struct userdb_question *q = find(u, line->id);
    bool is_first = q != NULL && q == TAILQ_FIRST(&u->queue);

    if (line->word != USERDB_FOUND && line->word != USERDB_NOTFOUND &&
        line->word != USERDB_FAIL)
        return err_set(err, "it answers what nobody asked");
    if (q == NULL && (line->id == 0 || line->id > u->last_id))
        return err_set(err, "it answers a question that nobody asked");
    note_success(u);
    if (q == NULL)
        return 0; /* too late */
    answer(u, q,
           line->word == USERDB_FOUND      ? USERDB_IS_THERE
           : line->word == USERDB_NOTFOUND ? USERDB_IS_NOT
                                           : USERDB_AWAY,
           line->word != USERDB_FAIL ? NULL
           : line->why != NULL       ? line->why
                                     : "it cannot tell now; its log says why");
    if (is_first)
        set_due(u);
    return 0;
}

static void
on_lost(void *arg, const char *why)
{
    struct userdb_dovecot *u = arg;

    u->link = NULL;
    if (u->n == 0) /* Dovecot was started again */
        return;
    note_failure(u, why);
    ask_again(u, why);
}

static const struct userdb_link_ops link_ops = {on_line, on_lost};

static void
send_waiting(struct userdb_dovecot *u)
{
    int64_t now = clock_mono();
    struct userdb_question *q;
    struct buf b = {0};

    TAILQ_FOREACH(q, &u->queue, link) {
        if (q->sent != 0)
            continue;
        q->id = ++u->last_id;
        q->sent = now;
        userdb_ask_encode(&b, q->id, q->name);
    }
    if (b.len > 0)
        userdb_link_send(u->link, &b);
    buf_clear(&b);
}

static void
connect_and_send(struct userdb_dovecot *u)
{
    struct errbuf err;

    u->link = userdb_link_open(u->loop, u->socket, &link_ops, u, &err);
    u->is_refused = u->link == NULL;
    if (u->link != NULL) {
        u->last_id = 0;
        send_waiting(u);
        return;
    }
    note_failure(u, err.text);
    give_up(u, false, err.text);
}

static void
give_up_old(struct userdb_dovecot *u)
{
    int64_t now = clock_mono();
    struct userdb_question *q;
    bool is_mute = false;

    while ((q = TAILQ_FIRST(&u->queue)) != NULL && q->until <= now) {
        is_mute = is_mute || (q->sent != 0 && u->heard < q->sent);
        answer(u, q, USERDB_AWAY, "it does not answer in time");
    }
    if (is_mute && u->link != NULL) {
        userdb_link_close(&u->link);
        note_failure(u, "it does not answer in time");
        ask_again(u, "it does not answer in time");
    }
    set_due(u);
}

static void
on_due(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    give_up_old(arg);
}

static void
on_go(evutil_socket_t fd, short what, void *arg)
{
    struct userdb_dovecot *u = arg;

    (void)fd;
    (void)what;
    give_up_old(u);
    if (u->link != NULL)
        send_waiting(u);
    else if (u->n > 0)
        connect_and_send(u);
    set_due(u);
}

/* --- what others call --- */

/* After one lost connection there is hope. */
static bool
is_away(const struct userdb_dovecot *u)
{
    return u->link == NULL && (u->is_refused || u->failures > 1) &&
           clock_mono() < u->rest_until;
}

void
userdb_dovecot_ask(struct userdb_dovecot *u, struct userdb_question *q)
{
    if (!userdb_may_ask(q->name)) {
        q->done(q, USERDB_IS_NOT, NULL);
        return;
    }
    if (is_away(u)) {
        q->done(q, USERDB_AWAY, "nobody answers there");
        return;
    }
    if (u->n == u->most) {
        q->done(q, USERDB_CROWDED, "too many questions wait");
        return;
    }
    q->until = clock_mono() + u->timeout;
    q->sent = 0;
    q->was_lost = false;
    TAILQ_INSERT_TAIL(&u->queue, q, link);
    if (u->n++ == 0)
        set_due(u);
    kick(u);
}

static struct event *
new_timer(struct event_base *base, event_callback_fn on_time, void *arg)
{
    struct event *ev = evtimer_new(base, on_time, arg);

    if (ev == NULL)
        log_fatal("making a timer: out of memory");
    return ev;
}

struct userdb_dovecot *
userdb_dovecot_new(struct event_base *base, struct conn_loop *loop,
                   const struct userdb_dovecot_config *config)
{
    struct userdb_dovecot *u = xcalloc(1, sizeof *u);

    u->socket = xstrdup(config->socket);
    u->timeout = config->timeout > 0 ? config->timeout : TIMEOUT;
    u->retry = config->retry > 0 ? config->retry : RETRY;
    u->most = config->most > 0 ? config->most : MOST;
    u->loop = loop;
    TAILQ_INIT(&u->queue);
    u->due = new_timer(base, on_due, u);
    u->go = new_timer(base, on_go, u);
    return u;
}

void
userdb_dovecot_free(struct userdb_dovecot **u_)
{
    struct userdb_dovecot *u = *u_;

    if (u == NULL)
        return;
    *u_ = NULL;
    userdb_link_close(&u->link);
    give_up(u, false, "the server ends");
    event_free(u->due);
    event_free(u->go);
    free(u->socket);
    free(u);
}
