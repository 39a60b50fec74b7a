/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_METRICS_H
#define CLIENTS_BRIDGE_METRICS_H

struct bridge;
struct buf;

/* Appends the bridge's figures, as text of version 0.0.4 for Prometheus. */
void metrics_write(const struct bridge *b, struct buf *out);

#endif
