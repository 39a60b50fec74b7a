/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/alert_target.h"

#include <stdlib.h>
#include <string.h>

#include "util/blank.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"
#include "ximss/server/rules/admin_target.h"
#include "ximss/server/rules/alert_names.h"
#include "ximss/server/rules/auto_account.h"

void
alert_target_clear(struct alert_target *t)
{
    domain_rec_clear(&t->domain);
    account_rec_clear(&t->account);
}

static int
code_of_scope(const struct caller *c, enum alert_scope scope, unsigned need)
{
    bool may = rights_may_post(c, scope, 0) ||
               ((need & NEED_READ_ALL) != 0 && rights_may_read(c, 0)) ||
               ((need & NEED_LIST) != 0 && rights_may_list(c, scope, 0));

    return may ? ANSWER_OK : ANSWER_NO_RIGHTS;
}

/* The whole name of an account that is missing; NULL: none that can be told.  The
 * caller frees. */
static char *
missing_name(const char *name, const struct domain_rec *d, int code)
{
    char *bare = blank_trimmed(name), *at = strrchr(bare, '@'), *full = NULL;

    if (code == ANSWER_NO_DOMAIN && at != NULL)
        return bare;
    if (code == ANSWER_NO_ACCOUNT && d->name != NULL) {
        if (at != NULL)
            *at = '\0';
        full = xasprintf("%s@%s", bare, d->name);
    }
    free(bare);
    return full;
}

static enum store_result
note_newcomer(struct admin_context *x, const char *name,
              const struct domain_rec *d, int code, struct errbuf *err)
{
    char *full = x->newcomer != NULL ? missing_name(name, d, code) : NULL;
    char asked[NAME_ADDRESS_SIZE] = "";
    enum store_result r = STORE_OK;

    if (full != NULL)
        r = auto_account_wanted(x, full, asked, err);
    if (r == STORE_OK && asked[0] != '\0')
        *x->newcomer = xstrdup(asked);
    free(full);
    return r;
}

enum store_result
alert_target_find(struct admin_context *x, enum alert_scope scope,
                  const char *name, unsigned need, struct alert_target *t_r,
                  int *code_r, struct errbuf *err)
{
    enum store_result r = STORE_OK;

    *t_r = (struct alert_target){.scope = scope};
    switch (scope) {
    case ALERT_SERVER:
    case ALERT_CLUSTER:
        admin_note_target(x, &t_r->domain, NULL, alert_scope_name(scope));
        *code_r = code_of_scope(x->caller, scope, need);
        break;
    case ALERT_DOMAIN:
        r = admin_find_domain(x, name, need, &t_r->domain, code_r, err);
        t_r->number = t_r->domain.number;
        break;
    case ALERT_ACCOUNT:
        if (name == NULL) {
            *code_r = ANSWER_MISSING;
            break;
        }
        r = admin_find_account(x, name, need, &t_r->domain, &t_r->account,
                               code_r, err);
        t_r->number = t_r->account.number;
        if (r == STORE_OK && (need & NEED_OR_MAKE) != 0)
            r = note_newcomer(x, name, &t_r->domain, *code_r, err);
        break;
    }
    return r;
}

enum store_result
alert_target_of(struct admin_context *x, const struct alert_rec *a,
                struct alert_target *t, struct errbuf *err)
{
    enum store_result r = STORE_OK;

    *t = (struct alert_target){.scope = a->scope, .number = a->target};
    switch (a->scope) {
    case ALERT_SERVER:
    case ALERT_CLUSTER:
        return STORE_OK;
    case ALERT_DOMAIN:
        return admin_must(domain_get(x->txn, a->target, &t->domain, err),
                          "an alert's domain", err);
    case ALERT_ACCOUNT:
        r = admin_must(account_get(x->txn, a->target, &t->account, err),
                       "an alert's account", err);
        if (r == STORE_OK)
            r = admin_must(
                domain_get(x->txn, t->account.domain, &t->domain, err),
                "an account's domain", err);
        break;
    }
    return r;
}
