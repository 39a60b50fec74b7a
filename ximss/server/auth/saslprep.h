/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_SASLPREP_H
#define XIMSS_SERVER_AUTH_SASLPREP_H

/* SASLprep (RFC 4013) of a password; the text itself, copied, if it cannot be
 * prepared.  The caller wipes and frees. */
char *saslprep(const char *text);

#endif
