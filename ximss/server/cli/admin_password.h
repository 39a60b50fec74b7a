/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_PASSWORD_H
#define XIMSS_SERVER_CLI_ADMIN_PASSWORD_H

#include "ximss/server/cli/admin_call.h"

/* Passwords that a line carries.  The clear text was hashed before the job began
 * (admin_needs_hash in admin.h); here the credential takes its place. */

/* Takes name PASSWORD pw [METHOD m] [CHECK], or name TO pw, and nothing
 * behind. */
struct admin_password {
    const char *account, *password;
};
enum store_result admin_password_read(struct admin_call *c,
                                      struct admin_password *p) WARN_UNUSED;

/* Gives the account the credential that was made; refused if it was not. */
enum store_result admin_password_take(struct admin_call *c,
                                      const struct domain_rec *d,
                                      struct account_rec *a,
                                      struct errbuf *err) WARN_UNUSED;

/* Finds the account if the caller may check its password; both are to be cleared
 * whatever comes back. */
enum store_result admin_password_find(struct admin_call *c, const char *name,
                                      struct domain_rec *d,
                                      struct account_rec *a,
                                      struct errbuf *err) WARN_UNUSED;

/* The settings without the password; in the call's arena. */
const struct cli_value *admin_password_strip(struct admin_call *c,
                                             const struct cli_value *settings);
/* If the settings carry a password, gives the account the credential that was
 * made of it.  501 if it is none. */
enum store_result admin_password_from_settings(struct admin_call *c,
                                               const struct cli_value *settings,
                                               const struct domain_rec *d,
                                               struct account_rec *a,
                                               struct errbuf *err) WARN_UNUSED;

#endif
