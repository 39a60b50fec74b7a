/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_BRIDGE_EXEC_H
#define CLIENTS_BRIDGE_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "util/buf.h"

/* The requests of one body on their way: they go to ximssd in their order, some
 * at a time, and their answers come back in one reply (sync) or as messages to
 * be polled (async).  See protocol.md B.2 and B.7. */

struct call;
struct exec;
struct web_session;
TAILQ_HEAD(exec_list, exec);

/* Handles POST or GET /Session/ID/sync and /async. */
void exec_call(struct call *c, struct web_session *s, bool async);

/* Sends what waits, as far as it goes: ximssd is there, or has answered.  The
 * session may be over behind it. */
void exec_pump(struct web_session *s);

/* The session has ended: requests are answered 550; what ximssd has still to
 * answer stays until then, or until it is dropped. */
void exec_end_all(struct web_session *s);
void exec_drop_all(struct web_session *s);

/* What they hold, in memory.h. */
size_t exec_bytes(const struct web_session *s);

#endif
