/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_TLS_H
#define UTIL_TLS_H

#include "util/errbuf.h"

struct ssl_ctx_st;

/* A server's context from PEM files: TLS 1.2 ("1.2") or 1.3 ("1.3") and up,
 * ciphers with forward secrecy and authentication only.  NULL with err (which
 * file, what is wrong): no file, not to be read, no PEM, a key that does not fit
 * or that has a password (nobody is asked), a certificate that is not valid now,
 * or is signed by somebody whose certificate is neither in the file nor known to
 * the system.  It never waits.  Freed with tls_context_unref. */
struct ssl_ctx_st *tls_server_context(const char *certificate, const char *key,
                                      const char *min_version,
                                      struct errbuf *err) WARN_UNUSED;
struct ssl_ctx_st *tls_context_ref(struct ssl_ctx_st *ctx);
void tls_context_unref(struct ssl_ctx_st **ctx);

#endif
