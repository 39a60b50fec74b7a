/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_CLI_LIVE_H
#define XIMSS_SERVER_REQUESTS_CLI_LIVE_H

struct cli_job;

/* Begins a command about what lives in memory (admin_live.h); answers it in the
 * end. */
void cli_live_begin(struct cli_job *c);

#endif
