/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_ALIAS_TABLE_H
#define STORAGE_ALIAS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/txn.h"

/* Aliases, of accounts and of domains alike; for the files of their names.
 * Private to storage/. */

struct alias_owner {
    enum table table;   /* of names */
    uint64_t number;    /* of the account or the domain */
    struct key names;   /* what the keys of names begin with */
    struct key aliases; /* what the keys of the owner's entries begin with */
};

/* The aliases of the owner, in order.  An empty list if there are none. */
enum store_result alias_list_get(struct store_txn *t,
                                 const struct alias_owner *o,
                                 struct alias_list *l_r,
                                 struct errbuf *err) WARN_UNUSED;

/* STORE_OK if each name is free, or is already an alias of this owner.
 * STORE_EXISTS if one is in use, STORE_REFUSED if one is not a valid name; err
 * says which. */
enum store_result alias_check(struct store_txn *t, const struct alias_owner *o,
                              const struct alias_list *l,
                              struct errbuf *err) WARN_UNUSED;

/* Replaces the aliases of the owner, after the same check.  *before_r and
 * *after_r are the old and the new number of them. */
enum store_result alias_set(struct store_txn *t, const struct alias_owner *o,
                            const struct alias_list *l, size_t *before_r,
                            size_t *after_r, struct errbuf *err) WARN_UNUSED;

#endif
