/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "clients/lib/link.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "clients/lib/exchange.h"
#include "clients/lib/login.h"
#include "util/clock.h"

/* The state machine of a connection.  Its one difficulty: almost everything
 * here can call back, and the callback may close the connection or free the
 * object.  Closing is done at once, so whoever goes on behind a callback looks
 * whether the descriptor is still there; freeing is put off to link_leave. */

#define CONNECT_TIMEOUT   (10 * CLOCK_SECOND) /* for each address */
#define HANDSHAKE_TIMEOUT (15 * CLOCK_SECOND)
#define FEATURES_TIMEOUT  (30 * CLOCK_SECOND)
/* For each step: behind wrong log-ins the server lets one wait, a minute at
 * most unless it is configured otherwise. */
#define LOGIN_TIMEOUT  (90 * CLOCK_SECOND)
#define BYE_TIMEOUT    (2 * CLOCK_SECOND)
#define ANSWER_TIMEOUT (60 * CLOCK_SECOND)
#define RETRY_FIRST    (1 * CLOCK_SECOND)
#define RETRY_MOST     (60 * CLOCK_SECOND)
#define GOOD_SESSION   (30 * CLOCK_SECOND)

static int64_t
phase_timeout(enum phase phase)
{
    switch (phase) {
    case PHASE_CONNECTING:
        return CONNECT_TIMEOUT;
    case PHASE_HANDSHAKE:
        return HANDSHAKE_TIMEOUT;
    case PHASE_STARTTLS:
    case PHASE_FEATURES:
        return FEATURES_TIMEOUT;
    case PHASE_LOGIN:
        return LOGIN_TIMEOUT;
    case PHASE_BYE:
        return BYE_TIMEOUT;
    case PHASE_OFF:
    case PHASE_READY:
    case PHASE_WAITING: /* has a time of its own */
    case PHASE_FAILED:
        break;
    }
    return 0;
}

static bool
is_unconnected(enum phase phase)
{
    return phase == PHASE_OFF || phase == PHASE_WAITING ||
           phase == PHASE_FAILED;
}

/* Half to whole of a delay that doubles with each attempt, so that those who
 * lost a server together do not come back together. */
static int64_t
retry_delay(unsigned attempts)
{
    int64_t delay = RETRY_FIRST;
    uint32_t random = 0;

    while (attempts-- > 0 && delay < RETRY_MOST)
        delay *= 2;
    if (delay > RETRY_MOST)
        delay = RETRY_MOST;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = (uint32_t)clock_now();
    return delay / 2 + delay / 2 * (int64_t)(random >> 8) / 0xffffff;
}

void
link_set_phase(struct ximss *x, enum phase phase, const char *why)
{
    enum ximss_state before = ximss_state(x);
    int64_t now = clock_mono(), timeout = phase_timeout(phase);

    x->phase = phase;
    x->deadline = timeout > 0 ? now + timeout : 0;
    if (phase == PHASE_WAITING)
        x->deadline = now + retry_delay(x->attempts++);
    if (phase == PHASE_READY) {
        x->ready_since = now;
        x->keep_alive = now + LINK_KEEP_ALIVE;
        x->was_ready = true;
        x->failure = XIMSS_OK;
        x->error_num = 0;
    }
    if (is_unconnected(phase))
        request_lose_all(x);
    /* One of those callbacks may have closed or freed the object. */
    if (x->phase == phase && !x->doomed && ximss_state(x) != before &&
        x->on.state != NULL)
        x->on.state(x, ximss_state(x), why, x->on.state_arg);
}

/* --- callbacks bracketed --- */

/* Tells the event loop about the descriptor if there is news. */
static void
tell_fd(struct ximss *x, int fd, unsigned wants)
{
    if (x->told_fd == fd && x->told_wants == wants)
        return;
    /* A loop that never saw a descriptor need not forget it. */
    if (x->on.watch_fd != NULL && (fd >= 0 || x->told_fd >= 0))
        x->on.watch_fd(x, fd >= 0 ? fd : x->told_fd, wants, x->on.watch_fd_arg);
    x->told_fd = fd;
    x->told_wants = wants;
}

void
link_enter(struct ximss *x)
{
    x->depth++;
}

