/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of web sessions, and what ximssd pushes to them.
 *
 * An alert is confirmed to ximssd when the browser has it, never before.  When
 * the connection to ximssd is lost and comes back, ximssd pushes all alerts
 * again that were not confirmed: those that the browser was sent already are
 * held back, those that it was not are taken in their new place. */
#include "config.h"

#include "clients/bridge/web_session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "clients/bridge/reply.h"
#include "clients/bridge/stream.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"

static const struct timeval *
to_timeval(int64_t us, struct timeval *tv)
{
    *tv = (struct timeval){us / CLOCK_SECOND, us % CLOCK_SECOND};
    return tv;
}

/* --- alerts known --- */

static uint64_t
hash_of(const struct ximss_message *m)
{
    const char *time = ximss_message_attr(m, "gmtTime");

    return known_hash(ximss_message_attr(m, "alertID"), time,
                      time != NULL ? strlen(time) : 0);
}

static void
confirm(struct web_session *s, const char *alert)
{
    if (s->confirms_itself || s->up.x == NULL ||
        ximss_state(s->up.x) != XIMSS_READY)
        return;
    ximss_confirm(s->up.x, alert, NULL, NULL);
    upstream_look(&s->up);
}

static uint64_t
hash_of_push(const struct push *p)
{
    /* It stands in the XML as it was written: gmtTime="…" */
    const char *time = strstr(p->xml, " gmtTime=\"");

    if (time != NULL)
        time += strlen(" gmtTime=\"");
    return known_hash(p->alert, time, time != NULL ? strcspn(time, "\"") : 0);
}

static void
on_confirm(void *arg, const struct push *p)
{
    struct web_session *s = arg;
    struct known *k;

    if (p->alert == NULL)
        return;
    k = known_find(&s->known, hash_of_push(p));
    if (k != NULL)
        k->confirmed = true;
    confirm(s, p->alert);
}

/* --- pushed messages --- */

/* True if the browser need not see it: it has it, or soon will. */
static bool
is_repeated(struct web_session *s, const struct ximss_message *m,
            const char *alert)
{
    uint64_t h = hash_of(m);
    struct known *k = known_find(&s->known, h);

    if (k == NULL) {
        known_add(&s->known, h);
        return false;
    }
    if (k->confirmed)
        confirm(s, alert); /* that was lost with the connection */
    return k->confirmed || push_log_holds(&s->log, alert);
}

/* What ximssd says of a session that lasts to who keeps it. */
static bool
is_for_us(struct web_session *s, const char *name)
{
    if (strcmp(name, "sessionEnded") == 0)
        web_session_forget(s, true);
    else if (strcmp(name, "sessionTouched") == 0)
        web_session_touch(s);
    else
        return false;
    return true;
}

static void
on_message(struct ximss *x, const struct ximss_message *m, void *arg)
{
    struct web_session *s = arg;
    const char *name = ximss_message_name(m);
    const char *alert = ximss_message_attr(m, "alertID");
    bool is_alert = strcmp(name, "alert") == 0 && alert != NULL;
    bool is_removal = strcmp(name, "alertRemoved") == 0 && alert != NULL;
    struct buf xml = {0};

    (void)x;
    if (s->ended || is_for_us(s, name) ||
        (is_alert && is_repeated(s, m, alert)) ||
        (is_removal && push_log_withdraw(&s->log, alert)))
        return;
    s->bridge->counts.pushed++;
    upstream_write(&xml, m, NULL, s->id);
    web_session_push(s, name, xml.data, xml.len, is_alert ? alert : NULL,
                     is_removal && !s->wants_changes);
    buf_clear(&xml);
}

static void answer_poll(struct web_session *s, const char *xml, size_t len);

static void
wake_poll(struct web_session *s)
{
    const char *text;
    size_t len;

    if (s->poll.http == NULL || !push_log_has_unsent(&s->log))
        return;
    push_log_poll(&s->log, 0, &text, &len);
    answer_poll(s, text, len);
}

void
web_session_push(struct web_session *s, const char *name, const char *xml,
                 size_t len, const char *alert, bool events_only)
{
    push_log_add(&s->log, name, xml, len, alert, events_only);
    wake_poll(s);
    stream_wake_all(s);
    if (s->log.n > s->bridge->cfg->unfetched_messages ||
        s->log.bytes > s->bridge->cfg->unfetched_bytes) {
        log_warn("web session %" PRIu64 " ends: nobody fetches its messages",
                 s->number);
        web_session_end(s, true);
    } else {
        memory_weigh_log(s);
    }
}

/* --- polls --- */

