/* SPDX-License-Identifier: BSD-2-Clause */
/* What triggers have to tell is told: alerts by a job of the store, which keeps the
 * state with them; then, and only when the state is in the store, what goes
 * outside.  While the store refuses writes that goes out all the same: it may be
 * what it is about. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/trigger_private.h"
#include "ximss/server/rules/trigger_tell.h"

#define RETRY_US     (10 * CLOCK_SECOND)
#define MASTERS_LIFE (10 * CLOCK_SECOND)

struct tell_job {
    struct job job;
    struct trigger_loop *loop;
    struct watched *w;         /* NULL: a test, or a handler's state */
    struct watched_handler *h; /* of those */
    char name[TRIGGER_NAME_MOST + 1];
    char from[TRIGGER_NAME_MOST + 20];
    struct caller caller;
    struct trigger_state in, out;
    struct trigger_telling *tell; /* owned; its texts are in the arena */
    size_t n;
    struct arena *arena;
    bool remove; /* the state */
    char *text;  /* owned; the handler's state */
    struct trigger_told_result told;
    unsigned posted;          /* of a test */
    struct admin_parts parts; /* of a test: at an account, posted so far */
};

/* --- who --- */

struct masters_job {
    struct job job;
    struct trigger_loop *loop;
    struct arena *arena;
    const char **item;
    unsigned n;
    char *after;
};

static void
add_master(const char *name, void *arg)
{
    struct masters_job *x = arg;

    if (x->n >= TRIGGER_MASTERS_MOST)
        return;
    x->item = xrealloc(x->item, (x->n + 1) * sizeof *x->item);
    x->item[x->n++] = arena_strndup(x->arena, name, strlen(name));
}

/* It only reads, so a part that is run again goes on where it was. */
static enum store_result
masters_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct masters_job *x = (struct masters_job *)j;

    return trigger_masters(t, &x->after, add_master, x, err);
}

static void
masters_finish(struct job *j)
{
    struct masters_job *x = (struct masters_job *)j;
    struct trigger_loop *l = x->loop;

    pthread_mutex_lock(&l->lock);
    l->asking = false;
    if (j->result == STORE_OK) {
        arena_free(&l->masters_arena);
        free(l->masters.item);
        l->masters = (struct trigger_list){x->item, x->n};
        l->masters_arena = x->arena;
        l->masters_at = clock_mono();
        x->item = NULL;
        x->arena = NULL;
    }
    pthread_mutex_unlock(&l->lock);
    arena_free(&x->arena);
    free(x->item);
    free(x->after);
    job_clear(j);
    free(x);
}

/* False: they are being asked for. */
static bool
has_masters(struct trigger_loop *l, int64_t mono)
{
    struct masters_job *x;

    if (l->masters_at != 0 && mono - l->masters_at < MASTERS_LIFE)
        return true;
    if (l->asking)
        return false;
    l->asking = true;
    x = xcalloc(1, sizeof *x);
    job_init(&x->job, l->server, NULL);
    x->loop = l;
    x->arena = arena_new();
    x->job.body = masters_body;
    x->job.finish = masters_finish;
    job_submit(&x->job);
    return false;
}

/* The accounts of the handler, as names in the arena. */
static void
accounts_of(struct trigger_loop *l, const struct handler_def *d,
            struct arena *arena, struct trigger_list *list)
{
    unsigned masters = d->masters ? l->masters.n : 0;
    const char *const *more = (const char *const *)l->masters.item;

    list->item =
        arena_alloc(arena, (d->accounts.n + masters + 1) * sizeof *list->item);
    list->n = 0;
    for (unsigned i = 0; i < d->accounts.n; i++)
        list->item[list->n++] = arena_strndup(arena, d->accounts.item[i],
                                              strlen(d->accounts.item[i]));
    for (unsigned i = 0; i < masters; i++)
        list->item[list->n++] = arena_strndup(arena, more[i], strlen(more[i]));
}

/* --- what --- */

