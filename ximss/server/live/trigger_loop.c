/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/live/trigger_loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/base/configuration.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/trigger_private.h"

/* So long a figure may be unknown before what it set off is over. */
#define UNKNOWN_MOST (600 * CLOCK_SECOND)

struct watched_handler *
trigger_handler_find(struct trigger_loop *l, const char *name)
{
    for (unsigned i = 0; i < l->n_handlers; i++)
        if (strcmp(l->handler[i]->name, name) == 0)
            return l->handler[i];
    return NULL;
}

struct watched_handler *
trigger_handler_of(struct trigger_loop *l, const char *name)
{
    struct watched_handler *h = trigger_handler_find(l, name);

    if (h != NULL)
        return h;
    h = xcalloc(1, sizeof *h);
    snprintf(h->name, sizeof h->name, "%s", name);
    l->handler = xrealloc(l->handler, (l->n_handlers + 1) *
                                          sizeof(struct watched_handler *));
    l->handler[l->n_handlers++] = h;
    return h;
}

/* --- looking --- */

void
trigger_set_active(struct watched *w, bool active, int64_t value)
{
    int64_t now = clock_now();

    /* Each change has a time of its own, by which it is known. */
    if (now <= w->state.since)
        now = w->state.since + 1;
    w->state.active = w->watch.active = active;
    w->state.since = now;
    w->state.value = value;
    w->dirty = true;
    log_info("trigger %s %s: %s is %" PRId64, w->name,
             active ? "begins" : "is over",
             w->def.element != NULL ? w->def.element : "it", value);
}

/* False: it is not known. */
static bool
figure_of(const struct watched *w, int64_t *figure_r)
{
    int64_t figure = stat_get(w->element), of;

    *figure_r = figure;
    if (figure < 0 || w->of == STAT_N)
        return figure >= 0;
    of = stat_get(w->of);
    if (of <= 0)
        return false;
    *figure_r = (int64_t)((__int128)figure * 100 / of);
    return true;
}

static void
look(struct watched *w, int64_t mono)
{
    int64_t figure;

    if (!w->defined || !w->def.enabled)
        return;
    if (!figure_of(w, &figure)) {
        if (w->unknown == 0)
            w->unknown = mono;
        if (w->state.active && mono - w->unknown >= UNKNOWN_MOST)
            trigger_set_active(w, false, w->state.value);
        return;
    }
    w->unknown = 0;
    switch (trigger_rule_look(&w->def.rule, &w->watch, figure, mono)) {
    case TRIGGER_SAME:
        break;
    case TRIGGER_BEGINS:
        trigger_set_active(w, true, w->watch.value);
        break;
    case TRIGGER_OVER:
        trigger_set_active(w, false, w->watch.value);
        break;
    }
}

/* --- what is gone --- */

static bool
is_flying(const struct trigger_loop *l, const struct watched *w)
{
    for (size_t i = 0; i < TRIGGER_FLIGHTS; i++)
        if (l->flight[i].used && l->flight[i].trigger == w)
            return true;
    return false;
}

static void
free_trigger(struct watched *w)
{
    trigger_state_clear(&w->state);
    free(w->text);
    free(w);
}

static void
free_handler(struct watched_handler *h)
{
    free(h->text);
    free(h);
}

static void
drop_gone(struct trigger_loop *l)
{
    for (unsigned i = 0; i < l->n_triggers;) {
        struct watched *w = l->trigger[i];

        if (!w->gone || w->defined || w->busy || is_flying(l, w)) {
            i++;
            continue;
        }
        free_trigger(w);
        memmove(&l->trigger[i], &l->trigger[i + 1],
                (--l->n_triggers - i) * sizeof(struct watched *));
    }
}

/* --- the whole --- */

static void
look_at_all(struct trigger_loop *l, int64_t mono)
{
    int64_t active = 0;

    for (unsigned i = 0; i < l->n_triggers; i++) {
        struct watched *w = l->trigger[i];

        look(w, mono);
        active += w->state.active;
        if (w->dirty || w->state.active || w->state.n_pairs > 0 || !w->defined)
            trigger_send(l, w, mono);
    }
    stat_set(STAT_TRIGGERS_ACTIVE, active);
    trigger_send_tests(l, mono);
    for (unsigned i = 0; i < l->n_handlers; i++)
        trigger_save_handler(l, l->handler[i]);
    drop_gone(l);
}

