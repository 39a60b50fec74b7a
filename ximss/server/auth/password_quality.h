/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_PASSWORD_QUALITY_H
#define XIMSS_SERVER_AUTH_PASSWORD_QUALITY_H

#include "util/errbuf.h"

/* New passwords that many people have, or that follow from the name: by
 * libpwquality, with its settings (/etc/security/pwquality.conf) and the
 * dictionary of cracklib. */

/* 0, or -1 with err: "the password ...".  user: its name, or name@domain.  Reads
 * files, and one thread waits for the other: in the hash pool only.  Without a
 * dictionary the rest is checked, with a line in the log.  If the server was
 * built without libpwquality, always 0. */
int password_quality_check(const char *clear, const char *user,
                           struct errbuf *err) WARN_UNUSED;

#endif
