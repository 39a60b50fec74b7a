/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_PASSWORD_H
#define XIMSS_SERVER_CLI_ADMIN_PASSWORD_H

#include "ximss/server/cli/admin_call.h"

/* Passwords that a line carries.  The clear text is hashed before the job begins
 * (admin_plan.h); in it, the credential takes its place. */

/* Takes name PASSWORD pw [METHOD m] [CHECK], or name TO pw, and nothing
 * behind. */
struct admin_password {
    const char *account, *password;
    bool is_hash; /* METHOD hash: pw is what another program kept */
};
enum store_result admin_password_read(struct admin_call *c,
                                      struct admin_password *p) WARN_UNUSED;

/* Which password in clear text a line of the command carries; *p_r borrows of line and
 * arena, and is filled if there is one. */
enum admin_hash_kind admin_password_look(const struct admin_command *k,
                                         const struct admin_line *l,
                                         struct arena *arena,
                                         struct admin_password *p_r);

/* Gives the account the credential that was made of the new password; 501 if it
 * was not, or if the password cannot be one. */
enum store_result admin_password_take_new(struct admin_call *c,
                                          const char *clear,
                                          const struct domain_rec *d,
                                          struct account_rec *a,
                                          struct errbuf *err) WARN_UNUSED;

/* Gives the account the foreign hash, or what can be made of it at once.  501 if
 * it is not taken. */
enum store_result admin_password_take_hash(struct admin_call *c,
                                           const char *hash,
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
 * made of it; or if they carry a foreign hash, that.  501 if it is none. */
enum store_result admin_password_from_settings(struct admin_call *c,
                                               const struct cli_value *settings,
                                               const struct domain_rec *d,
                                               struct account_rec *a,
                                               struct errbuf *err) WARN_UNUSED;

#endif
