/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_ALERT_NAMES_H
#define XIMSS_SERVER_RULES_ALERT_NAMES_H

#include "storage/tables.h"

/* How scopes and severities are called on the wire. */

/* "server", "cluster", "domain", "account". */
const char *alert_scope_name(enum alert_scope scope);
/* "info", "warning", "critical". */
const char *alert_severity_name(enum alert_severity severity);

/* Exactly those words, in lower case; -1 for anything else. */
int alert_scope_parse(const char *name, enum alert_scope *scope_r) WARN_UNUSED;
int alert_severity_parse(const char *name,
                         enum alert_severity *severity_r) WARN_UNUSED;

#endif
