/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_CLI_OUTSIDE_H
#define XIMSS_SERVER_REQUESTS_CLI_OUTSIDE_H

/* Commands that ask the user database of a source of passwords
 * (cli/cmd_outside.c): their rights are checked, and they are answered here. */

struct cli_job;

/* The array of all users of the domain, as names without it. */
void cli_outside_list(struct cli_job *c);
/* Those of the names that are no users. */
void cli_outside_check(struct cli_job *c);

#endif
