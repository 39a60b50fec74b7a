/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_PREFS_H
#define XIMSS_SERVER_RULES_PREFS_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/store.h"
#include "util/errbuf.h"

struct arena;
struct cli_value;
struct zone;

/* Preferences of accounts: a dictionary, kept as text in the CLI's data format.
 * TimeZone means something to the server; others are kept as they come.  XIMSS
 * (prefsStore) and the CLI (UPDATEACCOUNTPREFS) change the same ones. */

/* The time zone that the preferences name, NULL if none or an unknown one.
 * May read the disk: not on an event loop. */
const struct zone *prefs_zone(const char *text);

/* Whether XIMSS can carry a preference of that name: it is an element there. */
bool prefs_is_name(const char *name);

/* What the preferences `text` become by `changes`, which replace all or are
 * laid over them, in *text_r (the caller frees), and their time zone in *zone_r
 * (NULL: the server's).  STORE_REFUSED: the time zone is not known, or it would
 * be longer than max bytes, or too many; err says so.  STORE_ERROR: text is damaged.  May
 * read the disk. */
enum store_result prefs_change(struct arena *arena, const char *text,
                               const struct cli_value *changes, bool replace,
                               size_t max, char **text_r,
                               const struct zone **zone_r,
                               struct errbuf *err) WARN_UNUSED;

#endif
