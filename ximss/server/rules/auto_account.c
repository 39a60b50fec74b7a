/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/auto_account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "util/config_value.h"
#include "util/name.h"
#include "util/xmalloc.h"
#include "ximss/server/rules/admin_target.h"
#include "ximss/server/rules/outside.h"
#include "ximss/server/rules/settings.h"
#include "ximss/server/rules/user_target.h"

const char *
auto_account_reason(enum auto_account what)
{
    switch (what) {
    case AUTO_ACCOUNT_THERE:
    case AUTO_ACCOUNT_MADE:
        return "ok";
    case AUTO_ACCOUNT_NO_DOMAIN:
        return "no-domain";
    case AUTO_ACCOUNT_SUSPENDED:
        return "suspended";
    case AUTO_ACCOUNT_OFF:
        return "no-account";
    case AUTO_ACCOUNT_BAD_NAME:
        return "illegal-name";
    case AUTO_ACCOUNT_TAKEN:
        return "name-taken";
    case AUTO_ACCOUNT_GONE:
        return "gone";
    }
    return "";
}

/* The template has a name for screens, too. */
static enum store_result
take_template(const struct domain_rec *d, struct account_rec *a,
              struct errbuf *err)
{
    struct arena *arena = arena_new();
    struct cli_value *dict;
    const char *real;
    enum store_result r = STORE_OK;

    a->settings =
        xstrdup(d->account_template != NULL ? d->account_template : "");
    if (settings_read(arena, a->settings, &dict, err) == 0) {
        real = settings_string(dict, "RealName");
        a->real_name = xstrdup(real != NULL ? real : "");
    } else {
        r = STORE_ERROR;
    }
    arena_free(&arena);
    return r;
}

/* However many come, each is recorded: each is one more. */
static enum store_result
record(struct admin_context *x, const struct domain_rec *d, const char *name,
       const char *source, struct errbuf *err)
{
    char *what = xasprintf("AutoCreate %s %s", name, source);
    struct audit_rec rec = {.time = x->now,
                            .who =
                                x->caller != NULL ? x->caller->name : "ximssd",
                            .from = x->caller != NULL ? x->caller->from : "-",
                            .what = what,
                            .outcome = "ok",
                            .target = name,
                            .domain = d->number};
    enum store_result r = audit_add(x->txn, &rec, err);

    free(what);
    return r;
}

static enum store_result
make(struct admin_context *x, const struct domain_rec *d, const char *name,
     const char *source, struct account_rec *a, struct errbuf *err)
{
    enum store_result r;
    char *full;

    account_rec_clear(a);
    *a = (struct account_rec){.domain = d->number,
                              .created = x->now,
                              .cred_serial = 1,
                              .name = xstrdup(name),
                              .type = xstrdup("MultiMailbox"),
                              .rights = xstrdup("")};
    r = take_template(d, a, err);
    if (r == STORE_OK)
        r = outside_set(a, OUTSIDE_YES, err);
    if (r == STORE_OK)
        r = account_add(x->txn, a, &a->number, err);
    full = xasprintf("%s@%s", name, d->name);
    if (r == STORE_OK)
        r = record(x, d, full, source, err);
    free(full);
    if (r != STORE_OK)
        return r;
    effect_add_account(x->effects, EFFECT_ACCOUNT_CHANGED, d, a);
    if (x->settings->source_limits && x->settings->can_ask)
        effect_add_account(x->effects, EFFECT_QUOTA_ASK, d, a);
    return STORE_OK;
}

/* The domain is there, and the account is not.  *what_r: MADE if it may be
 * made. */
static enum store_result
may_make(struct admin_context *x, const struct domain_rec *d, const char *name,
         enum auto_account *what_r, struct errbuf *err)
{
    enum object_kind kind;
    bool wanted = false;
    enum store_result r = settings_domain_auto_create(x->txn, d, &wanted, err);

    if (r != STORE_OK)
        return r;
    if (name[0] == '\0' || d->suspended || !wanted) {
        *what_r = name[0] == '\0' ? AUTO_ACCOUNT_BAD_NAME
                  : d->suspended  ? AUTO_ACCOUNT_SUSPENDED
                                  : AUTO_ACCOUNT_OFF;
        return STORE_OK;
    }
    r = object_kind_of(x->txn, d->number, name, &kind, err);
    *what_r = r == STORE_NOTFOUND ? AUTO_ACCOUNT_MADE : AUTO_ACCOUNT_TAKEN;
    return r == STORE_NOTFOUND ? STORE_OK : r;
}

/* --- domains --- */

static bool
is_listed(const struct admin_context *x, const char *domain)
{
    const struct config_texts *list = x->settings->auto_domains;

    if (list == NULL)
        return false;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], "*") == 0 ||
            name_is_same(list->items[i], domain))
            return true;
    return false;
}

/* Not without the account that it is made for. */
static enum store_result
may_make_domain(struct admin_context *x, const char *name, const char *domain,
                bool *may_r, struct errbuf *err)
{
    char none[] = "";
    const struct domain_rec d = {.name = none, .settings = none};

    *may_r = name[0] != '\0' && domain[0] != '\0' && is_listed(x, domain);
    if (!*may_r)
        return STORE_OK;
    return settings_domain_auto_create(x->txn, &d, may_r, err);
}

