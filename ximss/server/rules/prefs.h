/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_RULES_PREFS_H
#define XIMSS_SERVER_RULES_PREFS_H

#include <stdbool.h>
#include <stdint.h>

#include "ximss/server/rules/admin_context.h"

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

/* Changes the account's preferences: `changes` replace all, or are laid over
 * them.  Sessions follow by the effect.  STORE_REFUSED: the time zone is not
 * known, or they would be too many or too long; err says so.  STORE_ERROR: those
 * that are there are damaged.  May read the disk. */
enum store_result prefs_change(struct admin_context *x, struct arena *arena,
                               uint64_t account,
                               const struct cli_value *changes, bool replace,
                               struct errbuf *err) WARN_UNUSED;

#endif
