/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_USER_TARGET_H
#define XIMSS_SERVER_RULES_USER_TARGET_H

#include <stdbool.h>

#include "storage/tables.h"
#include "util/name.h"

/* Whom a log-in, a mail session or a report of usage means.  As
 * admin_account_find (a bare name: in the main domain), and besides: where the
 * domain has the setting PlusDetail, name+detail is the account of name, unless
 * anything in the domain has the whole name.  Who administers an account has to
 * name it.
 *
 * local_r: the name in the domain that decided, without a detail that does not count;
 * "" if the address is none.  A detail costs the same whether anybody has the name. */
enum store_result user_target_find(struct store_txn *t, const char *address,
                                   struct domain_rec *domain_r,
                                   struct account_rec *account_r,
                                   bool *domain_found_r,
                                   char local_r[NAME_LOCAL_SIZE],
                                   struct errbuf *err) WARN_UNUSED;

#endif
