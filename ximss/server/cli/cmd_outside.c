/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounts compared with the users of a source of passwords outside:
 * LISTOUTSIDEUSERS asks the source for all users of a domain, CHECKOUTSIDEUSERS
 * about some of them (both are answered by requests/cli_outside.c);
 * SYNCOUTSIDEUSERS does with some accounts what follows from that, and
 * PLANOUTSIDEUSERS says what it would do.
 *
 * Somebody's account is only touched if it came from outside itself, and has
 * neither rights nor a password here. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/text.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/admin_account.h"
#include "ximss/server/rules/auto_account.h"
#include "ximss/server/rules/outside.h"
#include "ximss/server/rules/settings.h"

/* Names in a line: one job does no more than some milliseconds of work. */
#define NAMES_MOST 100

/* --- what all of them need --- */

static enum store_result
check_source(struct admin_call *c, const struct domain_rec *d,
             struct errbuf *err)
{
    struct domain_logins logins;
    enum store_result r = settings_domain_logins(
        c->x->txn, d, &c->x->settings->auth, &logins, err);

    if (r == STORE_OK && (!c->x->settings->has_userdb ||
                          !auth_list_has(&logins.auth, AUTH_DOVECOT)))
        r = admin_refuse(c, ANSWER(NO_USER_SOURCE));
    return r;
}

static enum store_result
find_domain(struct admin_call *c, const char *name, struct domain_rec *d,
            struct errbuf *err)
{
    enum store_result r =
        admin_call_domain(c, name, RIGHT_CREATE_ACCOUNTS, d, err);

    return r == STORE_OK ? check_source(c, d, err) : r;
}

static enum store_result
read_names(struct admin_call *c, const struct cli_value **names_r)
{
    enum store_result r =
        admin_arg_value(c, CLI_ARRAY, "array of names", names_r);

    if (r == STORE_OK && (*names_r)->n > NAMES_MOST)
        return admin_refuse(c, ANSWER(TOO_MANY_NAMES), NAMES_MOST);
    if (r == STORE_OK)
        for (const struct cli_value *v = (*names_r)->first; v != NULL;
             v = v->next)
            if (v->kind != CLI_STRING)
                return admin_refuse(c, ANSWER(MISSING), "name");
    return r;
}

/* --- those that are asked outside --- */

static struct cli_value *
text(struct arena *arena, const char *s)
{
    return cli_data_string(arena, s, strlen(s));
}

/* Without what is first in the array already. */
static void
append_text(struct arena *arena, struct cli_value *array, const char *s)
{
    if (strcmp(array->first->text, s) != 0)
        cli_data_append(array, text(arena, s));
}

static void
append_texts(struct arena *arena, struct cli_value *array,
             const struct alias_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        append_text(arena, array, l->name[i]);
}

/* A user outside may be named by any of them. */
static enum store_result
note_domains(struct admin_call *c, const struct domain_rec *d,
             struct errbuf *err)
{
    struct admin_live *live = c->live;
    struct alias_list l = {0};
    bool is_main = false;
    enum store_result r = domain_aliases_get(c->x->txn, d->number, &l, err);

    if (r == STORE_OK)
        r = admin_is_main(c->x->txn, d, &is_main, err);
    live->arena = arena_new();
    live->domains = cli_data_array(live->arena);
    cli_data_append(live->domains, text(live->arena, d->name));
    append_texts(live->arena, live->domains, &l);
    if (is_main)
        cli_data_append(live->domains, text(live->arena, ""));
    alias_list_clear(&l);
    return r;
}

static enum store_result
list_users(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    const char *name;
    enum store_result r = admin_arg_text(c, "domain name", &name);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = find_domain(c, name, &d, err);
    if (r == STORE_OK)
        r = note_domains(c, &d, err);
    domain_rec_clear(&d);
    return r;
}

/* With the other names of the account, if there is one: it is a user's by any of
 * them. */
static enum store_result
note_name(struct admin_call *c, const struct domain_rec *d, const char *name,
          struct errbuf *err)
{
    struct arena *arena = c->live->arena;
    struct cli_value *names = cli_data_array(arena);
    struct account_rec a = {0};
    struct alias_list l = {0};
    enum store_result r = account_find(c->x->txn, d->number, name, &a, err);

