/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_REQ_CLI_H
#define XIMSS_SERVER_REQUESTS_REQ_CLI_H

#include "ximss/server/live/request.h"

/* cliExecute: one line of the CLI (req_tables.h). */
extern const struct req_desc req_cli_table[];

#endif
