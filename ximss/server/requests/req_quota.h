/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_REQ_QUOTA_H
#define XIMSS_SERVER_REQUESTS_REQ_QUOTA_H

#include "ximss/server/live/request.h"

/* quotaRead: how much storage one uses (req_tables.h). */
extern const struct req_desc req_quota_table[];

#endif
