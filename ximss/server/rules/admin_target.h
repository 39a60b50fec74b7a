/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_ADMIN_TARGET_H
#define XIMSS_SERVER_RULES_ADMIN_TARGET_H

#include <stdbool.h>

#include "ximss/server/rules/admin_context.h"

/* Which domain or account a name means, and whether the caller may.
 *
 * What is missing is told to those only who might do it if it were there:
 * everybody else hears 510, whether the name exists or not. */

/* What is needed: rights of a domain administrator (enum right), one of which
 * must be held in the target's domain, and besides: */
#define NEED_OR_MAKE  (1u << 28) /* of accounts: one that is missing may come */
#define NEED_LIST     (1u << 29) /* of alerts: whoever may list them */
#define NEED_READ_ALL (1u << 30) /* reading all domains suffices */
#define NEED_OWN      (1u << 31) /* the caller's own account is allowed */
/* Reading by any administrator of that domain. */
#define NEED_READ (NEED_READ_ALL | (unsigned)RIGHTS_OF_DOMAIN)

/* *code_r: 200, 510, 512.  STORE_OK or a failure. */
enum store_result admin_find_domain(struct admin_context *x, const char *name,
                                    unsigned need, struct domain_rec *d_r,
                                    int *code_r,
                                    struct errbuf *err) WARN_UNUSED;
/* *code_r: 200, 510, 512, 513. */
enum store_result admin_find_account(struct admin_context *x,
                                     const char *address, unsigned need,
                                     struct domain_rec *d_r,
                                     struct account_rec *a_r, int *code_r,
                                     struct errbuf *err) WARN_UNUSED;

/* Notes whom it is about, unless that is known already.  d, a: as far as they
 * were found, zeroed or NULL if not; without both, `name` is it. */
void admin_note_target(struct admin_context *x, const struct domain_rec *d,
                       const struct account_rec *a, const char *name);

/* Clears what was found. */
void admin_clear(struct domain_rec *d, struct account_rec *a);

/* Whether this is the main domain. */
enum store_result admin_is_main(struct store_txn *t, const struct domain_rec *d,
                                bool *main_r, struct errbuf *err) WARN_UNUSED;

/* For what must be there (a number from another record): not found is damage. */
enum store_result admin_must(enum store_result r, const char *what,
                             struct errbuf *err);

/* Finds "name@domain" (a bare name: in default_domain, NULL: the main domain), in any
 * spelling of the two.
 * STORE_NOTFOUND with *domain_found_r telling which half is missing. */
enum store_result admin_account_find(struct store_txn *t, const char *address,
                                     const char *default_domain,
                                     struct domain_rec *domain_r,
                                     struct account_rec *account_r,
                                     bool *domain_found_r,
                                     struct errbuf *err) WARN_UNUSED;

#endif
