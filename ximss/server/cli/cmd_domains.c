/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains by the CLI (protocol.md C.5): creating, renaming, deleting them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "util/name.h"
#include "util/xmalloc.h"
#include "ximss/server/cli/admin_account.h"
#include "ximss/server/cli/admin_call.h"
#include "ximss/server/cli/admin_setting.h"
#include "ximss/server/rules/alert_admin.h"

/* Names of accounts that one job deletes at most; it ends earlier when it is
 * tired. */
#define DELETE_NAMES 64

static enum store_result
main_domain_name(struct admin_call *c, struct errbuf *err)
{
    char *name = NULL;
    enum store_result r = admin_arg_end(c);

    if (r == STORE_OK && c->x->caller->rights == 0)
        r = admin_refuse(c, ANSWER(NO_RIGHTS));
    if (r == STORE_OK)
        r = meta_text_get(c->x->txn, STORE_TEXT_MAIN_DOMAIN, &name, err);
    if (r == STORE_OK)
        admin_result_string(c, name);
    free(name);
    return r;
}

/* --- create and rename --- */

struct creation {
    const char *name;
    bool shared;
    const struct cli_value *settings;
};

/* name [SHARED] [PATH p] [settings [FORCE]]; the path has no meaning here. */
static enum store_result
read_creation(struct admin_call *c, struct creation *n)
{
    const char *path;
    enum store_result r = admin_arg_name(c, "domain name", &n->name);

    n->shared = c->command->detail != 0;
    if (r == STORE_OK && admin_arg_word(c, "SHARED"))
        n->shared = true;
    if (r == STORE_OK && admin_arg_word(c, "PATH"))
        r = admin_arg_text(c, "path", &path);
    if (r == STORE_OK && admin_arg_peek(c) != NULL)
        r = admin_arg_value(c, CLI_DICTIONARY, "dictionary", &n->settings);
    if (r == STORE_OK && n->settings != NULL)
        return admin_arg_force_and_end(c);
    return r == STORE_OK ? admin_arg_end(c) : r;
}

/* 501 for what cannot be a domain's name, 521 for the name or an alias of any;
 * `self` (may be NULL) can keep the name that it has, but not take one of its
 * aliases.  form_r: the normal form. */
static enum store_result
check_new_name(struct admin_call *c, const char *name,
               const struct domain_rec *self, char form_r[NAME_DOMAIN_SIZE],
               struct errbuf *err)
{
    struct domain_rec d = {0};
    struct errbuf why;
    enum store_result r;

    if (name_new_domain(name, form_r, &why) < 0)
        return admin_refuse(c, ANSWER(BAD_DOMAIN_NAME), why.text);
    r = domain_find(c->x->txn, form_r, &d, err);
    if (r == STORE_OK && (self == NULL || d.number != self->number ||
                          strcmp(d.name, form_r) != 0))
        r = admin_refuse(c, ANSWER(DOMAIN_EXISTS));
    else if (r == STORE_NOTFOUND)
        r = STORE_OK;
    domain_rec_clear(&d);
    return r;
}

static enum store_result
add_domain(struct admin_call *c, char *name, char *settings, struct errbuf *err)
{
    struct domain_rec d = {0}, added = {0};
    uint64_t number = 0;
    char none[] = "";
    enum store_result r;

    d.name = name;
    d.created = c->x->now;
    d.settings = settings != NULL ? settings : none;
    d.defaults = none;
    d.account_template = none;
    r = domain_add(c->x->txn, &d, &number, err);
    if (r == STORE_OK)
        r = admin_must(domain_get(c->x->txn, number, &added, err),
                       "the new domain", err);
    if (r == STORE_OK)
        effect_add_domain(c->x->effects, EFFECT_DOMAIN_CHANGED, &added);
    if (r == STORE_OK)
        admin_note_target(c->x, &added, NULL, NULL);
    domain_rec_clear(&added);
    return r;
}

static enum store_result
create_domain(struct admin_call *c, struct errbuf *err)
{
    struct creation n = {0};
    char *settings = NULL, name[NAME_DOMAIN_SIZE];
    enum store_result r = read_creation(c, &n);

    if (r == STORE_OK)
        r = admin_call_all_domains(c);
    if (r == STORE_OK)
        r = check_new_name(c, n.name, NULL, name, err);
    if (r == STORE_OK && n.shared)
        r = admin_refuse(c, ANSWER(CLUSTER_ONLY));
    if (r == STORE_OK && n.settings != NULL)
        r = admin_setting_change(c, "", n.settings, true, &settings, err);
    if (r == STORE_OK)
        r = add_domain(c, name, settings, err);
    free(settings);
    return r;
}

