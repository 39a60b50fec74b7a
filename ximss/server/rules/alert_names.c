/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include "ximss/server/rules/alert_names.h"

#include <string.h>

static const char *const scopes[] = {
    [ALERT_SERVER] = "server",
    [ALERT_CLUSTER] = "cluster",
    [ALERT_DOMAIN] = "domain",
    [ALERT_ACCOUNT] = "account",
};

static const char *const severities[] = {
    [ALERT_INFO] = "info",
    [ALERT_WARNING] = "warning",
    [ALERT_CRITICAL] = "critical",
};

const char *
alert_scope_name(enum alert_scope scope)
{
    return scopes[scope];
}

const char *
alert_severity_name(enum alert_severity severity)
{
    return severities[severity];
}

int
alert_scope_parse(const char *name, enum alert_scope *scope_r)
{
    for (int i = ALERT_SERVER; i <= ALERT_ACCOUNT; i++) {
        if (strcmp(scopes[i], name) == 0) {
            *scope_r = (enum alert_scope)i;
            return 0;
        }
    }
    return -1;
}

int
alert_severity_parse(const char *name, enum alert_severity *severity_r)
{
    for (int i = ALERT_INFO; i <= ALERT_CRITICAL; i++) {
        if (strcmp(severities[i], name) == 0) {
            *severity_r = (enum alert_severity)i;
            return 0;
        }
    }
    return -1;
}
