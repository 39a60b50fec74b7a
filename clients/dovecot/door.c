/* SPDX-License-Identifier: BSD-2-Clause */
/* The connection to ximssd.  Nothing that waits to be sent is kept here: what must
 * be confirmed follows from the queue of alerts, so it survives a lost connection.
 * Each send is of one piece that a UNIX socket takes whole or not at all. */
#include "clients/dovecot/compat.h"

#include "clients/dovecot/door_private.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time-util.h>
#include <unistd.h>

#define RETRY_MIN_MSECS     1000
#define RETRY_MAX_MSECS     60000
#define RETRY_REFUSED_MSECS 600000 /* an account may come into being */

#define CLOSE_MSECS 50

#define READ_BYTES     4096
#define READS_PER_TURN 8
/* What is read in each of these times is worth at most so many bytes: no server
 * keeps a mail process busy for a tenth of the time.  A message may mean three walks
 * along the queue and a line to the client, and each event one walk and the calls
 * around it.  What was too much is made up for later. */
#define PACE_MSECS    100
#define PACE_BYTES    (128 * 1024)
#define WORTH_EVENT   256
#define WORTH_MESSAGE 128
#define WORTH_QUEUED  2 /* for each alert in the queue */

static void door_connect(struct door *d);
static void on_input(struct door *d);

/* --- the end of a connection --- */

static void
disconnect(struct door *d)
{
    io_remove(&d->io_in);
    io_remove(&d->io_out);
    timeout_remove(&d->to_pace);
    if (d->fd != -1)
        i_close_fd(&d->fd);
    door_wire_clear(&d->wire);
    i_free(d->wake_file);
    d->phase = DOOR_AWAY;
}

static void
on_retry(struct door *d)
{
    timeout_remove(&d->to_retry);
    door_connect(d);
}

/* Somewhere between half of the time and the whole. */
static void
retry_after(struct door *d, unsigned msecs)
{
    timeout_remove(&d->to_retry);
    d->to_retry =
        timeout_add_short(msecs / 2 + i_rand_limit(msecs / 2 + 1), on_retry, d);
}

static void
lost(struct door *d)
{
    disconnect(d);
    if (d->refusal == 515 || d->refusal == 527) {
        retry_after(d, RETRY_REFUSED_MSECS);
        return;
    }
    retry_after(d, d->retry_msecs);
    d->retry_msecs = I_MIN(d->retry_msecs * 2, RETRY_MAX_MSECS);
}

/* --- to the server --- */

static void
on_output(struct door *d)
{
    io_remove(&d->io_out);
    door_flush(d);
}

/* A piece of at most 4 KiB.  False: the socket does not take it now, and
 * door_flush is called when it does; or there is no connection any more. */
static bool
send_piece(struct door *d, const char *data, size_t len)
{
    ssize_t n;

    if (d->fd == -1 || len == 0)
        return false;
    n = send(d->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n == (ssize_t)len)
        return true;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (d->io_out == NULL)
            d->io_out = io_add(d->fd, IO_WRITE, on_output, d);
    } else {
        lost(d);
    }
    return false;
}

/* The next alerts that were shown and that the server can be told of, as many as
 * go into one piece; marked as told if `mark`. */
static size_t
collect(struct door *d, char *out, size_t size, bool mark)
{
    size_t len = 0, n;

    for (struct door_alert *a = d->queue.first; a != NULL; a = a->next) {
        if (a->state != DOOR_SHOWN || !a->listed || a->told)
            continue;
        n = door_wire_confirm(out + len, size - len, a->id);
        if (n == 0)
            break;
        a->told = mark;
        len += n;
    }
    return len;
}

static void
send_confirmations(struct door *d)
{
    char out[READ_BYTES];
    size_t len;

    while (d->queue.n_shown > 0 && d->io_out == NULL &&
           (len = collect(d, out, sizeof out, false)) > 0) {
        if (!send_piece(d, out, len))
            return;
        collect(d, out, sizeof out, true);
    }
}

