/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_STATUS_H
#define CLIENTS_BRIDGE_STATUS_H

#include "util/errbuf.h"

struct bridge;
struct status_http;

/* The pages for programs that watch the bridge (listen-status), on its loop: if
 * that hangs, they do not answer.  /readyz says "away" while ximssd cannot be
 * reached. */

/* Opens the listeners of the configuration; NULL with err.  The caller owns the
 * result (status_http_free). */
struct status_http *status_open(struct bridge *b,
                                struct errbuf *err) WARN_UNUSED;

#endif
