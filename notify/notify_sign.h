/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NOTIFY_NOTIFY_SIGN_H
#define NOTIFY_NOTIFY_SIGN_H

#include <stddef.h>

#include "util/base64.h"
#include "util/errbuf.h"

/* Signatures as Standard Webhooks has them (version 1.0, symmetric, "v1"): HMAC-
 * SHA256 over "ID.SECONDS.PAYLOAD", in base64.  Who gets a notice refuses those
 * whose time is not about now, and ids it has seen: then nobody can repeat one. */

#define NOTIFY_SIGN_ID_SIZE 37 /* "msg_" and 32 digits, with the 0 */
#define NOTIFY_SIGN_SIZE    (3 + BASE64_SIZE(32))

/* A new id, that nobody can guess. */
void notify_sign_id(char out[NOTIFY_SIGN_ID_SIZE]);

/* 0 if the secret is text of 1 to NOTIFY_SECRET_MOST bytes, or "whsec_" and
 * base64 of 1 byte at least. */
int notify_sign_check(const char *secret, struct errbuf *err) WARN_UNUSED;

/* Writes "v1,SIGNATURE".  The secret was checked.  After "whsec_" it is base64 of
 * the key, as that standard has it; otherwise it is the key. */
void notify_sign_make(const char *secret, const char *id, long long seconds,
                      const char *payload, char out[NOTIFY_SIGN_SIZE]);

#endif
