/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_AUTO_ACCOUNT_H
#define XIMSS_SERVER_RULES_AUTO_ACCOUNT_H

#include "util/name.h"
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
    AUTO_ACCOUNT_TAKEN,     /* a group or a forwarder has the name */
    AUTO_ACCOUNT_GONE /* it is there, but its source has it no more (OUTSIDE_GONE) */
};

/* The account of "name@domain" (as user_target_find: also with a detail), which is
 * made if it is not there; so is its domain, if auto-domains names it.  The caller
 * knows that `source` (auth_source_name) has such a user, and that the domain
 * asks it.  A new account has no password, no rights, the settings of the
 * domain's template, OUTSIDE_YES, and is shown what is active.  It gets an audit
 * record in the caller's name (x->caller NULL: the server's).
 *
 * The records are filled with THERE, MADE and GONE, and are the caller's to clear
 * in any case. */
enum store_result auto_account_get(struct admin_context *x, const char *address,
                                   const char *source, struct domain_rec *d_r,
                                   struct account_rec *a_r,
                                   enum auto_account *what_r,
                                   struct errbuf *err) WARN_UNUSED;

/* What auto_account_get would say; nothing is made. */
enum store_result auto_account_would_get(struct admin_context *x,
                                         const char *address,
                                         enum auto_account *what_r,
                                         struct errbuf *err) WARN_UNUSED;

/* Whether it is worth asking the user database of a source for the name: there is
 * no such account, it would be made if the source has such a user, and the
 * domain asks that source for passwords.  name_r: what to ask about, in normal
 * form; "": it is not worth it. */
enum store_result auto_account_wanted(struct admin_context *x,
                                      const char *address,
                                      char name_r[NAME_ADDRESS_SIZE],
                                      struct errbuf *err) WARN_UNUSED;

/* The reason for a line of the log, one word. */
const char *auto_account_reason(enum auto_account what);

#endif
