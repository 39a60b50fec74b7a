/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters.  Threads that count the same thing must not wait for each other's
 * cache lines, so each takes a set of its own (more threads than sets share),
 * and reading adds them up. */
#include "config.h"

#include "ximss/server/base/stat.h"

#include <stdatomic.h>
#include <stddef.h>

#include "util/text.h"

#define CACHE_LINE 64
#define SETS       16

static struct {
    _Alignas(CACHE_LINE) atomic_int_least64_t value[STAT_N];
} sets[SETS];
static atomic_uint next_set;
static _Thread_local unsigned own_set; /* counted from 1; 0: none yet */

static const char *const names[STAT_N] = {
    [STAT_CONNECTIONS] = "connections",
    [STAT_CONNECTIONS_OPEN] = "connectionsOpen",
    [STAT_CONNECTIONS_REFUSED] = "connectionsRefused",
    [STAT_CONNECTIONS_CROWDED_OUT] = "connectionsCrowdedOut",
    [STAT_SESSIONS_OPEN] = "sessionsOpen",
    [STAT_LOGINS] = "logins",
    [STAT_LOGINS_FAILED] = "loginsFailed",
    [STAT_ALERTS_POSTED] = "alertsPosted",
    [STAT_ALERTS_REMOVED] = "alertsRemoved",
    [STAT_ALERTS_SENT] = "alertsSent",
    [STAT_QUOTA_ALERTS] = "quotaAlerts",
    [STAT_QUOTA_REPORTS] = "quotaReports",
    [STAT_QUOTA_LOOKED] = "quotaLooked",
    [STAT_QUOTA_ROUNDS_DUE] = "quotaRoundsDue",
    [STAT_HASHES] = "passwordHashes",
    [STAT_CLI_COMMANDS] = "cliCommands",
};

void
stat_add(enum stat s, int64_t n)
{
    if (own_set == 0)
        own_set = atomic_fetch_add(&next_set, 1) % SETS + 1;
    atomic_fetch_add_explicit(&sets[own_set - 1].value[s], n,
                              memory_order_relaxed);
}

int64_t
stat_get(enum stat s)
{
    int64_t n = 0;

    for (size_t i = 0; i < SETS; i++)
        n += atomic_load_explicit(&sets[i].value[s], memory_order_relaxed);
    return n;
}

const char *
stat_name(enum stat s)
{
    return names[s];
}

enum stat
stat_find(const char *name)
{
    enum stat s = 0;

    while (s < STAT_N && !text_equal_nocase(names[s], name))
        s++;
    return s;
}