void
link_leave(struct ximss *x)
{
    if (--x->depth > 0)
        return;
    /* Idle sessions are many, and keep nothing. */
    arena_free(&x->arena);
    wire_idle(&x->wire);
    if (x->doomed)
        ximss_free(&x);
    else
        tell_fd(x, ximss_fd(x), ximss_wants(x));
}

/* --- the end --- */

void
link_hang_up(struct ximss *x)
{
    tell_fd(x, -1, 0);
    wire_close(&x->wire);
    dial_clear(&x->dial);
    login_clear(x);
}

static bool
will_retry(const struct ximss *x, bool may_retry)
{
    switch (x->set.reconnect) {
    case XIMSS_RECONNECT_NEVER:
        return false;
    case XIMSS_RECONNECT_AFTER_LOGIN:
        return may_retry && x->was_ready;
    case XIMSS_RECONNECT_ALWAYS:
        return may_retry;
    }
    return false;
}

void
link_end(struct ximss *x, enum ximss_status status, bool may_retry)
{
    struct errbuf why = x->err;

    if (x->doomed || is_unconnected(x->phase))
        return;
    if (x->phase == PHASE_READY &&
        clock_mono() - x->ready_since >= GOOD_SESSION)
        x->attempts = 0;
    link_hang_up(x);
    if (x->phase == PHASE_BYE) {
        link_set_phase(x, PHASE_OFF, "");
        return;
    }
    x->failure = status;
    link_set_phase(x, will_retry(x, may_retry) ? PHASE_WAITING : PHASE_FAILED,
                   why.text);
    /* Callbacks may have put refused requests' texts there. */
    if (x->phase == PHASE_WAITING || x->phase == PHASE_FAILED) {
        x->failure = status;
        x->err = why;
    }
}

/* --- connecting --- */

static void
connected(struct ximss *x)
{
    enum ximss_tls tls = x->set.tls;

    x->is_local = dial_is_local(x->wire.fd);
    x->error_num = 0;
    if (tls == XIMSS_TLS_AUTO)
        tls = x->is_local ? XIMSS_TLS_NONE : XIMSS_TLS_START;
    if (tls == XIMSS_TLS_IMPLICIT)
        link_start_tls(x);
    else if (tls == XIMSS_TLS_START)
        login_ask_tls(x);
    else
        login_begin(x);
}

static void
try_next_address(struct ximss *x)
{
    int fd;

    tell_fd(x, -1, 0);
    wire_close(&x->wire);
    fd = dial_next(&x->dial, &x->err);
    if (fd < 0) {
        link_end(x, XIMSS_UNREACHABLE, true);
        return;
    }
    wire_open(&x->wire, fd);
    x->deadline = clock_mono() + CONNECT_TIMEOUT;
}

static void
connect_unix(struct ximss *x)
{
    int fd = dial_unix(&x->dial, x->set.socket, &x->err);

    if (fd < 0)
        link_end(x, XIMSS_UNREACHABLE, true);
    else
        wire_open(&x->wire, fd);
}

/* The host to connect to: by default the user's domain. */
static const char *
host(const struct ximss *x)
{
    const char *at = x->set.user != NULL ? strrchr(x->set.user, '@') : NULL;

    if (x->set.host != NULL)
        return x->set.host;
    return at != NULL ? at + 1 : x->set.domain;
}

void
link_connect(struct ximss *x)
{
    link_set_phase(x, PHASE_CONNECTING, "");
    if (x->phase != PHASE_CONNECTING || x->doomed)
        return;
    if (x->set.socket != NULL) {
        connect_unix(x);
        return;
    }
    if (dial_resolve(&x->dial, host(x), x->set.port, &x->err) < 0)
        link_end(x, XIMSS_UNREACHABLE, true);
    else
        try_next_address(x);
}

static void
on_connecting(struct ximss *x)
{
    switch (dial_finish(&x->dial, x->wire.fd, &x->err)) {
    case 0:
        connected(x);
        break;
    case 1:
        break;
    default:
        try_next_address(x);
    }
}

/* --- TLS --- */

static void
on_handshake(struct ximss *x)
{
    switch (wire_handshake(&x->wire, &x->err)) {
    case WIRE_OK:
        login_begin(x);
        break;
    case WIRE_AGAIN:
        break;
    case WIRE_EOF:
    case WIRE_FAILED:
        err_prefix(&x->err, "connecting to %s", x->dial.where);
        /* A certificate that was never good is not waited for. */
        link_end(x, XIMSS_UNREACHABLE, x->was_ready);
    }
}

