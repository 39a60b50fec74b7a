/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_TLS_H
#define UTIL_TLS_H

#include <stdint.h>

#include "util/errbuf.h"

struct ssl_ctx_st;

struct tls_files { /* PEM; borrowed for the call */
    const char *certificate, *key;
    const char *roots; /* that clients have beside the system's; NULL or "" */
};

/* A server's context: TLS 1.2 ("1.2") or 1.3 ("1.3") and up, ciphers with
 * forward secrecy and authentication only.  NULL with err (which file, what is
 * wrong): no file, not to be read, no PEM, a key that does not fit or that has
 * a password (nobody is asked), or a certificate that tls_chain_check refuses.
 * It never waits.  Freed with tls_context_unref. */
struct ssl_ctx_st *tls_server_context(const struct tls_files *files,
                                      const char *min_version,
                                      struct errbuf *err) WARN_UNUSED;
/* One more reference to ctx, which is returned. */
struct ssl_ctx_st *tls_context_ref(struct ssl_ctx_st *ctx);
/* Gives up a reference, and sets *ctx to NULL.  The last one frees it. */
void tls_context_unref(struct ssl_ctx_st **ctx);

/* When its certificate ends, in microseconds UTC. */
int64_t tls_context_end(const struct ssl_ctx_st *ctx);

#endif
