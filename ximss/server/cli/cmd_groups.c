/* SPDX-License-Identifier: BSD-2-Clause */
/* Groups by the CLI (doc/cli.md 4).  A group is settings, its members among
 * them.  Members are texts: they may be anywhere, and nothing that happens to an
 * account changes them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "ximss/server/cli/admin_object.h"
#include "ximss/server/rules/settings.h"

/* Of a group's settings without its members. */
#define SETTINGS_BYTES   65536
#define SETTINGS_ENTRIES 1000

/* Of settings, read in the time of one unit of work. */
#define BYTES_READ 128

#define MEMBERS "Members"

/* --- settings --- */

/* had: as many as it had are never too many, should the limit be lower now. */
static enum store_result
check_members(struct admin_call *c, const struct cli_value *members,
              unsigned had)
{
    unsigned most = c->x->settings->max_members;

    if (members == NULL)
        return STORE_OK;
    if (members->kind != CLI_ARRAY)
        return admin_refuse(c, ANSWER(BAD_MEMBERS));
    if (members->n > most && members->n > had)
        return admin_refuse(c, ANSWER(TOO_MANY_MEMBERS), most);
    for (const struct cli_value *v = members->first; v != NULL; v = v->next)
        if (v->kind != CLI_STRING || !admin_object_is_address(v->text))
            return admin_refuse(c, ANSWER(BAD_MEMBERS));
    return STORE_OK;
}

static size_t
bytes_of(const struct cli_value *v)
{
    struct buf b = {0};
    size_t len;

    if (v != NULL)
        cli_data_write(&b, v);
    len = b.len;
    buf_clear(&b);
    return len;
}

/* Puts changes (which may be NULL) into the settings; those without a value, and
 * "default", are taken away. */
static enum store_result
lay_over(struct admin_call *c, struct cli_value *dict,
         const struct cli_value *changes)
{
    if (changes == NULL)
        return STORE_OK;
    if (changes->n > SETTINGS_ENTRIES)
        return admin_refuse(c, ANSWER(TOO_MANY_SETTINGS));
    settings_update(c->arena, dict, changes);
    return STORE_OK;
}

/* The text to store (the caller frees) of settings. */
static enum store_result
group_text(struct admin_call *c, const struct cli_value *dict, unsigned had,
           char **text_r)
{
    const struct cli_value *members = cli_data_find(dict, MEMBERS);
    enum store_result r = check_members(c, members, had);

    if (r == STORE_OK && dict->n > SETTINGS_ENTRIES)
        r = admin_refuse(c, ANSWER(TOO_MANY_SETTINGS));
    if (r != STORE_OK)
        return r;
    *text_r = settings_text(dict);
    if (strlen(*text_r) - bytes_of(members) <= SETTINGS_BYTES)
        return STORE_OK;
    free(*text_r);
    *text_r = NULL;
    return admin_refuse(c, ANSWER(TOO_MANY_SETTINGS));
}

/* --- whole groups --- */

/* name [settings] */
static enum store_result
create_group(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *dict = cli_data_dictionary(c->arena);
    const struct cli_value *settings = NULL;
    const char *address;
    char *text = NULL;
    enum store_result r = admin_object_arg(c, false, &address);

    if (r == STORE_OK && admin_arg_peek(c) != NULL)
        r = admin_arg_value(c, CLI_DICTIONARY, "dictionary", &settings);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = lay_over(c, dict, settings);
    if (r == STORE_OK)
        r = group_text(c, dict, 0, &text);
    if (r == STORE_OK)
        r = admin_object_create(c, address, text, err);
    free(text);
    return r;
}

/* The settings are kept as they are written. */
static enum store_result
get_group(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct object_rec o = {0};
    enum store_result r = admin_object_only(c, NEED_READ, &d, &o, err);

    if (r == STORE_OK)
        buf_append_str(&c->answer->data, o.text[0] != '\0' ? o.text : "{}");
    admin_object_clear(&d, &o);
    return r;
}

static enum store_result
put_group(struct admin_call *c, struct object_rec *o,
          const struct cli_value *dict, unsigned had, struct errbuf *err)
{
    char *text = NULL;
    enum store_result r = group_text(c, dict, had, &text);

    if (r != STORE_OK)
        return r;
    if (strcmp(text, o->text) == 0) {
        free(text);
        return STORE_OK;
    }
    free(o->text);
    o->text = text;
    return object_put(c->x->txn, o, err);
}

/* name settings, which take the place of all that were there */
static enum store_result
set_group(struct admin_call *c, struct errbuf *err)
{
    struct cli_value *dict = cli_data_dictionary(c->arena);
    const struct cli_value *settings = NULL;
    struct domain_rec d = {0};
    struct object_rec o = {0};
    const char *address;
    enum store_result r = admin_object_arg(c, false, &address);

    if (r == STORE_OK)
        r = admin_arg_value(c, CLI_DICTIONARY, "dictionary", &settings);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_object_find(c, address, RIGHT_CREATE_GROUPS, &d, &o, err);
    if (r == STORE_OK)
        r = lay_over(c, dict, settings);
    if (r == STORE_OK)
        r = put_group(c, &o, dict, 0, err);
    admin_object_clear(&d, &o);
    return r;
}

