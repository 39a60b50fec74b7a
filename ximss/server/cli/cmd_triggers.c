/* SPDX-License-Identifier: BSD-2-Clause */
/* Triggers and handlers by the CLI (ximss-cli(7)).  All of it is for Master: a
 * handler can run a program, and tells what the server is like. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/base/stat.h"
#include "ximss/server/cli/admin_call.h"
#include "ximss/server/rules/settings.h"
#include "ximss/server/rules/trigger_builtin.h"
#include "ximss/server/rules/trigger_state.h"

#define DEFINITION_BYTES 16384

static enum trigger_kind
kind_of(const struct admin_call *c)
{
    return (enum trigger_kind)c->command->detail;
}

static const char *
what_of(const struct admin_call *c)
{
    return kind_of(c) == TRIGGER_HANDLERS ? "handler" : "trigger";
}

/* --- arguments --- */

/* Letters, digits, "-", "_" and ".", so that it is the same in a log, a text and an
 * origin.  In small letters. */
static enum store_result
arg_name(struct admin_call *c, const char **name_r)
{
    const char *name = NULL;
    char *copy;
    enum store_result r = admin_arg_name(
        c, kind_of(c) == TRIGGER_HANDLERS ? "handler name" : "trigger name",
        &name);

    if (r != STORE_OK)
        return r;
    if (name[0] == '\0' || strlen(name) > TRIGGER_NAME_MOST ||
        name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          "0123456789-_.")] != '\0')
        return admin_refuse(c, ANSWER(BAD_TRIGGER_NAME), what_of(c));
    copy = arena_strndup(c->arena, name, strlen(name));
    text_lower(copy);
    *name_r = copy;
    return STORE_OK;
}

/* name, and nothing else, from a Master. */
static enum store_result
only_name(struct admin_call *c, const char **name_r)
{
    enum store_result r = arg_name(c, name_r);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    return r == STORE_OK ? admin_call_master(c) : r;
}

/* --- what is there --- */