void
link_start_tls(struct ximss *x)
{
    const char *name = x->set.tls_name != NULL ? x->set.tls_name : host(x);

    if (name == NULL)
        err_set(&x->err, "there is no name to check the certificate against");
    if (name == NULL || wire_tls(&x->wire, name, x->set.ca_file, &x->err) < 0) {
        link_end(x, XIMSS_UNREACHABLE, false);
        return;
    }
    link_set_phase(x, PHASE_HANDSHAKE, "");
}

/* --- the descriptor --- */

void
link_io(struct ximss *x)
{
    if (x->wire.fd < 0)
        return;
    if (x->phase == PHASE_CONNECTING)
        on_connecting(x);
    else if (x->phase != PHASE_HANDSHAKE)
        exchange_receive(x);
    if (x->phase == PHASE_HANDSHAKE && x->wire.fd >= 0 && !x->doomed)
        on_handshake(x);
    /* Reading comes first: a server that closes says why before. */
    if (x->wire.fd >= 0 && !x->doomed && x->phase != PHASE_CONNECTING &&
        x->phase != PHASE_HANDSHAKE)
        exchange_flush(x);
}

/* --- time --- */

static void
on_noop_done(struct ximss *x, struct request *r,
             const struct ximss_result *result)
{
    (void)r;
    (void)result;
    if (x->phase == PHASE_READY)
        x->deadline = 0;
}

static void
on_bye_done(struct ximss *x, struct request *r,
            const struct ximss_result *result)
{
    (void)r;
    (void)result;
    if (x->phase != PHASE_BYE)
        return;
    link_hang_up(x);
    link_set_phase(x, PHASE_OFF, "");
}

static const struct request_handler noop_handler = {.on_done = on_noop_done};
static const struct request_handler bye_handler = {.on_done = on_bye_done};

static void
request_internal(struct ximss *x, const char *name,
                 const struct request_handler *handler)
{
    struct request_text text = {.name = name};
    struct request *r = request_new(x, &text, handler);

    r->internal = true;
    x->requests.n--;
}

static void
keep_alive(struct ximss *x)
{
    x->keep_alive = clock_mono() + LINK_KEEP_ALIVE;
    if (x->deadline != 0)
        return;
    request_internal(x, "noop", &noop_handler);
    x->deadline = clock_mono() + ANSWER_TIMEOUT;
    exchange_flush(x);
}

static void
on_timeout(struct ximss *x)
{
    switch (x->phase) {
    case PHASE_OFF:
    case PHASE_FAILED:
        return;
    case PHASE_WAITING:
        link_connect(x);
        return;
    case PHASE_CONNECTING:
        dial_failed(&x->dial, ETIMEDOUT, &x->err);
        try_next_address(x);
        return;
    case PHASE_BYE:
    case PHASE_READY:
        err_set(&x->err, "the server has not answered for a minute");
        break;
    case PHASE_HANDSHAKE:
    case PHASE_STARTTLS:
    case PHASE_FEATURES:
    case PHASE_LOGIN:
        err_set(&x->err,
                "%s accepted the connection but does not answer; check the "
                "port, and whether it wants TLS from the start",
                x->dial.where);
    }
    link_end(x, x->phase == PHASE_READY ? XIMSS_LOST : XIMSS_UNREACHABLE, true);
}

void
link_tick(struct ximss *x)
{
    int64_t now = clock_mono();

    if (x->deadline != 0 && now >= x->deadline)
        on_timeout(x);
    else if (x->phase == PHASE_READY && now >= x->keep_alive)
        keep_alive(x);
}

void
link_close(struct ximss *x)
{
    switch (x->phase) {
    case PHASE_OFF:
    case PHASE_BYE:
        return;
    case PHASE_READY:
        request_internal(x, "bye", &bye_handler);
        link_set_phase(x, PHASE_BYE, "");
        return;
    case PHASE_CONNECTING:
    case PHASE_HANDSHAKE:
    case PHASE_STARTTLS:
    case PHASE_FEATURES:
    case PHASE_LOGIN:
    case PHASE_WAITING:
    case PHASE_FAILED:
        link_hang_up(x);
        link_set_phase(x, PHASE_OFF, "");
    }
}
