/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_ADMIN_PASSWORD_H
#define XIMSS_SERVER_ADMIN_PASSWORD_H

#include "ximss/server/admin_call.h"

/* Passwords on command lines.  The clear text was hashed before the job began
 * (admin_needs_hash in admin.h); here the credential is put in its place. */

enum store_result admin_password_set(struct admin_call *c, struct errbuf *err);
enum store_result admin_password_verify(struct admin_call *c,
                                        struct errbuf *err);
enum store_result admin_password_plain(struct admin_call *c,
                                       struct errbuf *err);

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
