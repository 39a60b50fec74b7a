/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_REQUESTS_DIALECTS_H
#define XIMSS_SERVER_REQUESTS_DIALECTS_H

#include "ximss/server/live/dialect.h"

/* The ways to speak with a session (dialect.h), for the listeners. */

extern const struct dialect dialect_ximss;
extern const struct dialect dialect_pwd;

#endif
