/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_CTL_CTL_CHECK_H
#define CLIENTS_CTL_CTL_CHECK_H

#include "clients/ctl/ctl.h"

/* "server check".  The exit status is that of a plugin of Nagios: 0 OK, 1
 * WARNING, 2 CRITICAL, 3 UNKNOWN, also for a usage that is wrong. */
#define CTL_CHECK_USAGE 3
int ctl_check_run(struct ctl *c, int argc, char **argv);

#endif
