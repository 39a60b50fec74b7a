/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_REQ_DEVICE_H
#define XIMSS_SERVER_REQUESTS_REQ_DEVICE_H

#include "ximss/server/live/request.h"

/* Requests about the devices of a user that stay logged in (req_tables.h). */
extern const struct req_desc req_device_table[];

#endif
