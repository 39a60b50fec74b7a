/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_ALERT_CACHE_H
#define XIMSS_SERVER_LIVE_ALERT_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct alert;
struct shared_buf;
struct zone;

/* Alerts as they are sent, of one worker (and its thread's alone): each encoded
 * once for all sessions whose clocks showed the same time when it was posted,
 * whatever they call their time zone.  It is bounded in bytes; what was asked
 * for longest ago goes first, and what nobody has asked for during a minute
 * goes anyway. */

struct alert_cache;

struct alert_cache *alert_cache_new(void);
void alert_cache_free(struct alert_cache **c);

/* Bytes that it may hold, some of them for its own use; 0: it keeps nothing. */
void alert_cache_set_limit(struct alert_cache *c, size_t bytes);

/* The pushed message with its 0; a reference, the caller's. */
struct shared_buf *alert_cache_get(struct alert_cache *c, struct alert *a,
                                   const struct zone *zone);

/* The alerts of that id are over, or were changed. */
void alert_cache_forget(struct alert_cache *c, uint64_t id);

/* Drops what was not asked for lately, some in a call; mono: clock_mono, from time
 * to time.  True: there is more. */
bool alert_cache_tick(struct alert_cache *c, int64_t mono);

/* What it holds now, for statistics and tests. */
size_t alert_cache_bytes(const struct alert_cache *c);
unsigned alert_cache_count(const struct alert_cache *c);

#endif
