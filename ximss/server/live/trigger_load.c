/* SPDX-License-Identifier: BSD-2-Clause */
/* Definitions of triggers and handlers, from the store into memory.  The writer
 * only copies their texts; they are understood by the main thread.
 *
 * The states are read once, at the start.  From then on what is in memory is newer
 * than what is in the store, and a load that runs late cannot put it back. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/xmalloc.h"
#include "ximss/server/live/shared.h"
#include "ximss/server/live/trigger_private.h"
#include "ximss/server/rules/settings.h"
#include "ximss/server/rules/trigger_builtin.h"

struct named {
    char *name, *text;
};

struct named_list {
    struct named *item;
    size_t n;
};

struct trigger_load {
    struct job job;
    struct trigger_loop *loop;
    bool states;
    struct named_list list[2][2]; /* by kind, definition or state */
};

static void
add_named(const char *name, const char *text, void *arg)
{
    struct named_list *l = arg;

    l->item = xrealloc(l->item, (l->n + 1) * sizeof *l->item);
    l->item[l->n++] = (struct named){xstrdup(name), xstrdup(text)};
}

static void
clear_lists(struct trigger_load *x)
{
    for (size_t i = 0; i < 4; i++) {
        struct named_list *l = &x->list[i / 2][i % 2];

        for (size_t k = 0; k < l->n; k++) {
            free(l->item[k].name);
            free(l->item[k].text);
        }
        free(l->item);
        *l = (struct named_list){0};
    }
}

void
trigger_load_free(struct trigger_load **xp)
{
    if (*xp == NULL)
        return;
    clear_lists(*xp);
    job_clear(&(*xp)->job);
    free(*xp);
    *xp = NULL;
}

static enum store_result
load_body(struct job *j, struct store_txn *t, struct errbuf *err)
{
    struct trigger_load *x = (struct trigger_load *)j;
    enum store_result r = STORE_OK;

    clear_lists(x); /* it may be a second try */
    for (enum trigger_kind k = TRIGGER_TRIGGERS;
         r == STORE_OK && k <= TRIGGER_HANDLERS; k++) {
        r = trigger_walk(t, k, TRIGGER_DEFINITION, add_named, &x->list[k][0],
                         err);
        if (r == STORE_OK && x->states)
            r = trigger_walk(t, k, TRIGGER_STATE, add_named, &x->list[k][1],
                             err);
    }
    return r;
}

static void
load_finish(struct job *j)
{
    struct trigger_load *x = (struct trigger_load *)j;
    struct trigger_loop *l = x->loop;

    pthread_mutex_lock(&l->lock);
    l->loading = false;
    if (j->result == STORE_OK) {
        trigger_load_free(&l->fresh);
        l->fresh = x;
        x = NULL;
    } else {
        l->reload = true;
        log_warn("reading triggers: %s (tried again)", j->err.text);
    }
    pthread_mutex_unlock(&l->lock);
    trigger_load_free(&x);
}

void
trigger_load_begin(struct trigger_loop *l)
{
    struct trigger_load *x = xcalloc(1, sizeof *x);

    l->reload = false; /* set again by what is committed from now on */
    l->loading = true;
    job_init(&x->job, l->server, NULL);
    x->loop = l;
    x->states = !l->loaded;
    x->job.body = load_body;
    x->job.finish = load_finish;
    job_submit(&x->job);
}

/* --- taking it --- */

static struct watched *
trigger_of(struct trigger_loop *l, const char *name)
{
    struct watched *w;

    for (unsigned i = 0; i < l->n_triggers; i++)
        if (strcmp(l->trigger[i]->name, name) == 0)
            return l->trigger[i];
    w = xcalloc(1, sizeof *w);
    snprintf(w->name, sizeof w->name, "%s", name);
    l->trigger =
        xrealloc(l->trigger, (l->n_triggers + 1) * sizeof(struct watched *));
    l->trigger[l->n_triggers++] = w;
    return w;
}

/* What was measured by another definition is of no use. */
static void
define(struct watched *w, struct cli_value *dict)
{
    char *text = settings_text(dict);

    w->defined = true;
    w->gone = false;
    w->element = stat_find(w->def.element);
    w->of = w->def.of != NULL ? stat_find(w->def.of) : STAT_N;
    if (w->text == NULL || strcmp(w->text, text) != 0)
        w->watch = (struct trigger_watch){.active = w->state.active};
    free(w->text);
    w->text = text;
}

