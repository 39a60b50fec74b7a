/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_LOG_JOURNAL_H
#define UTIL_LOG_JOURNAL_H

#include <stdbool.h>

/* True if standard error goes to the journal (JOURNAL_STREAM, systemd.exec(5)).
 * Lines of text then go to it by its own protocol, with their fields: user=… is
 * XIMSS_USER.  For log_init, and
 * before there are threads. */
bool log_journal_begin(void);

#endif
