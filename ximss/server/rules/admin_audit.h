/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_ADMIN_AUDIT_H
#define XIMSS_SERVER_RULES_ADMIN_AUDIT_H

#include <stdbool.h>

#include "ximss/server/rules/admin_context.h"

/* The audit log: who did what, or tried to.  In bodies of jobs, in the
 * transaction of the change. */

/* Adds an audit record in the caller's name: for changes that are made outside
 * of the CLI.  outcome: "ok" or the error text.  Of what changed nothing,
 * and of callers without any right, only as many as the budget has
 * (audit_budget.h), unless the caller holds Master or All Domains. */
enum store_result admin_audit(struct admin_context *x, const char *what,
                              const char *outcome,
                              struct errbuf *err) WARN_UNUSED;
/* As admin_audit, but the caller knows whether it changed something. */
enum store_result admin_audit_record(struct admin_context *x, const char *what,
                                     const char *outcome, bool changed,
                                     struct errbuf *err) WARN_UNUSED;
/* Adds the records that say how many the budget left out (see
 * audit_budget_tell; the caller says audit_budget_told after the commit). */
enum store_result admin_audit_left_out(struct admin_context *x, bool all,
                                       struct errbuf *err) WARN_UNUSED;

#endif