    if (r == STORE_OK)
        r = account_aliases_get(c->x->txn, a.number, &l, err);
    cli_data_append(names, text(arena, name));
    if (a.name != NULL)
        append_text(arena, names, a.name);
    append_texts(arena, names, &l);
    cli_data_append(c->live->names, names);
    alias_list_clear(&l);
    account_rec_clear(&a);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

static enum store_result
check_users(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    const struct cli_value *names = NULL;
    const char *name;
    enum store_result r = admin_arg_text(c, "domain name", &name);

    if (r == STORE_OK)
        r = read_names(c, &names);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = find_domain(c, name, &d, err);
    if (r == STORE_OK)
        r = note_domains(c, &d, err);
    if (r == STORE_OK) {
        c->live->names = cli_data_array(c->live->arena);
        for (const struct cli_value *v = names->first;
             v != NULL && r == STORE_OK; v = v->next)
            r = note_name(c, &d, v->text, err);
    }
    domain_rec_clear(&d);
    return r;
}

/* --- those that change accounts --- */

struct sync {
    struct admin_call *call;
    struct domain_rec domain;
    bool is_present; /* the source has these users; else it has not */
    bool deletes;
    bool plans; /* and does nothing */
    struct cli_value *made, *enabled, *disabled, *deleted, *kept;
    struct cli_value
        *aliases; /* users by another name -> that of the account */
    struct errbuf *err;
};

static void
note(struct sync *s, struct cli_value *list, const char *name)
{
    cli_data_append(list, text(s->call->arena, name));
}

/* Not touched, and why. */
static void
keep(struct sync *s, const char *name, const char *why)
{
    cli_data_set(s->call->arena, s->kept, name, text(s->call->arena, why));
}

static enum store_result
make_one(struct sync *s, const char *name)
{
    struct admin_context *x = s->call->x;
    struct domain_rec d = {0};
    struct account_rec a = {0};
    enum auto_account what;
    char *address = xasprintf("%s@%s", name, s->domain.name);
    enum store_result r;

    if (s->plans)
        r = auto_account_would_get(x, address, &what, s->err);
    else
        r = auto_account_get(x, address, auth_source_name(AUTH_DOVECOT), &d, &a,
                             &what, s->err);
    if (r == STORE_OK && what == AUTO_ACCOUNT_MADE)
        note(s, s->made, name);
    else if (r == STORE_OK && what != AUTO_ACCOUNT_THERE)
        keep(s, name, auto_account_reason(what));
    admin_clear(&d, &a);
    free(address);
    return r;
}

/* What lets them in without asking the source ends, too. */
static enum store_result
set_outside(struct sync *s, struct account_rec *a, enum outside outside)
{
    struct admin_call *c = s->call;
    enum store_result r = outside_set(a, outside, s->err);

    if (outside == OUTSIDE_GONE)
        a->cred_serial++;
    if (r == STORE_OK)
        r = admin_put_account(c, &s->domain, a, s->err);
    if (r == STORE_OK && outside == OUTSIDE_GONE)
        effect_add_account(c->x->effects, EFFECT_KILL_SESSIONS, &s->domain, a);
    return r;
}

static enum store_result
take_present(struct sync *s, const char *name, struct account_rec *a)
{
    enum outside outside;
    enum store_result r = outside_get(a, &outside, s->err);

    if (r == STORE_OK && strcasecmp(a->name, name) != 0)
        cli_data_set(s->call->arena, s->aliases, name,
                     text(s->call->arena, a->name));
    if (r != STORE_OK || outside != OUTSIDE_GONE)
        return r;
    note(s, s->enabled, a->name);
    return s->plans ? STORE_OK : set_outside(s, a, OUTSIDE_YES);
}

/* NULL: it may be touched. */
static const char *
reason_to_keep(const struct account_rec *a, const char *name,
               enum outside outside)
{
    if (strcasecmp(a->name, name) != 0)
        return "alias";
    if (outside == OUTSIDE_NO)
        return "made-here";
    if (rights_parse(a->rights) != 0)
        return "rights";
    if (credential_is_set(&a->cred))
        return "password";
    return NULL;
}

static enum store_result
take_absent(struct sync *s, const char *name, struct account_rec *a)
{
    enum outside outside;
    const char *why;
    enum store_result r = outside_get(a, &outside, s->err);

    if (r != STORE_OK)
        return r;
    why = reason_to_keep(a, name, outside);
    if (why != NULL) {
        keep(s, name, why);
        return STORE_OK;
    }
    if (s->deletes) {
        if (!s->plans)
            r = admin_account_dispose(s->call->x, &s->domain, a, s->err);
        if (r == STORE_OK)
            note(s, s->deleted, name);
        return r;
    }
    if (outside == OUTSIDE_GONE)
        return STORE_OK;
    note(s, s->disabled, name);
    return s->plans ? STORE_OK : set_outside(s, a, OUTSIDE_GONE);
}

static enum store_result
take_name(struct sync *s, const char *name)
{
    struct account_rec a = {0};
    enum store_result r =
        account_find(s->call->x->txn, s->domain.number, name, &a, s->err);

    if (r == STORE_OK)
        r = s->is_present ? take_present(s, name, &a)
                          : take_absent(s, name, &a);
    else if (r == STORE_NOTFOUND)
        r = s->is_present ? make_one(s, name) : STORE_OK;
    account_rec_clear(&a);
    return r;
}

/* Without what is empty. */
static void
tell(struct sync *s)
{
    const struct {
        const char *name;
        struct cli_value *value;
    } parts[] = {{"made", s->made},         {"enabled", s->enabled},
                 {"disabled", s->disabled}, {"deleted", s->deleted},
                 {"kept", s->kept},         {"aliases", s->aliases}};
    struct cli_value *result = cli_data_dictionary(s->call->arena);

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].value->n > 0)
            cli_data_add(s->call->arena, result, parts[i].name, parts[i].value);
    admin_result(s->call, result);
}

