/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_REQ_FEATURES_H
#define XIMSS_SERVER_REQUESTS_REQ_FEATURES_H

#include "ximss/server/live/request.h"

/* listFeatures (req_tables.h). */
extern const struct req_desc req_features_table[];

#endif
