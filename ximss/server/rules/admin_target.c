/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/admin_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/blank.h"
#include "util/name.h"
#include "util/xmalloc.h"
#include "ximss/proto/answer.h"

enum store_result
admin_must(enum store_result r, const char *what, struct errbuf *err)
{
    if (r != STORE_NOTFOUND)
        return r;
    err_set(err, "the store is inconsistent: %s is missing", what);
    return STORE_ERROR;
}

/* The caller's own domain by name ("" if it is gone by now); the main domain
 * for the local administrator.  The caller frees *name_r. */
static enum store_result
default_domain(struct admin_context *x, char **name_r, struct errbuf *err)
{
    struct domain_rec d = {0};
    enum store_result r;

    if (x->caller->domain == 0)
        return meta_text_get(x->txn, STORE_TEXT_MAIN_DOMAIN, name_r, err);
    r = domain_get(x->txn, x->caller->domain, &d, err);
    if (r == STORE_OK || r == STORE_NOTFOUND) {
        *name_r = xstrdup(r == STORE_OK ? d.name : "");
        r = STORE_OK;
    }
    domain_rec_clear(&d);
    return r;
}

enum store_result
admin_is_main(struct store_txn *t, const struct domain_rec *d, bool *main_r,
              struct errbuf *err)
{
    char *name = NULL;
    enum store_result r = meta_text_get(t, STORE_TEXT_MAIN_DOMAIN, &name, err);

    if (r == STORE_OK)
        *main_r = strcmp(name, d->name) == 0;
    free(name);
    return r;
}

void
admin_note_target(struct admin_context *x, const struct domain_rec *d,
                  const struct account_rec *a, const char *name)
{
    struct admin_about *to = &x->about;

    if (to->name[0] != '\0')
        return;
    to->domain = d->number;
    if (d->number == 0)
        snprintf(to->name, sizeof to->name, "%s", name != NULL ? name : "");
    else if (a != NULL && a->name != NULL)
        snprintf(to->name, sizeof to->name, "%s@%s", a->name, d->name);
    else
        snprintf(to->name, sizeof to->name, "%s", d->name);
}

static bool
allowed(const struct caller *c, uint64_t domain, unsigned need)
{
    if (rights_administers(c, domain, need & (unsigned)RIGHTS_OF_DOMAIN))
        return true;
    return (need & NEED_READ_ALL) != 0 && rights_may_read(c, 0);
}

static int
code_of_domain(const struct caller *c, bool found, uint64_t domain,
               unsigned need)
{
    if (!allowed(c, found ? domain : 0, need))
        return ANSWER_NO_RIGHTS;
    return found ? ANSWER_OK : ANSWER_NO_DOMAIN;
}

static enum store_result
find_domain(struct store_txn *t, const char *name, struct domain_rec *d,
            struct errbuf *err)
{
    char form[NAME_DOMAIN_SIZE];

    if (name_domain(name, form, NULL) < 0)
        return STORE_NOTFOUND;
    return domain_find(t, form, d, err);
}

static enum store_result
find_account(struct store_txn *t, uint64_t domain, const char *name,
             struct account_rec *a, struct errbuf *err)
{
    char form[NAME_LOCAL_SIZE];

    if (name_local(name, form, NULL) < 0)
        return STORE_NOTFOUND;
    return account_find(t, domain, form, a, err);
}

enum store_result
admin_find_domain(struct admin_context *x, const char *name, unsigned need,
                  struct domain_rec *d_r, int *code_r, struct errbuf *err)
{
    char *bare = NULL;
    enum store_result r = STORE_OK;

    if (name == NULL)
        r = default_domain(x, &bare, err);
    else
        bare = blank_trimmed(name);
    if (r == STORE_OK)
        r = find_domain(x->txn, bare, d_r, err);
    free(bare);
    if (r != STORE_OK && r != STORE_NOTFOUND)
        return r;
    if (r == STORE_OK)
        admin_note_target(x, d_r, NULL, NULL);
    *code_r = code_of_domain(x->caller, r == STORE_OK, d_r->number, need);
    return STORE_OK;
}

enum store_result
admin_account_find(struct store_txn *t, const char *address,
                   const char *default_domain_name, struct domain_rec *domain_r,
                   struct account_rec *account_r, bool *domain_found_r,
                   struct errbuf *err)
{
    char *name = blank_trimmed(address), *at = strrchr(name, '@');
    char *domain = at != NULL                    ? xstrdup(at + 1)
                   : default_domain_name != NULL ? xstrdup(default_domain_name)
                                                 : NULL;
    enum store_result r = STORE_OK;

    if (at != NULL)
        *at = '\0';
    *domain_found_r = false;
    if (domain == NULL)
        r = meta_text_get(t, STORE_TEXT_MAIN_DOMAIN, &domain, err);
    if (r == STORE_OK)
        r = find_domain(t, domain, domain_r, err);
    *domain_found_r = r == STORE_OK;
    if (r == STORE_OK)
        r = find_account(t, domain_r->number, name, account_r, err);
    free(name);
    free(domain);
    return r;
}

static int
code_of_account(const struct caller *c, bool domain_found, bool found,
                const struct domain_rec *d, const struct account_rec *a,
                unsigned need)
{
    if (!domain_found)
        return code_of_domain(c, false, 0, need);
    if (!found)
        return allowed(c, d->number, need) ? ANSWER_NO_ACCOUNT
                                           : ANSWER_NO_RIGHTS;
    if ((need & NEED_OWN) != 0 && a->number == c->account)
        return 200;
    return code_of_domain(c, true, d->number, need);
}

/* The caller's own account, by number: its name may have changed since. */
static enum store_result
find_own(struct admin_context *x, struct domain_rec *d, struct account_rec *a,
         bool *domain_found_r, struct errbuf *err)
{
    enum store_result r = STORE_NOTFOUND;

    *domain_found_r = true;
    if (x->caller->account != 0)
        r = account_get(x->txn, x->caller->account, a, err);
    if (r == STORE_OK)
        r = admin_must(domain_get(x->txn, a->domain, d, err),
                       "an account's domain", err);
    return r;
}

enum store_result
admin_find_account(struct admin_context *x, const char *address, unsigned need,
                   struct domain_rec *d_r, struct account_rec *a_r, int *code_r,
                   struct errbuf *err)
{
    bool domain_found = false;
    char *bare = blank_trimmed(address), *own = NULL;
    enum store_result r = STORE_OK;

    if (strcmp(bare, "*") == 0) {
        r = find_own(x, d_r, a_r, &domain_found, err);
    } else {
        if (strchr(bare, '@') == NULL)
            r = default_domain(x, &own, err);
        if (r == STORE_OK)
            r = admin_account_find(x->txn, bare, own, d_r, a_r, &domain_found,
                                   err);
        free(own);
    }
    free(bare);
    if (r != STORE_OK && r != STORE_NOTFOUND)
        return r;
    if (domain_found)
        admin_note_target(x, d_r, r == STORE_OK ? a_r : NULL, NULL);
    *code_r =
        code_of_account(x->caller, domain_found, r == STORE_OK, d_r, a_r, need);
    return STORE_OK;
}

void
admin_clear(struct domain_rec *d, struct account_rec *a)
{
    domain_rec_clear(d);
    account_rec_clear(a);
}