/* The text in the arena; NULL: there is none. */
static enum store_result
read_part(struct admin_call *c, enum trigger_kind kind, enum trigger_part part,
          const char *name, const char **text_r, struct errbuf *err)
{
    char *text = NULL;
    enum store_result r = trigger_get(c->x->txn, kind, part, name, &text, err);

    *text_r = NULL;
    if (r == STORE_OK)
        *text_r = arena_strndup(c->arena, text, strlen(text));
    free(text);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* The definition in force.  501: there is none of that name. */
static enum store_result
find(struct admin_call *c, enum trigger_kind kind, const char *name,
     struct cli_value **dict_r, bool *builtin_r, struct errbuf *err)
{
    const char *text;
    enum store_result r =
        read_part(c, kind, TRIGGER_DEFINITION, name, &text, err);

    if (r != STORE_OK)
        return r;
    if (trigger_builtin_dict(c->arena, kind, name, text, dict_r, builtin_r,
                             err) != 0)
        return STORE_ERROR;
    if (text == NULL && !*builtin_r)
        return admin_refuse(c, ANSWER(NO_TRIGGER), what_of(c));
    return STORE_OK;
}

/* --- showing --- */

static void
add_text(struct admin_call *c, struct cli_value *dict, const char *key,
         const char *text)
{
    cli_data_set(c->arena, dict, key,
                 cli_data_string(c->arena, text, strlen(text)));
}

static enum store_result
add_trigger_state(struct admin_call *c, const char *name,
                  struct cli_value *dict, struct errbuf *err)
{
    struct trigger_state s;
    const char *text;
    enum store_result r =
        read_part(c, TRIGGER_TRIGGERS, TRIGGER_STATE, name, &text, err);

    if (r != STORE_OK)
        return r;
    trigger_state_read(&s, text);
    add_text(c, dict, "Active", s.active ? "YES" : "NO");
    if (s.since != 0) {
        cli_data_set(c->arena, dict, "Since", admin_time_value(c, s.since));
        cli_data_set(c->arena, dict, "Value",
                     admin_count_value(c, (uint64_t)s.value));
    }
    trigger_state_clear(&s);
    return STORE_OK;
}

static enum store_result
add_handler_state(struct admin_call *c, const char *name,
                  struct cli_value *dict, struct errbuf *err)
{
    static const char *const keys[TRIGGER_METHODS] = {"LastAlert", "LastMail",
                                                      "LastURL", "LastCommand"};
    struct handler_state s;
    const char *text;
    enum store_result r =
        read_part(c, TRIGGER_HANDLERS, TRIGGER_STATE, name, &text, err);

    if (r != STORE_OK)
        return r;
    handler_state_read(&s, text);
    cli_data_set(c->arena, dict, "Suppressed",
                 admin_count_value(c, s.suppressed));
    for (enum trigger_method m = 0; m < TRIGGER_METHODS; m++)
        if (s.last[m][0] != '\0')
            add_text(c, dict, keys[m], s.last[m]);
    return STORE_OK;
}

/* With what has become of it; nobody gets to see a secret. */
static enum store_result
describe(struct admin_call *c, const char *name, struct cli_value *dict,
         bool builtin, struct errbuf *err)
{
    if (builtin)
        add_text(c, dict, "BuiltIn", "YES");
    if (cli_data_find(dict, "Secret") != NULL)
        add_text(c, dict, "Secret", "***");
    return kind_of(c) == TRIGGER_HANDLERS
               ? add_handler_state(c, name, dict, err)
               : add_trigger_state(c, name, dict, err);
}

static enum store_result
get_one(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *dict = NULL;
    const char *name;
    bool builtin;
    enum store_result r = only_name(c, &name);

    if (r == STORE_OK)
        r = find(c, kind_of(c), name, &dict, &builtin, err);
    if (r == STORE_OK)
        r = describe(c, name, dict, builtin, err);
    if (r == STORE_OK)
        admin_result(c, dict);
    return r;
}

struct names {
    struct admin_call *c;
    struct cli_value *array;
};

static void
add_name(const char *name, const char *text, void *arg)
{
    struct names *n = arg;

    (void)text;
    for (const struct cli_value *v = n->array->first; v != NULL; v = v->next)
        if (strcmp(v->text, name) == 0)
            return; /* built in, and changed */
    cli_data_append(n->array, cli_data_string(n->c->arena, name, strlen(name)));
}

/* What is built in, and all that were set. */
static enum store_result
list_all(struct admin_call *c, struct errbuf *err)
{
    struct names n = {c, cli_data_array(c->arena)};
    const char *name;
    enum store_result r = admin_arg_end(c);

    if (r == STORE_OK)
        r = admin_call_master(c);
    for (unsigned i = 0;
         r == STORE_OK && (name = trigger_builtin_name(kind_of(c), i)) != NULL;
         i++)
        cli_data_append(n.array, cli_data_string(c->arena, name, strlen(name)));
    if (r == STORE_OK)
        r = trigger_walk(c->x->txn, kind_of(c), TRIGGER_DEFINITION, add_name,
                         &n, err);
    if (r == STORE_OK)
        admin_result(c, n.array);
    return r;
}

/* --- changing --- */

static enum store_result
check_handlers(struct admin_call *c, const struct trigger_def *d,
               struct errbuf *err)
{
    enum store_result r = STORE_OK;

    for (unsigned i = 0; r == STORE_OK && i < d->handlers.n; i++) {
        char *name = arena_strndup(c->arena, d->handlers.item[i],
                                   strlen(d->handlers.item[i]));
        struct cli_value *dict;
        bool builtin;

        text_lower(name);
        r = find(c, TRIGGER_HANDLERS, name, &dict, &builtin, err);
        if (r == STORE_REFUSED)
            r = admin_refuse(c, ANSWER(BAD_TRIGGER),
                             "Handlers: there is no such handler");
    }
    return r;
}

/* Which accounts there are is asked when they are to be told. */
static enum store_result
check(struct admin_call *c, const char *name, const struct cli_value *dict,
      struct errbuf *err)
{
    struct trigger_def d;
    struct handler_def h;
    struct errbuf why;

    if (kind_of(c) == TRIGGER_HANDLERS)
        return handler_def_read(c->arena, name, dict, &h, &why) == 0
                   ? STORE_OK
                   : admin_refuse(c, ANSWER(BAD_TRIGGER), why.text);
    if (trigger_def_read(c->arena, name, dict, &d, &why) != 0)
        return admin_refuse(c, ANSWER(BAD_TRIGGER), why.text);
    return check_handlers(c, &d, err);
}

static void
count_name(const char *name, const char *text, void *arg)
{
    (void)name;
    (void)text;
    ++*(unsigned *)arg;
}

/* One more, unless it is there already (text). */
static enum store_result
check_room(struct admin_call *c, const char *text, struct errbuf *err)
{
    unsigned n = 0, most = kind_of(c) == TRIGGER_HANDLERS
                               ? c->x->settings->max_handlers
                               : c->x->settings->max_triggers;
    enum store_result r = STORE_OK;

    if (text == NULL)
        r = trigger_walk(c->x->txn, kind_of(c), TRIGGER_DEFINITION, count_name,
                         &n, err);
    if (r == STORE_OK && text == NULL && n >= most)
        return admin_refuse(c, ANSWER(TOO_MANY_TRIGGERS), what_of(c), most);
    return r;
}

/* Lays the changes over what was set; a default takes a key away.  What is in
 * force then must be whole. */
static enum store_result
change(struct admin_call *c, const char *name, const char *text,
       const struct cli_value *changes, struct errbuf *err)
{
    struct cli_value *set, *dict;
    bool builtin;
    char *new;
    enum store_result r;

    if (settings_read(c->arena, text, &set, err) != 0)
        return STORE_ERROR;
    settings_update(c->arena, set, changes);
    new = settings_text(set);
    if (strlen(new) > DEFINITION_BYTES) {
        free(new);
        return admin_refuse(c, ANSWER(TOO_LONG), what_of(c), DEFINITION_BYTES);
    }
    if (trigger_builtin_dict(c->arena, kind_of(c), name, new, &dict, &builtin,
                             err) != 0)
        r = STORE_ERROR;
    else
        r = check(c, name, dict, err);
    if (r == STORE_OK && (text == NULL || strcmp(text, new) != 0)) {
        r = trigger_put(c->x->txn, kind_of(c), TRIGGER_DEFINITION, name, new,
                        err);
        effect_add(c->x->effects, EFFECT_TRIGGERS_CHANGED);
    }
    free(new);
    return r;
}

/* name {dictionary} */
static enum store_result
set_one(struct admin_call *c, struct errbuf *err)
{
    const struct cli_value *changes = NULL;
    const char *name, *text = NULL;
    enum store_result r = arg_name(c, &name);

    if (r == STORE_OK)
        r = admin_arg_value(c, CLI_DICTIONARY, "dictionary", &changes);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_master(c);
    if (r == STORE_OK)
        r = read_part(c, kind_of(c), TRIGGER_DEFINITION, name, &text, err);
    if (r == STORE_OK)
        r = check_room(c, text, err);
    return r == STORE_OK ? change(c, name, text, changes, err) : r;
}

struct use {
    struct admin_call *c;
    const char *handler;
    char by[TRIGGER_NAME_MOST + 1];
};

static void
look_for_use(const char *name, const char *text, void *arg)
{
    struct use *u = arg;
    struct cli_value *dict;
    struct trigger_def d;
    struct errbuf why;
    bool builtin;

    if (trigger_builtin_dict(u->c->arena, TRIGGER_TRIGGERS, name, text, &dict,
                             &builtin, &why) == 0 &&
        trigger_def_read(u->c->arena, name, dict, &d, &why) == 0 &&
        trigger_list_has(&d.handlers, u->handler))
        snprintf(u->by, sizeof u->by, "%s", name);
}

/* A handler that a trigger names stays: nobody is to believe that somebody is
 * told. */
static enum store_result
check_unused(struct admin_call *c, const char *name, struct errbuf *err)
{
    struct use u = {.c = c, .handler = name};
    enum store_result r = trigger_walk(
        c->x->txn, TRIGGER_TRIGGERS, TRIGGER_DEFINITION, look_for_use, &u, err);

    if (r == STORE_OK && u.by[0] != '\0')
        return admin_refuse(c, ANSWER(HANDLER_IN_USE), u.by);
    return r;
}

/* What is built in is as it was at first.  A state stays until what was begun is
 * over. */
static enum store_result
remove_one(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *dict;
    const char *name;
    bool builtin = false;
    enum store_result r = only_name(c, &name);

    if (r == STORE_OK)
        r = find(c, kind_of(c), name, &dict, &builtin, err);
    if (r == STORE_OK && kind_of(c) == TRIGGER_HANDLERS && !builtin)
        r = check_unused(c, name, err);
    if (r != STORE_OK)
        return r;
    r = trigger_remove(c->x->txn, kind_of(c), TRIGGER_DEFINITION, name, err);
    if (r == STORE_OK)
        effect_add(c->x->effects, EFFECT_TRIGGERS_CHANGED);
    if (r == STORE_OK && kind_of(c) == TRIGGER_HANDLERS && !builtin)
        r = trigger_remove(c->x->txn, TRIGGER_HANDLERS, TRIGGER_STATE, name,
                           err);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* What comes of it GETHANDLER says: LastMail and the like. */
static enum store_result
test_handler(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *dict;
    const char *name;
    bool builtin;
    enum store_result r = only_name(c, &name);

    if (r == STORE_OK)
        r = find(c, TRIGGER_HANDLERS, name, &dict, &builtin, err);
    if (r == STORE_OK)
        effect_add(c->x->effects, EFFECT_HANDLER_TEST)->account.name =
            xstrdup(name);
    return r;
}

static const struct admin_command commands[] = {
    {.name = "LISTTRIGGERS", .run = list_all, .detail = TRIGGER_TRIGGERS},
    {.name = "GETTRIGGER", .run = get_one, .detail = TRIGGER_TRIGGERS},
    ADMIN_CHANGE("SETTRIGGER", set_one, TRIGGER_TRIGGERS),
    ADMIN_CHANGE("REMOVETRIGGER", remove_one, TRIGGER_TRIGGERS),
    {.name = "LISTHANDLERS", .run = list_all, .detail = TRIGGER_HANDLERS},
    {.name = "GETHANDLER", .run = get_one, .detail = TRIGGER_HANDLERS},
    ADMIN_CHANGE("SETHANDLER", set_one, TRIGGER_HANDLERS),
    ADMIN_CHANGE("REMOVEHANDLER", remove_one, TRIGGER_HANDLERS),
    ADMIN_CHANGE("TESTHANDLER", test_handler, TRIGGER_HANDLERS),
};

const struct admin_family admin_trigger_family = {
    commands, sizeof commands / sizeof commands[0]};