/* --- changing some of it: one command, so that what two administrators change
 * at a time is all done --- */

struct update {
    const char *name;
    const struct cli_value *settings, *add, *remove; /* NULL: none */
};

/* name [settings] [ADD array] [REMOVE array] */
static enum store_result
read_update(struct admin_call *c, struct update *u)
{
    enum store_result r = admin_object_arg(c, false, &u->name);

    while (r == STORE_OK && admin_arg_peek(c) != NULL) {
        if (admin_arg_peek(c)->kind == CLI_DICTIONARY && u->settings == NULL)
            r = admin_arg_value(c, CLI_DICTIONARY, "dictionary", &u->settings);
        else if (u->add == NULL && admin_arg_word(c, "ADD"))
            r = admin_arg_value(c, CLI_ARRAY, "array", &u->add);
        else if (u->remove == NULL && admin_arg_word(c, "REMOVE"))
            r = admin_arg_value(c, CLI_ARRAY, "array", &u->remove);
        else
            r = admin_arg_end(c);
    }
    return r;
}

/* How an address is compared; of the call's arena. */
static const char *
normal(struct admin_call *c, const struct domain_rec *d, const char *address)
{
    char *key = admin_object_key(address, d->name), *text;

    text = arena_strndup(c->arena, key, strlen(key));
    free(key);
    return text;
}

/* Those of `from` that are not in the set, which then has them. */
static void
take_others(struct admin_call *c, const struct domain_rec *d,
            const struct cli_value *from, GHashTable *set, struct cli_value *to)
{
    const struct cli_value *v = from != NULL ? from->first : NULL;

    for (; v != NULL; v = v->next)
        if (v->text != NULL &&
            g_hash_table_add(set, (gpointer)(uintptr_t)normal(c, d, v->text)))
            cli_data_append(to,
                            cli_data_string(c->arena, v->text, v->text_len));
}

/* Members that were there twice are there once then. */
static void
change_members(struct admin_call *c, const struct domain_rec *d,
               struct cli_value *dict, const struct update *u)
{
    GHashTable *set = g_hash_table_new(g_str_hash, g_str_equal);
    struct cli_value *members = cli_data_array(c->arena);
    struct cli_value *none = cli_data_array(c->arena);

    take_others(c, d, u->remove, set, none);
    take_others(c, d, cli_data_find(dict, MEMBERS), set, members);
    for (const struct cli_value *v = none->first; v != NULL; v = v->next)
        g_hash_table_remove(set, normal(c, d, v->text));
    take_others(c, d, u->add, set, members);
    cli_data_set(c->arena, dict, MEMBERS, members);
    g_hash_table_destroy(set);
}

static unsigned
number_of_members(const struct cli_value *dict)
{
    const struct cli_value *members = cli_data_find(dict, MEMBERS);

    return members != NULL ? members->n : 0;
}

/* In the group as it is: o, of d. */
static enum store_result
change(struct admin_call *c, const struct domain_rec *d, struct object_rec *o,
       const struct update *u, struct errbuf *err)
{
    struct cli_value *dict = NULL;
    unsigned had;
    enum store_result r;

    store_charge(c->x->txn, strlen(o->text) / BYTES_READ);
    if (settings_read(c->arena, o->text, &dict, err) != 0)
        return STORE_ERROR;
    had = number_of_members(dict);
    r = lay_over(c, dict, u->settings);
    if (r == STORE_OK)
        r = check_members(c, cli_data_find(dict, MEMBERS), had);
    if (r == STORE_OK && (u->add != NULL || u->remove != NULL))
        change_members(c, d, dict, u);
    return r == STORE_OK ? put_group(c, o, dict, had, err) : r;
}

static enum store_result
update_group(struct admin_call *c, struct errbuf *err)
{
    struct update u = {0};
    struct domain_rec d = {0};
    struct object_rec o = {0};
    enum store_result r = read_update(c, &u);

    if (r == STORE_OK)
        r = check_members(c, u.add, 0);
    if (r == STORE_OK)
        r = check_members(c, u.remove, u.remove != NULL ? u.remove->n : 0);
    if (r == STORE_OK)
        r = admin_object_find(c, u.name, RIGHT_CREATE_GROUPS, &d, &o, err);
    if (r == STORE_OK)
        r = change(c, &d, &o, &u, err);
    admin_object_clear(&d, &o);
    return r;
}

static const struct admin_command commands[] = {
    ADMIN_OBJECT_LISTING("LISTGROUPS", admin_object_list, OBJECT_GROUP),
    ADMIN_CHANGE("CREATEGROUP", create_group, OBJECT_GROUP),
    ADMIN_CHANGE("RENAMEGROUP", admin_object_rename, OBJECT_GROUP),
    ADMIN_CHANGE("DELETEGROUP", admin_object_delete, OBJECT_GROUP),
    {.name = "GETGROUP", .run = get_group, .detail = OBJECT_GROUP},
    ADMIN_CHANGE("SETGROUP", set_group, OBJECT_GROUP),
    ADMIN_CHANGE("UPDATEGROUP", update_group, OBJECT_GROUP),
};

const struct admin_family admin_group_family = {
    commands, sizeof commands / sizeof commands[0]};
