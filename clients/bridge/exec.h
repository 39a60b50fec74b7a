/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_EXEC_H
#define CLIENTS_BRIDGE_EXEC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "util/buf.h"

/* The requests of one body on their way: they go to ximssd together, and their
 * answers come back in one reply (sync) or as messages to be polled (async).
 * See protocol.md B.2 and B.7. */

struct call;
struct exec;
struct web_session;
LIST_HEAD(exec_list, exec);

/* Handles POST or GET /Session/ID/sync and /async. */
void exec_call(struct call *c, struct web_session *s, bool async);

/* ximssd is back: sends what had to wait. */
void exec_resume_all(struct web_session *s);
/* The session is over, or has another id: all get 550. */
void exec_end_all(struct web_session *s);

#endif
