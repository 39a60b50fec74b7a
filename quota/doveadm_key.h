/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_DOVEADM_KEY_H
#define QUOTA_DOVEADM_KEY_H

#include "util/errbuf.h"

/* The key in a file: its first line; yours, to be wiped.  NULL with err (which
 * never shows it) for what cannot be read, and what is no one line. */
char *doveadm_key_read(const char *file, struct errbuf *err) WARN_UNUSED;

void doveadm_key_free(char **key); /* wipes */

#endif