void
trigger_loop_tick(struct trigger_loop *l)
{
    pthread_mutex_lock(&l->lock);
    if (!l->stopped) {
        trigger_load_take(l);
        if (l->reload && !l->loading)
            trigger_load_begin(l);
        if (l->loaded)
            look_at_all(l, clock_mono());
    }
    pthread_mutex_unlock(&l->lock);
}

void
trigger_loop_changed(struct trigger_loop *l)
{
    pthread_mutex_lock(&l->lock);
    l->reload = true;
    pthread_mutex_unlock(&l->lock);
}

void
trigger_loop_test(struct trigger_loop *l, const char *handler)
{
    pthread_mutex_lock(&l->lock);
    trigger_handler_of(l, handler)->test = true;
    pthread_mutex_unlock(&l->lock);
}

struct trigger_loop *
trigger_loop_new(struct server *s)
{
    struct trigger_loop *l = xcalloc(1, sizeof *l);

    l->server = s;
    l->reload = true;
    l->arena = arena_new();
    pthread_mutex_init(&l->lock, NULL);
    if (s->config->hostname[0] != '\0')
        snprintf(l->server_name, sizeof l->server_name, "%s",
                 s->config->hostname);
    else if (gethostname(l->server_name, sizeof l->server_name - 1) != 0)
        snprintf(l->server_name, sizeof l->server_name, "this server");
    return l;
}

void
trigger_loop_sent(uint64_t tag, bool ok, const char *why, void *arg)
{
    struct trigger_loop *l = arg;

    pthread_mutex_lock(&l->lock);
    trigger_outside_sent(l, &l->flight[tag], ok, why != NULL ? why : "");
    pthread_mutex_unlock(&l->lock);
}

/* --- end --- */

void
trigger_loop_stop(struct trigger_loop *l)
{
    pthread_mutex_lock(&l->lock);
    l->stopped = true;
    pthread_mutex_unlock(&l->lock);
}

/* A trigger with a job under way has its state in the store already. */
static enum store_result
save_body(struct store_txn *t, void *arg, struct errbuf *err)
{
    struct trigger_loop *l = arg;
    enum store_result r = STORE_OK;

    for (unsigned i = 0; r == STORE_OK && i < l->n_triggers; i++) {
        struct watched *w = l->trigger[i];
        char *text;

        if (!w->dirty || w->busy || w->gone)
            continue;
        text = trigger_state_text(&w->state);
        r = trigger_put(t, TRIGGER_TRIGGERS, TRIGGER_STATE, w->name, text, err);
        free(text);
    }
    for (unsigned i = 0; r == STORE_OK && i < l->n_handlers; i++) {
        struct watched_handler *h = l->handler[i];
        char *text = handler_state_text(&h->state);

        if (h->dirty && h->defined)
            r = trigger_put(t, TRIGGER_HANDLERS, TRIGGER_STATE, h->name, text,
                            err);
        free(text);
    }
    return r;
}

void
trigger_loop_save(struct trigger_loop *l)
{
    struct errbuf err;

    if (l->loaded &&
        store_run(l->server->store, save_body, l, &err) != STORE_OK)
        log_warn("storing what triggers have told: %s", err.text);
}

void
trigger_loop_free(struct trigger_loop **lp)
{
    struct trigger_loop *l = *lp;

    *lp = NULL;
    if (l == NULL)
        return;
    for (unsigned i = 0; i < l->n_triggers; i++)
        free_trigger(l->trigger[i]);
    for (unsigned i = 0; i < l->n_handlers; i++)
        free_handler(l->handler[i]);
    free(l->trigger);
    free(l->handler);
    trigger_load_free(&l->fresh);
    arena_free(&l->arena);
    arena_free(&l->masters_arena);
    free(l->masters.item);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
