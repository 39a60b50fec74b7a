/* SPDX-License-Identifier: BSD-2-Clause */
/* Which requests there are. */
#include "config.h"

#include "ximss/server/requests/req_tables.h"

#include <string.h>

#include "ximss/server/requests/req_alert.h"
#include "ximss/server/requests/req_alert_list.h"
#include "ximss/server/requests/req_cli.h"
#include "ximss/server/requests/req_device.h"
#include "ximss/server/requests/req_features.h"
#include "ximss/server/requests/req_login.h"
#include "ximss/server/requests/req_password.h"
#include "ximss/server/requests/req_prefs.h"
#include "ximss/server/requests/req_quota.h"
#include "ximss/server/requests/req_session.h"

const struct req_desc *const req_tables[] = {
    req_login_table,
    req_features_table,
    req_device_table,
    req_session_table,
    req_prefs_table,
    req_quota_table,
    req_password_table,
    req_alert_table,
    req_alert_list_table,
    req_cli_table,
    NULL,
};

const struct req_desc *
req_tables_find(const char *name)
{
    for (const struct req_desc *const *t = req_tables; *t != NULL; t++)
        for (const struct req_desc *d = *t; d->name != NULL; d++)
            if (strcmp(d->name, name) == 0)
                return d;
    return NULL;
}
