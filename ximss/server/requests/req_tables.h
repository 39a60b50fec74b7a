/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_REQ_TABLES_H
#define XIMSS_SERVER_REQUESTS_REQ_TABLES_H

#include "ximss/server/live/request.h"

/* All requests of XIMSS: the tables of the req_*.c files.  Each of them
 * ends with an empty row, and this list of them with NULL. */
extern const struct req_desc *const req_tables[];

/* NULL: there is none. */
const struct req_desc *req_tables_find(const char *name);

#endif
