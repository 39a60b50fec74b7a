/* SPDX-License-Identifier: BSD-2-Clause */
/* The session goes through listFeatures (whose domain a bare name belongs to),
 * login, readSession (an administrator?) to cliExecute, each when the one
 * before was answered.  Messages are small, but for cliResult: that has no limit,
 * and goes through as it comes.  ximssd may come late, stop in the middle, or say
 * something else than was asked: each ends in `finish`, once. */
#include "config.h"

#include "clients/bridge/cli_talk.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "clients/bridge/bridge.h"
#include "clients/bridge/credentials.h"
#include "clients/bridge/server_link.h"
#include "util/arena.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"
#include "ximss/proto/xml_parse.h"
#include "ximss/proto/xml_write.h"

#define MESSAGE_MOST (64 << 10) /* bytes, but of a result */
#define CLIENT_WAITS 1          /* why input waits */

enum step {
    STEP_DOMAIN,
    STEP_LOGIN,
    STEP_RIGHTS,
    STEP_COMMAND
};

struct cli_talk {
    struct conn conn; /* first */
    struct bridge *bridge;
    struct event timer;
    struct conn_deferred end;
    const struct cli_talk_ops *ops;
    void *arg;
    enum step step;
    char *user, *password, *command, *domain; /* owned; domain may be NULL */
    char address[INET6_ADDRSTRLEN];
    struct xml_parser *result; /* owned; of cliResult */
    bool in_result;
    bool administers;
    bool open, started, ended;
};

