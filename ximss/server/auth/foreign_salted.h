/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_FOREIGN_SALTED_H
#define XIMSS_SERVER_AUTH_FOREIGN_SALTED_H

#include <stdbool.h>

#include "util/errbuf.h"

/* Foreign hashes that are a digest of password and salt, with the salt behind it;
 * for foreign_hash.c. */

/* How the bytes are written. */
enum foreign_salted_code {
    FOREIGN_SALTED_BASE64,
    FOREIGN_SALTED_HEX
};

/* 0 if the form is right; else -1 with err.  digest: "SHA1", "SHA256" or
 * "SHA512", as OpenSSL calls it. */
int foreign_salted_check(const char *hash, const char *digest,
                         enum foreign_salted_code code,
                         struct errbuf *err) WARN_UNUSED;
/* For one that was checked. */
bool foreign_salted_matches(const char *hash, const char *digest,
                            enum foreign_salted_code code, const char *clear);

#endif
