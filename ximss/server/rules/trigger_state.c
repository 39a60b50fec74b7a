/* SPDX-License-Identifier: BSD-2-Clause */
/* State of triggers and handlers as dictionaries, which can be read by people in a
 * dump of the store, and can get keys that older programs pass over. */
#include "config.h"

#include "ximss/server/rules/trigger_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/rules/settings.h"

static const char *const methods[TRIGGER_METHODS] = {"alert", "mail", "url",
                                                     "command"};

const char *
trigger_method_name(enum trigger_method m)
{
    return methods[m];
}

/* --- in memory --- */

void
trigger_state_clear(struct trigger_state *s)
{
    for (size_t i = 0; i < s->n_pairs; i++)
        free(s->pair[i].post);
    free(s->pair);
    *s = (struct trigger_state){0};
}

static void *
duplicate(const void *from, size_t bytes)
{
    return bytes > 0 ? xmemdup(from, bytes) : NULL;
}

void
trigger_state_copy(struct trigger_state *to, const struct trigger_state *from)
{
    *to = *from;
    to->pair = duplicate(from->pair, from->n_pairs * sizeof *to->pair);
    for (size_t i = 0; i < to->n_pairs; i++)
        to->pair[i].post =
            duplicate(from->pair[i].post,
                      from->pair[i].n_posts * sizeof *to->pair[i].post);
}

struct trigger_pair *
trigger_state_pair(struct trigger_state *s, const char *handler)
{
    struct trigger_pair *p;

    for (size_t i = 0; i < s->n_pairs; i++)
        if (strcmp(s->pair[i].handler, handler) == 0)
            return &s->pair[i];
    s->pair = xrealloc(s->pair, (s->n_pairs + 1) * sizeof *s->pair);
    p = &s->pair[s->n_pairs++];
    *p = (struct trigger_pair){0};
    snprintf(p->handler, sizeof p->handler, "%s", handler);
    return p;
}

void
trigger_state_drop(struct trigger_state *s, size_t i)
{
    free(s->pair[i].post);
    s->pair[i] = s->pair[--s->n_pairs];
}

/* --- what is due --- */

enum trigger_due
trigger_due(const struct trigger_state *s, const struct trigger_pair *p,
            enum trigger_method m, bool wanted)
{
    const struct trigger_told *t = &p->told[m];

    if (s->active && wanted)
        return t->active && t->since == s->since ? TRIGGER_NOTHING
                                                 : TRIGGER_TELL_BEGIN;
    return t->active ? TRIGGER_TELL_OVER : TRIGGER_NOTHING;
}

bool
trigger_window_admits(struct trigger_window *w, unsigned limit, int64_t period,
                      int64_t now)
{
    if (now - w->since >= period || now < w->since) {
        w->since = now;
        w->count = 0;
    }
    if (w->count >= limit)
        return false;
    w->count++;
    return true;
}

/* --- to text --- */

static void
write_number(struct buf *b, const char *key, int64_t n)
{
    if (n != 0)
        buf_appendf(b, "%s=\"%" PRId64 "\";", key, n);
}

static void
write_window(struct buf *b, const struct trigger_window *w)
{
    write_number(b, "Window", w->since);
    write_number(b, "Count", w->count);
}

static void
write_pair(struct buf *b, const struct trigger_pair *p)
{
    cli_data_write_string(b, p->handler, strlen(p->handler));
    buf_append_str(b, "={");
    for (enum trigger_method m = 0; m < TRIGGER_METHODS; m++)
        if (p->told[m].since != 0 || p->told[m].active)
            buf_appendf(b, "%s=\"%c%" PRId64 "\";", methods[m],
                        p->told[m].active ? '+' : '-', p->told[m].since);
    write_number(b, "Admitted", p->admitted);
    write_number(b, "Suppressed", p->suppressed);
    write_number(b, "Posted", p->posted);
    write_window(b, &p->own);
    buf_append_str(b, "Posts=(");
    for (size_t i = 0; i < p->n_posts; i++)
        buf_appendf(b, "%s\"%" PRIu64 ":%" PRIu64 "%s\"", i > 0 ? "," : "",
                    p->post[i].account, p->post[i].alert,
                    p->post[i].over ? ":over" : "");
    buf_append_str(b, ");};");
}

