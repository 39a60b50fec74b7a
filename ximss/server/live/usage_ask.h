/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef XIMSS_SERVER_LIVE_USAGE_ASK_H
#define XIMSS_SERVER_LIVE_USAGE_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When the report of an account is a reason to ask a source for its limit: at
 * once if none is known, then less and less often while no answer comes; and
 * again when what is known is old.  Remembers a bounded number of accounts, in
 * memory only.  One thread at a time. */

/* How soon it is asked again the first time, microseconds. */
#define USAGE_ASK_AGAIN (60 * INT64_C(1000000))

struct usage_ask;

/* most: accounts that are remembered; who finds no place is not asked about
 * before the next look at all accounts. */
struct usage_ask *usage_ask_new(size_t most, int64_t now);
void usage_ask_free(struct usage_ask **a);

/* Of this account (its number) came a report without a limit.  known: a source
 * told one before.  age: how old that may be, and how long is waited between
 * two questions at most.  now: clock_mono.  True: ask now. */
bool usage_ask_is_due(struct usage_ask *a, uint64_t account, bool known,
                      int64_t age, int64_t now);

/* A source told the account's limit. */
void usage_ask_told(struct usage_ask *a, uint64_t account, int64_t age,
                    int64_t now);

#endif
