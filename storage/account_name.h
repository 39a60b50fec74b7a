/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STORAGE_ACCOUNT_NAME_H
#define STORAGE_ACCOUNT_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/txn.h"

/* The names of accounts and their numbers, and the names of other objects; for
 * account_table.c, object_table.c and the transaction.  Private to storage/. */

/* A name comes into a domain, which must exist.  STORE_EXISTS (err says that
 * it is taken), STORE_REFUSED if it cannot be a name. */
enum store_result account_name_add(struct store_txn *t, uint64_t domain,
                                   const char *name, uint64_t account,
                                   struct errbuf *err) WARN_UNUSED;
/* Of an account, not an alias. */
enum store_result account_name_remove(struct store_txn *t, uint64_t domain,
                                      const char *name,
                                      struct errbuf *err) WARN_UNUSED;
/* The number of the account; aliases lead to one, too.  STORE_NOTFOUND. */
enum store_result account_name_find(struct store_txn *t, uint64_t domain,
                                    const char *name, uint64_t *account_r,
                                    struct errbuf *err) WARN_UNUSED;

/* The same for an object's; account_name_find says STORE_NOTFOUND of it. */
enum store_result account_name_add_object(struct store_txn *t, uint64_t domain,
                                          const char *name,
                                          enum object_kind kind,
                                          struct errbuf *err) WARN_UNUSED;
enum store_result account_name_remove_object(struct store_txn *t,
                                             uint64_t domain, const char *name,
                                             enum object_kind kind,
                                             struct errbuf *err) WARN_UNUSED;

/* The aliases of an account of that domain.  set: as account_aliases_set;
 * check: whether set would find one of them taken. */
enum store_result account_name_get_aliases(struct store_txn *t, uint64_t domain,
                                           uint64_t account,
                                           struct alias_list *l_r,
                                           struct errbuf *err) WARN_UNUSED;
enum store_result account_name_set_aliases(struct store_txn *t, uint64_t domain,
                                           uint64_t account,
                                           const struct alias_list *l,
                                           struct errbuf *err) WARN_UNUSED;
enum store_result account_name_check_aliases(struct store_txn *t,
                                             uint64_t domain, uint64_t account,
                                             const struct alias_list *l,
                                             struct errbuf *err) WARN_UNUSED;

/* True if it is known, without looking, that the domain has accounts. */
bool account_name_any(const struct store_txn *t, uint64_t domain);

/* Writes the numbers of the domain last counted, before a commit. */
enum store_result account_name_flush_count(struct store_txn *t,
                                           struct errbuf *err) WARN_UNUSED;

#endif
