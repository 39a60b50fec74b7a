/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_AUTH_AUTH_CACHE_H
#define XIMSS_SERVER_AUTH_AUTH_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which clear passwords were checked with success, so that a client that
 * reconnects need not wait for the password hash again.
 *
 * Kept is a keyed hash of name and password, under a key that is made at start
 * and exists in memory only; neither names nor passwords are kept, and nothing
 * of it goes into a core dump.  At most 56 bytes for each, taken from the
 * system when they are first used.  Any thread, no call blocks for long.
 *
 * Ask throttle_delay first: a try is answered so fast here that guessing would
 * be, too. */

struct auth_cache;

/* max_entries 0: remembers nothing.  lifetime_us: from auth_cache_add on, however
 * often it is found. */
struct auth_cache *auth_cache_new(size_t max_entries, int64_t lifetime_us);

/* True if this password was found right for this name (user@domain, in lower
 * case) within the lifetime.  The account and its cred_serial as they were
 * then come back; the caller still checks both against the account.
 * *outside_r: it was added by auth_cache_add_outside. */
bool auth_cache_find(struct auth_cache *r, const char *name,
                     const char *password, int64_t mono_now,
                     uint64_t *account_r, uint32_t *cred_serial_r,
                     bool *outside_r);

/* Remembers a success; if full, the oldest of its shard (one in 16) goes. */
void auth_cache_add(struct auth_cache *r, const char *name,
                    const char *password, int64_t mono_now, uint64_t account,
                    uint32_t cred_serial);

/* The same for a password that the store does not know, with a lifetime of its own
 * (not longer than that of the others). */
void auth_cache_add_outside(struct auth_cache *r, const char *name,
                            const char *password, int64_t mono_now,
                            int64_t lifetime_us, uint64_t account,
                            uint32_t cred_serial);

/* Forgets all of an account (new password, deleted, sessions killed).  Cost
 * does not grow with the number of entries. */
void auth_cache_forget(struct auth_cache *r, uint64_t account);

/* Forgets everything. */
void auth_cache_clear(struct auth_cache *r);

/* Entries, with those that have expired but were not yet replaced. */
size_t auth_cache_count(struct auth_cache *r);

/* Wipes and frees. */
void auth_cache_free(struct auth_cache **r);

#endif