static void
send_attended(struct door *d)
{
    char out[DOOR_WIRE_REQUEST];

    if (d->attend && d->io_out == NULL &&
        send_piece(d, out, door_wire_attended(out, sizeof out)))
        d->attend = false;
}

static void
read_on(struct door *d)
{
    if (d->fd != -1 && d->io_in == NULL && !door_queue_is_full(&d->queue) &&
        (d->to_pace == NULL || d->pace_left > 0))
        d->io_in = io_add(d->fd, IO_READ, on_input, d);
}

void
door_flush(struct door *d)
{
    if (d->phase == DOOR_INSIDE || d->phase == DOOR_TOLD) {
        send_attended(d);
        send_confirmations(d);
    }
    read_on(d);
}

/* --- from the server --- */

static void
spend(struct door *d, size_t worth)
{
    const struct door_queue *q = &d->queue;

    worth += WORTH_QUEUED * (q->n_waiting + q->n_sent + q->n_shown);
    d->pace_left -= (int64_t)worth;
}

static bool
take(struct door *d, char *data, size_t len)
{
    struct door_message m;
    size_t n;

    for (; len > 0; data += n, len -= n) {
        n = door_wire_take(&d->wire, data, len, &m);
        if (m.type != DOOR_NOTHING)
            spend(d, WORTH_MESSAGE);
        if (!door_hear(d, &m))
            return false;
    }
    return true;
}

