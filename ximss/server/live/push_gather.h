/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_PUSH_GATHER_H
#define XIMSS_SERVER_LIVE_PUSH_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;
struct shared_buf;
struct worker;

/* What a session is to be sent: alerts beyond its cursor that it wants.  Sessions
 * that stand at the same place, in the same domain and time zone, get the same
 * bytes: the last gathering is kept and shared. */

/* Messages are gathered up to about so many bytes. */
#define GATHER_BYTES 65536

#define GATHER_SCOPES 4 /* enum alert_scope */

struct gathered {
    struct shared_buf *bytes;  /* a reference; NULL: nothing to send */
    unsigned n[GATHER_SCOPES]; /* alerts that they are, by scope - 1 */
    uint64_t to;               /* its cursor when they are sent */
    size_t looked;             /* alerts that were looked at */
};

/* It may end before the last alert, with bytes or without: see has_everything. */
void push_gather(struct worker *w, struct session *s, struct gathered *g_r);

/* True if there is nothing beyond its cursor. */
bool push_has_everything(const struct worker *w, const struct session *s);

/* About how many bytes of alerts are beyond its cursor; counts no further than
 * `enough`. */
size_t push_bytes_behind(struct worker *w, const struct session *s,
                         size_t enough);

#endif