static void
answer_poll(struct web_session *s, const char *xml, size_t len)
{
    struct http_conn *h = s->poll.http;

    s->poll.http = NULL;
    event_del(&s->poll.timer);
    reply_xml(s->bridge, h, xml, len, NULL);
}

static void
on_poll_timer(evutil_socket_t fd, short what, void *arg)
{
    struct poll *p = arg;

    (void)fd;
    (void)what;
    answer_poll(p->session, "<XIMSS/>", 8);
}

static void
on_poll_gone(struct http_waiter *w)
{
    struct poll *p = (struct poll *)(void *)w;

    p->http = NULL;
    event_del(&p->timer);
}

void
web_session_poll(struct web_session *s, struct http_conn *h, uint64_t ack_seq,
                 int64_t wait)
{
    struct timeval tv;
    const char *text;
    size_t len;

    /* Of two polls the newer one wins. */
    if (s->poll.http != NULL)
        answer_poll(s, "<XIMSS/>", 8);
    if (push_log_poll(&s->log, ack_seq, &text, &len)) {
        reply_xml(s->bridge, h, text, len, NULL);
        memory_weigh_log(s);
        return;
    }
    if (wait <= 0) {
        reply_xml(s->bridge, h, "<XIMSS/>", 8, NULL);
        return;
    }
    s->poll.http = h;
    http_wait(h, &s->poll.waiter);
    evtimer_add(&s->poll.timer, to_timeval(wait, &tv));
}

/* --- ximssd is away, or silent --- */

static void
tell_away(struct web_session *s)
{
    if (s->away)
        return;
    s->away = true;
    stream_tell_all(s, "away", "<away/>");
}

static void
tell_back(struct web_session *s)
{
    s->away = false;
    stream_tell_all(s, "resumed", "<resumed/>");
}

static void
on_silence(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    tell_away(arg);
}

static void
wait_for_answer(struct web_session *s)
{
    struct timeval tv;

    evtimer_add(&s->silence, to_timeval(s->bridge->cfg->answer_timeout, &tv));
}

void
web_session_asked(struct web_session *s)
{
    if (s->in_work++ == 0)
        wait_for_answer(s);
}

void
web_session_answered(struct web_session *s)
{
    if (--s->in_work == 0)
        event_del(&s->silence);
    else if (!s->ended)
        wait_for_answer(s);
    if (!s->ended && s->away && ximss_state(s->up.x) == XIMSS_READY)
        tell_back(s);
}

static bool
is_waiting(const struct web_session *s)
{
    return s->up.x != NULL && ximss_state(s->up.x) == XIMSS_WAITING;
}

void
web_session_away(struct web_session *s)
{
    if (is_waiting(s))
        tell_away(s);
}

bool
web_session_retry(struct web_session *s)
{
    if (!is_waiting(s))
        return false;
    ximss_retry(s->up.x);
    upstream_look(&s->up);
    return true;
}

/* It may be this session alone that was ended; one that then does not get back
 * is away. */
static void
on_lost(struct web_session *s, const char *why)
{
    bool first = s->tries++ == 0;

    log_debug("web session %" PRIu64 " waits for ximssd: %s", s->number, why);
    if (away_noticed(s->bridge) || !first)
        tell_away(s);
}

/* --- ximssd --- */

static void let_free(struct web_session *s);

static struct web_session_list *
bucket(struct bridge *b, uint64_t number)
{
    return &b->sessions[number % BRIDGE_BUCKETS];
}

/* False: ximssd does not say whose session it is, or the account has too
 * many. */
static bool
enter_account(struct web_session *s, struct login_wait *l)
{
    const char *name = ximss_session(s->up.x, "userName");

    if (name == NULL)
        return false;
    l->too_many = !web_account_enter(s, name);
    return !l->too_many;
}

void
web_session_set_id(struct web_session *s, const char *id)
{
    snprintf(s->id, sizeof s->id, "%s", id);
    s->number = strtoull(id, NULL, 10);
    LIST_INSERT_HEAD(bucket(s->bridge, s->number), s, link);
}

/* It is ximssd's.  False: that gave none. */
static bool
take_id(struct web_session *s)
{
    const char *id = ximss_session(s->up.x, "urlID");
    struct web_session *old;

    if (id == NULL || !web_session_is_id(id))
        return false;
    old = web_session_find(s->bridge, id);
    if (old != NULL)
        web_session_forget(old, true); /* ximssd has put this in its place */
    old =
        *s->replaces != '\0' ? web_session_find(s->bridge, s->replaces) : NULL;
    if (old != NULL)
        web_session_forget(old, false);
    web_session_set_id(s, id);
    if (ximss_session(s->up.x, "sessionBound") != NULL)
        s->watches_address = true;
    return true;
}

