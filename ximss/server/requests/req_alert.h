/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_REQ_ALERT_H
#define XIMSS_SERVER_REQUESTS_REQ_ALERT_H

#include "storage/tables.h"
#include "ximss/server/live/request.h"

/* Requests that change something about alerts (req_tables.h). */
extern const struct req_desc req_alert_table[];

/* Reads where alerts are: a scope and, if that has one, a target (borrowed;
 * else NULL).  -1: answered. */
int req_alert_place(struct req *r, const struct attrs *in,
                    enum alert_scope *scope_r, const char **target_r);

#endif