/* Reads what there is, within limits.  False: the connection is over. */
static bool
read_some(struct door *d)
{
    char data[READ_BYTES];
    ssize_t n = 0;

    for (int i = 0; i < READS_PER_TURN; i++) {
        n = recv(d->fd, data, sizeof data, MSG_DONTWAIT);
        if (n <= 0)
            break;
        d->pace_left -= n;
        if (!take(d, data, (size_t)n))
            return false;
        if (door_queue_is_full(&d->queue) || (size_t)n < sizeof data ||
            d->pace_left <= 0)
            break;
    }
    if (d->wire.len == 0 && !d->wire.cut)
        door_wire_clear(&d->wire);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* False: the connection is over, and is tried again later. */
static bool
look(struct door *d)
{
    if (read_some(d) && d->queue.n_shown <= DOOR_QUEUE_SHOWN)
        return true;
    lost(d);
    return false;
}

static void
on_pace(struct door *d)
{
    d->pace_left += PACE_BYTES;
    if (d->pace_left >= PACE_BYTES)
        timeout_remove(&d->to_pace);
    read_on(d);
}

static void
on_input(struct door *d)
{
    if (d->to_pace == NULL) {
        d->pace_left = PACE_BYTES;
        d->to_pace = timeout_add_short(PACE_MSECS, on_pace, d);
    }
    spend(d, WORTH_EVENT);
    if (look(d)) {
        if (d->pace_left <= 0 || door_queue_is_full(&d->queue))
            io_remove(&d->io_in);
        door_flush(d);
    }
    if (d->changed != NULL)
        d->changed(d->arg);
}

/* --- the beginning of a connection --- */

/* The log-in, and a request whose answer comes after all that waits. */
static bool
send_login(struct door *d)
{
    char out[2 * DOOR_WIRE_REQUEST];
    size_t len = door_wire_login(out, sizeof out, &d->set.login);

    if (len == 0) {
        e_debug(d->set.event, "ximss: no account has such a long name");
        return false;
    }
    d->attend = false;
    len += door_wire_told(out + len, sizeof out - len);
    return send(d->fd, out, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

/* A UNIX socket connects at once or not at all: a full backlog is EAGAIN. */
static bool
dial(struct door *d)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    size_t len = strlen(d->set.socket);

    if (len >= sizeof sun.sun_path) {
        door_complain(d, "the name of the socket is too long");
        return false;
    }
    memcpy(sun.sun_path, d->set.socket, len + 1);
    d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (d->fd != -1 &&
        connect(d->fd, (const struct sockaddr *)&sun, sizeof sun) == 0)
        return true;
    if (errno == EACCES)
        door_complain(d, "permission denied (extra_groups of the service)");
    else
        e_debug(d->set.event, "ximss: connect(%s) failed: %m", d->set.socket);
    return false;
}

static void
door_connect(struct door *d)
{
    d->refusal = 0;
    door_queue_begin(&d->queue);
    if (!dial(d) || !send_login(d)) {
        lost(d);
        return;
    }
    d->phase = DOOR_ASKED;
    read_on(d);
}

struct door *
door_open(const struct door_settings *settings, door_changed_cb *changed,
          void *arg)
{
    struct door *d = i_new(struct door, 1);

    d->set = *settings;
    d->changed = changed;
    d->arg = arg;
    d->fd = -1;
    if (d->set.retry_msecs == 0)
        d->set.retry_msecs = RETRY_MIN_MSECS;
    d->retry_msecs = d->set.retry_msecs;
    door_connect(d);
    return d;
}

/* A clock that was set is no reason to wait longer. */
static bool
is_over(uint64_t start, unsigned msecs, int *left_r)
{
    uint64_t now = i_microseconds();

    if (now < start || now - start >= (uint64_t)msecs * 1000)
        return true;
    *left_r = (int)(msecs - (now - start) / 1000);
    return false;
}

/* True if the server has not answered everything that it has to know.  If the
 * socket were closed now, its answers would fail, and with them what it has not
 * read yet. */
static bool
is_owed(const struct door *d, bool asleep)
{
    for (const struct door_alert *a = d->queue.first; a != NULL; a = a->next)
        if (a->state == DOOR_SHOWN && a->told)
            return true;
    return asleep;
}

/* Reads until the server has closed the connection, too. */
static void
await_end(struct door *d)
{
    uint64_t start = i_microseconds();
    struct pollfd p = {.fd = d->fd, .events = POLLIN};
    int left = 0;

    while (!is_over(start, CLOSE_MSECS, &left))
        if (poll(&p, 1, left) > 0 && !read_some(d))
            return;
}

void
door_close(struct door **_d, bool asleep)
{
    struct door *d = *_d;
    char out[DOOR_WIRE_REQUEST];

    *_d = NULL;
    if (d == NULL)
        return;
    door_flush(d);
    if (d->phase != DOOR_AWAY &&
        send_piece(d, out, door_wire_bye(out, sizeof out, asleep)) &&
        is_owed(d, asleep))
        await_end(d);
    disconnect(d);
    timeout_remove(&d->to_retry);
    door_queue_clear(&d->queue);
    i_free(d);
}

bool
door_wait(struct door *d, unsigned msecs)
{
    uint64_t start = i_microseconds();
    struct pollfd p = {.events = POLLIN};
    int left = 0;

    while (d->fd != -1 && d->phase != DOOR_TOLD &&
           !door_queue_is_full(&d->queue)) {
        if (is_over(start, msecs, &left))
            return false;
        p.fd = d->fd;
        if (poll(&p, 1, left) > 0 && !look(d))
            return false;
    }
    return d->fd != -1;
}

struct door_queue *
door_alerts(struct door *d)
{
    return &d->queue;
}

void
door_sent(struct door *d, struct door_alert *a, uint64_t mark, int64_t sent_at)
{
    door_queue_sent(&d->queue, a, mark, sent_at);
}

void
door_shown(struct door *d, struct door_alert *a)
{
    door_queue_shown(&d->queue, a);
}

void
door_attend(struct door *d)
{
    if (d->set.login.attended)
        return;
    d->set.login.attended = true;
    d->attend = d->phase != DOOR_AWAY;
    door_flush(d);
}

const char *
door_wake_file(const struct door *d)
{
    return d->wake_file;
}
