/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/auto_account.h"

#include <stdlib.h>
#include <string.h>

#include "util/arena.h"
#include "util/name.h"
#include "util/xmalloc.h"
#include "ximss/server/rules/admin_target.h"
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

/* However many come, each is recorded: each is an account more. */
static enum store_result
record(struct admin_context *x, const struct domain_rec *d,
       const struct account_rec *a, const char *source, struct errbuf *err)
{
    char *what = xasprintf("AutoCreate %s@%s %s", a->name, d->name, source);
    struct audit_rec rec = {.time = x->now,
                            .who =
                                x->caller != NULL ? x->caller->name : "ximssd",
                            .from = x->caller != NULL ? x->caller->from : "-",
                            .what = what,
                            .outcome = "ok"};
    enum store_result r = audit_add(x->txn, &rec, err);

    free(what);
    return r;
}

static enum store_result
make(struct admin_context *x, const struct domain_rec *d, const char *name,
     const char *source, struct account_rec *a, struct errbuf *err)
{
    enum store_result r;

    account_rec_clear(a);
    *a = (struct account_rec){.domain = d->number,
                              .created = x->now,
                              .cred_serial = 1,
                              .name = xstrdup(name),
                              .type = xstrdup("MultiMailbox"),
                              .rights = xstrdup("")};
    r = take_template(d, a, err);
    if (r == STORE_OK)
        r = account_add(x->txn, a, &a->number, err);
    if (r == STORE_OK)
        r = record(x, d, a, source, err);
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

enum store_result
auto_account_get(struct admin_context *x, const char *address,
                 const char *source, struct domain_rec *d_r,
                 struct account_rec *a_r, enum auto_account *what_r,
                 struct errbuf *err)
{
    bool domain_found;
    char local[NAME_LOCAL_SIZE], name[NAME_LOCAL_SIZE];
    enum store_result r =
        user_target_find(x->txn, address, d_r, a_r, &domain_found, local, err);

    *what_r = AUTO_ACCOUNT_THERE;
    if (r != STORE_NOTFOUND)
        return r;
    *what_r = AUTO_ACCOUNT_NO_DOMAIN;
    if (!domain_found)
        return STORE_OK;
    if (name_new_local(local, name, NULL) < 0)
        name[0] = '\0';
    r = may_make(x, d_r, name, what_r, err);
    if (r == STORE_OK && *what_r == AUTO_ACCOUNT_MADE)
        r = make(x, d_r, name, source, a_r, err);
    return r;
}
