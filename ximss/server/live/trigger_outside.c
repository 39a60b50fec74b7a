/* SPDX-License-Identifier: BSD-2-Clause */
/* Notices that leave the server: by mail, to a URL, by a command.  What comes back
 * is a number that names what was sent, so a confirmation that comes late confirms
 * only that. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "notify/notice_text.h"
#include "util/clock.h"
#include "util/log.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/trigger_private.h"
#include "ximss/server/rules/alert_names.h"

#define RETRY_FIRST (60 * CLOCK_SECOND)
#define RETRY_MOST  (3600 * CLOCK_SECOND)
/* A notice is given up if a try fails so long after the first that failed. */
#define GIVE_UP (86400 * CLOCK_SECOND)

#define TEST_TEXT "This is a test of the handler {name} of {server}."

static struct notice_fields
fields_of(struct trigger_loop *l, const struct watched *w,
          const struct watched_handler *h, bool active)
{
    struct notice_fields f = {
        .name = w != NULL ? w->name : h->name,
        .server = l->server_name,
        .severity = alert_severity_name(
            w != NULL && w->defined && active ? w->def.severity : ALERT_INFO),
        .state = w == NULL ? "test"
                 : active  ? "begins"
                           : "is over",
        .since = clock_now()};

    if (w != NULL) {
        f.element = w->def.element;
        f.value = w->state.value;
        f.threshold = w->def.rule.threshold;
        f.since = w->state.since;
    }
    return f;
}

static const char *
template_of(const struct watched *w, const struct watched_handler *h,
            bool active)
{
    if (w == NULL)
        return TEST_TEXT;
    if (h->def.text != NULL)
        return h->def.text;
    if (!w->defined)
        return "Over: {name} ({server})";
    return active ? w->def.text : w->def.over_text;
}

void
trigger_outside_text(struct trigger_loop *l, const struct watched *w,
                     const struct watched_handler *h, bool active,
                     struct buf *out)
{
    struct notice_fields f = fields_of(l, w, h, active);

    notice_text_make(out, template_of(w, h, active), &f);
}

void
trigger_note_last(struct watched_handler *h, enum trigger_method m, bool ok,
                  const char *what)
{
    char when[CLOCK_GMT_SIZE];

    clock_format_gmt(clock_now(), when);
    snprintf(h->state.last[m], sizeof h->state.last[m], "%s %s%s%.100s", when,
             ok ? "ok" : "failed", what[0] != '\0' ? ": " : "", what);
    h->dirty = true;
}

/* --- sending --- */

static struct flight *
free_flight(struct trigger_loop *l)
{
    for (size_t i = 0; i < TRIGGER_FLIGHTS; i++)
        if (!l->flight[i].used)
            return &l->flight[i];
    return NULL;
}

/* What the notice is made of; owned. */
struct notice {
    struct notify_notice notice;
    struct buf subject, body, url, argument[TRIGGER_LIST_MOST];
    const char *argv[TRIGGER_LIST_MOST + 1];
};

static void
make_body(struct notice *n, const struct handler_def *d,
          const struct notice_fields *f, const char *text)
{
    if (!d->json || n->notice.method == NOTIFY_MAIL)
        buf_append_str(&n->body, text);
    else
        notice_text_json(&n->body, f, text);
    n->notice.body = buf_cstr(&n->body);
    n->notice.json = d->json;
}

static void
make_notice(struct notice *n, const struct handler_def *d,
            const struct notice_fields *f, const char *text)
{
    notice_text_make_as(NOTICE_TEXT_LINE, &n->subject, d->subject, f);
    n->notice.subject = buf_cstr(&n->subject);
    n->notice.to = d->mail;
    n->notice.secret = d->secret;
    if (d->url != NULL)
        notice_text_make_as(NOTICE_TEXT_URL, &n->url, d->url, f);
    n->notice.url = buf_cstr(&n->url);
    for (unsigned i = 0; i < d->command.n && i < TRIGGER_LIST_MOST; i++) {
        notice_text_make_as(NOTICE_TEXT_LINE, &n->argument[i],
                            d->command.item[i], f);
        n->argv[i] = buf_cstr(&n->argument[i]);
    }
    n->notice.argv = n->argv;
    make_body(n, d, f, text);
}

static void
clear_notice(struct notice *n)
{
    buf_clear(&n->subject);
    buf_clear(&n->body);
    buf_clear(&n->url);
    for (size_t i = 0; i < TRIGGER_LIST_MOST; i++)
        buf_clear(&n->argument[i]);
}

bool
trigger_outside_send(struct trigger_loop *l, struct watched *w,
                     struct watched_handler *h, enum trigger_method m,
                     bool active)
{
    static const enum notify_method methods[TRIGGER_METHODS] = {
        [TRIGGER_MAIL] = NOTIFY_MAIL,
        [TRIGGER_URL] = NOTIFY_URL,
        [TRIGGER_COMMAND] = NOTIFY_COMMAND};
    struct notice_fields f = fields_of(l, w, h, active);
    struct flight *flight = free_flight(l);
    struct notice n = {.notice = {.method = methods[m]}};
    struct buf text = {0};
    bool sent;

    if (flight == NULL || l->server->notify == NULL)
        return false;
    notice_text_make(&text, template_of(w, h, active), &f);
    make_notice(&n, &h->def, &f, buf_cstr(&text));
    n.notice.tag = (uint64_t)(flight - l->flight);
    *flight = (struct flight){.used = true,
                              .trigger = w,
                              .method = m,
                              .active = active,
                              .since = w != NULL ? w->state.since : 0};
    snprintf(flight->handler, sizeof flight->handler, "%s", h->name);
    sent = notify_submit(l->server->notify, &n.notice);
    flight->used = sent;
    clear_notice(&n);
    buf_clear(&text);
    return sent;
}

/* --- what became of it --- */

/* It is tried again, later and later: one line in the log for all of it. */
static void
failed(struct watched *w, const struct flight *f, struct trigger_told *t,
       const char *why)
{
    int64_t mono = clock_mono(), pause;

    if (t->tries_of != f->since)
        t->tries = 0;
    pause = RETRY_FIRST << (t->tries < 10 ? t->tries : 10);
    if (t->tries++ == 0) {
        t->tries_of = f->since;
        t->failed = mono;
        log_warn("trigger %s, handler %s: %s failed: %s (tried again)", w->name,
                 f->handler, trigger_method_name(f->method), why);
    }
    t->next = mono + (pause < RETRY_MOST ? pause : RETRY_MOST);
    if (mono - t->failed < GIVE_UP)
        return;
    log_warn("trigger %s, handler %s: %s is given up", w->name, f->handler,
             trigger_method_name(f->method));
    t->tries = 0;
    t->active = f->active;
    t->since = f->since;
    w->dirty = true;
}

void
trigger_outside_sent(struct trigger_loop *l, struct flight *f, bool ok,
                     const char *why)
{
    struct watched_handler *h = trigger_handler_find(l, f->handler);
    struct trigger_told *t;

    f->used = false;
    if (h != NULL)
        trigger_note_last(h, f->method, ok, ok ? "" : why);
    stat_add(ok ? STAT_NOTICES_SENT : STAT_NOTICES_FAILED, 1);
    if (f->trigger == NULL)
        return;
    t = &trigger_state_pair(&f->trigger->state, f->handler)->told[f->method];
    t->flying = false;
    if (!ok) {
        failed(f->trigger, f, t, why);
        return;
    }
    t->tries = 0;
    t->active = f->active;
    t->since = f->since;
    f->trigger->dirty = true;
}
