/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_FOREIGN_PBKDF2_H
#define XIMSS_SERVER_AUTH_FOREIGN_PBKDF2_H

#include <stdbool.h>

#include "util/errbuf.h"
#include "ximss/server/base/hash_limits.h"

/* Dovecot's PBKDF2, by HMAC-SHA-1: $1$salt$rounds$hex; for foreign_hash.c. */

/* 0 if the form is right, and the cost within the limits; else -1 with err. */
int foreign_pbkdf2_check(const char *hash, const struct hash_limits *limits,
                         struct errbuf *err) WARN_UNUSED;
/* For one that was checked. */
bool foreign_pbkdf2_matches(const char *hash, const char *clear);

#endif
