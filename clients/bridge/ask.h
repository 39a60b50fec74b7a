/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_ASK_H
#define CLIENTS_BRIDGE_ASK_H

#include <stddef.h>

#include "util/conn.h"

struct bridge;
struct xml_elem;

/* Requests before a log-in (listFeatures, signup, …): a short connection to
 * ximssd of their own. */
struct ask;

/* One message of the answers, in order; NULL at the end, then `worked` tells
 * whether each request was answered. */
typedef void ask_fn(void *arg, const struct xml_elem *message, int worked);

/* Sends the requests inside `root`, with the client's address.  The function
 * is called later, at least once. */
struct ask *ask_start(struct bridge *b, const struct xml_elem *root,
                      const char *address, ask_fn *fn, void *arg);
/* Nobody wants the answers any more; not after the end was told. */
void ask_cancel(struct ask *a);

#endif
