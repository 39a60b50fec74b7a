/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_ACCOUNT_H
#define XIMSS_SERVER_CLI_ADMIN_ACCOUNT_H

#include "ximss/server/cli/admin_call.h"

/* What the files of commands about accounts share. */

/* Reads an account's name, which must be the only argument, and finds it. */
enum store_result admin_only_account(struct admin_call *c, unsigned need,
                                     struct domain_rec *d,
                                     struct account_rec *a,
                                     struct errbuf *err) WARN_UNUSED;
/* Stores the changed record, with the effect; nothing if it is as it was. */
enum store_result admin_put_account(struct admin_call *c,
                                    const struct domain_rec *d,
                                    const struct account_rec *a,
                                    struct errbuf *err) WARN_UNUSED;
/* The postmaster of the main domain is who cannot be lost. */
enum store_result admin_is_postmaster(struct admin_call *c,
                                      const struct domain_rec *d,
                                      const struct account_rec *a, bool *is_r,
                                      struct errbuf *err) WARN_UNUSED;
/* Puts what the account's settings become into the record, without the password
 * they may carry; the real name is kept in the record too. */
enum store_result admin_make_settings(struct admin_call *c,
                                      const struct cli_value *changes,
                                      bool replace, struct account_rec *a,
                                      struct errbuf *err) WARN_UNUSED;

/* 501 unless these settings can be those of a template: no password, which
 * would have to be kept in clear, and a name that can be shown. */
enum store_result
admin_check_template(struct admin_call *c,
                     const struct cli_value *settings) WARN_UNUSED;

/* Removes the account and its alerts, with the effects.  STORE_AGAIN: not yet
 * all of its alerts. */
enum store_result admin_account_dispose(struct admin_context *x,
                                        const struct domain_rec *d,
                                        const struct account_rec *a,
                                        struct errbuf *err) WARN_UNUSED;

#endif
