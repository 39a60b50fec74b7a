/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_DEVICE_SESSIONS_H
#define XIMSS_SERVER_LIVE_DEVICE_SESSIONS_H

#include <stdint.h>

struct server;

/* Ends the account's sessions that came by the device (0: by any device); any
 * thread, when its end is in the store. */
void device_sessions_end(struct server *s, uint64_t account, uint64_t device);

#endif
