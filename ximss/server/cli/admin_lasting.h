/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_LASTING_H
#define XIMSS_SERVER_CLI_ADMIN_LASTING_H

#include "ximss/server/cli/admin_call.h"

/* Lasting sessions (lasting.h) for the commands about sessions: what the store
 * knows of them, connected or not. */

/* The record of the session that GET and KILL name (c->live).  STORE_NOTFOUND
 * also where the caller may not act on it.  *user_r: user@domain, in the call's
 * arena. */
enum store_result admin_lasting_find(struct admin_call *c,
                                     struct ticket_rec *k_r,
                                     const char **user_r,
                                     struct errbuf *err) WARN_UNUSED;

/* Makes the sessions of the account that pass the filter the call's result: an
 * array of ids. */
enum store_result admin_lasting_list(struct admin_call *c, uint64_t account,
                                     uint32_t cred_serial,
                                     struct errbuf *err) WARN_UNUSED;

/* Makes a new one that waits for its user; the id is the call's result. */
enum store_result admin_lasting_make(struct admin_call *c,
                                     const struct account_rec *a,
                                     const struct admin_session_filter *where,
                                     struct errbuf *err) WARN_UNUSED;

#endif