/* What another definition could not send is tried at once. */
static void
define_handler(struct trigger_loop *l, struct watched_handler *h,
               struct cli_value *dict)
{
    char *text = settings_text(dict);
    bool same = h->text != NULL && strcmp(h->text, text) == 0;

    free(h->text);
    h->text = text;
    for (unsigned i = 0; !same && i < l->n_triggers; i++) {
        struct trigger_state *s = &l->trigger[i]->state;

        for (size_t k = 0; k < s->n_pairs; k++)
            if (strcmp(s->pair[k].handler, h->name) == 0)
                for (enum trigger_method m = 0; m < TRIGGER_METHODS; m++)
                    s->pair[k].told[m].tries = 0;
    }
}

static void
take_one(struct trigger_loop *l, enum trigger_kind kind, const char *name,
         const char *text)
{
    struct cli_value *dict;
    struct watched_handler *h;
    struct watched *w;
    struct errbuf why;
    bool builtin;
    int r =
        trigger_builtin_dict(l->arena, kind, name, text, &dict, &builtin, &why);

    if (kind == TRIGGER_TRIGGERS) {
        w = trigger_of(l, name);
        if (r == 0)
            r = trigger_def_read(l->arena, name, dict, &w->def, &why);
        w->def.builtin = builtin;
        if (r == 0)
            define(w, dict);
    } else {
        h = trigger_handler_of(l, name);
        if (r == 0)
            r = handler_def_read(l->arena, name, dict, &h->def, &why);
        h->def.builtin = builtin;
        h->defined = r == 0;
        if (r == 0)
            define_handler(l, h, dict);
    }
    if (r != 0)
        log_warn("%s %s is without effect: %s",
                 kind == TRIGGER_TRIGGERS ? "trigger" : "handler", name,
                 why.text);
}

static const char *
text_of(const struct named_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->item[i].name, name) == 0)
            return l->item[i].text;
    return NULL;
}

static bool
is_builtin(enum trigger_kind kind, const char *name)
{
    const char *b;

    for (unsigned i = 0; (b = trigger_builtin_name(kind, i)) != NULL; i++)
        if (strcmp(b, name) == 0)
            return true;
    return false;
}

static void
take_definitions(struct trigger_loop *l, enum trigger_kind kind,
                 const struct named_list *stored)
{
    const char *name;

    for (unsigned i = 0; (name = trigger_builtin_name(kind, i)) != NULL; i++)
        take_one(l, kind, name, text_of(stored, name));
    for (size_t i = 0; i < stored->n; i++)
        if (!is_builtin(kind, stored->item[i].name))
            take_one(l, kind, stored->item[i].name, stored->item[i].text);
}

static void
take_states(struct trigger_loop *l, const struct trigger_load *x)
{
    const struct named_list *t = &x->list[TRIGGER_TRIGGERS][1],
                            *h = &x->list[TRIGGER_HANDLERS][1];

    for (size_t i = 0; i < t->n; i++)
        trigger_state_read(&trigger_of(l, t->item[i].name)->state,
                           t->item[i].text);
    for (size_t i = 0; i < h->n; i++)
        handler_state_read(&trigger_handler_of(l, h->item[i].name)->state,
                           h->item[i].text);
}

void
trigger_load_take(struct trigger_loop *l)
{
    struct trigger_load *x = l->fresh;
    struct arena *old = l->arena;

    if (x == NULL)
        return;
    l->fresh = NULL;
    l->arena = arena_new();
    if (!l->loaded)
        take_states(l, x);
    l->loaded = true;
    for (unsigned i = 0; i < l->n_triggers; i++)
        l->trigger[i]->defined = false;
    for (unsigned i = 0; i < l->n_handlers; i++)
        l->handler[i]->defined = false;
    take_definitions(l, TRIGGER_HANDLERS, &x->list[TRIGGER_HANDLERS][0]);
    take_definitions(l, TRIGGER_TRIGGERS, &x->list[TRIGGER_TRIGGERS][0]);
    for (unsigned i = 0; i < l->n_handlers; i++)
        if (!l->handler[i]->defined)
            l->handler[i]->def = (struct handler_def){0};
    for (unsigned i = 0; i < l->n_triggers; i++) {
        struct watched *w = l->trigger[i];

        if (!w->defined)
            w->def = (struct trigger_def){0};
        if (w->state.active && (!w->defined || !w->def.enabled))
            trigger_set_active(w, false, w->state.value);
    }
    arena_free(&old);
    trigger_load_free(&x);
}
