/* SPDX-License-Identifier: BSD-2-Clause */
/* What commands about groups and about forwarders have in common: both are names
 * of a domain that are no accounts, made, renamed, deleted and listed alike. */
#include "config.h"

#include "ximss/server/cli/admin_object.h"

#include <stdlib.h>
#include <string.h>

#include "util/name.h"
#include "util/text.h"
#include "util/xmalloc.h"

#define MEMBER_BYTES \
    (NAME_ADDRESS_SIZE - 1) /* or of the address of a forwarder */

static enum object_kind
kind_of(const struct admin_call *c)
{
    return (enum object_kind)c->command->detail;
}

/* The right that a domain administrator needs to change one. */
static unsigned
need_of(const struct admin_call *c)
{
    return kind_of(c) == OBJECT_GROUP ? RIGHT_CREATE_GROUPS
                                      : RIGHT_CREATE_FORWARDERS;
}

/* --- answers --- */

static enum store_result
refuse_unknown(struct admin_call *c)
{
    return kind_of(c) == OBJECT_GROUP ? admin_refuse(c, ANSWER(NO_GROUP))
                                      : admin_refuse(c, ANSWER(NO_FORWARDER));
}

static enum store_result
refuse_name(struct admin_call *c, const char *why)
{
    return kind_of(c) == OBJECT_GROUP
               ? admin_refuse(c, ANSWER(BAD_GROUP_NAME), why)
               : admin_refuse(c, ANSWER(BAD_FORWARDER_NAME), why);
}

/* Says what has the name. */
static enum store_result
refuse_taken(struct admin_call *c, enum object_kind by)
{
    switch (by) {
    case OBJECT_GROUP:
        return admin_refuse(c, ANSWER(GROUP_EXISTS));
    case OBJECT_FORWARDER:
        return admin_refuse(c, ANSWER(FORWARDER_EXISTS));
    case OBJECT_NONE:
        break;
    }
    return admin_refuse(c, ANSWER(ACCOUNT_EXISTS));
}

static enum store_result
refuse_number(struct admin_call *c, unsigned most)
{
    return kind_of(c) == OBJECT_GROUP
               ? admin_refuse(c, ANSWER(TOO_MANY_GROUPS), most)
               : admin_refuse(c, ANSWER(TOO_MANY_FORWARDERS), most);
}

/* --- arguments --- */

enum store_result
admin_object_arg(struct admin_call *c, bool is_new, const char **name_r)
{
    static const char *const words[][2] = {
        [OBJECT_GROUP] = {"group name", "new group name"},
        [OBJECT_FORWARDER] = {"forwarder name", "new forwarder name"}};

    return admin_arg_name(c, words[kind_of(c)][is_new], name_r);
}

bool
admin_object_is_address(const char *s)
{
    return text_check_alert(s, strlen(s), MEMBER_BYTES, NULL) == 0 &&
           s[strcspn(s, " \t\r\n\"\\,;<>()")] == '\0';
}

enum store_result
admin_object_find(struct admin_call *c, const char *address, unsigned need,
                  struct domain_rec *d, struct object_rec *o,
                  struct errbuf *err)
{
    const char *name;
    enum store_result r =
        admin_call_name(c, address, NULL, need, d, &name, err);

    if (r == STORE_OK)
        r = object_get(c->x->txn, d->number, kind_of(c), name, o, err);
    return r == STORE_NOTFOUND ? refuse_unknown(c) : r;
}

void
admin_object_clear(struct domain_rec *d, struct object_rec *o)
{
    domain_rec_clear(d);
    object_rec_clear(o);
}

/* --- making --- */

static enum store_result
check_room(struct admin_call *c, uint64_t domain, struct errbuf *err)
{
    unsigned most = kind_of(c) == OBJECT_GROUP ? c->x->settings->max_groups
                                               : c->x->settings->max_forwarders;
    uint64_t n = 0;
    enum store_result r = object_count(c->x->txn, domain, kind_of(c), &n, err);

    return r == STORE_OK && most != 0 && n >= most ? refuse_number(c, most) : r;
}

/* It can be a name of the domain, and nobody has it. */
static enum store_result
check_new_name(struct admin_call *c, uint64_t domain, const char *name,
               struct errbuf *err)
{
    char form[NAME_LOCAL_SIZE];
    enum object_kind by;
    struct errbuf why;
    enum store_result r;

    if (name_new_local(name, form, &why) < 0)
        return refuse_name(c, why.text);
    r = object_kind_of(c->x->txn, domain, name, &by, err);
    if (r == STORE_OK)
        return refuse_taken(c, by);
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

enum store_result
admin_object_create(struct admin_call *c, const char *address, const char *text,
                    struct errbuf *err)
{
    struct domain_rec d = {0};
    struct object_rec o = {.kind = kind_of(c), .created = c->x->now};
    const char *name;
    enum store_result r =
        admin_call_name(c, address, NULL, need_of(c), &d, &name, err);

