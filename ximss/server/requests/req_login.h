/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_REQ_LOGIN_H
#define XIMSS_SERVER_REQUESTS_REQ_LOGIN_H

#include "ximss/server/live/request.h"

/* login and auth (req_tables.h). */
extern const struct req_desc req_login_table[];

#endif
