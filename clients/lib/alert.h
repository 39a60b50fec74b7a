/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_LIB_ALERT_H
#define CLIENTS_LIB_ALERT_H

struct ximss;
struct xml_elem;

/* A pushed message about alerts: hands it to its callback.  0: it is none, or
 * nobody asked for it. */
int alert_push(struct ximss *x, const struct xml_elem *e);

#endif