    if (r == STORE_OK)
        r = check_new_name(c, d.number, name, err);
    if (r == STORE_OK)
        r = check_room(c, d.number, err);
    if (r == STORE_OK) {
        o.domain = d.number;
        o.name = xstrdup(name);
        o.text = xstrdup(text);
        r = object_add(c->x->txn, &o, err);
    }
    admin_object_clear(&d, &o);
    return r;
}

/* --- renaming and deleting --- */

static enum store_result
rename_to(struct admin_call *c, const struct domain_rec *d,
          const struct object_rec *o, const char *address, struct errbuf *err)
{
    struct domain_rec to = {0};
    const char *name;
    enum store_result r =
        admin_call_name(c, address, d->name, need_of(c), &to, &name, err);
    bool moves = r == STORE_OK && to.number != d->number;

    if (r == STORE_OK && (moves || strcmp(name, o->name) != 0)) {
        r = check_new_name(c, to.number, name, err);
        if (r == STORE_OK && moves)
            r = check_room(c, to.number, err);
        if (r == STORE_OK)
            r = object_rename(c->x->txn, o, to.number, name, err);
    }
    domain_rec_clear(&to);
    return r;
}

/* name INTO name */
enum store_result
admin_object_rename(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct object_rec o = {0};
    const char *address, *new_address = NULL;
    enum store_result r = admin_object_arg(c, false, &address);

    if (r == STORE_OK)
        r = admin_arg_keyword(c, "INTO");
    if (r == STORE_OK)
        r = admin_object_arg(c, true, &new_address);
    if (r == STORE_OK)
        r = admin_arg_end(c);
    if (r == STORE_OK)
        r = admin_object_find(c, address, need_of(c), &d, &o, err);
    if (r == STORE_OK)
        r = rename_to(c, &d, &o, new_address, err);
    admin_object_clear(&d, &o);
    return r;
}

enum store_result
admin_object_only(struct admin_call *c, unsigned need, struct domain_rec *d,
                  struct object_rec *o, struct errbuf *err)
{
    const char *address;
    enum store_result r = admin_object_arg(c, false, &address);

    if (r == STORE_OK)
        r = admin_arg_end(c);
    return r == STORE_OK ? admin_object_find(c, address, need, d, o, err) : r;
}

enum store_result
admin_object_delete(struct admin_call *c, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct object_rec o = {0};
    enum store_result r = admin_object_only(c, need_of(c), &d, &o, err);

    store_removing(c->x->txn, true);
    if (r == STORE_OK)
        r = object_remove(c->x->txn, d.number, o.kind, o.name, err);
    admin_object_clear(&d, &o);
    return r;
}

/* --- listing --- */

char *
admin_object_key(const char *address, const char *domain)
{
    char *whole, *key;

    if (strchr(address, '@') != NULL)
        return name_key(address);
    whole = xasprintf("%s@%s", address, domain);
    key = name_key(whole);
    free(whole);
    return key;
}

static bool
is_target(const struct admin_object_search *s, const struct object_rec *o)
{
    char *key;
    bool is;

    if (s->target == NULL)
        return true;
    key = admin_object_key(o->text, s->domain);
    is = strcmp(key, s->key) == 0;
    free(key);
    return is;
}

static bool
list_one(const struct object_rec *o, void *arg)
{
    struct admin_object_search *s = arg;

    if (!listing_next(&s->listing, o->name))
        return false;
    if (is_target(s, o))
        listing_item(&s->listing, o->name);
    return true;
}

/* A domain that is gone meanwhile has no more of them. */
enum store_result
admin_object_list_some(struct admin_object_search *s, struct errbuf *err)
{
    struct listing *l = &s->listing;
    struct store_txn *t = l->call->x->txn;
    struct domain_rec d = {0};
    enum store_result r = domain_get(t, l->domain, &d, err);

    if (l->first)
        buf_append_char(l->out, '(');
    s->domain = d.name;
    if (r == STORE_OK && s->target != NULL)
        s->key = admin_object_key(s->target, d.name);
    if (r == STORE_OK)
        r = object_walk(t, l->domain, kind_of(l->call), l->last, list_one, s,
                        err);
    else if (r == STORE_NOTFOUND)
        r = STORE_OK;
    if (r == STORE_OK && listing_end(l))
        buf_append_char(l->out, ')');
    free(s->key);
    s->key = NULL;
    domain_rec_clear(&d);
    return r;
}

/* [domain] */
enum store_result
admin_object_list(struct admin_call *c, struct errbuf *err)
{
    struct admin_object_search s = {.target = NULL};
    const char *name = admin_arg_optional_text(c);
    enum store_result r = admin_arg_end(c);

    listing_begin(&s.listing, c);
    if (r == STORE_OK)
        r = listing_domain(&s.listing, name, err);
    return r == STORE_OK ? admin_object_list_some(&s, err) : r;
}
