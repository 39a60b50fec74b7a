/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/user_target.h"

#include <stdlib.h>
#include <string.h>

#include "util/blank.h"
#include "ximss/server/rules/admin_target.h"
#include "ximss/server/rules/settings.h"

static void
take_local(const char *address, char local[NAME_LOCAL_SIZE])
{
    char form[NAME_ADDRESS_SIZE], *bare = blank_trimmed(address);
    size_t n = 0;

    if (name_address(bare, form, NULL) == 0)
        n = strcspn(form, "@");
    free(bare);
    memcpy(local, form, n);
    local[n] = '\0';
}

/* *is_r: nothing in the domain has the whole name. */
static enum store_result
is_free(struct store_txn *t, const struct domain_rec *d, const char *name,
        bool *is_r, struct errbuf *err)
{
    enum object_kind kind;
    enum store_result r = object_kind_of(t, d->number, name, &kind, err);

    *is_r = r == STORE_NOTFOUND;
    return *is_r ? STORE_OK : r;
}

/* The account of the name in front of the detail (plus, in local), if the domain
 * says so and nothing has the whole name.  STORE_NOTFOUND: there is none. */
static enum store_result
find_before(struct store_txn *t, const struct domain_rec *d,
            char local[NAME_LOCAL_SIZE], char *plus, struct account_rec *a,
            struct errbuf *err)
{
    bool wanted = false, free_name = false;
    enum store_result r = settings_domain_detail(t, d, &wanted, err), found;

    if (r == STORE_OK)
        r = is_free(t, d, local, &free_name, err);
    if (r != STORE_OK)
        return r;
    *plus = '\0';
    found = account_find(t, d->number, local, a, err);
    if (wanted && free_name)
        return found;
    *plus = '+';
    return found == STORE_OK ? STORE_NOTFOUND : found;
}

enum store_result
user_target_find(struct store_txn *t, const char *address,
                 struct domain_rec *domain_r, struct account_rec *account_r,
                 bool *domain_found_r, char local_r[NAME_LOCAL_SIZE],
                 struct errbuf *err)
{
    struct account_rec other = {0};
    enum store_result r = admin_account_find(t, address, NULL, domain_r,
                                             account_r, domain_found_r, err);
    enum store_result before;
    char *plus;

    take_local(address, local_r);
    plus = strchr(local_r, '+');
    if (!*domain_found_r || plus == NULL || plus == local_r)
        return r;
    if (r != STORE_OK && r != STORE_NOTFOUND)
        return r;
    before = find_before(t, domain_r, local_r, plus, &other, err);
    if (before == STORE_OK) {
        account_rec_clear(account_r);
        *account_r = other;
        return STORE_OK;
    }
    account_rec_clear(&other);
    return before == STORE_NOTFOUND ? r : before;
}
