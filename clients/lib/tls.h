/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_LIB_TLS_H
#define CLIENTS_LIB_TLS_H

#include <openssl/ssl.h>

#include "util/errbuf.h"

/* The client's side of TLS: a session over a connected descriptor that
 * verifies the server's chain and name, and never raises SIGPIPE. */

/* name: what the certificate must carry (a host name or an address).  ca_file:
 * NULL for the system's authorities.  The descriptor stays the caller's.  NULL
 * on failure. */
SSL *tls_open(int fd, const char *name, const char *ca_file,
              struct errbuf *err) WARN_UNUSED;

/* Why a handshake, a read or a write failed (result of SSL_get_error, and
 * errno of that moment). */
int tls_failed(SSL *ssl, int code, int e, const char *doing,
               struct errbuf *err);

#endif
