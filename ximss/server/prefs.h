/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_PREFS_H
#define XIMSS_SERVER_PREFS_H

struct zone;

/* Preferences are a dictionary of strings, kept as the CLI's data format. */

/* The time zone that the preferences name, NULL if none or an unknown one.
 * May read the disk: not on an event loop. */
const struct zone *prefs_zone(const char *text);

#endif