static bool
has_method(const struct handler_def *d, enum trigger_method m)
{
    switch (m) {
    case TRIGGER_ALERT:
        return d->masters || d->accounts.n > 0;
    case TRIGGER_MAIL:
        return d->mail != NULL;
    case TRIGGER_URL:
        return d->url != NULL;
    case TRIGGER_COMMAND:
        return d->command.n > 0;
    case TRIGGER_METHODS:
        break;
    }
    return false;
}

/* Trigger and handler are there, switched on, and go together. */
static bool
go_together(const struct watched *w, const struct watched_handler *h)
{
    return w->defined && w->def.enabled && h != NULL && h->defined &&
           h->def.enabled && trigger_list_has(&w->def.handlers, h->name);
}

/* What is built in and critical is free of what others use up, not of all. */
static bool
is_admitted(struct watched *w, struct trigger_pair *p,
            struct watched_handler *h)
{
    bool own = w->def.builtin && w->def.severity == ALERT_CRITICAL;

    if (p->admitted == w->state.since)
        return true;
    if (trigger_window_admits(own ? &p->own : &h->state.window, h->def.limit,
                              h->def.period_us, clock_now())) {
        p->admitted = w->state.since;
        w->dirty = h->dirty = true;
        return true;
    }
    if (p->suppressed != w->state.since) {
        p->suppressed = w->state.since;
        h->state.suppressed++;
        w->dirty = h->dirty = true;
        stat_add(STAT_NOTICES_SUPPRESSED, 1);
        log_warn("trigger %s, handler %s: held up, it has sent %u within its "
                 "period (told when that ends, if it is still so)",
                 w->name, h->name, h->def.limit);
    }
    return false;
}

/* --- jobs of the store --- */

static void
free_job(struct tell_job *x)
{
    trigger_state_clear(&x->in);
    trigger_state_clear(&x->out);
    arena_free(&x->arena);
    free(x->tell);
    free(x->text);
    job_clear(&x->job);
    free(x);
}

static struct tell_job *
new_job(struct trigger_loop *l, const char *kind, const char *name)
{
    struct tell_job *x = xcalloc(1, sizeof *x);

    job_init(&x->job, l->server, NULL);
    x->loop = l;
    x->arena = arena_new();
    snprintf(x->name, sizeof x->name, "%s", name);
    snprintf(x->from, sizeof x->from, "%s:%s", kind, name);
    x->caller = (struct caller){
        .rights = RIGHT_MASTER, .name = "server", .from = x->from};
    return x;
}

static enum store_result
tell_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct tell_job *x = (struct tell_job *)j;
    struct admin_context c;
    enum store_result r;

    if (x->remove) {
        r = trigger_remove(t, TRIGGER_TRIGGERS, TRIGGER_STATE, x->name, err);
        return r == STORE_NOTFOUND ? STORE_OK : r;
    }
    job_context(&c, j, t, &x->caller);
    trigger_state_clear(&x->out); /* it may be a second try */
    trigger_state_copy(&x->out, &x->in);
    return trigger_tell(&c, x->name, &x->out, x->tell, x->n, &x->told, err);
}

/* Only what the job decides: all else may have changed meanwhile. */
static void
take_told(struct watched *w, struct trigger_state *out)
{
    for (size_t i = 0; i < out->n_pairs; i++) {
        struct trigger_pair *from = &out->pair[i],
                            *to = trigger_state_pair(&w->state, from->handler);
        struct trigger_told *a = &to->told[TRIGGER_ALERT],
                            *b = &from->told[TRIGGER_ALERT];

        a->active = b->active;
        a->since = b->since;
        free(to->post);
        to->post = from->post;
        to->n_posts = from->n_posts;
        to->posted = from->posted;
        from->post = NULL;
        from->n_posts = 0;
    }
}