static void
on_open(struct web_session *s, struct login_wait *l)
{
    bool keeps = l->keeps;

    l->done(l, s, take_id(s) && enter_account(s, l));
    if (s->account == NULL && keeps)
        web_session_forget(s, false);
    else if (s->account == NULL)
        web_session_end(s, false);
}

static void
on_ready(struct web_session *s)
{
    struct login_wait *l = s->login;

    s->tries = 0;
    /* From here on it is the ticket that brings the session back. */
    ximss_set_password(s->up.x, NULL);
    ximss_set_method(s->up.x, XIMSS_METHOD_AUTO);
    s->login = NULL;
    if (l != NULL) {
        on_open(s, l);
        return;
    }
    s->bridge->counts.reconnects++;
    push_log_forget_unsent(&s->log);
    exec_pump(s);
    if (s->ended)
        return;
    tell_back(s);
}

static void
on_failed(struct web_session *s)
{
    struct login_wait *l = s->login;

    if (l != NULL) {
        s->login = NULL;
        l->done(l, s, false);
    } else {
        log_info("web session %" PRIu64 " is lost: %s", s->number,
                 ximss_error(s->up.x));
        s->bridge->counts.lost++;
    }
    web_session_forget(s, true);
}

/* It has ended, and says so to ximssd as soon as that is there. */
static void
on_leaving(struct web_session *s, enum ximss_state state)
{
    if (state == XIMSS_READY) {
        ximss_close(s->up.x);
    } else if (state == XIMSS_OFF || state == XIMSS_FAILED) {
        LIST_REMOVE(s, link);
        s->bridge->n_leaving--;
        s->leaving = false;
        let_free(s);
    }
}

static void
on_state(struct ximss *x, enum ximss_state state, const char *why, void *arg)
{
    struct web_session *s = arg;

    (void)x;
    if (s->leaving)
        on_leaving(s, state);
    if (s->ended)
        return;
    if (state == XIMSS_READY)
        on_ready(s);
    else if (state == XIMSS_FAILED)
        on_failed(s);
    else if (state == XIMSS_WAITING && s->login != NULL)
        on_failed(s); /* nothing else may bring it back */
    else if (state == XIMSS_WAITING)
        on_lost(s, why);
}

/* --- life --- */

bool
web_session_is_busy(const struct web_session *s)
{
    return s->login != NULL || s->poll.http != NULL ||
           !LIST_EMPTY(&s->streams) || !TAILQ_EMPTY(&s->execs);
}

static void
on_idle(evutil_socket_t fd, short what, void *arg)
{
    struct web_session *s = arg;

    (void)fd;
    (void)what;
    if (web_session_is_busy(s))
        web_session_touch(s);
    else
        web_session_end(s, true);
}

void
web_session_touch(struct web_session *s)
{
    struct timeval tv;

    s->touched = clock_mono();
    if (!s->ended)
        evtimer_add(&s->idle_timer, to_timeval(s->idle, &tv));
}

void
web_session_set_idle(struct web_session *s, int64_t us)
{
    s->idle = us;
    web_session_touch(s);
}

struct web_session *
web_session_new(struct bridge *b, const struct client *client)
{
    struct web_session *s = xcalloc(1, sizeof *s);

    s->bridge = b;
    snprintf(s->address, sizeof s->address, "%s", client->address);
    s->idle = b->cfg->session_idle;
    LIST_INIT(&s->streams);
    TAILQ_INIT(&s->execs);
    push_log_init(&s->log, on_confirm, s);
    s->poll.session = s;
    s->poll.waiter.on_gone = on_poll_gone;
    evtimer_assign(&s->poll.timer, b->base, on_poll_timer, &s->poll);
    evtimer_assign(&s->idle_timer, b->base, on_idle, s);
    evtimer_assign(&s->silence, b->base, on_silence, s);
    upstream_init(&s->up, b->base, b->cfg);
    ximss_set_options(s->up.x, XIMSS_ALERT_CONFIRM | XIMSS_ALERT_CHANGES |
                                   XIMSS_TICKETS | XIMSS_LASTING);
    ximss_set_reconnect(s->up.x, XIMSS_RECONNECT_AFTER_LOGIN);
    ximss_set_client_address(s->up.x, client->address);
    ximss_on_state(s->up.x, on_state, s);
    ximss_on_message(s->up.x, on_message, s);
    b->n_sessions++;
    return s;
}

void
web_session_start(struct web_session *s, struct login_wait *l)
{
    s->login = l;
    web_session_touch(s);
    if (upstream_start(&s->up) < 0 && !s->ended)
        on_failed(s); /* refused before it began: it called nobody */
}