static enum store_result
make_domain(struct admin_context *x, char *name, const char *source,
            struct domain_rec *d_r, struct errbuf *err)
{
    char none[] = "";
    struct domain_rec d = {.name = name,
                           .created = x->now,
                           .settings = none,
                           .defaults = none,
                           .account_template = none};
    uint64_t number = 0;
    enum store_result r = domain_add(x->txn, &d, &number, err);

    if (r == STORE_OK)
        r = admin_must(domain_get(x->txn, number, d_r, err), "the new domain",
                       err);
    if (r == STORE_OK)
        r = record(x, d_r, name, source, err);
    if (r == STORE_OK)
        effect_add_domain(x->effects, EFFECT_DOMAIN_CHANGED, d_r);
    return r;
}

/* --- looking --- */

/* What an address means, and what could be made of it. */
struct look {
    struct domain_rec *domain;   /* borrowed; filled if there is one */
    struct account_rec *account; /* borrowed; filled with THERE and GONE */
    bool makes_domain;
    char name[NAME_LOCAL_SIZE];         /* of a new account; "": none */
    char domain_name[NAME_DOMAIN_SIZE]; /* of a new domain; "": none */
    enum auto_account what;             /* MADE: it may be */
};

static enum store_result
look_at_account(struct look *l, struct errbuf *err)
{
    enum outside outside;
    enum store_result r = outside_get(l->account, &outside, err);

    l->what = outside == OUTSIDE_GONE ? AUTO_ACCOUNT_GONE : AUTO_ACCOUNT_THERE;
    return r;
}

static enum store_result
look_at_nothing(struct admin_context *x, const char *address, struct look *l,
                struct errbuf *err)
{
    const char *at = strrchr(address, '@'); /* without one it is found */
    enum store_result r;

    if (at == NULL || name_new_domain(at + 1, l->domain_name, NULL) < 0)
        l->domain_name[0] = '\0';
    r = may_make_domain(x, l->name, l->domain_name, &l->makes_domain, err);
    l->what = l->makes_domain ? AUTO_ACCOUNT_MADE : AUTO_ACCOUNT_NO_DOMAIN;
    return r;
}

/* Who looks like another in the source is one of its users all the same, whom it has
 * let in, or knows: what is asked of new names is not asked of theirs. */
static void
take_name(struct look *l, const char *local)
{
    if (name_local(local, l->name, NULL) < 0 || strcmp(l->name, "*") == 0)
        l->name[0] = '\0';
}

static enum store_result
look(struct admin_context *x, const char *address, struct look *l,
     struct errbuf *err)
{
    char local[NAME_LOCAL_SIZE];
    bool domain_found;
    enum store_result r = user_target_find(
        x->txn, address, l->domain, l->account, &domain_found, local, err);

    l->makes_domain = false;
    if (r == STORE_OK)
        return look_at_account(l, err);
    if (r != STORE_NOTFOUND)
        return r;
    take_name(l, local);
    return domain_found ? may_make(x, l->domain, l->name, &l->what, err)
                        : look_at_nothing(x, address, l, err);
}

/* --- what others call --- */

enum store_result
auto_account_get(struct admin_context *x, const char *address,
                 const char *source, struct domain_rec *d_r,
                 struct account_rec *a_r, enum auto_account *what_r,
                 struct errbuf *err)
{
    struct look l = {.domain = d_r, .account = a_r};
    enum store_result r = look(x, address, &l, err);

    *what_r = l.what;
    if (r != STORE_OK || l.what != AUTO_ACCOUNT_MADE)
        return r;
    if (l.makes_domain)
        r = make_domain(x, l.domain_name, source, d_r, err);
    return r == STORE_OK ? make(x, d_r, l.name, source, a_r, err) : r;
}

enum store_result
auto_account_would_get(struct admin_context *x, const char *address,
                       enum auto_account *what_r, struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct look l = {.domain = &d, .account = &a};
    enum store_result r = look(x, address, &l, err);

    *what_r = l.what;
    admin_clear(&d, &a);
    return r;
}

enum store_result
auto_account_wanted(struct admin_context *x, const char *address,
                    char name_r[NAME_ADDRESS_SIZE], struct errbuf *err)
{
    struct domain_rec d = {0};
    struct account_rec a = {0};
    struct look l = {.domain = &d, .account = &a};
    struct domain_logins logins;
    enum store_result r;

    name_r[0] = '\0';
    if (!x->settings->has_userdb)
        return STORE_OK;
    r = look(x, address, &l, err);
    if (r == STORE_OK && l.what == AUTO_ACCOUNT_MADE) {
        r = settings_domain_logins(x->txn, l.makes_domain ? NULL : &d,
                                   &x->settings->auth, &logins, err);
        if (r == STORE_OK && auth_list_has(&logins.auth, AUTH_DOVECOT))
            snprintf(name_r, NAME_ADDRESS_SIZE, "%s@%s", l.name,
                     l.makes_domain ? l.domain_name : d.name);
    }
    admin_clear(&d, &a);
    return r;
}
