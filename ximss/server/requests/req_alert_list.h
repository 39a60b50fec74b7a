/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_REQ_ALERT_LIST_H
#define XIMSS_SERVER_REQUESTS_REQ_ALERT_LIST_H

#include "ximss/server/live/request.h"

/* alertList and alertWatch (req_tables.h). */
extern const struct req_desc req_alert_list_table[];

#endif
