/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_TLS_CHAIN_H
#define UTIL_TLS_CHAIN_H

#include <openssl/x509.h>

#include "util/errbuf.h"

/* Whether clients can follow a certificate to a root that they know, with what
 * the file has behind it (chain, may be NULL).  A certificate that signed itself
 * is always well, for its owner gives it to the clients.  Else whoever signed
 * must be
 * - in the file; what the file has at the end may be signed by somebody who is
 *   nowhere here, for roots need not be sent;
 * - or known to the system, or one of `roots` (may be NULL);
 * - or a root by what the certificate says (authorityKeyIdentifier).
 * With roots, the end of the file must lead to one of these, or the system's.
 * -1 with err, which begins with file: one has expired, is not valid yet, or has
 * not been signed by who it says, or one is missing. */
int tls_chain_check(X509 *cert, STACK_OF(X509) * chain, STACK_OF(X509) * roots,
                    const char *file, struct errbuf *err) WARN_UNUSED;

#endif