static void
sync_begin(struct sync *s, struct admin_call *c, struct errbuf *err)
{
    *s = (struct sync){.call = c, .plans = c->command->detail != 0, .err = err};
    s->made = cli_data_array(c->arena);
    s->enabled = cli_data_array(c->arena);
    s->disabled = cli_data_array(c->arena);
    s->deleted = cli_data_array(c->arena);
    s->kept = cli_data_dictionary(c->arena);
    s->aliases = cli_data_dictionary(c->arena);
}

/* domain PRESENT|ABSENT names [DELETE] */
static enum store_result
read_sync(struct sync *s, const char **domain_r,
          const struct cli_value **names_r)
{
    struct admin_call *c = s->call;
    enum store_result r = admin_arg_text(c, "domain name", domain_r);

    if (r == STORE_OK)
        s->is_present = admin_arg_word(c, "PRESENT");
    if (r == STORE_OK && !s->is_present)
        r = admin_arg_keyword(c, "ABSENT");
    if (r == STORE_OK)
        r = read_names(c, names_r);
    if (r == STORE_OK && !s->is_present)
        s->deletes = admin_arg_word(c, "DELETE");
    return r == STORE_OK ? admin_arg_end(c) : r;
}

static enum store_result
sync_users(struct admin_call *c, struct errbuf *err)
{
    struct sync s;
    const char *name;
    const struct cli_value *names;
    enum store_result r;

    sync_begin(&s, c, err);
    r = read_sync(&s, &name, &names);
    if (r == STORE_OK)
        r = find_domain(c, name, &s.domain, err);
    if (r == STORE_OK)
        for (const struct cli_value *v = names->first;
             v != NULL && r == STORE_OK; v = v->next)
            r = take_name(&s, v->text);
    if (r == STORE_OK)
        tell(&s);
    domain_rec_clear(&s.domain);
    return r;
}

static const struct admin_command commands[] = {
    {.name = "LISTOUTSIDEUSERS",
     .run = list_users,
     .flags = ADMIN_ALONE,
     .live = ADMIN_LIVE_LIST_USERS},
    {.name = "CHECKOUTSIDEUSERS",
     .run = check_users,
     .live = ADMIN_LIVE_CHECK_USERS},
    {.name = "PLANOUTSIDEUSERS", .run = sync_users, .detail = 1},
    {.name = "SYNCOUTSIDEUSERS", .run = sync_users, .flags = ADMIN_CHANGES},
};

const struct admin_family admin_outside_family = {
    commands, sizeof commands / sizeof commands[0]};
