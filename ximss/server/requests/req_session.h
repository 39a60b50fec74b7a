/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_REQ_SESSION_H
#define XIMSS_SERVER_REQUESTS_REQ_SESSION_H

#include "ximss/server/live/request.h"

struct session;

extern const struct req_desc req_session_table[]; /* req_tables.h */

/* Appends the attributes of the `session` data (protocol.md A.7): urlID,
 * userName, realName, version, random. */
void req_session_attributes(struct buf *b, const struct session *s);

#endif
