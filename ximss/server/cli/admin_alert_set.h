/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_CLI_ADMIN_ALERT_SET_H
#define XIMSS_SERVER_CLI_ADMIN_ALERT_SET_H

#include "ximss/server/cli/admin_command.h"

/* The whole command: [target] dictionary of keys and texts. */
admin_run_fn admin_alert_set;

#endif
