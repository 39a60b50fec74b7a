/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_ALERT_H
#define XIMSS_SERVER_CLI_ADMIN_ALERT_H

#include "ximss/server/cli/admin_call.h"
#include "ximss/server/rules/alert_target.h"

/* What the commands about alerts share.  The detail of their rows is the scope.
 * Here an alert is named by its key, a second of GMT that is unique in its set. */

#define ADMIN_ALERT_KEY_SIZE 15 /* YYYYMMDDHHMMSS */

void admin_alert_format_key(int64_t seconds, char out[ADMIN_ALERT_KEY_SIZE]);
/* Any of the forms that clients of the family know, with or without Z. */
int admin_alert_parse_key(const char *text, int64_t *seconds_r) WARN_UNUSED;

/* Takes the scope's target, as far as it has one; `optional`: a domain that is
 * not named is the caller's (*name_r is NULL). */
enum store_result admin_alert_arg_target(struct admin_call *c, bool optional,
                                         const char **name_r) WARN_UNUSED;
/* Finds what is named, or refuses.  need: see alert_target_find.  The target is to
 * be cleared whatever comes back. */
enum store_result admin_alert_find_target(struct admin_call *c,
                                          const char *name, unsigned need,
                                          struct alert_target *t_r,
                                          struct errbuf *err) WARN_UNUSED;

#endif
