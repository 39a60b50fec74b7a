/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_CLI_RUN_H
#define XIMSS_SERVER_REQUESTS_CLI_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "ximss/server/live/request.h"

/* Carries out one line of the CLI for a session (cliExecute, and the lines of
 * PWD) and answers by r->dialect: `result`, or an error.  The line is copied.
 * report: of XIMSS only, the answer of what is done says before it whether
 * something was changed.
 * r->desc must have REQ_TURNS: of lines that come one after the other the
 * passwords are hashed side by side, and the commands take effect in order. */
enum req_result cli_run(struct req *r, const char *line, size_t len,
                        bool report);

#endif
