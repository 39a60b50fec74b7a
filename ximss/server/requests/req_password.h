/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_REQ_PASSWORD_H
#define XIMSS_SERVER_REQUESTS_REQ_PASSWORD_H

#include "ximss/server/live/request.h"

extern const struct req_desc req_password_table[]; /* req_tables.h */

/* Changes the password of the session's own account and answers: `ok`, or 501,
 * 510 (the local administrator has none), 515, 519, 525, 530, 531.  old: what it
 * must be now; NULL: whatever it is, the session has logged in with it.  what:
 * constant, for the audit log. */
enum req_result req_password_change(struct req *r, const char *what,
                                    const char *old, const char *new);

#endif