static void
note_alerts(struct tell_job *x)
{
    for (size_t i = 0; i < x->n; i++) {
        struct watched_handler *h =
            trigger_handler_find(x->loop, x->tell[i].handler);

        if (h != NULL && !x->told.more)
            trigger_note_last(h, TRIGGER_ALERT, x->told.failed == 0,
                              x->told.failed == 0 ? "" : x->told.why.text);
        if (!x->told.more)
            stat_add(x->told.failed == 0 ? STAT_NOTICES_SENT
                                         : STAT_NOTICES_FAILED,
                     1);
    }
    if (x->told.failed > 0)
        log_warn("trigger %s: %u alerts could not be posted, the last: %s",
                 x->name, x->told.failed, x->told.why.text);
}

static void
tell_finish(struct job *j)
{
    struct tell_job *x = (struct tell_job *)j;
    struct watched *w = x->w;

    pthread_mutex_lock(&x->loop->lock);
    w->busy = false;
    if (j->result == STORE_OK) {
        w->refused = false;
        /* It may have been defined again meanwhile. */
        w->gone = x->remove && !w->defined;
        w->dirty |= x->remove && w->defined;
        if (!x->remove)
            take_told(w, &x->out);
        w->dirty |= x->told.more;
        note_alerts(x);
    } else {
        if (!w->refused)
            log_warn("trigger %s: what is to be told cannot be stored: %s "
                     "(tried again)",
                     x->name, j->err.text);
        w->refused = w->dirty = true;
        w->retry = clock_mono() + RETRY_US;
    }
    pthread_mutex_unlock(&x->loop->lock);
    free_job(x);
}

static void
add_telling(struct tell_job *x, struct watched *w, struct watched_handler *h,
            const char *handler, enum trigger_due due, bool together)
{
    const struct watched_handler none = {.name = ""};
    struct trigger_telling *t;
    struct trigger_list accounts = {0};
    struct buf text = {0};

    x->tell = xrealloc(x->tell, (x->n + 1) * sizeof *x->tell);
    t = &x->tell[x->n++];
    trigger_outside_text(x->loop, w, h != NULL ? h : &none,
                         due == TRIGGER_TELL_BEGIN, &text);
    if (due == TRIGGER_TELL_BEGIN)
        accounts_of(x->loop, &h->def, x->arena, &accounts);
    *t = (struct trigger_telling){
        .handler = arena_strndup(x->arena, handler, strlen(handler)),
        .due = due,
        .since = w->state.since,
        .severity = w->defined ? w->def.severity : ALERT_INFO,
        .text = arena_strndup(x->arena, buf_cstr(&text), text.len),
        .accounts = (const char *const *)accounts.item,
        .n_accounts = accounts.n,
        .says_over = together && h->def.over};
    buf_clear(&text);
}

/* What alerts have to tell, in one job with the state. */
static void
plan_alerts(struct tell_job *x, struct watched *w, int64_t mono)
{
    for (size_t i = 0; i < w->state.n_pairs; i++) {
        struct trigger_pair *p = &w->state.pair[i];
        struct watched_handler *h = trigger_handler_find(x->loop, p->handler);
        bool together = go_together(w, h);
        bool wanted = together && has_method(&h->def, TRIGGER_ALERT);
        enum trigger_due due = trigger_due(&w->state, p, TRIGGER_ALERT, wanted);

        if (due == TRIGGER_NOTHING ||
            (due == TRIGGER_TELL_BEGIN &&
             (!is_admitted(w, p, h) ||
              (h->def.masters && !has_masters(x->loop, mono)))))
            continue;
        add_telling(x, w, h, p->handler, due, wanted);
    }
}

/* --- outside --- */

static void
tell_outside(struct trigger_loop *l, struct watched *w, struct trigger_pair *p,
             enum trigger_method m, int64_t mono)
{
    struct watched_handler *h = trigger_handler_find(l, p->handler);
    bool wanted = go_together(w, h) && has_method(&h->def, m);
    struct trigger_told *t = &p->told[m];
    enum trigger_due due = trigger_due(&w->state, p, m, wanted);

