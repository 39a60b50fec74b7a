/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_AUTO_ACCOUNT_H
#define XIMSS_SERVER_RULES_AUTO_ACCOUNT_H

#include "ximss/server/rules/admin_context.h"

/* Accounts that make themselves: of users whom a program outside knows, when
 * they first log in or something first concerns them.  In bodies of jobs, one
 * after the other: however many ask for a name at once, one account comes of
 * it. */

enum auto_account {
    AUTO_ACCOUNT_THERE, /* it was there; also by one of its aliases */
    AUTO_ACCOUNT_MADE,
    AUTO_ACCOUNT_NO_DOMAIN, /* there is none of that name */
    AUTO_ACCOUNT_SUSPENDED, /* the domain is */
    AUTO_ACCOUNT_OFF,       /* the domain wants none made (AutoCreate) */
    AUTO_ACCOUNT_BAD_NAME,  /* no new account can have it (util/name.h) */
    AUTO_ACCOUNT_TAKEN      /* a group or a forwarder has the name */
};

/* The account of "name@domain" (as user_target_find: also with a detail), which is
 * made if it is not there.  The caller knows that `source` (auth_source_name) has
 * such a user, and that the domain asks it.  A new account has no password, no
 * rights, the settings of the domain's template, and is shown what is active.
 * It gets an audit record in the caller's name (x->caller NULL: the server's).
 *
 * The records are filled with THERE and MADE, and are the caller's to clear in any
 * case. */
enum store_result auto_account_get(struct admin_context *x, const char *address,
                                   const char *source, struct domain_rec *d_r,
                                   struct account_rec *a_r,
                                   enum auto_account *what_r,
                                   struct errbuf *err) WARN_UNUSED;

/* The reason for a line of the log, one word. */
const char *auto_account_reason(enum auto_account what);

#endif
