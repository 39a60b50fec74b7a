/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIENTS_LIB_LINK_H
#define CLIENTS_LIB_LINK_H

#include <stdbool.h>

#include "clients/lib/ximss.h"
#include "clients/lib/ximss_private.h"
#include "util/errbuf.h"

/* Without sending for so long a keep-alive is sent (microseconds); servers
 * close after 600 s. */
#define LINK_KEEP_ALIVE INT64_C(270000000)

/* The life of the connection: connecting, TLS, messages, time-outs, the end,
 * and coming back. */

/* Bracket every call from outside that may call back: what must not happen
 * inside callbacks (freeing, telling the event loop) happens in the outermost
 * link_leave, after which x may be gone. */
void link_enter(struct ximss *x);
void link_leave(struct ximss *x);

/* Begins with the first (next) connection. */
void link_connect(struct ximss *x);

/* The descriptor may be ready. */
void link_io(struct ximss *x);

/* Acts if a time has come. */
void link_tick(struct ximss *x);

/* Says bye, or is off at once. */
void link_close(struct ximss *x);

/* Goes to PHASE_READY, or on with the log-in. */
void link_set_phase(struct ximss *x, enum phase phase, const char *why);

/* Hangs up for the reason in x->err.  may_retry: it can be different next
 * time; then, if reconnects are on, the phase is WAITING, else FAILED. */
void link_end(struct ximss *x, enum ximss_status status, bool may_retry);

/* Starts the TLS handshake. */
void link_start_tls(struct ximss *x);

/* Frees the connection without a word. */
void link_hang_up(struct ximss *x);

#endif
