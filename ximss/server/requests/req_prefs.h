/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_REQ_PREFS_H
#define XIMSS_SERVER_REQUESTS_REQ_PREFS_H

#include "ximss/server/live/request.h"

/* Requests about preferences (req_tables.h). */
extern const struct req_desc req_prefs_table[];

#endif
