/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef UTIL_ZONE_H
#define UTIL_ZONE_H

#include <stdint.h>

#include "util/clock.h"

/* Time zones, by their names in the system's time zone data
 * ("Europe/Berlin").  A zone that was found once stays for the life of the
 * process: pointers to it are good for ever, and two equal names give the same
 * pointer.  There are no more of them than files in the time zone data.  All functions may be called by any thread. */
struct zone;

/* NULL for a name that is no zone (also: paths out of the time zone data, and
 * the variants under "right/" and "posix/").  "" is the zone of the server
 * itself, and "UTC" is there even without time zone data; they are never NULL.
 * May read the disk: not for an event loop. */
const struct zone *zone_find(const char *name);

/* Seconds that its clocks are ahead of GMT at `us_utc`.  Reads no disk and takes
 * no lock. */
int32_t zone_offset(const struct zone *z, int64_t us_utc);

/* The time of day on the zone's clocks at `us_utc`, YYYYMMDDTHHMMSS.  Reads no
 * disk and takes no lock. */
void zone_format_local(const struct zone *z, int64_t us_utc,
                       char out[CLOCK_LOCAL_SIZE]);

#endif
