/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_ACCOUNT_NAME_H
#define STORAGE_ACCOUNT_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/txn.h"

/* The names of accounts and their numbers, and the names of other objects; for
 * account_table.c, object_table.c and the transaction.  Private to storage/. */

/* Gives an account a name in a domain, which must exist.  STORE_EXISTS if the
 * name is in use (err says so), STORE_REFUSED if it is not a valid name. */
enum store_result account_name_add(struct store_txn *t, uint64_t domain,
                                   const char *name, uint64_t account,
                                   struct errbuf *err) WARN_UNUSED;
/* Removes the name of an account, which is not an alias. */
enum store_result account_name_remove(struct store_txn *t, uint64_t domain,
                                      const char *name,
                                      struct errbuf *err) WARN_UNUSED;
/* The number of the account with this name or alias; STORE_NOTFOUND. */
enum store_result account_name_find(struct store_txn *t, uint64_t domain,
                                    const char *name, uint64_t *account_r,
                                    struct errbuf *err) WARN_UNUSED;

/* Like account_name_add, for an object.  account_name_find does not find it. */
enum store_result account_name_add_object(struct store_txn *t, uint64_t domain,
                                          const char *name,
                                          enum object_kind kind,
                                          struct errbuf *err) WARN_UNUSED;
/* Removes the name of an object of this kind; STORE_NOTFOUND. */
enum store_result account_name_remove_object(struct store_txn *t,
                                             uint64_t domain, const char *name,
                                             enum object_kind kind,
                                             struct errbuf *err) WARN_UNUSED;

/* The aliases of an account in this domain. */
enum store_result account_name_get_aliases(struct store_txn *t, uint64_t domain,
                                           uint64_t account,
                                           struct alias_list *l_r,
                                           struct errbuf *err) WARN_UNUSED;
/* Replaces them, like account_aliases_set. */
enum store_result account_name_set_aliases(struct store_txn *t, uint64_t domain,
                                           uint64_t account,
                                           const struct alias_list *l,
                                           struct errbuf *err) WARN_UNUSED;
/* STORE_OK if account_name_set_aliases would accept the names; otherwise its
 * result.  Changes nothing. */
enum store_result account_name_check_aliases(struct store_txn *t,
                                             uint64_t domain, uint64_t account,
                                             const struct alias_list *l,
                                             struct errbuf *err) WARN_UNUSED;

/* True if it is known without reading that the domain has accounts. */
bool account_name_any(const struct store_txn *t, uint64_t domain);

/* Writes the counts of the domain that was last counted, before a commit. */
enum store_result account_name_flush_count(struct store_txn *t,
                                           struct errbuf *err) WARN_UNUSED;

#endif