char *
trigger_state_text(const struct trigger_state *s)
{
    struct buf b = {0};

    buf_appendf(&b, "{Active=%s;", s->active ? "YES" : "NO");
    write_number(&b, "Since", s->since);
    write_number(&b, "Value", s->value);
    buf_append_str(&b, "Handlers={");
    for (size_t i = 0; i < s->n_pairs; i++)
        write_pair(&b, &s->pair[i]);
    buf_append_str(&b, "};}");
    return buf_take(&b);
}

char *
handler_state_text(const struct handler_state *s)
{
    struct buf b = {0};

    buf_append_char(&b, '{');
    write_window(&b, &s->window);
    write_number(&b, "Suppressed", (int64_t)s->suppressed);
    for (enum trigger_method m = 0; m < TRIGGER_METHODS; m++) {
        if (s->last[m][0] == '\0')
            continue;
        buf_appendf(&b, "%s=", methods[m]);
        cli_data_write_string(&b, s->last[m], strlen(s->last[m]));
        buf_append_char(&b, ';');
    }
    buf_append_char(&b, '}');
    return buf_take(&b);
}

/* --- from text --- */

static int64_t
number(const struct cli_value *dict, const char *key)
{
    const char *text = settings_string(dict, key);

    return text != NULL ? strtoll(text, NULL, 10) : 0;
}

static struct trigger_window
read_window(const struct cli_value *dict)
{
    return (struct trigger_window){number(dict, "Window"),
                                   (unsigned)number(dict, "Count")};
}

static void
read_posts(struct trigger_pair *p, const struct cli_value *list)
{
    if (list == NULL || list->kind != CLI_ARRAY || list->n == 0)
        return;
    p->post = xcalloc(list->n, sizeof *p->post);
    for (const struct cli_value *v = list->first; v != NULL; v = v->next) {
        struct trigger_post *post = &p->post[p->n_posts];
        char over[5] = "";

        if (v->text == NULL || sscanf(v->text, "%" SCNu64 ":%" SCNu64 ":%4s",
                                      &post->account, &post->alert, over) < 2)
            continue;
        post->over = over[0] != '\0';
        p->n_posts++;
    }
}

static void
read_pair(struct trigger_pair *p, const struct cli_value *dict)
{
    for (enum trigger_method m = 0; m < TRIGGER_METHODS; m++) {
        const char *text = settings_string(dict, methods[m]);

        if (text == NULL || (text[0] != '+' && text[0] != '-'))
            continue;
        p->told[m].active = text[0] == '+';
        p->told[m].since = strtoll(text + 1, NULL, 10);
    }
    p->admitted = number(dict, "Admitted");
    p->suppressed = number(dict, "Suppressed");
    p->posted = number(dict, "Posted");
    p->own = read_window(dict);
    read_posts(p, cli_data_find(dict, "Posts"));
}

void
trigger_state_read(struct trigger_state *s, const char *text)
{
    struct arena *arena = arena_new();
    struct cli_value *dict;
    const struct cli_value *pairs;
    const char *active;
    struct errbuf why;

    *s = (struct trigger_state){0};
    if (settings_read(arena, text, &dict, &why) == 0) {
        active = settings_string(dict, "Active");
        s->active = active != NULL && strcmp(active, "YES") == 0;
        s->since = number(dict, "Since");
        s->value = number(dict, "Value");
        pairs = cli_data_find(dict, "Handlers");
        if (pairs != NULL && pairs->kind == CLI_DICTIONARY)
            for (const struct cli_value *v = pairs->first; v != NULL;
                 v = v->next)
                if (v->kind == CLI_DICTIONARY)
                    read_pair(trigger_state_pair(s, v->key), v);
    }
    arena_free(&arena);
}

void
handler_state_read(struct handler_state *s, const char *text)
{
    struct arena *arena = arena_new();
    struct cli_value *dict;
    struct errbuf why;

    *s = (struct handler_state){0};
    if (settings_read(arena, text, &dict, &why) == 0) {
        s->window = read_window(dict);
        s->suppressed = (uint64_t)number(dict, "Suppressed");
        for (enum trigger_method m = 0; m < TRIGGER_METHODS; m++) {
            const char *last = settings_string(dict, methods[m]);

            snprintf(s->last[m], sizeof s->last[m], "%s",
                     last != NULL ? last : "");
        }
    }
    arena_free(&arena);
}
