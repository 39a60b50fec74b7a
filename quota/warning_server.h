/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef QUOTA_WARNING_SERVER_H
#define QUOTA_WARNING_SERVER_H

#include "quota/report_server.h"

/* The socket that Dovecot's quota_warning can be pointed at
 * (quota_warning = storage=80%% PATH 80 %u): that a level was reached, as
 * QUOTA_SOURCE_WARNING, in per cents of a limit that Dovecot does not say.
 * A writer that waits for an answer gets it before the sink is called. */

extern const struct local_ops warning_server_ops; /* of a report_server */

#endif