/* Who renames the main domain renames every Master: for Master alone. */
static enum store_result
rename_to(struct admin_call *c, struct domain_rec *d, const char *name,
          struct errbuf *err)
{
    bool is_main = false;
    char form[NAME_DOMAIN_SIZE];
    enum store_result r = admin_is_main(c->x->txn, d, &is_main, err);

    if (r == STORE_OK && is_main && (c->x->caller->rights & RIGHT_MASTER) == 0)
        r = admin_refuse(c, ANSWER(NO_RIGHTS));
    if (r == STORE_OK)
        r = check_new_name(c, name, d, form, err);
    if (r != STORE_OK)
        return r;
    free(d->name);
    d->name = xstrdup(form);
    r = domain_put(c->x->txn, d, err);
    if (r == STORE_OK && is_main)
        r = meta_text_put(c->x->txn, STORE_TEXT_MAIN_DOMAIN, d->name, err);
    if (r == STORE_OK)
        effect_add_domain(c->x->effects, EFFECT_DOMAIN_CHANGED, d);
    return r;
}

static enum store_result
rename_domain(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    const char *name, *new_name = NULL;
    enum store_result r = admin_arg_text(c, "domain name", &name);

    if (r == STORE_OK)
        r = admin_arg_keyword(c, "INTO");
    if (r == STORE_OK)
        r = admin_arg_name(c, "new domain name", &new_name);
    if (r == STORE_OK)
        r = admin_arg_path_and_end(c);
    if (r == STORE_OK)
        r = admin_call_domain(c, name, 0, &d, err);
    if (r == STORE_OK)
        r = rename_to(c, &d, new_name, err);
    domain_rec_clear(&d);
    return r;
}

/* --- delete --- */

struct batch {
    struct batch_name {
        uint64_t number;         /* of the account, or: */
        enum object_kind object; /* what else it is, */
        char *name;              /* with its name; owned */
    } name[DELETE_NAMES];
    size_t n;
};

/* An alias may come long before its account. */
static bool
note_name(const struct account_name *name, void *arg)
{
    struct batch *b = arg;

    b->name[b->n++] = (struct batch_name){
        .number = name->number,
        .object = name->object,
        .name = name->object != OBJECT_NONE ? xstrdup(name->name) : NULL};
    return b->n < DELETE_NAMES;
}

static void
batch_clear(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        free(b->name[i].name);
}

/* Deletes the account, unless it went by another of its names. */
static enum store_result
delete_account(struct admin_call *c, const struct domain_rec *d,
               uint64_t number, struct errbuf *err)
{
    struct account_rec a = {0};
    enum store_result r = account_get(c->x->txn, number, &a, err);

    if (r == STORE_OK)
        r = admin_account_dispose(c->x, d, &a, err);
    else if (r == STORE_NOTFOUND)
        r = STORE_OK;
    account_rec_clear(&a);
    return r;
}

static enum store_result
delete_name(struct admin_call *c, const struct domain_rec *d,
            const struct batch_name *name, struct errbuf *err)
{
    enum store_result r;

    if (name->object == OBJECT_NONE)
        return delete_account(c, d, name->number, err);
    store_removing(c->x->txn, true);
    r = object_remove(c->x->txn, d->number, name->object, name->name, err);
    return admin_must(r, "a group or forwarder", err);
}

/* Groups and forwarders. */
static enum store_result
count_objects(struct admin_call *c, const struct domain_rec *d, uint64_t *n_r,
              struct errbuf *err)
{
    uint64_t forwarders = 0;
    enum store_result r =
        object_count(c->x->txn, d->number, OBJECT_GROUP, n_r, err);

    if (r == STORE_OK)
        r = object_count(c->x->txn, d->number, OBJECT_FORWARDER, &forwarders,
                         err);
    *n_r += forwarders;
    return r;
}

/* The names of a domain's accounts, of their aliases, and of the others. */
static enum store_result
count_names(struct admin_call *c, const struct domain_rec *d, uint64_t *n_r,
            struct errbuf *err)
{
    uint64_t aliases = 0, objects = 0;
    enum store_result r = account_count(c->x->txn, d->number, n_r, err);

