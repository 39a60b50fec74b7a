/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_REQ_TABLES_H
#define XIMSS_SERVER_REQUESTS_REQ_TABLES_H

#include "ximss/server/live/request.h"
#include "ximss/server/requests/req_alert.h"
#include "ximss/server/requests/req_alert_list.h"

/* The tables of requests, one per file; each ends with an empty row. */

extern const struct req_desc req_login_table[];
extern const struct req_desc req_features_table[];
extern const struct req_desc req_session_table[];
extern const struct req_desc req_device_table[];
extern const struct req_desc req_prefs_table[];
extern const struct req_desc req_quota_table[];
extern const struct req_desc req_password_table[];
extern const struct req_desc req_cli_table[];

#endif
