/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_BASE_STAT_TEXT_H
#define XIMSS_SERVER_BASE_STAT_TEXT_H

#include <stdbool.h>

#include "util/buf.h"

/* The elements as Prometheus reads them. */

/* Appends all that is known.  openmetrics: as OpenMetrics 1.0, for who asks for
 * application/openmetrics-text; else as text of version 0.0.4, which everybody
 * reads, promtool too.  Any thread; never waits. */
void stat_text_metrics(struct buf *out, bool openmetrics);

/* Appends text as it must be in a HELP line of either form, and with `quoted` as
 * it must be between the quotes of a label. */
void stat_text_escape(struct buf *out, const char *text, bool quoted);

#endif