    if (r == STORE_OK)
        r = account_alias_count(c->x->txn, d->number, &aliases, err);
    if (r == STORE_OK)
        r = count_objects(c, d, &objects, err);
    *n_r += aliases + objects;
    return r;
}

/* *more_r: not all of them could go in this job. */
static enum store_result
delete_names(struct admin_call *c, const struct domain_rec *d, bool *more_r,
             struct errbuf *err)
{
    struct batch b = {.n = 0};
    uint64_t before = 0, left = 0;
    enum store_result r = count_names(c, d, &before, err);

    if (r == STORE_OK)
        r = account_walk(c->x->txn, d->number, NULL, note_name, &b, err);
    left = before;
    for (size_t i = 0; i < b.n && r == STORE_OK && !store_tired(c->x->txn);
         i++) {
        r = delete_name(c, d, &b.name[i], err);
        if (r == STORE_OK)
            r = count_names(c, d, &left, err);
    }
    *more_r = r == STORE_AGAIN || (left > 0 && b.n > 0);
    batch_clear(&b);
    return r == STORE_AGAIN ? STORE_OK : r;
}

static enum store_result
delete_rest(struct admin_call *c, const struct domain_rec *d,
            struct errbuf *err)
{
    struct alert_target t = {.scope = ALERT_DOMAIN, .number = d->number};
    enum store_result r;

    domain_rec_copy(&t.domain, d);
    store_removing(c->x->txn, true);
    r = alert_admin_drop_some(c->x, &t, err);
    if (r == STORE_OK)
        r = domain_remove(c->x->txn, d->number, err);
    if (r == STORE_OK)
        effect_add_domain(c->x->effects, EFFECT_DOMAIN_REMOVED, d);
    alert_target_clear(&t);
    return r;
}

static enum store_result
check_deletion(struct admin_call *c, const struct domain_rec *d, bool force,
               struct errbuf *err)
{
    bool is_main = false;
    uint64_t n = 0;
    enum store_result r = admin_is_main(c->x->txn, d, &is_main, err);

    if (r == STORE_OK && is_main)
        r = admin_refuse(c, ANSWER(MAIN_DOMAIN_STAYS), "deleted");
    if (r == STORE_OK)
        r = account_count(c->x->txn, d->number, &n, err);
    if (r == STORE_OK && n > 0 && !force)
        r = admin_refuse(c, ANSWER(DOMAIN_NOT_EMPTY));
    if (r == STORE_OK)
        r = count_objects(c, d, &n, err);
    if (r == STORE_OK && n > 0 && !force)
        r = admin_refuse(c, ANSWER(DOMAIN_HAS_OBJECTS));
    return r;
}

static enum store_result
delete_domain(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    const char *name;
    bool force = false, more = false;
    enum store_result r = admin_arg_text(c, "domain name", &name);

    if (r == STORE_OK)
        force = admin_arg_word(c, "FORCE");
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_call_domain(c, name, 0, &d, err);
    /* Another may have its name by now. */
    if (r == STORE_OK && c->x->target != 0 && c->x->target != d.number)
        r = admin_refuse(c, ANSWER(NO_DOMAIN));
    if (r == STORE_OK)
        r = check_deletion(c, &d, force, err);
    if (r == STORE_OK)
        r = delete_names(c, &d, &more, err);
    if (r == STORE_OK && !more)
        r = delete_rest(c, &d, err);
    if (r == STORE_AGAIN) {
        more = true;
        r = STORE_OK;
    }
    c->answer->more = r == STORE_OK && more;
    c->answer->target = d.number;
    domain_rec_clear(&d);
    return r;
}

static const struct admin_command commands[] = {
    {.name = "MAINDOMAINNAME", .run = main_domain_name},
    ADMIN_CHANGE("CREATEDOMAIN", create_domain, 0),
    ADMIN_CHANGE("CREATESHAREDDOMAIN", create_domain, 1),
    ADMIN_CHANGE("RENAMEDOMAIN", rename_domain, 0),
    {.name = "DELETEDOMAIN",
     .run = delete_domain,
     .flags = ADMIN_CHANGES | ADMIN_ALONE},
};

const struct admin_family admin_domain_family = {
    commands, sizeof commands / sizeof commands[0]};
