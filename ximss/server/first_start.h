/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_FIRST_START_H
#define XIMSS_SERVER_FIRST_START_H

#include "util/errbuf.h"

/* Makes a store in dir (made too, if missing): the main domain, and postmaster
 * in it with the right Master.  password_file: its first line is postmaster's
 * password, "-": standard input, NULL: none, nobody gets in but by the control
 * socket.  main_domain NULL: the machine's name.  -1 with err; a directory
 * that holds a store is an error. */
int first_start(const char *dir, const char *main_domain,
                const char *password_file, unsigned iterations,
                struct errbuf *err) WARN_UNUSED;

#endif