    if (due == TRIGGER_NOTHING || t->flying ||
        (t->tries > 0 && t->tries_of == w->state.since && mono < t->next))
        return;
    if (due == TRIGGER_TELL_OVER && (!wanted || !h->def.over)) {
        t->active = false; /* nobody wants to hear of it */
        t->since = w->state.since;
        w->dirty = true;
        return;
    }
    if (due == TRIGGER_TELL_BEGIN && !is_admitted(w, p, h))
        return;
    t->flying = trigger_outside_send(l, w, h, m, due == TRIGGER_TELL_BEGIN);
}

static void
plan_outside(struct trigger_loop *l, struct watched *w, int64_t mono)
{
    for (size_t i = 0; i < w->state.n_pairs; i++)
        for (enum trigger_method m = TRIGGER_MAIL; m < TRIGGER_METHODS; m++)
            tell_outside(l, w, &w->state.pair[i], m, mono);
}

/* --- a trigger --- */

static void
make_pairs(struct trigger_loop *l, struct watched *w)
{
    for (unsigned i = 0; w->state.active && i < w->def.handlers.n; i++) {
        char name[TRIGGER_NAME_MOST + 1];

        snprintf(name, sizeof name, "%s", w->def.handlers.item[i]);
        text_lower(name);
        if (go_together(w, trigger_handler_find(l, name)))
            (void)trigger_state_pair(&w->state, name);
    }
}

/* Those of handlers that the trigger tells nothing any more, and that have
 * nothing to take back. */
static void
drop_pairs(struct trigger_loop *l, struct watched *w)
{
    for (size_t i = w->state.n_pairs; i-- > 0;) {
        const struct trigger_pair *p = &w->state.pair[i];
        bool idle = !go_together(w, trigger_handler_find(l, p->handler));

        for (enum trigger_method m = 0; m < TRIGGER_METHODS; m++)
            idle = idle && !p->told[m].active && !p->told[m].flying;
        for (size_t k = 0; k < p->n_posts; k++)
            idle = idle && p->post[k].over;
        if (idle) {
            trigger_state_drop(&w->state, i);
            w->dirty = true;
        }
    }
}

/* Most triggers have nothing to tell, and are to cost next to nothing. */
static bool
is_due(struct trigger_loop *l, const struct watched *w)
{
    bool due = w->dirty || !w->defined;

    for (size_t i = 0; !due && i < w->state.n_pairs; i++) {
        const struct trigger_pair *p = &w->state.pair[i];
        const struct watched_handler *h = trigger_handler_find(l, p->handler);
        bool together = go_together(w, h);

        for (enum trigger_method m = 0; m < TRIGGER_METHODS; m++)
            due |= trigger_due(&w->state, p, m,
                               together && has_method(&h->def, m)) !=
                   TRIGGER_NOTHING;
    }
    return due;
}

void
trigger_send(struct trigger_loop *l, struct watched *w, int64_t mono)
{
    struct tell_job *x;

    if (w->busy || w->gone)
        return;
    make_pairs(l, w);
    drop_pairs(l, w);
    if (!is_due(l, w))
        return;
    x = new_job(l, "trigger", w->name);
    plan_alerts(x, w, mono);
    x->remove = !w->defined && w->state.n_pairs == 0;
    if ((x->n > 0 || w->dirty || x->remove) && mono >= w->retry) {
        trigger_state_copy(&x->in, &w->state);
        x->w = w;
        x->job.body = tell_body;
        x->job.finish = tell_finish;
        w->busy = true;
        w->dirty = false;
        job_submit(&x->job);
    } else {
        free_job(x);
    }
    if (!w->busy || w->refused)
        plan_outside(l, w, mono);
}

/* --- handlers --- */

static enum store_result
handler_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct tell_job *x = (struct tell_job *)j;

    return trigger_put(t, TRIGGER_HANDLERS, TRIGGER_STATE, x->name, x->text,
                       err);
}

static void
handler_finish(struct job *j)
{
    struct tell_job *x = (struct tell_job *)j;

    pthread_mutex_lock(&x->loop->lock);
    x->h->busy = false;
    x->h->dirty |= j->result != STORE_OK;
    pthread_mutex_unlock(&x->loop->lock);
    free_job(x);
}

