/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_ALERT_TARGET_H
#define XIMSS_SERVER_RULES_ALERT_TARGET_H

#include "ximss/server/rules/admin_context.h"

/* Whose alerts: a scope and, for two of them, a domain or an account. */
struct alert_target {
    enum alert_scope scope;
    uint64_t number;            /* of the domain or account, else 0 */
    struct domain_rec domain;   /* for domain and account */
    struct account_rec account; /* for account */
};

void alert_target_clear(struct alert_target *t);

/* need: NEED_... of admin_target.h for domains and accounts; for the other
 * scopes, posting unless NEED_READ_ALL or NEED_LIST is in it.  NEED_OR_MAKE: sets
 * x->newcomer if the account is missing, and who asks might do it.  *code_r: 200, 501 (a name is
 * missing), 510, 512, 513.  The target is to be cleared whatever comes back. */
enum store_result alert_target_find(struct admin_context *x,
                                    enum alert_scope scope, const char *name,
                                    unsigned need, struct alert_target *t_r,
                                    int *code_r,
                                    struct errbuf *err) WARN_UNUSED;

/* The target of an alert that is in the store; to be cleared whatever comes
 * back. */
enum store_result alert_target_of(struct admin_context *x,
                                  const struct alert_rec *a,
                                  struct alert_target *t_r,
                                  struct errbuf *err) WARN_UNUSED;

#endif
