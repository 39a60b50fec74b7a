/* SPDX-License-Identifier: BSD-2-Clause */
/* The log-in and a noop go out together; the noop is answered when all alerts
 * that wait were sent.  The first that refuses a log-in is confirmed, and the mail
 * program hears of it when ximssd has noted that: so no log-in is refused twice by
 * an alert, and none at all by a store that cannot be written.  Only if the
 * answer to the confirmation is lost nobody knows; then it is better to show an
 * alert twice than never.  In all other cases the log-in goes on: the mail server
 * behind checks the password. */
#include "config.h"

#include "clients/bridge/mail_talk.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/credentials.h"
#include "clients/bridge/server_link.h"
#include "clients/dovecot/door_choice.h"
#include "clients/dovecot/door_text.h"
#include "clients/dovecot/door_wire.h"
#include "util/clock.h"
#include "util/xmalloc.h"
#include "ximss/proto/xml_write.h"

#define ANSWERS_MOST ((size_t)4 << 20) /* bytes that are read for a log-in */
#define PIECE        4096

struct mail_talk {
    struct conn conn; /* first */
    struct bridge *bridge;
    struct event timer;
    struct conn_deferred end;
    struct door_wire wire;
    mail_talk_fn *fn;
    void *arg;
    size_t bytes;   /* read */
    uint64_t alert; /* that refuses; 0: none was found */
    char refusal[DOOR_TEXT_POP3_LINE];
    bool open, started, ended;
};

/* --- the end --- */

static void
run_end(struct conn_deferred *d)
{
    struct mail_talk *t =
        (struct mail_talk *)(void *)((char *)d -
                                     offsetof(struct mail_talk, end));

    door_wire_clear(&t->wire);
    free(t);
}

void
mail_talk_cancel(struct mail_talk *t)
{
    if (t->ended)
        return;
    t->ended = true;
    event_del(&t->timer);
    if (t->open)
        conn_close(&t->conn); /* the session ends with it */
    t->end.run = run_end;
    conn_loop_defer(t->bridge->loop, &t->end);
}

static void
finish(struct mail_talk *t, const char *refusal)
{
    static const struct timeval now = {0, 0};

    if (t->ended)
        return;
    if (!t->started) { /* the caller has nothing yet: in a moment */
        evtimer_add(&t->timer, &now);
        return;
    }
    mail_talk_cancel(t);
    t->fn(t->arg, refusal);
}

/* What cannot go on. */
static void
give_up(struct mail_talk *t)
{
    finish(t, t->alert != 0 ? t->refusal : NULL);
}

/* --- what is answered --- */

static void
confirm(struct mail_talk *t, const struct door_message *m)
{
    static const size_t skipped = sizeof "-ERR " - 1;
    const struct bridge_config *cfg = t->bridge->cfg;
    char request[DOOR_WIRE_REQUEST], text[DOOR_TEXT_POP3 + 1];
    size_t len;

    t->alert = m->alert;
    door_text_line(m->text, m->text_len, m->text_cut, text, DOOR_TEXT_POP3);
    len = door_text_refusal(cfg->mail_auth_code, text, cfg->mail_auth_hint,
                            t->refusal);
    memmove(t->refusal, t->refusal + skipped, len - skipped + 1);
    conn_send(&t->conn, request,
              door_wire_confirm(request, sizeof request, m->alert));
}

/* Also that the alert is not there any more is an error. */
static void
on_response(struct mail_talk *t, const struct door_message *m)
{
    if (t->alert != 0 && m->alert == t->alert)
        finish(t, m->error == 0 ? t->refusal : NULL);
    else if (t->alert == 0 &&
             (m->error != 0 || strcmp(m->id, DOOR_ID_TOLD) == 0))
        finish(t, NULL);
}

static bool
refuses(const struct mail_talk *t, const struct door_message *m)
{
    unsigned kinds;

    (void)door_choice_refusals(t->bridge->cfg->mail_auth_refuse, &kinds);
    return door_choice_refuses(kinds, &m->kind);
}