void
trigger_save_handler(struct trigger_loop *l, struct watched_handler *h)
{
    struct tell_job *x;

    if (!h->dirty || h->busy || !h->defined)
        return;
    x = new_job(l, "handler", h->name);
    x->h = h;
    x->text = handler_state_text(&h->state);
    x->job.body = handler_body;
    x->job.finish = handler_finish;
    h->busy = true;
    h->dirty = false;
    job_submit(&x->job);
}

/* --- tests --- */

static enum store_result
test_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct tell_job *x = (struct tell_job *)j;
    const struct trigger_telling *tell = x->tell;
    struct admin_progress p = admin_parts_begin(&x->parts, t);
    struct admin_context c;
    enum store_result r = STORE_OK;

    job_context(&c, j, t, &x->caller);
    while (p.at < tell->n_accounts && p.at < TRIGGER_TELL_MOST) {
        struct errbuf why;
        uint64_t id;
        int code = 0;

        r = trigger_tell_once(&c, tell->accounts[p.at], ALERT_INFO, tell->text,
                              &id, &code, &why, err);
        if (r != STORE_OK)
            break;
        if (code != 200)
            x->told.why = why;
        p.at++;
        p.sum += code == 200;
    }
    if (r == STORE_AGAIN)
        admin_parts_set(&x->parts, t, &p);
    x->posted = (unsigned)p.sum;
    x->told.failed = (unsigned)(p.at - p.sum);
    return r;
}

static void
test_finish(struct job *j)
{
    struct tell_job *x = (struct tell_job *)j;
    char what[120];

    pthread_mutex_lock(&x->loop->lock);
    if (j->result != STORE_OK)
        snprintf(what, sizeof what, "%.110s", j->err.text);
    else if (x->told.failed > 0)
        snprintf(what, sizeof what, "%.110s", x->told.why.text);
    else
        snprintf(what, sizeof what, "%u accounts", x->posted);
    trigger_note_last(x->h, TRIGGER_ALERT,
                      j->result == STORE_OK && x->told.failed == 0, what);
    pthread_mutex_unlock(&x->loop->lock);
    free_job(x);
}

static void
test_alert(struct trigger_loop *l, struct watched_handler *h)
{
    struct tell_job *x = new_job(l, "handler", h->name);
    struct trigger_list accounts;
    struct buf text = {0};

    x->h = h;
    accounts_of(l, &h->def, x->arena, &accounts);
    trigger_outside_text(l, NULL, h, true, &text);
    x->tell = xcalloc(1, sizeof *x->tell);
    x->tell->text = arena_strndup(x->arena, buf_cstr(&text), text.len);
    x->tell->accounts = (const char *const *)accounts.item;
    x->tell->n_accounts = accounts.n;
    buf_clear(&text);
    x->job.body = test_body;
    x->job.finish = test_finish;
    job_submit(&x->job);
}

/* False: it is not known yet to whom. */
static bool
send_test(struct trigger_loop *l, struct watched_handler *h, int64_t mono)
{
    if (h->def.masters && !has_masters(l, mono))
        return false;
    if (has_method(&h->def, TRIGGER_ALERT))
        test_alert(l, h);
    for (enum trigger_method m = TRIGGER_MAIL; m < TRIGGER_METHODS; m++)
        if (has_method(&h->def, m) &&
            !trigger_outside_send(l, NULL, h, m, true))
            trigger_note_last(h, m, false, "too many notices wait");
    return true;
}

/* The definition of a new one may still be on its way. */
void
trigger_send_tests(struct trigger_loop *l, int64_t mono)
{
    for (unsigned i = 0; i < l->n_handlers; i++) {
        struct watched_handler *h = l->handler[i];
        bool comes = l->reload || l->loading || l->fresh != NULL;

        if (h->test)
            h->test = h->defined ? !send_test(l, h, mono) : comes;
    }
}
