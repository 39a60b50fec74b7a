/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_FOREIGN_CRYPT_H
#define XIMSS_SERVER_AUTH_FOREIGN_CRYPT_H

#include <stdbool.h>

#include "util/errbuf.h"
#include "ximss/server/base/hash_limits.h"

/* Foreign hashes of crypt(3), by libcrypt; for foreign_hash.c. */

/* 0 if the form is right, and the cost within the limits; else -1 with err.
 * prefix: which one it must have; NULL: any that is taken. */
int foreign_crypt_check(const char *hash, const char *prefix,
                        const struct hash_limits *limits,
                        struct errbuf *err) WARN_UNUSED;
/* For one that was checked. */
bool foreign_crypt_matches(const char *hash, const char *clear);
/* False: a part of this password does not count. */
bool foreign_crypt_is_whole(const char *hash, const char *clear);

#endif