/* In a time that tells nothing. */
static bool
has_id(const struct web_session *s, const char *id)
{
    unsigned differ = 0;

    if (strlen(s->id) != strlen(id))
        return false;
    for (size_t i = 0; id[i] != '\0'; i++)
        differ |= (unsigned)(unsigned char)id[i] ^ (unsigned char)s->id[i];
    return differ == 0;
}

/* When ximssd was started anew it counts from the beginning, and older sessions
 * may have the same number. */
struct web_session *
web_session_find(struct bridge *b, const char *id)
{
    uint64_t number = strtoull(id, NULL, 10);
    struct web_session *s;

    LIST_FOREACH(s, bucket(b, number), link)
        if (s->number == number && s->login == NULL && has_id(s, id))
            return s;
    return NULL;
}

/* Nobody who held the id gets anything more by it. */
static void
let_go(struct web_session *s, bool lost)
{
    static const char bye[] = "<bye/>";

    if (lost) {
        push_log_add(&s->log, "bye", bye, sizeof bye - 1, NULL, false);
        wake_poll(s);
        stream_wake_all(s);
    }
    if (s->poll.http != NULL)
        answer_poll(s, "<XIMSS/>", 8);
    stream_end_all(s);
    exec_end_all(s);
}

bool
web_session_is_leaving(const struct bridge *b, const char *id)
{
    uint64_t number = strtoull(id, NULL, 10);
    const struct web_session *s;

    LIST_FOREACH(s, &b->leaving[number % BRIDGE_BUCKETS], link)
        if (strcmp(s->id, id) == 0)
            return true;
    return false;
}

bool
web_session_is_id(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && digits <= 20 && text[digits] == '-' &&
           strspn(text + digits + 1, letters) == 20 &&
           text[digits + 1 + 20] == '\0';
}

/* --- what brings it back --- */

void
web_session_make_key(struct web_session *s)
{
    snprintf(s->key, sizeof s->key, "%s|%s", s->cookie.value,
             s->watches_address ? s->address : "");
}

void
web_session_set_key(struct web_session *s)
{
    char note[64];

    web_session_make_key(s);
    snprintf(note, sizeof note, "%d %d %d %" PRId64, s->watches_address,
             s->wants_changes, *s->cookie.value != '\0',
             s->idle / CLOCK_SECOND);
    ximss_set_session_key(s->up.x, s->key, note);
}

/* --- the end --- */

static void
run_end(struct conn_deferred *d)
{
    struct web_session *s =
        (struct web_session *)(void *)((char *)d -
                                       offsetof(struct web_session, end));

    push_log_clear(&s->log);
    known_clear(&s->known);
    explicit_bzero(s, sizeof *s);
    free(s);
}

static void
let_free(struct web_session *s)
{
    exec_drop_all(s);
    upstream_end(&s->up);
    s->end.run = run_end;
    conn_loop_defer(s->bridge->loop, &s->end);
}

/* Out of all lists: from here on nobody finds it. */
static void
end(struct web_session *s, bool lost)
{
    s->ended = true;
    if (*s->id != '\0')
        LIST_REMOVE(s, link);
    s->bridge->n_sessions--;
    let_go(s, lost);
    event_del(&s->idle_timer);
    event_del(&s->silence);
    event_del(&s->poll.timer);
    memory_drop_kept(s);
    memory_release(s, &s->log_share);
    web_account_leave(s);
}

void
web_session_forget(struct web_session *s, bool lost)
{
    if (s->ended)
        return;
    end(s, lost);
    let_free(s);
}

void
web_session_end(struct web_session *s, bool lost)
{
    struct bridge *b = s->bridge;

    if (s->ended)
        return;
    end(s, lost);
    if (*s->id == '\0' || b->n_leaving >= b->half) {
        let_free(s); /* nobody knows the id; or too many have left at once */
        return;
    }
    s->leaving = true;
    b->n_leaving++;
    LIST_INSERT_HEAD(&b->leaving[s->number % BRIDGE_BUCKETS], s, link);
    if (ximss_state(s->up.x) == XIMSS_READY) {
        ximss_close(s->up.x);
        upstream_look(&s->up);
    }
}

void
web_session_forget_all(struct bridge *b)
{
    struct web_session *s;

    for (size_t i = 0; i < BRIDGE_BUCKETS; i++) {
        while ((s = LIST_FIRST(&b->sessions[i])) != NULL)
            web_session_forget(s, false);
        while ((s = LIST_FIRST(&b->leaving[i])) != NULL) {
            LIST_REMOVE(s, link);
            s->leaving = false;
            let_free(s);
        }
    }
}
