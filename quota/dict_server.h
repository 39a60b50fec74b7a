/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_DICT_SERVER_H
#define QUOTA_DICT_SERVER_H

#include "quota/report_server.h"

/* The socket that Dovecot's quota_clone plugin writes to
 * (quota_clone_dict = proxy:PATH:quota): usage as it changes, as
 * QUOTA_SOURCE_DICT.
 *
 * A mail delivery waits for the answer to its commit; so that leaves before the
 * sink is called.  A malformed line closes its connection, with a line in the
 * log, and so does a peer that does not read its answers: neither holds a
 * delivery. */

extern const struct local_ops dict_server_ops; /* of a report_server */

#endif