static void
on_message(struct mail_talk *t, const struct door_message *m)
{
    switch (m->type) {
    case DOOR_RESPONSE:
        on_response(t, m);
        break;
    case DOOR_ALERT:
        if (t->alert == 0 && refuses(t, m))
            confirm(t, m);
        break;
    case DOOR_BYE:
        give_up(t);
        break;
    case DOOR_NOTHING:
    case DOOR_SESSION:
    case DOOR_REMOVED:
        break;
    }
}

/* door_wire changes the bytes, which are lent to us. */
static void
take(struct mail_talk *t, const char *data, size_t len)
{
    char piece[PIECE];
    struct door_message m;

    memcpy(piece, data, len);
    for (size_t used = 0; used < len && !t->ended;) {
        used += door_wire_take(&t->wire, piece + used, len - used, &m);
        on_message(t, &m);
    }
}

static size_t
on_data(struct conn *c, const char *data, size_t len)
{
    struct mail_talk *t = (struct mail_talk *)(void *)c;
    size_t n;

    for (size_t used = 0; used < len && !t->ended; used += n) {
        n = len - used < PIECE ? len - used : PIECE;
        take(t, data + used, n);
    }
    t->bytes += len;
    if (t->bytes > ANSWERS_MOST)
        give_up(t);
    return len;
}

/* Nothing waits for what was said to be out: what counts are the answers. */
static void
on_drained(struct conn *c)
{
    (void)c;
}

static void
on_closed(struct conn *c, enum conn_close_reason reason)
{
    (void)reason;
    give_up((struct mail_talk *)(void *)c);
}

static const struct conn_ops conn_ops = {on_data, on_drained, on_closed};

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    give_up(arg);
}

/* --- the beginning --- */

static void
write_credential(struct buf *out, const char *name, const char *text,
                 size_t most)
{
    char *cut = credentials_cut(text, most);

    xml_write_attr(out, name, cut);
    explicit_bzero(cut, strlen(cut));
    free(cut);
}

static void
log_in(struct mail_talk *t, const struct mail_order *o)
{
    char told[DOOR_WIRE_REQUEST];
    struct buf out = {0};

    buf_append_str(&out,
                   "<login id=\"" DOOR_ID_LOGIN "\" alertConfirm=\"yes\"");
    write_credential(&out, "authData", o->user, CREDENTIALS_NAME_MOST);
    write_credential(&out, "password", o->password, CREDENTIALS_PASSWORD_MOST);
    xml_write_attr(&out, "clientAddress", o->address);
    buf_append(&out, "/>", 3); /* with the byte 0 */
    buf_append(&out, told, door_wire_told(told, sizeof told));
    conn_send(&t->conn, out.data, out.len);
    explicit_bzero(out.data, out.cap);
    buf_clear(&out);
}

static void
begin(struct mail_talk *t, int fd, const struct mail_order *o)
{
    const int64_t us = t->bridge->cfg->mail_auth_timeout;
    struct timeval tv = {us / CLOCK_SECOND, us % CLOCK_SECOND};

    t->open = true;
    evtimer_add(&t->timer, &tv);
    conn_init(&t->conn, fd, &conn_ops);
    conn_attach(&t->conn, t->bridge->loop);
    log_in(t, o);
}

struct mail_talk *
mail_talk_start(struct bridge *b, const struct mail_order *o, mail_talk_fn *fn,
                void *arg)
{
    struct mail_talk *t = xcalloc(1, sizeof *t);
    int fd = server_link_open(b->cfg);

    t->bridge = b;
    t->fn = fn;
    t->arg = arg;
    evtimer_assign(&t->timer, b->base, on_timer, t);
    if (fd >= 0)
        begin(t, fd, o);
    else
        finish(t, NULL);
    t->started = true;
    return t;
}