static void
wipe(char **text)
{
    if (*text != NULL)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

/* --- the end --- */

static void
run_end(struct conn_deferred *d)
{
    struct cli_talk *t =
        (struct cli_talk *)(void *)((char *)d - offsetof(struct cli_talk, end));

    xml_parser_free(&t->result);
    free(t->domain);
    free(t);
}

void
cli_talk_cancel(struct cli_talk *t)
{
    if (t->ended)
        return;
    t->ended = true;
    event_del(&t->timer);
    wipe(&t->user);
    wipe(&t->password);
    wipe(&t->command);
    if (t->open)
        conn_close(&t->conn);
    t->end.run = run_end;
    conn_loop_defer(t->bridge->loop, &t->end);
}

static void
finish(struct cli_talk *t, enum cli_outcome outcome, int number,
       const char *text)
{
    static const struct timeval now = {0, 0};

    if (t->ended)
        return;
    if (!t->started) { /* the caller has nothing yet: in a moment */
        evtimer_add(&t->timer, &now);
        return;
    }
    cli_talk_cancel(t);
    t->ops->on_end(t->arg, outcome, number, text);
}

/* What cannot go on: the command may have got to ximssd, or not. */
static void
give_up(struct cli_talk *t)
{
    if (t->step == STEP_COMMAND)
        finish(t, CLI_LOST, ANSWER(SERVER_LOST));
    else
        finish(t, CLI_AWAY, ANSWER(SERVER_AWAY));
}

/* --- what is said --- */

/* The byte 0 goes with it. */
static void
say(struct cli_talk *t, struct buf *message)
{
    buf_append_char(message, '\0');
    conn_send(&t->conn, message->data, message->len);
    explicit_bzero(message->data, message->cap);
    buf_clear(message);
}

static void
ask_domain(struct cli_talk *t, const char *host)
{
    struct buf out = {0};

    t->step = STEP_DOMAIN;
    buf_append_str(&out, "<listFeatures id=\"d\"");
    xml_write_attr(&out, "domain", host);
    xml_write_attr(&out, "clientAddress", t->address);
    buf_append_str(&out, "/>");
    say(t, &out);
}

static void
log_in(struct cli_talk *t)
{
    struct buf out = {0};

    t->step = STEP_LOGIN;
    buf_append_str(&out, "<login id=\"l\" alerts=\"no\"");
    xml_write_attr(&out, "authData", t->user);
    xml_write_attr(&out, "password", t->password);
    if (t->domain != NULL)
        xml_write_attr(&out, "domain", t->domain);
    xml_write_attr(&out, "clientAddress", t->address);
    buf_append_str(&out, "/>");
    say(t, &out);
    wipe(&t->password);
}

static void
ask_rights(struct cli_talk *t)
{
    struct buf out = {0};

    t->step = STEP_RIGHTS;
    buf_append_str(&out, "<readSession id=\"r\" rights=\"yes\"/>");
    say(t, &out);
}

static void
give_command(struct cli_talk *t)
{
    struct buf out = {0};

    t->step = STEP_COMMAND;
    buf_append_str(&out, "<cliExecute id=\"c\">");
    xml_write_text(&out, t->command, strlen(t->command));
    buf_append_str(&out, "</cliExecute>");
    say(t, &out);
    wipe(&t->command);
}

/* --- what is answered --- */

static void
refused(struct cli_talk *t, int number, const char *text)
{
    finish(t, t->step == STEP_COMMAND ? CLI_REFUSED : CLI_NO_LOGIN, number,
           text);
}

/* Only one request is open, so the response is to that. */
static void
on_response(struct cli_talk *t, const struct xml_elem *e)
{
    const char *num = xml_attr(e, "errorNum"), *text = xml_attr(e, "errorText");

    if (num != NULL || text != NULL) {
        refused(t, num != NULL ? atoi(num) : ANSWER_ARGUMENTS,
                text != NULL ? text : answer_text_ARGUMENTS);
        return;
    }
    switch (t->step) {
    case STEP_DOMAIN:
        log_in(t);
        break;
    case STEP_LOGIN:
        ask_rights(t);
        break;
    case STEP_RIGHTS:
        if (t->administers)
            give_command(t);
        else
            refused(t, ANSWER(NO_RIGHTS));
        break;
    case STEP_COMMAND:
        finish(t, CLI_DONE, 200, "OK");
        break;
    }
}

static void
on_message(struct cli_talk *t, const struct xml_elem *e)
{
    const char *value;

    if (strcmp(e->name, "response") == 0) {
        on_response(t, e);
    } else if (strcmp(e->name, "bye") == 0) {
        give_up(t);
    } else if (strcmp(e->name, "features") == 0 && t->domain == NULL) {
        value = xml_attr(e, "domain");
        t->domain = value != NULL ? xstrdup(value) : NULL;
    } else if (strcmp(e->name, "session") == 0) {
        value = xml_attr(e, "administers");
        t->administers = value != NULL && strcmp(value, "nothing") != 0;
    }
}

static void
take(struct cli_talk *t, const char *text, size_t len)
{
    struct arena *arena = arena_new();
    struct xml_elem *e;
    struct errbuf err;
    const char *id;

    if (xml_parse(t->bridge->parser, text, len, arena, &e, &id, &err) ==
        XML_PARSED)
        on_message(t, e);
    else
        give_up(t);
    arena_free(&arena);
}

static void
on_piece(void *arg, const char *s, size_t len)
{
    struct cli_talk *t = arg;

    if (!t->ended)
        t->ops->on_data(t->arg, s, len);
}

static bool
begins_result(const struct cli_talk *t, const char *data, size_t len)
{
    static const char name[] = "<cliResult ";

    return t->step == STEP_COMMAND && len >= sizeof name - 1 &&
           memcmp(data, name, sizeof name - 1) == 0;
}

/* How many bytes of the result are done with. */
static size_t
take_result(struct cli_talk *t, const char *data, size_t len)
{
    const char *zero = memchr(data, '\0', len);
    size_t n = zero != NULL ? (size_t)(zero - data) : len;
    struct errbuf err;

    if (!t->in_result)
        xml_text_begin(t->result, on_piece, t);
    t->in_result = zero == NULL;
    if (xml_text_feed(t->result, data, n, zero != NULL, &err) < 0)
        give_up(t);
    return n + (zero != NULL);
}

/* The same of the next message; 0: it is not all there. */
static size_t
take_next(struct cli_talk *t, const char *data, size_t len)
{
    const char *zero;

    if (t->in_result || begins_result(t, data, len))
        return take_result(t, data, len);
    zero = memchr(data, '\0', len);
    if (zero == NULL) {
        if (len > MESSAGE_MOST)
            give_up(t);
        return 0;
    }
    if (zero != data)
        take(t, data, (size_t)(zero - data));
    return (size_t)(zero - data) + 1;
}

static size_t
on_data(struct conn *c, const char *data, size_t len)
{
    struct cli_talk *t = (struct cli_talk *)(void *)c;
    size_t used = 0, n = 1;

    while (!t->ended && used < len && n > 0) {
        n = take_next(t, data + used, len - used);
        used += n;
    }
    return used;
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
    give_up((struct cli_talk *)(void *)c);
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
begin(struct cli_talk *t, int fd, const char *host)
{
    const int64_t us = t->bridge->cfg->cli_timeout;
    struct timeval tv = {us / CLOCK_SECOND, us % CLOCK_SECOND};

    t->open = true;
    evtimer_add(&t->timer, &tv);
    conn_init(&t->conn, fd, &conn_ops);
    conn_attach(&t->conn, t->bridge->loop);
    if (strchr(t->user, '@') == NULL && text_is_host(host))
        ask_domain(t, host);
    else
        log_in(t);
}

struct cli_talk *
cli_talk_start(struct bridge *b, const struct cli_order *o,
               const struct cli_talk_ops *ops, void *arg)
{
    struct cli_talk *t = xcalloc(1, sizeof *t);
    int fd = server_link_open(b->cfg);

    t->bridge = b;
    t->ops = ops;
    t->arg = arg;
    t->result = xml_parser_new(NULL);
    t->user = credentials_cut(o->user, CREDENTIALS_NAME_MOST);
    t->password = credentials_cut(o->password, CREDENTIALS_PASSWORD_MOST);
    t->command = xstrdup(o->command);
    strcpy(t->address, o->address);
    evtimer_assign(&t->timer, b->base, on_timer, t);
    if (fd >= 0)
        begin(t, fd, o->host);
    else
        finish(t, CLI_AWAY, ANSWER(SERVER_AWAY));
    t->started = true;
    return t;
}

bool
cli_talk_is_logged_in(const struct cli_talk *t)
{
    return t->step > STEP_LOGIN;
}

void
cli_talk_pause(struct cli_talk *t, bool wait)
{
    if (t->ended || !t->open)
        return;
    if (wait)
        conn_pause(&t->conn, CLIENT_WAITS);
    else
        conn_resume(&t->conn, CLIENT_WAITS);
}
